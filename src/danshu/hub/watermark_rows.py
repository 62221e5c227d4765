"""Marks the rows of an export of orders as they are written: the seconds of its times.

An order is found again by its number, and where that column is dropped by its goods at that minute.
The table isn't known before it is written, so what values look like is learned on the way.
"""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.capabilities.watermark import cells, codes, embed, finding
from danshu.capabilities.watermark.cells import ABSENT
from danshu.capabilities.watermark.model import Carrier, Part, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.hub.export_columns import Cell

CARRIERS: Final = ("placed", "paid_at")
"""Columns whose seconds may be one off; never a deadline, never money."""
_KEYS: Final = (("number",), ("placed", "goods"), ("waybill",))
_LEARNED: Final = 2_000


class RowMarker:
    """Marks portions of rows of known columns; `columns` are their codes with the heads they have.

    Without an instant among them, or nothing to find a row by, `is_able` is False.
    """

    def __init__(self, columns: Mapping[str, tuple[str, ...]]) -> None:
        self._heads = columns
        self._at = {name: n for n, name in enumerate(columns)}
        self._keys = [key for key in _KEYS if all(name in self._at for name in key)]
        self._carriers = [name for name in CARRIERS if name in self._at]
        self._code: codes.Bits | None = None
        self._secret = b""
        self._seen: dict[str, dict[str, None]] = {}

    @property
    def is_able(self) -> bool:
        """Whether anything can be marked."""
        return bool(self._keys and self._carriers)

    @property
    def carriers(self) -> tuple[str, ...]:
        """The columns that bear the code."""
        return tuple(self._carriers)

    def begin(self, secret: bytes, code_no: int) -> None:
        """Mark with this copy's code from now on."""
        self._secret, self._code = secret, codes.code(secret, code_no)

    def mark(self, rows: list[list[Cell]]) -> list[list[Cell]]:
        """Mark rows in place, and give them."""
        if self._code is None or not rows:
            return rows
        keys = [
            cells.read_keys([_kind(name) for name in key], [self._column(rows, n) for n in key])
            for key in self._keys
        ]
        self._learn(rows)
        digits = [self._seconds(rows, name) for name in self._carriers]
        made = embed.mark(self._secret, self._code, keys, digits)
        for name, was, now in zip(self._carriers, digits, made, strict=True):
            at = self._at[name]
            moved = (now - was).tolist()
            for row, by in zip(rows, moved, strict=True):
                cell = row[at]
                if by and isinstance(cell, datetime.datetime):
                    row[at] = cell + datetime.timedelta(seconds=by)
        return rows

    def _column(self, rows: Sequence[Sequence[Cell]], name: str) -> list[Any]:
        at = self._at[name]
        return [row[at] for row in rows]

    def _seconds(self, rows: Sequence[Sequence[Cell]], name: str) -> cells.Integers:
        column = self._column(rows, name)
        return np.array([cells.read_second(c) if c else ABSENT for c in column], np.int64)

    def _learn(self, rows: Sequence[Sequence[Cell]]) -> None:
        for name in {name for key in self._keys for name in key if _kind(name) == "text"}:
            seen = self._seen.setdefault(name, {})
            if len(seen) < _LEARNED:
                seen.update(dict.fromkeys(map(cells.read_text, self._column(rows, name))))

    def plan(self) -> Plan:
        """Give how the rows were marked."""
        return Plan(
            keys=tuple([tuple([self._part(name) for name in key]) for key in self._keys]),
            carriers=tuple([Carrier(name=n, heads=self._heads[n]) for n in self._carriers]),
        )

    def _part(self, name: str) -> Part:
        usual = Counter(cells.shape(text) for text in self._seen.get(name, ()) if text)
        shapes = tuple([shape for shape, _ in usual.most_common(finding.SHAPES)])
        return Part(name=name, heads=self._heads[name], kind=_kind(name), shapes=shapes)


def _kind(name: str) -> Any:
    return "instant" if name in CARRIERS else "text"
