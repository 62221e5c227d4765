"""Working calendars and the promise clock: when is a limit of working time used up?

A calendar is a dated data file. A promise pins `id@version#sha256` of the one it was made under, so
a later edition never moves a due date. All instants are UTC microseconds. Shanghai has kept UTC+8
without summer time since 1992, so no time-zone database is needed.
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import CALENDAR_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MINUTE_US: Final = 60_000_000
DAY_US: Final = 86_400_000_000

_EPOCH_DAY: Final = datetime.date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY: Final = datetime.date(1970, 1, 1).weekday()
_LOADED: Final = 64
_HOURS = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_REFERENCE = re.compile(
    r"(?P<id>[a-z]+(?:-[a-z]+)*)"
    r"(?:-(?P<opens>[0-9]{4})-(?P<closes>[0-9]{4}))?"
    r"@(?P<version>[0-9]{4}\.[0-9]{1,3})"
    r"(?:#(?P<digest>[0-9a-f]{64}))?"
)


class Calendar(Struct, frozen=True, kw_only=True):
    """Which local days are worked, and between which hours.

    `hours` are (opens, closes) in microseconds after local midnight; none at all means that the
    clock never stops (`ELAPSED`). `weekdays` are 0 for Monday to 6. `off` and `work` are the days
    that a notice takes from them and adds to them, as days since 1970-01-01. Only `years`, or every
    year from `every_year_from`, are covered.
    """

    id: str
    version: str
    digest: str
    name_zh: str
    name_en: str
    tz: str
    offset_us: int
    hours: tuple[tuple[int, int], ...]
    weekdays: frozenset[int]
    years: frozenset[int]
    every_year_from: int | None
    off: frozenset[int]
    work: frozenset[int]

    @property
    def reference(self) -> str:
        """What a promise pins: `id@version#sha256`, or `elapsed`."""
        return f"{self.id}@{self.version}#{self.digest}" if self.hours else self.id

    def is_worked(self, day: int) -> bool:
        """Tell whether a local day, in days since 1970-01-01, is worked.

        Raises InputError `calendar_year_unknown` for a year that the calendar does not cover.
        """
        try:
            year = datetime.date.fromordinal(_EPOCH_DAY + day).year
        except (ValueError, OverflowError):
            year = 0
        always = self.every_year_from is not None and 0 < self.every_year_from <= year
        if not always and year not in self.years:
            raise InputError(
                "calendar_year_unknown", f"{self.id}@{self.version} ends before {year}"
            )
        if day in self.off:
            return False
        return day in self.work or (day + _EPOCH_WEEKDAY) % 7 in self.weekdays


ELAPSED: Final = Calendar(
    id="elapsed",
    version="",
    digest="",
    name_zh="自然时间",
    name_en="elapsed time",
    tz="UTC",
    offset_us=0,
    hours=(),
    weekdays=frozenset(),
    years=frozenset(),
    every_year_from=None,
    off=frozenset(),
    work=frozenset(),
)
"""The clock that never stops: 48 hours are 48 hours."""


class _Off(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    first: datetime.date
    last: datetime.date
    name: str


class _Year(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    year: int
    source: str
    off: list[_Off]
    work: list[datetime.date]


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    version: str
    name_zh: str
    name_en: str
    tz: str
    utc_offset_min: int
    hours: list[str]
    weekdays: list[int]
    years: list[_Year] = []
    every_year_from: int | None = None


def windows(calendar: Calendar, from_us: int) -> Iterator[tuple[int, int | None]]:
    """Give the UTC spans (start, end) in which the clock runs from an instant on; end None: never.

    Endless: each year is looked up when it is reached, and an uncovered one raises InputError
    `calendar_year_unknown`.
    """
    if not calendar.hours:
        yield from_us, None
        return
    day = (from_us + calendar.offset_us) // DAY_US
    while True:
        if calendar.is_worked(day):
            midnight_us = day * DAY_US - calendar.offset_us
            for opens, closes in calendar.hours:
                if midnight_us + closes > from_us:
                    yield max(midnight_us + opens, from_us), midnight_us + closes
        day += 1


def due(
    start_us: int,
    limit_us: int,
    calendar: Calendar,
    pauses: Sequence[tuple[int, int | None]] = (),
) -> int | None:
    """Give the instant at which `limit_us` of running time is used up; None while a pause is open.

    `pauses` are (from, until) in order and without overlap; an open one (until None) is the last.
    The clock runs where a window of the calendar and no pause is. Raises ProgramError for pauses
    out of order or a negative limit, InputError `calendar_year_unknown` beyond the calendar.
    """
    if limit_us < 0:
        raise ProgramError(f"a limit of {limit_us} us")
    _check_pauses(pauses)
    left = limit_us
    for start, end in windows(calendar, start_us):
        current = start
        for paused, resumed in pauses:
            if resumed is not None and resumed <= current:
                continue
            if end is not None and paused >= end:
                break
            run = max(0, paused - current)
            if run >= left:
                return current + left
            left -= run
            if resumed is None:
                return None
            current = max(current, resumed)
            if end is not None and current >= end:
                break
        if end is None or end - current >= left:
            return current + left
        left -= max(0, end - current)
    raise ProgramError("a calendar's windows came to an end")


def parse(raw: bytes) -> Calendar:
    """Read a calendar file; InputError `calendar` when it contradicts itself."""
    if len(raw) > CALENDAR_BYTES:
        raise InputError("calendar", f"{len(raw)} bytes, the limit is {CALENDAR_BYTES}")
    try:
        file = msgspec.json.decode(raw, type=_File)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InputError("calendar", str(error)) from error
    weekdays = frozenset(number - 1 for number in file.weekdays)
    if not weekdays or not weekdays <= set(range(7)) or len(weekdays) != len(file.weekdays):
        raise InputError("calendar", "weekdays are 1 (Monday) to 7, each once", "/weekdays")
    off, work = _special_days(file, weekdays)
    return Calendar(
        id=file.id,
        version=file.version,
        digest=sha256(raw).hexdigest(),
        name_zh=file.name_zh,
        name_en=file.name_en,
        tz=file.tz,
        offset_us=file.utc_offset_min * MINUTE_US,
        hours=_read_hours(file.hours),
        weekdays=weekdays,
        years=frozenset(year.year for year in file.years),
        every_year_from=file.every_year_from,
        off=off,
        work=work,
    )


@lru_cache(maxsize=_LOADED)
def load(reference: str) -> Calendar:
    """Load a calendar of the package: `elapsed`, or `id[-0900-1800]@version[#sha256]`.

    Hours in the reference replace those of the file. Raises InputError `calendar_unknown`, or
    `calendar_changed` when the file is no longer the one that was pinned.
    """
    return load_from(reference, read)


def read(name: str) -> bytes:
    """Read the file of a calendar of the package by its `id@version`.

    Raises InputError `calendar_unknown`.
    """
    try:
        return (resources.files("danshu") / "data" / "calendars" / f"{name}.json").read_bytes()
    except FileNotFoundError as error:
        raise InputError("calendar_unknown", "there is no such calendar", name) from error


def load_from(reference: str, read: Callable[[str], bytes]) -> Calendar:
    """Load a calendar as `load` does; `read` gives the file's bytes by `id@version`, or raises
    InputError.
    """
    if reference == ELAPSED.id:
        return ELAPSED
    found = _REFERENCE.fullmatch(reference)
    if not found:
        raise InputError("calendar_unknown", "not a calendar's id@version", reference[:80])
    name = f"{found['id']}@{found['version']}"
    calendar = parse(read(name))
    if f"{calendar.id}@{calendar.version}" != name:
        raise ProgramError(f"the file {name}.json holds {calendar.id}@{calendar.version}")
    if found["digest"] and found["digest"] != calendar.digest:
        raise InputError("calendar_changed", f"{name} is not the pinned one", reference)
    if not found["opens"]:
        return calendar
    opens, closes = (f"{text[:2]}:{text[2:]}" for text in (found["opens"], found["closes"]))
    hours = _read_hours([f"{opens}-{closes}"])
    own_id = f"{calendar.id}-{found['opens']}-{found['closes']}"
    return msgspec.structs.replace(calendar, id=own_id, hours=hours)


def available() -> list[str]:
    """List the `id@version` of the calendars in the package, and `elapsed`."""
    folder = resources.files("danshu") / "data" / "calendars"
    names = (file.name for file in folder.iterdir() if file.name.endswith(".json"))
    return [ELAPSED.id, *sorted(name.removesuffix(".json") for name in names)]


def _check_pauses(pauses: Sequence[tuple[int, int | None]]) -> None:
    before: int | None = None
    for nth, (paused, resumed) in enumerate(pauses):
        if nth and (before is None or paused < before):
            raise ProgramError("pauses are out of order, overlap, or follow an open one")
        if resumed is not None and resumed < paused:
            raise ProgramError("a pause ends before it begins")
        before = resumed


def _read_hours(texts: Sequence[str]) -> tuple[tuple[int, int], ...]:
    hours: list[tuple[int, int]] = []
    for text in texts:
        found = _HOURS.fullmatch(text)
        if not found:
            raise InputError("calendar", "hours are HH:MM-HH:MM", text[:20])
        h1, m1, h2, m2 = map(int, found.groups())
        opens, closes = (h1 * 60 + m1) * MINUTE_US, (h2 * 60 + m2) * MINUTE_US
        if not (hours[-1][1] if hours else 0) <= opens < closes <= DAY_US:
            raise InputError("calendar", "hours are empty, overlap or pass midnight", text)
        hours.append((opens, closes))
    if not hours:
        raise InputError("calendar", "a calendar needs hours", "/hours")
    return tuple(hours)


def _special_days(file: _File, weekdays: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Read the notices: each day lies in its year, and a make-up day is no ordinary one."""
    off: set[int] = set()
    work: set[int] = set()
    for year in file.years:
        for span in year.off:
            days = range(span.first.toordinal(), span.last.toordinal() + 1)
            if not days or {span.first.year, span.last.year} != {year.year}:
                raise InputError("calendar", f"{span.name} is not within {year.year}")
            off.update(day - _EPOCH_DAY for day in days)
        for date in year.work:
            if date.year != year.year or date.weekday() in weekdays:
                raise InputError("calendar", f"{date} is no make-up day of {year.year}")
            work.add(date.toordinal() - _EPOCH_DAY)
    if off & work or len({year.year for year in file.years}) != len(file.years):
        raise InputError("calendar", "a day is both off and worked, or a year is there twice")
    if not file.years and file.every_year_from is None:
        raise InputError("calendar", "no year is covered")
    return frozenset(off), frozenset(work)
