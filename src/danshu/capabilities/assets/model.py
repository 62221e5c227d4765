"""Sources 来源表: what a table that is folded from facts looks like.

Every row says where it comes from: `half` and `fact` (the book, and the position of the leaf in
it), `stream` and `seq` (the fact's own place), `occurred` and `recorded` (epoch ms), `who` (the
subject that acted). What is absent is "", 0 or the nil UUID, never NULL, so that every engine
compares and counts alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["text", "int64", "int32", "uuid"]
Row: TypeAlias = tuple[Any, ...]
TEXT: Final[Kind] = "text"
INT: Final[Kind] = "int64"
SMALL: Final[Kind] = "int32"
UUID: Final[Kind] = "uuid"

PROVENANCE: Final[Mapping[str, Kind]] = {
    "half": TEXT,
    "fact": INT,
    "stream": UUID,
    "seq": SMALL,
    "occurred": INT,
    "recorded": INT,
    "who": TEXT,
}
NIL: Final = bytes(16)


class Source(Struct, frozen=True, kw_only=True):
    """A source: its name, what a row is, its columns beside the provenance, and the types of facts
    that it is folded from; none for one that is read from master data at each refresh.
    """

    name: str
    about: str
    fields: dict[str, Kind]
    facts: tuple[str, ...]

    @property
    def columns(self) -> dict[str, Kind]:
        """All columns in their order: provenance first."""
        return {**PROVENANCE, **self.fields}


def source(name: str, about: str, facts: str, **fields: Kind) -> Source:
    """Make a source; `facts` are types separated by spaces."""
    return Source(name=name, about=about, fields=fields, facts=tuple(facts.split()))
