"""The promises of an order as bytes in its row; clauses are named by digest, held in the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from danshu.capabilities.contract.model import Clause, Mark, Pause, Promise, State
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Term(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A promise without its clause."""

    digest: str
    state: State
    lang: str = "zh"
    ship_by_ms: int = 0
    started_ms: int = 0
    due_ms: int = 0
    warn_ms: tuple[int, ...] = ()
    warned: int = 0
    pauses: tuple[Pause, ...] = ()
    stop: Mark | None = None
    alternates: tuple[Mark, ...] = ()
    ruling: str = ""
    agreed_ms: int = 0
    before_ms: int = 0


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Term, ...]).decode


def read(raw: bytes) -> tuple[Term, ...]:
    """Read the promises of an order's row, their clauses left as digests."""
    return _decode(raw)


def dump(promises: Sequence[Promise]) -> bytes:
    """Write promises for the order's row."""
    return _encode(
        [
            Term(
                digest=p.clause.digest,
                state=p.state,
                lang=p.lang,
                ship_by_ms=p.ship_by_ms,
                started_ms=p.started_ms,
                due_ms=p.due_ms,
                warn_ms=p.warn_ms,
                warned=p.warned,
                pauses=p.pauses,
                stop=p.stop,
                alternates=p.alternates,
                ruling=p.ruling,
                agreed_ms=p.agreed_ms,
                before_ms=p.before_ms,
            )
            for p in promises
        ]
    )


def load(raw: bytes, book: Mapping[str, Clause]) -> tuple[Promise, ...]:
    """Read promises back. Raises ProgramError for a clause that the book lacks."""
    promises = []
    for t in read(raw):
        clause = book.get(t.digest)
        if clause is None:
            raise ProgramError(f"no clause with digest {t.digest}")
        promises.append(
            Promise(
                clause=clause,
                state=t.state,
                lang=t.lang,
                ship_by_ms=t.ship_by_ms,
                started_ms=t.started_ms,
                due_ms=t.due_ms,
                warn_ms=t.warn_ms,
                warned=t.warned,
                pauses=t.pauses,
                stop=t.stop,
                alternates=t.alternates,
                ruling=t.ruling,
                agreed_ms=t.agreed_ms,
                before_ms=t.before_ms,
            )
        )
    return tuple(promises)
