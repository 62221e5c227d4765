"""The glossary of the search: data/assets/words.yaml, areas.yaml and festivals.yaml."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct


class Glossary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words by what they mean: concepts, dimensions (`wider` names those that answer for another,
    `named` what values of some are called), steps of a series, shapes, and fillers.
    """

    concepts: dict[str, tuple[str, ...]]
    dimensions: dict[str, tuple[str, ...]]
    wider: dict[str, tuple[str, ...]]
    named: dict[str, dict[str, tuple[str, ...]]]
    steps: dict[str, tuple[str, ...]]
    shapes: dict[str, tuple[str, ...]]
    fillers: tuple[str, ...]


class Area(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of provinces with a name of its own; provinces by two digits of GB/T 2260."""

    code: str
    zh: str
    en: str
    words: tuple[str, ...] = ()
    provinces: tuple[str, ...]


class Areas(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The areas, where they are from, and who laid them beside that text ("" = nobody)."""

    verified_by: str
    source: str
    areas: tuple[Area, ...]


class Festival(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days of trade or of a feast: every year from one month-day to another, or by date."""

    code: str
    words: tuple[str, ...]
    yearly: tuple[str, str] | None = None
    dates: tuple[tuple[date, date], ...] = ()

    def spans(self, year: int) -> list[tuple[date, date]]:
        """Give first and last days of this year and the three before, or those that are known."""
        if self.yearly is None:
            return list(self.dates)
        first, last = self.yearly
        return [
            (date.fromisoformat(f"{y}-{first}"), date.fromisoformat(f"{y}-{last}"))
            for y in range(year - 3, year + 1)
        ]


def _read(name: str, kind: Any) -> Any:
    raw = (files("danshu") / "data" / "assets" / name).read_bytes()
    return msgspec.yaml.decode(raw, type=kind)


@cache
def glossary() -> Glossary:
    """Give the shipped words."""
    read: Glossary = _read("words.yaml", Glossary)
    return read


@cache
def areas() -> Areas:
    """Give the shipped areas."""
    read: Areas = _read("areas.yaml", Areas)
    return read


@cache
def festivals() -> tuple[Festival, ...]:
    """Give the shipped festivals."""
    read: tuple[Festival, ...] = _read("festivals.yaml", tuple[Festival, ...])
    return read
