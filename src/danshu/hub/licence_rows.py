"""The rows of licences: read, listed, changed with the facts that change them."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.licensing.model import LicenceTerms, State, Usage, Used
from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.kernel.fact import Actor

Connection = Any
NO_LICENCE: Final = InputError("no_licence_row", "there is no such licence")
STATES: Final = ("draft", "active", "declined", "ended")
_COLUMNS: Final = (
    "id,no,state,terms::text,encode(digest,'hex'),listing,drafted_by,drafted,answered_by,answered,"
    'ended_by,ended,reason,"right",seq,head'
)
_ONE: Final = f"select {_COLUMNS} from licences where tenant=%s and id=%s"
_GIVEN: Final = (
    f"select {_COLUMNS} from licences where tenant=%s and asset=%s and recipient=%s"
    " order by (state='active') desc, until desc, no desc limit 64"
)
_USED: Final = (
    "select coalesce(sum(rows) filter (where kind='delivery'),0)::int8,"
    " count(*) filter (where kind='query'), coalesce(sum(spent),0)::int8"
    " from licence_usage where tenant=%s and licence=%s and day=%s"
)
_USAGE: Final = (
    "select id,kind,rows,spent,digest,mark,job,day,at from licence_usage"
    " where tenant=%s and licence=%s and day>=%s and day<=%s order by day, at, id"
)
_decode: Final = msgspec.json.Decoder(LicenceTerms).decode


class LicenceRow(Struct, frozen=True, kw_only=True):
    """A licence as it stands. `digest` is the SHA-256 (hex) of its terms; `right` the version of
    the rights register that it was approved on.
    """

    id: uuid.UUID
    no: int
    state: State
    terms: LicenceTerms
    digest: str
    listing: uuid.UUID | None
    drafted_by: str
    drafted: datetime.datetime
    answered_by: str
    answered: datetime.datetime | None
    ended_by: str
    ended: datetime.datetime | None
    reason: str
    right: int
    seq: int
    head: bytes


class UsageRow(Struct, frozen=True, kw_only=True):
    """A use of a licence: `digest` of the file or of the question, `mark` of the watermark, `spent`
    of the privacy budget in thousandths. `job` made the file.
    """

    id: uuid.UUID
    kind: str
    rows: int
    spent: int
    digest: str
    mark: str
    job: uuid.UUID | None
    day: datetime.date
    at: datetime.datetime


async def find(
    connection: Connection, tenant: int, id_: uuid.UUID, *, lock: bool = False
) -> LicenceRow:
    """Read a licence. Raises InputError `no_licence_row`."""
    query = _ONE + (" for update" if lock else "")
    row = await (await connection.execute(query, (tenant, id_))).fetchone()
    if row is None:
        raise NO_LICENCE
    return _row(row)


async def given(
    connection: Connection, tenant: int, asset: str, recipient: str
) -> list[LicenceRow]:
    """List the licences of a recipient on an asset, those in force first."""
    cursor = await connection.execute(_GIVEN, (tenant, asset, recipient))
    return [_row(row) for row in await cursor.fetchall()]


async def list_rows(
    connection: Connection, tenant: int, filters: Mapping[str, str], before: int, limit: int
) -> list[LicenceRow]:
    """List licences, the newest first, those before number `before` (0 = all); `filters` by state,
    asset, recipient.
    """
    query, told = f"select {_COLUMNS} from licences where tenant=%s", [tenant]
    values: list[Any] = [*told]
    if (state := filters.get("state", "")) and state not in STATES:
        raise InputError("bad_filter", f"a state is one of {', '.join(STATES)}", "/state")
    for name, value in filters.items():
        if value:
            query += f" and {name}=%s"
            values.append(value)
    if before:
        query += " and no<%s"
        values.append(before)
    query += " order by no desc limit %s"
    rows = await (await connection.execute(query, (*values, limit))).fetchall()
    return [_row(row) for row in rows]


def _row(row: Sequence[Any]) -> LicenceRow:
    told = dict(zip(LicenceRow.__struct_fields__, row, strict=True))
    told |= {"terms": _decode(told["terms"]), "head": bytes(told["head"])}
    return LicenceRow(**told)


async def used_on(
    connection: Connection, tenant: int, id_: uuid.UUID, day: datetime.date
) -> tuple[Used, int]:
    """Give what was used of a licence on a day, and the privacy budget spent (thousandths)."""
    row = await (await connection.execute(_USED, (tenant, id_, day))).fetchone()
    return Used(rows=row[0], queries=row[1]), row[2]


async def list_usage(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    first: datetime.date,
    last: datetime.date,
) -> list[UsageRow]:
    """List the uses of a licence from a day to a day, the oldest first."""
    cursor = await connection.execute(_USAGE, (tenant, id_, first, last))
    names = UsageRow.__struct_fields__
    return [UsageRow(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


def usage(kind: str, rows: int, day: datetime.date) -> Usage:
    """Give a use as the statement counts it."""
    return Usage(kind="query" if kind == "query" else "delivery", rows=rows, day=day)


def usage_of(rows: Sequence[UsageRow]) -> list[Usage]:
    """Give uses as the statement counts them."""
    return [usage(row.kind, row.rows, row.day) for row in rows]


async def say(
    connection: Connection,
    tenant: int,
    row: LicenceRow,
    actor: Actor,
    now_ms: int,
    data: Struct,
    **columns: Any,
) -> None:
    """Say a fact of a locked licence and write what it changes, in the caller's transaction."""
    seq, head = await say_next(connection, tenant, row.id, (row.seq, row.head), actor, now_ms, data)
    columns |= {"seq": seq, "head": head}
    sets = ",".join(f'"{name}"=%s' for name in columns)
    query = f"update licences set {sets} where tenant=%s and id=%s"
    await connection.execute(query, (*columns.values(), tenant, row.id))
