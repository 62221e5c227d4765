"""Working calendars: those that come with the hub, and the merchant's own, made of one of them.

A version says of each day whether it is worked and is never changed; promises pin the version with
its digest, so that a later one moves no due date.
"""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Meta, Struct

from danshu.hub import merchants
from danshu.hub.fields import PLAIN
from danshu.hub.master_facts import CalendarPublished
from danshu.kernel import calendar
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import CALENDAR_DAYS, CALENDAR_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.kernel.calendar import Calendar
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
OWN: Final = "own-"
"""How the id of a merchant's own calendar begins."""
Why = Literal["weekday", "weekend", "holiday", "make_up", "own"]
NO_CALENDAR: Final = InputError("no_calendar", "there is no such calendar")
NOTHING_NEW: Final = Refusal(
    code="calendar_same",
    reason="和现在的版本一样,没有可发布的",
    reason_en="It is what the newest version says already",
    clause="calendar.version",
)
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_READ: Final = """
select id, version, body, base, changes from calendars where tenant=%s order by id, made
"""
_ONE: Final = "select body, changes from calendars where tenant=%s and id=%s and version=%s"
_INSERT: Final = """
insert into calendars(tenant,id,version,digest,body,base,changes,by) values(%s,%s,%s,%s,%s,%s,%s,%s)
"""
_VERSIONS: Final = "select version, body from calendars where tenant=%s and id=%s order by made"


Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
Hours = Annotated[str, Meta(pattern=r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}(?![\s\S])")]


class DayChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day that the merchant works or rests, whatever the notice says."""

    date: datetime.date
    works: bool
    name: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""


_decode_changes = msgspec.json.Decoder(tuple[DayChange, ...]).decode


class CalendarSeen(Struct, frozen=True, kw_only=True):
    """A calendar's version. `years` are those that its notices cover; with `every_year_from` the
    years from there on need none. Hours are HH:MM-HH:MM, none for time that never stops.
    """

    id: str
    version: str
    reference: str
    digest: str
    own: bool
    newest: bool
    name_zh: str
    name_en: str
    tz: str
    hours: tuple[str, ...]
    weekdays: tuple[int, ...]
    years: tuple[int, ...]
    every_year_from: int
    sources: tuple[str, ...]
    base: str
    changes: tuple[DayChange, ...]


class Draft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A calendar of the merchant's own: `base` (`id@version`) with other days and, where given,
    other hours.
    """

    id: Annotated[str, Meta(max_length=40, pattern=r"^own(-[a-z]+)+(?![\s\S])")]
    name_zh: Name
    name_en: Name
    base: Annotated[str, Meta(max_length=64, pattern=r"^[a-z-]+@[0-9]{4}\.[0-9]{1,3}(?![\s\S])")]
    hours: Annotated[tuple[Hours, ...], Meta(max_length=4)] = ()
    days: Annotated[tuple[DayChange, ...], Meta(max_length=CALENDAR_DAYS)] = ()


class Day(Struct, frozen=True, kw_only=True):
    """A day of a calendar: worked or not, and why: an ordinary weekday or weekend, a holiday or a
    make-up day of the notice, a day of the merchant's own.
    """

    date: datetime.date
    works: bool
    why: Why
    name: str


async def finder(connection: Connection, tenant: int) -> Callable[[str], Calendar]:
    """Give what finds a calendar by its reference: the merchant's own, else one of the package."""
    cursor = await connection.execute(_READ, (tenant,))
    bodies = {f"{r[0]}@{r[1]}": bytes(r[2]) for r in await cursor.fetchall()}
    if not bodies:
        return calendar.load
    known: dict[str, Calendar] = {}

    def read(name: str) -> bytes:
        return bodies[name] if name in bodies else calendar.read(name)

    def find(reference: str) -> Calendar:
        if not reference.startswith(OWN):
            return calendar.load(reference)
        if reference not in known:
            known[reference] = calendar.load_from(reference, read)
        return known[reference]

    return find


async def list_calendars(connection: Connection, tenant: int) -> list[CalendarSeen]:
    """List all versions: those of the package, then the merchant's own."""
    seen = [_elapsed()]
    for name in calendar.available():
        if name != calendar.ELAPSED.id:
            seen.append(_see(calendar.read(name), own=False, newest=True))
    cursor = await connection.execute(_READ, (tenant,))
    rows = await cursor.fetchall()
    newest = {r[0]: r[1] for r in rows}
    for id_, version, body, base, changes in rows:
        days = _decode_changes(changes)
        is_newest = newest[id_] == version
        seen.append(_see(bytes(body), own=True, newest=is_newest, base=base, changes=days))
    return seen


def _elapsed() -> CalendarSeen:
    c = calendar.ELAPSED
    return CalendarSeen(
        id=c.id, version="", reference=c.id, digest="", own=False, newest=True, name_zh=c.name_zh,
        name_en=c.name_en, tz=c.tz, hours=(), weekdays=(1, 2, 3, 4, 5, 6, 7), years=(),
        every_year_from=1, sources=(), base="", changes=(),
    )  # fmt: skip


def _see(
    raw: bytes,
    *,
    own: bool,
    newest: bool,
    base: str = "",
    changes: tuple[DayChange, ...] = (),
) -> CalendarSeen:
    file = json.loads(raw)
    made = calendar.parse(raw)
    return CalendarSeen(
        id=made.id,
        version=made.version,
        reference=made.reference,
        digest=made.digest,
        own=own,
        newest=newest,
        name_zh=made.name_zh,
        name_en=made.name_en,
        tz=made.tz,
        hours=tuple(file["hours"]),
        weekdays=tuple(file["weekdays"]),
        years=tuple(sorted(made.years)),
        every_year_from=made.every_year_from or 0,
        sources=tuple([y["source"] for y in file.get("years", ())]),
        base=base,
        changes=changes,
    )


async def read_raw(
    connection: Connection, tenant: int, name: str
) -> tuple[bytes, tuple[DayChange, ...]]:
    """Read a calendar's file by `id@version`, and the days of the merchant's own in it.

    Raises InputError `no_calendar`.
    """
    id_, _, version = name.partition("@")
    if id_.startswith(OWN):
        cursor = await connection.execute(_ONE, (tenant, id_, version))
        row = await cursor.fetchone()
        if row is None:
            raise NO_CALENDAR
        return bytes(row[0]), _decode_changes(row[1])
    if name not in calendar.available() or not version:
        raise NO_CALENDAR
    return calendar.read(name), ()


def list_days(raw: bytes, changes: Sequence[DayChange], year: int) -> list[Day]:
    """List the days of a year. Raises InputError `calendar_year_unknown` for one not covered."""
    made = calendar.parse(raw)
    names: dict[datetime.date, str] = {}
    for said in json.loads(raw).get("years", ()):
        for span in said["off"]:
            names |= dict.fromkeys(_span(span), span["name"])
    own = {c.date: c.name for c in changes}
    first = datetime.date(year, 1, 1)
    days = []
    for at in range((datetime.date(year + 1, 1, 1) - first).days):
        date = first + datetime.timedelta(days=at)
        works = made.is_worked(date.toordinal() - _EPOCH)
        why: Why = "own" if date in own else _why(date, works, made)
        name = own.get(date, names.get(date, ""))
        days.append(Day(date=date, works=works, why=why, name=name))
    return days


def _why(date: datetime.date, works: bool, made: Calendar) -> Why:
    if works:
        return "weekday" if date.weekday() in made.weekdays else "make_up"
    return "holiday" if date.toordinal() - _EPOCH in made.off else "weekend"


def _span(span: dict[str, str]) -> list[datetime.date]:
    start = datetime.date.fromisoformat(span["first"])
    end = datetime.date.fromisoformat(span["last"])
    return [start + datetime.timedelta(days=n) for n in range((end - start).days + 1)]


async def publish(
    connection: Connection, tenant: int, draft: Draft, actor: Actor, year: int
) -> CalendarSeen | Refusal:
    """Publish the next version of a merchant's own calendar; `year` is the clock's.

    Raises InputError for a base that is not there, a year that it does not cover, a day named
    twice.
    """
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        base_raw, _ = await read_raw(connection, tenant, draft.base)
        cursor = await connection.execute(_VERSIONS, (tenant, draft.id))
        versions = await cursor.fetchall()
        if len(versions) >= CALENDAR_VERSIONS:
            raise InputError("too_many", f"at most {CALENDAR_VERSIONS} versions", "/id")
        if versions and _says(bytes(versions[-1][1])) == _says(
            make(base_raw, draft, versions[-1][0])
        ):
            return NOTHING_NEW
        raw = make(base_raw, draft, f"{year}.{len(versions) + 1}")
        made = calendar.parse(raw)
        changes = msgspec.json.encode(draft.days)
        await connection.execute(
            _INSERT,
            (
                tenant, made.id, made.version, bytes.fromhex(made.digest), raw, draft.base,
                changes, actor.sub,
            ),
        )  # fmt: skip
        await merchants.touch(connection, tenant)
        published = CalendarPublished(
            base=draft.base,
            days=len(draft.days),
            digest=made.digest,
            id=made.id,
            version=made.version,
        )
        await merchants.say(connection, tenant, actor, published)
    return _see(raw, own=True, newest=True, base=draft.base, changes=draft.days)


def _says(raw: bytes) -> dict[str, Any]:
    """Give what a calendar says, its version left aside."""
    file: dict[str, Any] = json.loads(raw)
    file.pop("version")
    return file


def make(base_raw: bytes, draft: Draft, version: str) -> bytes:
    """Make a calendar's file of a base and other days. Raises InputError."""
    file: dict[str, Any] = json.loads(base_raw)
    base = calendar.parse(base_raw)
    years = {said["year"]: said for said in file.get("years", ())}
    seen: set[datetime.date] = set()
    for at, change in enumerate(sorted(draft.days, key=lambda c: c.date)):
        if change.date in seen:
            raise InputError("twice", f"{change.date} is named twice", f"/days/{at}")
        seen.add(change.date)
        day = change.date.toordinal() - _EPOCH
        if base.is_worked(day) == change.works:
            continue
        year = change.date.year
        said = years.setdefault(year, {"year": year, "source": "商户自定", "off": [], "work": []})
        _set(said, change, is_weekday=change.date.weekday() in base.weekdays)
    file |= {
        "id": draft.id,
        "version": version,
        "name_zh": draft.name_zh,
        "name_en": draft.name_en,
        "years": [years[year] for year in sorted(years)],
    }
    if draft.hours:
        file["hours"] = list(draft.hours)
    return msgspec.json.encode(file, order="sorted")


def _set(said: dict[str, Any], change: DayChange, *, is_weekday: bool) -> None:
    """Turn one day of a year into a day of work or of rest."""
    date = change.date.isoformat()
    if not change.works:
        said["work"] = [d for d in said["work"] if d != date]
        name = change.name or "商户休息"
        said["off"] = [*said["off"], {"first": date, "last": date, "name": name}]
        return
    said["off"] = [part for span in said["off"] for part in _without(span, change.date)]
    if not is_weekday:
        said["work"] = sorted({*said["work"], date})


def _without(span: dict[str, str], date: datetime.date) -> list[dict[str, str]]:
    """Take a day out of a span of rest: what is left of it before and after."""
    days = _span(span)
    if date not in days:
        return [span]
    parts = (days[: days.index(date)], days[days.index(date) + 1 :])
    return [
        {**span, "first": part[0].isoformat(), "last": part[-1].isoformat()}
        for part in parts
        if part
    ]
