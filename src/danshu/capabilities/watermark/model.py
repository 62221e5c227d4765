"""What a copy is marked with: which digits carry the code, which columns find a row again."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Kind = Literal["text", "whole", "instant", "decimal"]
CARRIERS: Final = 8
"""Columns of a table that carry a code, at most: a cell's place depends on which one it is."""


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column that a row is found again by: its names in the file, and what its values look like.

    `shapes` are the usual patterns of values (digits as 9, letters as A), `values` keyed digests of
    all values where there are few. Instants count by their minute, which marking leaves alone.
    """

    name: str
    heads: tuple[str, ...] = ()
    kind: Kind = "text"
    shapes: tuple[str, ...] = ()
    values: tuple[int, ...] = ()


class Carrier(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column whose last digit carries the code: of an instant its seconds, of a whole number its
    units, of a decimal its `digits`-th decimal.
    """

    name: str
    heads: tuple[str, ...] = ()
    kind: Kind = "instant"
    digits: int = 0


class Plan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a table was marked. Each cell's place follows from one of `keys` (each the columns that
    are hashed together): the first where its hash says so, else the second, else the last.

    `honey` is the pattern of the first key's values (`honey.read_pattern`), "" without honey rows.
    """

    keys: tuple[tuple[Part, ...], ...]
    carriers: tuple[Carrier, ...]


class Copy(Struct, frozen=True, array_like=True):
    """A copy that went out: the number of its code, how many rows were invented for it, and the
    pattern of their keys (`honey.read_pattern`).
    """

    code_no: int
    honey: int = 0
    pattern: str = ""


class Suspect(Struct, frozen=True, kw_only=True):
    """How well a copy's code agrees with a file.

    `z` is in standard deviations of somebody innocent; `bound` the chance that anybody innocent
    comes as far, over all copies; `honey` how many of its invented rows the file holds.
    """

    code_no: int
    z: float
    bound: float
    honey: int = 0
    honey_bound: float = 1.0

    @property
    def is_named(self) -> bool:
        """Whether it is beyond the thresholds, by its code or by its invented rows."""
        return (self.z >= Z_MIN and self.bound <= BOUND_MAX) or (
            self.honey > 0 and self.honey_bound <= BOUND_MAX
        )


Z_MIN: Final = 5.0
"""Standard deviations from which a copy is named, and the chance of a wrong name that is borne."""
BOUND_MAX: Final = 0.001


class Verdict(Struct, frozen=True, kw_only=True):
    """What a file says: `guilty` copies (none below the thresholds), the next ones, what was read.

    `marked` are the columns of the file that carry a mark, with how sure that is (standard
    deviations, whoever's it is); `places` of the code were seen, in `cells` cells. `heads` are
    copies that the columns' heads name, a hint alone.
    """

    guilty: tuple[Suspect, ...]
    others: tuple[Suspect, ...]
    copies: int
    rows: int
    cells: int
    places: int
    marked: tuple[tuple[str, str, float], ...]
    heads: tuple[int, ...] = ()
