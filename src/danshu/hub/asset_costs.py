"""The cost ledger of data assets 数据资产成本: what people enter, and what runs and files show."""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.assets.quality import Quality
from danshu.capabilities.valuation.facts import AssetCostEntered
from danshu.hub.fields import PLAIN, Minor
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import NO_HEAD
from danshu.kernel.limits import COST_ENTRIES
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = Any
CostKind = Literal["labour", "purchase", "compute", "storage", "other"]
CostPhase = Literal["research", "development", "bought", "upkeep"]
COMPUTE_FEN_PER_HOUR: Final = 60
"""What an hour of computing is taken to cost, where nobody entered what it did: 0.60 yuan."""
STORAGE_FEN_PER_GB_YEAR: Final = 180
_ADD: Final = (
    "insert into asset_costs(tenant,id,asset,day,kind,phase,amount_fen,minutes,note,by,at)"
    " values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_LIST: Final = (
    "select id,asset,day,kind,phase,amount_fen,minutes,note,by,at from asset_costs"
    " where tenant=%s and asset=%s and id<%s order by id desc limit %s"
)
_SUMS: Final = (
    "select asset, kind, phase, to_char(day,'YYYY-MM'), sum(amount_fen)::int8 from asset_costs"
    " where tenant=%s and (%s='' or asset=%s) group by 1,2,3,4 order by 1,2,3,4"
)
_COUNT: Final = "select count(*) from asset_costs where tenant=%s and asset=%s"
_RUNS: Final = (
    "select coalesce(sum(seconds),0)::float8, count(*), coalesce(max(bytes),0)::int8,"
    " (array_agg(quality::text order by run desc))[1]"
    " from asset_runs where tenant=%s and asset=%s and began>=%s"
)
_YEAR: Final = datetime.timedelta(days=365)


class CostEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was spent on an asset: research is an expense, development may be capitalised, what was
    bought is capitalised, upkeep is an expense of the year.
    """

    day: datetime.date
    kind: CostKind
    phase: CostPhase
    amount_fen: Minor
    minutes: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    note: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""


class CostRow(Struct, frozen=True, kw_only=True):
    """An entry as it stands in the ledger."""

    id: uuid.UUID
    asset: str
    day: datetime.date
    kind: CostKind
    phase: CostPhase
    amount_fen: int
    minutes: int
    note: str
    by: str
    at: datetime.datetime


class CostSum(Struct, frozen=True, kw_only=True):
    """What was spent on an asset in a month (YYYY-MM), by kind and phase, in fen."""

    asset: str
    kind: str
    phase: str
    month: str
    amount_fen: int


class Measured(Struct, frozen=True, kw_only=True):
    """What the house measured of an asset in a year: seconds of building, runs, bytes of its file,
    the score of its last checks in thousandths (-1 = none).
    """

    seconds: float
    runs: int
    bytes: int
    quality: int


async def enter(
    connection: Connection, tenant: int, asset: str, entry: CostEntry, actor: Actor, now_ms: int
) -> CostRow:
    """Enter a cost. Raises InputError `too_many`."""
    id_ = ids.uuid7(now_ms, os.urandom(10))
    at = write.instant(now_ms * 1000)
    async with connection.transaction():
        row = await (await connection.execute(_COUNT, (tenant, asset))).fetchone()
        if row[0] >= COST_ENTRIES:
            raise InputError("too_many", f"at most {COST_ENTRIES} entries of an asset")
        said = AssetCostEntered(
            amount_fen=entry.amount_fen,
            asset=asset,
            day=entry.day.isoformat(),
            kind=entry.kind,
            minutes=entry.minutes,
            note=entry.note,
            phase=entry.phase,
        )
        await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, said)
        values = (
            *(tenant, id_, asset, entry.day, entry.kind, entry.phase, entry.amount_fen),
            *(entry.minutes, entry.note, actor.sub, at),
        )
        await connection.execute(_ADD, values)
    return CostRow(
        id=id_, asset=asset, day=entry.day, kind=entry.kind, phase=entry.phase,
        amount_fen=entry.amount_fen, minutes=entry.minutes, note=entry.note, by=actor.sub, at=at,
    )  # fmt: skip


async def list_rows(
    connection: Connection, tenant: int, asset: str, before: uuid.UUID, limit: int
) -> list[CostRow]:
    """List the entries of an asset, the newest first, those before an id."""
    cursor = await connection.execute(_LIST, (tenant, asset, before, limit))
    names = CostRow.__struct_fields__
    return [CostRow(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


async def sums(connection: Connection, tenant: int, asset: str = "") -> list[CostSum]:
    """Add up the ledger by asset, kind, phase and month; of one asset or of all."""
    cursor = await connection.execute(_SUMS, (tenant, asset, asset))
    return [
        CostSum(asset=row[0], kind=row[1], phase=row[2], month=row[3], amount_fen=row[4])
        for row in await cursor.fetchall()
    ]


async def measure(connection: Connection, tenant: int, asset: str, now_ms: int) -> Measured:
    """Measure what computing an asset took within the last year."""
    since = write.instant(now_ms * 1000) - _YEAR
    row = await (await connection.execute(_RUNS, (tenant, asset, since))).fetchone()
    score = msgspec.json.decode(row[3], type=Quality).score if row[3] else -1
    return Measured(
        seconds=row[0], runs=row[1], bytes=row[2], quality=score * 10 if score >= 0 else -1
    )
