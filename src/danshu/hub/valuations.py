"""Valuations 估值: inputs proposed from what the house measured, a range, a second person's yes."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.licensing import billing
from danshu.capabilities.licensing.model import day_of
from danshu.capabilities.valuation import compute
from danshu.capabilities.valuation.facts import (
    ValuationApproved,
    ValuationDeclined,
    ValuationDrafted,
)
from danshu.capabilities.valuation.model import (
    DEFINED,
    InputSpan,
    MethodWeights,
    ValuationInputs,
    ValuationResult,
)
from danshu.hub import asset_costs, licence_rows, merchants
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import VALUATIONS
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.hub.asset_costs import CostSum, Measured
    from danshu.kernel.fact import Actor

Connection = Any
NO_VALUATION: Final = InputError("no_valuation", "there is no such valuation")
SAME_PERSON: Final = Refusal(
    code="same_person", reason="起草人不能批准自己的估值",
    reason_en="It takes two: whoever drafted a valuation cannot approve it",
    clause="valuation.approve",
)  # fmt: skip
PERSONS_ONLY: Final = Refusal(
    code="persons_only", reason="估值要由人本人批准",
    reason_en="A valuation is approved by a person, not by a key", clause="valuation.approve",
)  # fmt: skip
ANSWERED: Final = Refusal(
    code="answered", reason="这版估值已经批准或驳回",
    reason_en="This version was approved or declined already", clause="valuation.state",
)  # fmt: skip
_COLUMNS: Final = (
    "asset,version,state,inputs::text,result::text,encode(digest,'hex'),drafted_by,drafted,"
    "answered_by,answered,reason"
)
_ONE: Final = f"select {_COLUMNS} from valuations where tenant=%s and asset=%s and version=%s"
_OF: Final = (
    f"select {_COLUMNS} from valuations where tenant=%s and asset=%s and version<%s"
    " order by version desc limit %s"
)
_STANDING: Final = (
    f"select distinct on (asset) {_COLUMNS} from valuations where tenant=%s and state='approved'"
    " order by asset, version desc"
)
_WAITING: Final = (
    "select asset, max(version) from valuations where tenant=%s and state='draft' group by asset"
)
_NEXT: Final = "select coalesce(max(version),0)+1 from valuations where tenant=%s and asset=%s"
_ADD: Final = (
    "insert into valuations(tenant,asset,version,state,inputs,result,digest,drafted_by,drafted)"
    " values(%s,%s,%s,'draft',%s::jsonb,%s::jsonb,%s,%s,%s)"
)
_ANSWER: Final = (
    "update valuations set state=%s, answered_by=%s, answered=%s, reason=%s"
    " where tenant=%s and asset=%s and version=%s"
)
_LOCK: Final = "select 1 from tenants where id=%s for update"
_decode_inputs: Final = msgspec.json.Decoder(ValuationInputs).decode
_decode_result: Final = msgspec.json.Decoder(ValuationResult).decode
_GIB: Final = 1 << 30


class ValuationRow(Struct, frozen=True, kw_only=True):
    """A version of a valuation. `digest` is the SHA-256 (hex) of its inputs."""

    asset: str
    version: int
    state: str
    inputs: ValuationInputs
    result: ValuationResult
    digest: str
    drafted_by: str
    drafted: datetime.datetime
    answered_by: str
    answered: datetime.datetime | None
    reason: str


async def propose(connection: Connection, tenant: int, asset: str, now_ms: int) -> ValuationInputs:
    """Propose inputs: what the ledger, the runs, the checks and the licences say, what persons said
    in the last version, and for all else what is usual, marked as assumed.
    """
    measured = await asset_costs.measure(connection, tenant, asset, now_ms)
    spent = await asset_costs.sums(connection, tenant, asset)
    yearly = await _licensed(connection, tenant, asset, now_ms)
    before = await list_versions(connection, tenant, asset, 0, 1)
    last = before[0].inputs if before else None
    said = [span for span in last.spans if span.told == "person"] if last else []
    known = (*said, *_costs(measured, spent), *_quality(measured), *_income(yearly))
    told = {span.code: span for span in known}
    return ValuationInputs(
        spans=tuple([told.get(code, _assume(code)) for code in DEFINED]),
        comparables=last.comparables if last else (),
        weights=last.weights if last else _weigh(told),
    )


def _weigh(told: dict[str, InputSpan]) -> MethodWeights:
    """Weigh the methods that there is something to say by; cost is always one."""
    earns = any(told[code].high for code in ("income.licences", "income.benefit") if code in told)
    cost = 500 if earns else 1_000
    return MethodWeights(cost=cost, income=1_000 - cost, market=0)


def _assume(code: str) -> InputSpan:
    one = DEFINED[code]
    return InputSpan(code=code, low=one.low, mid=one.mid, high=one.high, told="assumed")


def _around(code: str, mid: int, share: int, told: Any, note: str) -> InputSpan:
    """Make a span of so many thousandths on both sides."""
    one = DEFINED[code]
    low = max(one.least, mid * (1_000 - share) // 1_000)
    high = min(one.most, -(-mid * (1_000 + share) // 1_000))
    return InputSpan(code=code, low=low, mid=mid, high=max(high, mid), told=told, note=note)


def _costs(measured: Measured, spent: list[CostSum]) -> list[InputSpan]:
    found = []
    entered: dict[str, int] = {}
    for one in spent:
        entered[one.kind] = entered.get(one.kind, 0) + one.amount_fen
    for code, kinds in (("cost.labour", ("labour",)), ("cost.purchase", ("purchase", "other"))):
        total = sum(entered.get(kind, 0) for kind in kinds)
        if total:
            found.append(_around(code, total, 100, "ledger", "asset_costs"))
    computed = round(measured.seconds / 3_600 * asset_costs.COMPUTE_FEN_PER_HOUR)
    computed = entered.get("compute", 0) or computed
    if measured.runs or computed:
        note = f"{measured.runs} runs, {measured.seconds:.0f} s"
        found.append(_around("cost.compute", max(computed, 1), 300, "measured", note))
        stored = -(-measured.bytes * asset_costs.STORAGE_FEN_PER_GB_YEAR // _GIB)
        stored = entered.get("storage", 0) or stored
        note = f"{measured.bytes} bytes"
        found.append(_around("cost.storage", stored, 300, "measured", note))
    return found


def _quality(measured: Measured) -> list[InputSpan]:
    if measured.quality < 0:
        return []
    return [_around("cost.quality", min(1_000, measured.quality), 50, "checks", "asset_runs")]


def _income(yearly: tuple[int, int]) -> list[InputSpan]:
    amount, count = yearly
    if not count:
        return []
    return [_around("income.licences", amount, 200, "licences", f"{count} licences")]


async def _licensed(
    connection: Connection, tenant: int, asset: str, now_ms: int
) -> tuple[int, int]:
    """Add up what licences of an asset brought within the last twelve months; and their count."""
    today = day_of(now_ms)
    since = today - datetime.timedelta(days=365)
    rows = await licence_rows.list_rows(connection, tenant, {"asset": asset}, 0, 200)
    total = count = 0
    for row in rows:
        if row.state not in ("active", "ended"):
            continue
        count += 1
        uses = await licence_rows.list_usage(connection, tenant, row.id, since, today)
        ended = day_of(round(row.ended.timestamp() * 1000)) if row.ended else None
        for month in billing.months_of(row.terms, today):
            if month > since:
                used = licence_rows.usage_of(uses)
                total += billing.bill(row.terms, month, used, ended).due_fen
    return total, count


async def draft(
    connection: Connection,
    tenant: int,
    asset: str,
    inputs: ValuationInputs,
    actor: Actor,
    now_ms: int,
) -> ValuationRow:  # fmt: skip
    """Value an asset by inputs, for a second person to approve.

    Raises InputError: unknown_input, twice, bad_span, weights, no_method, too_many.
    """
    result = await asyncio.to_thread(compute.value, inputs)
    body = msgspec.json.encode(inputs, order="sorted")
    digest = hashlib.sha256(body)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        version = (await (await connection.execute(_NEXT, (tenant, asset))).fetchone())[0]
        if version > VALUATIONS:
            raise InputError("too_many", f"at most {VALUATIONS} versions of a valuation")
        at = write.instant(now_ms * 1000)
        values = (
            *(tenant, asset, version, body.decode(), msgspec.json.encode(result).decode()),
            *(digest.digest(), actor.sub, at),
        )
        await connection.execute(_ADD, values)
        said = ValuationDrafted(
            asset=asset,
            high_fen=result.range.high,
            inputs=digest.hexdigest(),
            low_fen=result.range.low,
            version=version,
        )
        await merchants.say(connection, tenant, actor, said)
        return await find(connection, tenant, asset, version)


async def approve(
    connection: Connection, tenant: int, asset: str, version: int, actor: Actor, now_ms: int
) -> ValuationRow | Refusal:
    """Stand by a valuation as the second person. Raises InputError `no_valuation`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await find(connection, tenant, asset, version)
        if row.state != "draft":
            return ANSWERED
        if not actor.sub.startswith("person:"):
            return PERSONS_ONLY
        if row.drafted_by == actor.sub:
            return SAME_PERSON
        said = ValuationApproved(
            asset=asset,
            first=row.drafted_by,
            high_fen=row.result.range.high,
            inputs=row.digest,
            low_fen=row.result.range.low,
            version=version,
        )
        await merchants.say(connection, tenant, actor, said)
        at = write.instant(now_ms * 1000)
        values = ("approved", actor.sub, at, "", tenant, asset, version)
        await connection.execute(_ANSWER, values)
        return await find(connection, tenant, asset, version)


async def decline(
    connection: Connection, tenant: int, asset: str, version: int, reason: str, actor: Actor,
    now_ms: int,
) -> ValuationRow | Refusal:  # fmt: skip
    """Decline a draft. Raises InputError `no_valuation`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await find(connection, tenant, asset, version)
        if row.state != "draft":
            return ANSWERED
        said = ValuationDeclined(asset=asset, reason=reason, version=version)
        await merchants.say(connection, tenant, actor, said)
        at = write.instant(now_ms * 1000)
        values = ("declined", actor.sub, at, reason, tenant, asset, version)
        await connection.execute(_ANSWER, values)
        return await find(connection, tenant, asset, version)


async def find(connection: Connection, tenant: int, asset: str, version: int) -> ValuationRow:
    """Read a version. Raises InputError `no_valuation`."""
    row = await (await connection.execute(_ONE, (tenant, asset, version))).fetchone()
    if row is None:
        raise NO_VALUATION
    return _row(row)


async def list_versions(
    connection: Connection, tenant: int, asset: str, before: int, limit: int
) -> list[ValuationRow]:
    """List the versions of an asset's valuation, the newest first, those before a version."""
    asked = (tenant, asset, before or VALUATIONS + 1, limit)
    return [_row(row) for row in await (await connection.execute(_OF, asked)).fetchall()]


async def standing(connection: Connection, tenant: int) -> dict[str, ValuationRow]:
    """Give the newest approved valuation of each asset that has one."""
    rows = await (await connection.execute(_STANDING, (tenant,))).fetchall()
    return {row[0]: _row(row) for row in rows}


async def waiting(connection: Connection, tenant: int) -> dict[str, int]:
    """Give the newest draft of each asset that has one waiting."""
    rows = await (await connection.execute(_WAITING, (tenant,))).fetchall()
    return {row[0]: row[1] for row in rows}


def _row(row: tuple[Any, ...]) -> ValuationRow:
    told = dict(zip(ValuationRow.__struct_fields__, row, strict=True))
    told["inputs"] = _decode_inputs(told["inputs"])
    told["result"] = _decode_result(told["result"])
    return ValuationRow(**told)
