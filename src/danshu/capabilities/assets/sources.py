"""All sources 来源表, and the one pass over leaves that fills them.

A source's rows are a function of its facts alone, each fact by itself: leaves cut into pieces
anywhere give the same rows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from danshu.capabilities.assets import (
    orders_sources,
    promises_sources,
    reasons_sources,
    returns_sources,
    steps_sources,
)
from danshu.capabilities.assets.model import INT, TEXT, Row, Source, source
from danshu.capabilities.assets.reading import Out, Told, by_type, ms, type_of
from danshu.kernel import fact

if TYPE_CHECKING:
    from collections.abc import Iterable

_MODULES: Final = (
    orders_sources,
    steps_sources,
    promises_sources,
    returns_sources,
    reasons_sources,
)
FOLDED: Final[dict[str, Source]] = {s.name: s for m in _MODULES for s in m.SOURCES}
"""Sources that are folded from facts."""
MASTERS: Final[dict[str, Source]] = {
    s.name: s
    for s in (
        source(
            "costs",
            "Master data, not the log: what a SKU costs from the day `since` on (UTC, epoch ms).",
            "", sku=TEXT, since=INT, cost=INT,
        ),
    )
}  # fmt: skip
"""Sources that are read from master data at each refresh: as of then, whatever is asked as of."""
SOURCES: Final[dict[str, Source]] = {**FOLDED, **MASTERS}
_READERS: Final = by_type(*(r for m in _MODULES for r in m.READERS))
_FOLD_VERSION: Final = 1


def make_format() -> str:
    """Give what names how rows are made: pieces that were made otherwise are made again."""
    said = "".join(f"{s.name}{sorted(s.columns.items())}{s.facts}" for s in FOLDED.values())
    return f"{_FOLD_VERSION}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def make_out() -> Out:
    """Give room for the rows of every folded source."""
    return {name: [] for name in FOLDED}


def fold(
    out: Out, half: str, first: int, rows: Iterable[tuple[bytes, int, int, bytes]], salt: bytes
) -> int:
    """Append what fact rows of a book say, from the position `first` on; gives the next position.

    Facts of types that no source reads are not decoded.
    """
    position = first
    for stream, v, _, packed in rows:
        for at, body in enumerate(fact.unpack(packed)):
            readers = _READERS.get(type_of(body))
            if readers is not None:
                told = None
                base: Row = ()
                for reader in readers:
                    read = reader.decode(body)
                    if told is None:
                        who = read.actor
                        told = Told(reader.type, who, salt)
                        base = (
                            half, position, stream, v + at, ms(read.occurred), ms(read.time),
                            who.sub,
                        )  # fmt: skip
                    reader.put(out, base, read.data, told)
            position += 1
    return position
