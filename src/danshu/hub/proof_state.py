"""What proves an order by now: its evidence, where its facts are in the log, under which seal."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.kernel import fact, merkle, note
from danshu.kernel.fact import rfc3339
from danshu.ledger import prove, vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from danshu.ledger.prove import Located

Connection = psycopg.AsyncConnection[Any]
_NEWEST: Final = """
select distinct on (half) half, size, note, (extract(epoch from signed) * 1000)::int8
from checkpoints where tenant=%s and half = any(%s) order by half, size desc
"""


_BLOBS: Final = "select digest from blobs where tenant=%s and digest = any(%s)"


class EvidenceItem(Struct, frozen=True, kw_only=True):
    """A piece of evidence that a fact names. `salted`: the digest commits to data in the vault,
    else it is that of the bytes; `is_kept`: the bytes are here, and were not erased.
    """

    fact: int
    type: str
    kind: str
    digest: str
    size: int
    salted: bool
    is_kept: bool
    occurred: str


class BookState(Struct, frozen=True, kw_only=True):
    """A book that holds facts of the order: their leaves, and its newest signed checkpoint.

    `size` 0 is a book without a checkpoint yet; `proven` facts have an inclusion proof under it.
    """

    half: str
    first: int
    last: int
    facts: int
    proven: int
    size: int
    origin: str
    root: str
    signed: str


class ProofState(Struct, frozen=True, kw_only=True):
    """How far an order is proven. `pending` facts await their leaf or their checkpoint."""

    order: uuid.UUID
    facts: int
    sealed: int
    pending: int
    head: str
    evidence: tuple[EvidenceItem, ...]
    books: tuple[BookState, ...]


async def read(connection: Connection, tenant: int, id_: uuid.UUID, facts_max: int) -> ProofState:
    """Read the state of an order's proof."""
    found = [
        each
        for commit in await prove.locate(connection, tenant, id_, 0, facts_max)
        for each in commit
    ]
    kept = await vault.read(connection, tenant, id_)
    halves = sorted({each.position.half for each in found if each.position})
    cursor = await connection.execute(_NEWEST, (tenant, halves))
    newest = {row[0]: row[1:] for row in await cursor.fetchall()}
    books = tuple(_book(half, found, newest.get(half)) for half in halves)
    sealed = sum(b.proven for b in books)
    return ProofState(
        order=id_,
        facts=len(found),
        sealed=sealed,
        pending=len(found) - sealed,
        head=_head(found),
        evidence=tuple(_items(found, kept, await _kept(connection, tenant, found))),
        books=books,
    )


def _head(found: Sequence[Located]) -> str:
    return merkle.leaf_hash(found[-1].body).hex() if found else ""


async def _kept(connection: Connection, tenant: int, found: Sequence[Located]) -> set[str]:
    """Give the digests of evidence whose bytes are here."""
    named = set()
    for each in found:
        if b'"evidence":' in each.body:
            named |= {i.digest for i in fact.read(each.body).evidence if not i.salted}
    raw = [bytes.fromhex(d) for d in named if len(d) == 64]
    cursor = await connection.execute(_BLOBS, (tenant, raw), binary=True)
    return {bytes(digest).hex() for (digest,) in await cursor.fetchall()}


def _items(
    found: Sequence[Located], kept: vault.Row | None, blobs: set[str]
) -> Iterator[EvidenceItem]:
    present = {
        "raw": kept is not None and kept.raw is not None,
        "receiver": kept is not None and kept.person is not None,
    }
    for each in found:
        if b'"evidence":' not in each.body:
            continue
        read_fact = fact.read(each.body)
        for item in read_fact.evidence:
            yield EvidenceItem(
                fact=each.seq,
                type=read_fact.type,
                kind=item.kind,
                digest=item.digest,
                size=item.size,
                salted=item.salted,
                is_kept=present.get(item.kind, True) if item.salted else item.digest in blobs,
                occurred=read_fact.occurred,
            )


def _book(half: str, found: Sequence[Located], newest: tuple[Any, ...] | None) -> BookState:
    leaves = [e.position.index for e in found if e.position and e.position.half == half]
    size, raw, signed_ms = newest or (0, b"", 0)
    origin, root = "", ""
    if newest:
        checkpoint = note.parse_checkpoint(note.parse(bytes(raw)).text)
        origin, root = checkpoint.origin, checkpoint.root.hex()
    return BookState(
        half=half,
        first=min(leaves),
        last=max(leaves),
        facts=len(leaves),
        proven=sum(index < size for index in leaves),
        size=size,
        origin=origin,
        root=root,
        signed=rfc3339(signed_ms) if signed_ms else "",
    )
