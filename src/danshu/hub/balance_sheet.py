"""Data resources in the balance sheet 数据资源入表: treatment, schedule, disclosure, postings.

After 《企业数据资源相关会计处理暂行规定》; the decision table is data (data/valuation), its clauses
were read by nobody yet. What is capitalised follows from the cost ledger; what a person enters in
the journal stays a proposal here.
"""

from __future__ import annotations

import datetime
import functools
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.valuation import amortising, treating
from danshu.capabilities.valuation.amortising import Instalment
from danshu.capabilities.valuation.facts import AssetTreatmentSet
from danshu.capabilities.valuation.treating import TreatmentAnswers, TreatmentRule
from danshu.hub import asset_costs, merchants, rights_register, valuations
from danshu.hub.fields import Minor
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import VALUATION_YEARS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.asset_costs import CostSum
    from danshu.hub.rights_register import RightVersion
    from danshu.hub.valuations import ValuationRow
    from danshu.kernel.fact import Actor

Connection = Any
MOVED: Final = Refusal(
    code="treatment_moved", reason="他人已改过入表判定,先看新的",
    reason_en="Somebody else has changed the treatment: look at it first",
    clause="asset_treatment.version",
)  # fmt: skip
_NEWEST: Final = (
    "select distinct on (asset) asset, version, doc::text, by, at from asset_treatments"
    " where tenant=%s and (%s='' or asset=%s) order by asset, version desc"
)
_ADD: Final = (
    "insert into asset_treatments(tenant,asset,version,doc,by,at) values(%s,%s,%s,%s::jsonb,%s,%s)"
)
_LOCK: Final = "select 1 from tenants where id=%s for update"
_Month = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])(?![\s\S])")]


class Impairment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A loss in value 减值 that was found in a month, in fen."""

    month: _Month
    amount_fen: Minor


class TreatmentWrite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answers for an asset; for an intangible one, from which month and over how many it is
    written off, and what was impaired.
    """

    answers: TreatmentAnswers
    since: _Month = "2026-01"
    months: Annotated[int, Meta(ge=1, le=VALUATION_YEARS * 12)] = 36
    impaired: Annotated[tuple[Impairment, ...], Meta(max_length=120)] = ()
    seen: Annotated[int, Meta(ge=0)] = 0


class TreatmentDoc(Struct, frozen=True, kw_only=True):
    """What is kept of it: the answers, the rule that decided, the treatment."""

    answers: TreatmentAnswers
    rule: str
    treatment: str
    since: str
    months: int
    impaired: tuple[Impairment, ...] = ()


class TreatmentVersion(Struct, frozen=True, kw_only=True):
    """A version of an asset's treatment."""

    asset: str
    version: int
    doc: TreatmentDoc
    by: str
    at: datetime.datetime


class ResourceLine(Struct, frozen=True, kw_only=True):
    """An asset in the sheet, as disclosed 披露: its treatment with the rule's words, clause and
    whether anybody read it; costs by phase, what is capitalised, written off, impaired and carried
    at the end of `month`; source, rights, limits; the approved range.
    """

    asset: str
    treatment: str
    rule: str
    clause: str
    source: str
    verified_by: str
    capitalised_fen: int
    expensed_fen: int
    amortised_fen: int
    impaired_fen: int
    carrying_fen: int
    months: int
    since: str
    origin: str
    holder: str
    rights: tuple[str, ...]
    limits: str
    valued_low_fen: int
    valued_high_fen: int
    schedule: tuple[Instalment, ...]


class ProposedPosting(Struct, frozen=True, kw_only=True):
    """A posting that finance may enter: account by its words, amounts in fen."""

    asset: str
    account: str
    debit_fen: int = 0
    credit_fen: int = 0


class BalanceSheet(Struct, frozen=True, kw_only=True):
    """The data resources of a merchant at the end of a month, and the postings of that month as a
    proposal.
    """

    month: str
    lines: tuple[ResourceLine, ...]
    proposed: tuple[ProposedPosting, ...]


@functools.cache
def rules() -> tuple[TreatmentRule, ...]:
    """Give the decision table."""
    text = (resources.files("danshu") / "data" / "valuation" / "treatments.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=tuple[TreatmentRule, ...])


async def treat(
    connection: Connection, tenant: int, asset: str, told: TreatmentWrite, actor: Actor, now_ms: int
) -> TreatmentVersion | Refusal:
    """Set how an asset stands; the table decides. Raises InputError `impairment`."""
    rule = treating.decide(told.answers, rules())
    doc = TreatmentDoc(
        answers=told.answers,
        rule=rule.code,
        treatment=rule.gives,
        since=told.since,
        months=told.months,
        impaired=told.impaired,
    )
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        held = (await list_treatments(connection, tenant, asset)).get(asset)
        before = held.version if held else 0
        if before != told.seen:
            return MOVED
        spent = await asset_costs.sums(connection, tenant, asset)
        schedule_of(doc, spent)
        at = write.instant(now_ms * 1000)
        body = msgspec.json.encode(doc).decode()
        await connection.execute(_ADD, (tenant, asset, before + 1, body, actor.sub, at))
        is_spread = rule.gives == "intangible"
        said = AssetTreatmentSet(
            asset=asset,
            months=told.months if is_spread else 0,
            rule=rule.code,
            since=told.since if is_spread else "",
            treatment=rule.gives,
            version=before + 1,
        )
        await merchants.say(connection, tenant, actor, said)
    return TreatmentVersion(asset=asset, version=before + 1, doc=doc, by=actor.sub, at=at)


async def list_treatments(
    connection: Connection, tenant: int, asset: str = ""
) -> dict[str, TreatmentVersion]:
    """Give the newest treatment of each asset that has one."""
    rows = await (await connection.execute(_NEWEST, (tenant, asset, asset))).fetchall()
    return {
        row[0]: TreatmentVersion(
            asset=row[0],
            version=row[1],
            doc=msgspec.json.decode(row[2], type=TreatmentDoc),
            by=row[3],
            at=row[4],
        )
        for row in rows
    }


def capitalised(doc: TreatmentDoc, spent: Sequence[CostSum], month: str) -> int:
    """Add up what of the ledger is capitalised by the end of a month, in fen: development and what
    was bought.
    """
    return sum(amount for at, amount in _capital(doc, spent).items() if at <= month)


def _capital(doc: TreatmentDoc, spent: Sequence[CostSum]) -> dict[str, int]:
    found: dict[str, int] = {}
    if doc.treatment not in ("intangible", "inventory"):
        return found
    for one in spent:
        if one.phase in ("development", "bought"):
            found[one.month] = found.get(one.month, 0) + one.amount_fen
    return found


def schedule_of(doc: TreatmentDoc, spent: Sequence[CostSum]) -> tuple[Instalment, ...]:
    """Give the schedule of an intangible asset, none of any other: what was capitalised before its
    first month is over, and what comes later from its own month on.
    """
    capital = _capital(doc, spent)
    if doc.treatment != "intangible" or not capital:
        return ()
    since = datetime.date.fromisoformat(f"{doc.since}-01")
    losses: dict[str, int] = {}
    for one in doc.impaired:
        losses[one.month] = losses.get(one.month, 0) + one.amount_fen
    first = sum(amount for at, amount in capital.items() if at <= doc.since)
    added = {at: amount for at, amount in capital.items() if at > doc.since}
    return amortising.spread(first, doc.months, since, losses, added)


async def draw(connection: Connection, tenant: int, month: str) -> BalanceSheet:
    """Draw the sheet at the end of a month (YYYY-MM)."""
    if not "2000-01" <= month <= "2100-12":
        raise InputError("bad_filter", "a month is YYYY-MM", "/month")
    treatments = await list_treatments(connection, tenant)
    spent = await asset_costs.sums(connection, tenant)
    valued = await valuations.standing(connection, tenant)
    rights = {r.asset: r for r in await rights_register.list_newest(connection, tenant)}
    names = sorted(treatments.keys() | {one.asset for one in spent} | rights.keys())
    lines = [
        _line(
            name,
            month,
            treatments.get(name),
            [one for one in spent if one.asset == name],
            rights.get(name),
            valued.get(name),
        )
        for name in names
    ]
    return BalanceSheet(month=month, lines=tuple(lines), proposed=_propose(lines, month))


def _line(
    asset: str,
    month: str,
    treated: TreatmentVersion | None,
    spent: Sequence[CostSum],
    right: RightVersion | None,
    valued: ValuationRow | None,
) -> ResourceLine:
    doc = treated.doc if treated else None
    rule = next((r for r in rules() if doc and r.code == doc.rule), None)
    total = sum(one.amount_fen for one in spent if one.month <= month)
    cost = capitalised(doc, spent, month) if doc else 0
    schedule = schedule_of(doc, spent) if doc else ()
    passed = [one for one in schedule if one.month <= month]
    return ResourceLine(
        asset=asset,
        treatment=doc.treatment if doc else "",
        rule=doc.rule if doc else "",
        clause=rule.clause if rule else "",
        source=rule.source if rule else "",
        verified_by=rule.verified_by if rule else "",
        capitalised_fen=cost,
        expensed_fen=total - cost,
        amortised_fen=sum(one.amortised_fen for one in passed),
        impaired_fen=sum(one.impaired_fen for one in passed),
        carrying_fen=passed[-1].carrying_fen if passed else cost,
        months=doc.months if doc and schedule else 0,
        since=doc.since if doc and schedule else "",
        origin=right.entry.source if right else "",
        holder=right.entry.holder if right else "",
        rights=right.entry.rights if right else (),
        limits=right.entry.limits if right else "",
        valued_low_fen=valued.result.range.low if valued else 0,
        valued_high_fen=valued.result.range.high if valued else 0,
        schedule=schedule,
    )


def _propose(lines: list[ResourceLine], month: str) -> tuple[ProposedPosting, ...]:
    found: list[ProposedPosting] = []
    for line in lines:
        now = next((one for one in line.schedule if one.month == month), None)
        if line.treatment == "intangible" and line.since == month and line.capitalised_fen:
            found += _pair(line.asset, "1701 无形资产·数据资源", "5301 研发支出·资本化支出",
                           line.capitalised_fen)  # fmt: skip
        if now is not None and now.amortised_fen:
            found += _pair(
                line.asset, "6602 管理费用·数据资源摊销", "1702 累计摊销", now.amortised_fen
            )
        if now is not None and now.impaired_fen:
            found += _pair(
                line.asset, "6701 资产减值损失", "1703 无形资产减值准备", now.impaired_fen
            )
    return tuple(found)


def _pair(asset: str, debit: str, credit: str, amount_fen: int) -> list[ProposedPosting]:
    return [
        ProposedPosting(asset=asset, account=debit, debit_fen=amount_fen),
        ProposedPosting(asset=asset, account=credit, credit_fen=amount_fen),
    ]
