"""Past sales that a merchant brings from before this hub: a table of day, place, SKU and units.

Days within a file's span that it does not name sold nothing. A file replaces what was brought
before for the days and series of its span. Files are hostile until read: refused whole with the
row and the reason, nothing half kept.
"""

from __future__ import annotations

import asyncio
import csv
import datetime
import hashlib
import io
import os
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct

from danshu.capabilities.forecasting.facts import ForecastHistoryBrought
from danshu.hub import merchants, sheet_files
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    FORECAST_FILE_ROWS,
    FORECAST_FILE_SERIES,
    FORECAST_FILES,
    FORECAST_PAST_D,
    FORECAST_UNITS,
)

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
_EAST: Final = datetime.timezone(datetime.timedelta(hours=8))
_NAME_CHARS: Final = 120
_COLUMNS: Final = {
    "day": ("day", "date", "日期", "销售日期"),
    "place": ("place", "warehouse", "region", "province", "地点", "仓库", "地区", "省份"),
    "sku": ("sku", "code", "商品", "商品编码", "货号"),
    "units": ("units", "quantity", "qty", "件数", "销量", "数量"),
}  # fmt: skip
_DAY: Final = re.compile(r"([0-9]{4})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})日?(?: 00:00:00)?")
_WHOLE: Final = re.compile(r"[0-9]{1,7}(?:\.0+)?")
_WAREHOUSES: Final = "select code from warehouses where tenant=%s"
_SKUS: Final = "select code from skus where tenant=%s"
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_COUNT: Final = "select count(*) from forecast_files where tenant=%s"
_ADD: Final = """
insert into forecast_files(tenant,id,name,digest,rows,series,first_day,last_day)
values (%s,%s,%s,%s,%s,%s,%s,%s)
"""
_KNOWN: Final = """
select h.place, h.sku, h.first_day, h.units from forecast_history h
join unnest(%s::text[],%s::text[]) u(place,sku) on u.place=h.place and u.sku=h.sku
where h.tenant=%s
"""
_PUT: Final = """
insert into forecast_history(tenant,place,sku,first_day,units) values (%s,%s,%s,%s,%s)
on conflict (tenant,place,sku) do update set first_day=excluded.first_day, units=excluded.units
"""
_LIST: Final = """
select id, name, digest, rows, series, first_day, last_day from forecast_files
where tenant=%s order by id desc limit %s
"""


class HistoryFile(Struct, frozen=True, kw_only=True):
    """A file that was brought: its SHA-256, rows, series and the days that it spans (ISO)."""

    id: str
    name: str
    digest: str
    rows: int
    series: int
    first_day: str
    last_day: str


class Sales(NamedTuple):
    """What a file says: rows read, its span, and units a day of its span by place and SKU."""

    rows: int
    first: datetime.date
    last: datetime.date
    units: dict[tuple[str, str], list[int]]


class _Known(NamedTuple):
    places: frozenset[str]
    skus: frozenset[str]
    today: datetime.date


async def bring(hub: Hub, tenant: int, name: str, body: bytes, actor: Actor) -> HistoryFile:
    """Read a CSV or XLSX file and keep what it says, with its fact, in one commit.

    Raises InputError: `bad_columns`, `bad_row` with the row and what is wrong with it, `too_large`,
    `too_many` files, and those of a file that is no table.
    """
    today = day_of(hub.clock())
    async with hub.connection() as connection:
        known = await _read_known(connection, tenant, today)
    sales = await asyncio.to_thread(_read, body, known)
    digest = hashlib.sha256(body).hexdigest()
    id_ = ids.uuid7(hub.clock(), os.urandom(10))
    kept = HistoryFile(
        id=str(id_),
        name=name.strip()[:_NAME_CHARS],
        digest=digest,
        rows=sales.rows,
        series=len(sales.units),
        first_day=sales.first.isoformat(),
        last_day=sales.last.isoformat(),
    )
    async with hub.connection() as connection, connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        counted = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if counted and counted[0] >= FORECAST_FILES:
            raise InputError("too_many", f"at most {FORECAST_FILES} files")
        await _merge(connection, tenant, sales)
        await _keep(connection, tenant, id_, kept, actor)
    return kept


def day_of(at_ms: int) -> datetime.date:
    """Give the day in Shanghai of an instant."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, _EAST).date()


def day_text(ordinal: int) -> str:
    """Write a day, given by its ordinal, as ISO does."""
    return datetime.date.fromordinal(ordinal).isoformat()


async def list_files(connection: Connection, tenant: int, limit: int) -> list[HistoryFile]:
    """List the files that were brought, the newest first."""
    cursor = await connection.execute(_LIST, (tenant, limit))
    return [
        HistoryFile(
            id=str(id_), name=name, digest=digest, rows=rows, series=series,
            first_day=first.isoformat(), last_day=last.isoformat(),
        )
        for id_, name, digest, rows, series, first, last in await cursor.fetchall()
    ]  # fmt: skip


async def _read_known(connection: Connection, tenant: int, today: datetime.date) -> _Known:
    warehouses = await (await connection.execute(_WAREHOUSES, (tenant,))).fetchall()
    skus = await (await connection.execute(_SKUS, (tenant,))).fetchall()
    return _Known(
        frozenset(code for (code,) in warehouses), frozenset(code for (code,) in skus), today
    )


async def _keep(
    connection: Connection, tenant: int, id_: uuid.UUID, kept: HistoryFile, actor: Actor
) -> None:
    row = (kept.name, kept.digest, kept.rows, kept.series, kept.first_day, kept.last_day)
    await connection.execute(_ADD, (tenant, id_, *row))
    said = ForecastHistoryBrought(
        digest=kept.digest,
        file=kept.id,
        first_day=kept.first_day,
        last_day=kept.last_day,
        name=kept.name,
        rows=kept.rows,
        series=kept.series,
    )
    await merchants.say(connection, tenant, actor, said)


def _read(body: bytes, known: _Known) -> Sales:
    """Read a file whole."""
    outline = sheet_files.outline(body)
    names = [name.casefold() for name in sheet_files.header(outline.first, 1)]
    at = {}
    for field, aliases in _COLUMNS.items():
        found = [n for n, name in enumerate(names) if name in aliases]
        if len(found) != 1:
            raise InputError("bad_columns", f"one column of {field}: {', '.join(aliases)}")
        at[field] = found[0]
    days: dict[tuple[str, str], dict[datetime.date, int]] = {}
    count = 0
    for row, cells in _rows(body, outline.form):
        count += 1
        if count > FORECAST_FILE_ROWS:
            raise InputError("too_large", f"at most {FORECAST_FILE_ROWS} rows a file")
        key, day, units = _row(row, cells, at, known)
        series = days.get(key)
        if series is None:
            if len(days) >= FORECAST_FILE_SERIES:
                raise InputError("too_large", f"at most {FORECAST_FILE_SERIES} series a file")
            series = days[key] = {}
        series[day] = series.get(day, 0) + units
        if series[day] > FORECAST_UNITS:
            raise _wrong(row, "units", f"more than {FORECAST_UNITS} on a day")
    if not days:
        raise InputError("empty_body", "the file holds no rows below the names")
    first = min(min(each) for each in days.values())
    last = max(max(each) for each in days.values())
    span = (last - first).days + 1
    units_of = {}
    for key, each in days.items():
        line = units_of[key] = [0] * span
        for day, units in each.items():
            line[(day - first).days] = units
    return Sales(count, first, last, units_of)


def _rows(body: bytes, form: sheet_files.Form) -> Iterator[tuple[int, list[str]]]:
    """Give rows below the first. CSV is read here, since sales are longer than master data."""
    if form.form != "csv":
        yield from sheet_files.rows(body, form)
        return
    lines = csv.reader(
        io.StringIO(body.decode(form.encoding), newline=""), delimiter=form.delimiter, strict=True
    )
    try:
        for number, cells in enumerate(lines, 1):
            if number > 1 and any(cells):
                yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise InputError("bad_file", f"not a CSV file: {error}") from error


def _row(
    row: int, cells: list[str], at: dict[str, int], known: _Known
) -> tuple[tuple[str, str], datetime.date, int]:
    """Read a row. Raises InputError `bad_row`."""
    given = {name: cells[n] if n < len(cells) else "" for name, n in at.items()}
    place = given["place"]
    if place not in known.places:
        if not (place.isdigit() and place.isascii() and len(place) in (2, 6)):
            raise _wrong(row, "place", f"no warehouse or province {place[:32]!r}")
        place = place[:2]
    if given["sku"] not in known.skus:
        raise _wrong(row, "sku", f"no SKU {given['sku'][:32]!r}")
    day = _day(row, given["day"], known.today)
    if not _WHOLE.fullmatch(given["units"]):
        raise _wrong(row, "units", f"{given['units'][:32]!r} is no whole number of units")
    units = int(given["units"].partition(".")[0])
    if units > FORECAST_UNITS:
        raise _wrong(row, "units", f"more than {FORECAST_UNITS} on a day")
    return (place, given["sku"]), day, units


def _day(row: int, text: str, today: datetime.date) -> datetime.date:
    found = _DAY.fullmatch(text)
    try:
        day = datetime.date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise _wrong(row, "day", f"{text[:32]!r} is no day")
    if not 0 < (today - day).days <= FORECAST_PAST_D:
        raise _wrong(row, "day", f"{day} is not within the last {FORECAST_PAST_D} days")
    return day


def _wrong(row: int, column: str, why: str) -> InputError:
    return InputError("bad_row", f"row {row}, {column}: {why}", f"/{row}/{column}")


async def _merge(connection: Connection, tenant: int, sales: Sales) -> None:
    """Lay a file over what was brought before."""
    keys = list(sales.units)
    told = ([place for place, _ in keys], [sku for _, sku in keys], tenant)
    before = {
        (place, sku): (first, units)
        for place, sku, first, units in await (await connection.execute(_KNOWN, told)).fetchall()
    }
    rows = []
    for place, sku in keys:
        first, units = overlay(before.get((place, sku)), sales.first, sales.units[place, sku])
        rows.append((tenant, place, sku, first, units))
    async with connection.cursor() as cursor:
        await cursor.executemany(_PUT, rows)


def overlay(
    before: tuple[datetime.date, list[int]] | None, first: datetime.date, units: list[int]
) -> tuple[datetime.date, list[int]]:
    """Lay units from a day on over earlier ones; days between that nobody named sold nothing."""
    if before is None:
        return first, units
    begin = min(before[0], first)
    end = max(before[0].toordinal() + len(before[1]), first.toordinal() + len(units))
    whole = [0] * (end - begin.toordinal())
    for since, line in (before, (first, units)):
        at = since.toordinal() - begin.toordinal()
        whole[at : at + len(line)] = line
    surplus = max(len(whole) - FORECAST_PAST_D, 0)
    return begin + datetime.timedelta(days=surplus), whole[surplus:]
