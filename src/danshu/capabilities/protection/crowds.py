"""Crowds: whether at given levels enough people look alike, counted by numpy.

What `lattice.search` asks of every node before it looks at one closely: exact in the number of
people, blind to sensitive values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.capabilities.protection import generalising

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from danshu.capabilities.protection.generalising import Kind
    from danshu.capabilities.protection.lattice import Aim
    from danshu.capabilities.protection.strength import Key

    Codes = npt.NDArray[np.int64]

_MILLE: Final = 1_000
_WIDE: Final = 2**40  # beyond, codes are numbered anew before another column is joined to them


class Crowds:
    """People by the values of their rows; values are generalised once a level."""

    def __init__(
        self, keys: Sequence[Key], persons: Sequence[str | None], kinds: Sequence[Kind]
    ) -> None:
        at = [n for n, person in enumerate(persons) if person is not None]
        self._persons, self._people = _number([persons[n] for n in at])
        self._levels: list[list[tuple[Codes, int]]] = []
        for place, kind in enumerate(kinds):
            codes, _ = _number(values := [keys[n][place] for n in at])
            different = list(dict.fromkeys(values))
            told = []
            for level in range(generalising.height(kind) + 1):
                made, count = _number([generalising.generalise(kind, level, v) for v in different])
                told.append((made[codes], count))
            self._levels.append(told)

    def reach(self, levels: Sequence[int], aim: Aim) -> bool:
        """Tell whether at these levels `aim.k` people look alike, few enough being left out."""
        joined, width = np.zeros(len(self._persons), dtype=np.int64), 1
        for column, level in zip(self._levels, levels, strict=True):
            codes, count = column[level]
            joined, width = joined * count + codes, width * count
            if width > _WIDE:
                joined, width = _again(joined)
        if width * self._people > _WIDE * _WIDE // 2**18:
            joined, width = _again(joined)
        pairs = np.unique(joined * self._people + self._persons)
        _, sizes = np.unique(pairs // self._people, return_counts=True)
        left = int(sizes[sizes < aim.k].sum())
        return left < len(pairs) and left * _MILLE <= len(pairs) * aim.left_out


def _again(codes: Codes) -> tuple[Codes, int]:
    different, made = np.unique(codes, return_inverse=True)
    return made.astype(np.int64), len(different)


def _number(values: Sequence[Any]) -> tuple[Codes, int]:
    """Number values by when they first come; gives the numbers and how many there are."""
    numbers: dict[Any, int] = {}
    made = [numbers.setdefault(value, len(numbers)) for value in values]
    return np.array(made, dtype=np.int64), max(len(numbers), 1)
