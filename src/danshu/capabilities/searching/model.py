"""What can be asked for, and what a question was understood to ask."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

Shape = Literal["total", "top", "share", "trend", "compare"]
"""One figure, the largest of some, parts of the whole, how it went, against a former time."""
Against = Literal["", "previous", "year"]
Verdict = Literal["answered", "ambiguous", "unknown"]
Step = Literal["", "hour", "day", "week", "month"]


class Facet(Struct, frozen=True, kw_only=True):
    """A dimension as metrics name it: what it is called, and other words for it."""

    code: str
    zh: str
    en: str
    words: tuple[str, ...] = ()


class Card(Struct, frozen=True, kw_only=True):
    """A metric or asset as the search sees it: its code, its names and what it is of.

    `dimensions` are those that a metric can be asked by, the usual one first; `unit` is the
    port's; `higher` whether more of it is better, None = neither.
    """

    code: str
    zh: str
    en: str
    about: str = ""
    words: tuple[str, ...] = ()
    dimensions: tuple[Facet, ...] = ()
    unit: str = ""
    higher: bool | None = None
    is_timed: bool = True
    asset: str = ""


class Value(Struct, frozen=True, kw_only=True):
    """A value that people name: of which dimension, how it is stored, what it is called.

    Several codes are one name where it stands for a group (华东: its provinces).
    """

    dimension: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    title: str = ""


class Window(Struct, frozen=True, kw_only=True):
    """A span of days, `since` inclusive, `until` exclusive. `code` and `n` say it in words
    (`last_days` 30, `month`, `festival`), `name` names a festival.
    """

    code: str
    since: date
    until: date
    n: int = 0
    name: str = ""


class Choice(Struct, frozen=True, kw_only=True):
    """A metric that the question may mean, how well it fits in thousandths, and what of the
    question it has no dimension for.
    """

    code: str
    fit: int
    lacks: tuple[str, ...] = ()


class Filter(Struct, frozen=True, kw_only=True):
    """Only where a dimension has one of these values; `said` is what the question called it."""

    dimension: str
    values: tuple[str, ...]
    said: str


class Reading(Struct, frozen=True, kw_only=True):
    """A question as it was understood.

    `unknown` are words of it that mean nothing here, in the order said. `choices` are the best
    first; they are empty with the verdict `unknown`. `least` asks for the smallest or the worst.
    """

    verdict: Verdict
    choices: tuple[Choice, ...] = ()
    by: tuple[str, ...] = ()
    """In the words of the glossary; what the metric calls them is `Lexicon.dimension`."""
    where: tuple[Filter, ...] = ()
    window: Window
    is_dated: bool = False
    shape: Shape = "total"
    least: bool = False
    limit: int = 0
    against: Against = ""
    versus: Window | None = None
    """The other time, where two were said to be compared."""
    step: Step = ""
    heard: tuple[tuple[str, str], ...] = ()
    """What was written otherwise, and the word that it was taken for."""
    unknown: tuple[str, ...] = ()
