"""What finds an order: a blind index of keyed 64-bit hashes, so that the index itself tells
nobody's name or phone.

Indexed are the order number, waybills (both also by their last 4 to 8 characters), SKUs, the
buyer's id, the
receiver's phone (also by its last 4), pairs of characters of the receiver's name, and the region.
An order is indexed when it is placed and when a fact says that one of these changed; an erased
vault row leaves the index with the leaf that says so.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from danshu.hub.order_rows import OrderRow
    from danshu.ledger.leaves import Touches

_MARKS: Final = tuple(
    b'"type":"' + name + b'"' for name in (b"order.shipped", b"waybill.recorded", b"vault.erased")
)
_SUFFIXES: Final = range(4, 9)
_PHONE_SUFFIX: Final = 4

_SALT: Final = "select salt from tenants where id=%s"
# The range of the ids lets the server leave all other days alone.
_READ_PERSONS: Final = """
select uuid_send(id), person from vault
where tenant=%b and id = any(%b::uuid[]) and id >= %b::uuid and id <= %b::uuid
"""
_READ_LATER: Final = """
select uuid_send(f.stream), f.body from unnest(%b::uuid[],%b::int4[]) w(stream,v)
join facts f on f.tenant=%b and f.stream=w.stream and f.v=w.v
where f.stream >= %b::uuid and f.stream <= %b::uuid
"""
# What has not changed is not written: an index of this kind is dear to write.
_WRITE: Final = """
insert into order_search as s (tenant,id,terms)
select %b, w.id, a.terms[w.low:w.high]
from unnest(%b::uuid[],%b::int4[],%b::int4[]) w(id,low,high), (select %b::int8[] as terms) a
on conflict (tenant,id) do update set terms=excluded.terms where s.terms <> excluded.terms
"""


class _Person(Struct, frozen=True):
    name: str = ""
    phone: str = ""


class Token(Struct, frozen=True):
    """One word of a question: it is met by any of `whole`, or by all of `pairs` if there are
    some.
    """

    whole: list[int]
    pairs: list[int]


_decode_person = msgspec.json.Decoder(_Person).decode


async def follow(
    connection: psycopg.AsyncConnection[Any],
    touches: Touches,
    rows: Sequence[OrderRow],
    salt: bytes,
) -> None:
    """Index those of the orders `rows` that leaves of one book make worth finding in a new way."""
    begun = touches.begun
    later = sorted((s, v) for s, v in touches.fact_rows if s not in begun)
    if later:
        begun |= await _read_changed(connection, touches.tenant, later)
    await index(connection, touches.tenant, salt, [row for row in rows if row.id in begun])


async def _read_changed(
    connection: psycopg.AsyncConnection[Any], tenant: int, later: Sequence[tuple[bytes, int]]
) -> set[bytes]:
    """Read later fact rows, and give the streams of those with a fact that changes the index."""
    streams, versions = zip(*later, strict=True)
    asked = (
        write.uuid_bytes(streams), write.int4s(versions), tenant,
        streams[0].hex(), streams[-1].hex(),
    )  # fmt: skip
    cursor = await connection.execute(_READ_LATER, asked, binary=True)
    return {
        stream for stream, body in await cursor.fetchall() if any(mark in body for mark in _MARKS)
    }


async def index(
    connection: psycopg.AsyncConnection[Any], tenant: int, salt: bytes, rows: Sequence[OrderRow]
) -> None:
    """Index orders as they and their vault rows are now."""
    if not rows:
        return
    ids = [row.id for row in rows]
    asked = (tenant, write.uuid_bytes(ids), min(ids).hex(), max(ids).hex())
    cursor = await connection.execute(_READ_PERSONS, asked, binary=True)
    persons = dict(await cursor.fetchall())
    found: list[int] = []
    ends: list[int] = []
    for row in rows:
        person = persons.get(row.id)
        found += terms_of(salt, row, _decode_person(person) if person else _Person())
        ends.append(len(found))
    indexed = (
        tenant, write.uuid_bytes(ids), write.int4s([n + 1 for n in (0, *ends[:-1])]),
        write.int4s(ends), write.int8s(found),
    )  # fmt: skip
    await connection.execute(_WRITE, indexed, binary=True)


async def read_salt(connection: psycopg.AsyncConnection[Any], tenant: int) -> bytes:
    """Read the key of a tenant's hashes."""
    row = await (await connection.execute(_SALT, (tenant,), binary=True)).fetchone()
    return bytes(row[0]) if row else b""


def terms_of(salt: bytes, row: OrderRow, person: _Person) -> list[int]:
    """Give the hashes under which an order is found."""
    doc = row.doc
    found = {*_code_terms(salt, doc.number)}
    for fulfilment in doc.fulfilments:
        if fulfilment.waybill:
            found.update(_code_terms(salt, fulfilment.waybill))
    found.update(_hash_often(salt, "w", fold(line.sku)) for line in doc.lines)
    if doc.buyer:
        found.add(_hash(salt, "w", fold(doc.buyer)))
    if row.region:
        found.add(region_term(salt, row.region))
    phone = fold(person.phone)
    if phone:
        found.add(_hash(salt, "w", phone))
        found.add(_hash_often(salt, "s", phone[-_PHONE_SUFFIX:]))
    found.update(_hash_often(salt, "p", pair) for pair in _pairs(fold(person.name)))
    return sorted(found)


def region_term(salt: bytes, region: str) -> int:
    """Give the hash of a region's code."""
    return _hash_often(salt, "r", region)


def ask(salt: bytes, question: str) -> list[Token]:
    """Take a question apart: every word must be met."""
    tokens = []
    for word in fold(question).split():
        whole = [_hash(salt, "w", word)]
        if len(word) in _SUFFIXES:
            whole.append(_hash(salt, "s", word))
        pairs = _pairs(word) if word.isalpha() else []  # no name has digits
        tokens.append(Token(whole, [_hash(salt, "p", pair) for pair in pairs]))
    return tokens


def fold(text: str) -> str:
    """Fold what looks alike: full width, case, compatibility forms."""
    if text.isascii():
        return text.lower().strip()
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _code_terms(salt: bytes, code: str) -> list[int]:
    """A number is found whole, and by the last 4 to 8 characters that people read out."""
    code = fold(code)
    return [
        _hash(salt, "w", code),
        *(_hash(salt, "s", code[-n:]) for n in _SUFFIXES if len(code) > n),
    ]


def _pairs(name: str) -> list[str]:
    """Give the pairs of neighbouring letters; masked characters make none."""
    return [
        name[i : i + 2] for i in range(len(name) - 1) if name[i].isalnum() and name[i + 1].isalnum()
    ]


def _hash(salt: bytes, kind: str, text: str) -> int:
    digest = blake2b((kind + text).encode(), digest_size=8, key=salt).digest()
    return int.from_bytes(digest, "big", signed=True)


_hash_often = lru_cache(maxsize=32_768)(_hash)
