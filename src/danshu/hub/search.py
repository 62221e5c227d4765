"""What finds an order: a blind index of keyed 64-bit hashes, so that the index itself tells
nobody's name or phone.

Indexed are the order number, waybills (both also by their last 4 to 8 characters), SKUs, the
buyer's id, the
receiver's phone (also by its last 4), pairs of characters of the receiver's name, and the region.
The room
`search` follows the leaves; an erased vault row leaves the index with the leaf that says so.
"""

from __future__ import annotations

import unicodedata
import uuid
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub.compose import now_ms
from danshu.kernel.limits import FOLLOW_LEAVES
from danshu.ledger import write
from danshu.ledger.follow import Follower, Leaf

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import psycopg

NAME: Final = "search"
_MARKS: Final = tuple(
    b'"type":"' + name + b'"'
    for name in (b"order.placed", b"order.shipped", b"waybill.recorded", b"vault.erased")
)
_SUFFIXES: Final = range(4, 9)
_PHONE_SUFFIX: Final = 4

_SALT: Final = "select salt from tenants where id=%s"
# The range of the ids lets the server leave all other days alone.
_READ: Final = """
select id, doc from orders where tenant=%b and id = any(%b::uuid[]) and id >= %b and id <= %b
"""
_READ_PERSONS: Final = """
select id, person from vault where tenant=%b and id = any(%b::uuid[]) and id >= %b and id <= %b
"""
_WRITE: Final = """
insert into order_search(tenant,id,terms)
select %b, w.id, array_agg(w.term) from unnest(%b::uuid[],%b::int8[]) w(id,term) group by w.id
on conflict (tenant,id) do update set terms=excluded.terms
"""


class _Head(Struct, frozen=True):
    id: str


class _Line(Struct, frozen=True):
    sku: str


class _Fulfilment(Struct, frozen=True):
    waybill: str = ""


class _Order(Struct, frozen=True):
    number: str
    lines: tuple[_Line, ...]
    region: str = ""
    buyer: str = ""
    fulfilments: tuple[_Fulfilment, ...] = ()


class _Person(Struct, frozen=True):
    name: str = ""
    phone: str = ""


class Token(Struct, frozen=True):
    """One word of a question: it is met by any of `whole`, or by all of `pairs` if there are
    some.
    """

    whole: list[int]
    pairs: list[int]


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_order = msgspec.json.Decoder(_Order).decode
_decode_person = msgspec.json.Decoder(_Person).decode


def begin(url: str) -> Callable[[psycopg.AsyncConnection[Any]], Awaitable[int]]:
    """Give the step of the room: it indexes the orders of new leaves; 1 when more is waiting."""
    del url  # the room's own connection is all it needs
    follower = Follower(NAME, index)

    async def step(connection: psycopg.AsyncConnection[Any]) -> int:
        done = await follower.step(connection, now_ms())
        return int(done >= FOLLOW_LEAVES)  # one large batch costs less than many small ones

    return step


async def index(connection: psycopg.AsyncConnection[Any], leaves: Sequence[Leaf]) -> None:
    """Index the orders that leaves of one book speak of, from their rows as they are now."""
    tenant = leaves[0].tenant
    ids = {
        uuid.UUID(_decode_head(leaf.body).id.partition("/")[0])
        for leaf in leaves
        if any(mark in leaf.body for mark in _MARKS)
    }
    if not ids:
        return
    await index_orders(connection, tenant, await read_salt(connection, tenant), sorted(ids))


async def index_orders(
    connection: psycopg.AsyncConnection[Any], tenant: int, salt: bytes, ids: Sequence[uuid.UUID]
) -> None:
    """Index orders from their rows and their vault rows as they are now."""
    asked = (tenant, write.uuids(ids), min(ids), max(ids))
    cursor = await connection.execute(_READ_PERSONS, asked, binary=True)
    persons = dict(await cursor.fetchall())
    cursor = await connection.execute(_READ, asked, binary=True)
    owners: list[uuid.UUID] = []
    terms: list[int] = []
    for id_, doc in await cursor.fetchall():
        person = persons.get(id_)
        found = terms_of(salt, _decode_order(doc), _decode_person(person) if person else _Person())
        owners += [id_] * len(found)
        terms += found
    if owners:
        await connection.execute(
            _WRITE, (tenant, write.uuids(owners), write.int8s(terms)), binary=True
        )


async def read_salt(connection: psycopg.AsyncConnection[Any], tenant: int) -> bytes:
    """Read the key of a tenant's hashes."""
    row = await (await connection.execute(_SALT, (tenant,), binary=True)).fetchone()
    return bytes(row[0]) if row else b""


def terms_of(salt: bytes, order: _Order, person: _Person) -> list[int]:
    """Give the hashes under which an order is found."""
    found = {*_code_terms(salt, order.number)}
    for fulfilment in order.fulfilments:
        if fulfilment.waybill:
            found.update(_code_terms(salt, fulfilment.waybill))
    found.update(_hash_often(salt, "w", fold(line.sku)) for line in order.lines)
    if order.buyer:
        found.add(_hash(salt, "w", fold(order.buyer)))
    if order.region:
        found.add(region_term(salt, order.region))
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
