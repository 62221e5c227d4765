"""Coefficients 评分系数 of a merchant: proposed from deliveries, adopted by a person, rolled back.

Version 0 is what is shipped. One version is active; a snapshot carries its figures whole, so that
replay asks for none of this.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.score import Coefficients
from danshu.capabilities.routing.scorers.fit import FitMarks, Proposal
from danshu.hub import merchants, pictures
from danshu.hub.nightly import Nightly
from danshu.hub.scorer_facts import CoefficientsAdopted, CoefficientsProposed
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import FIT_KEPT

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = Any
ADOPT: Final = "adopt"
ROLLBACK: Final = "rollback"
_ACTIVE: Final = "select no, figures from coefficients where tenant=%s and active"
_LIST: Final = """
select no, figures, report, passed, active, made from coefficients
where tenant=%s and (%s = 0 or no < %s) order by no desc limit %s
"""
_ONE: Final = "select figures, passed from coefficients where tenant=%s and no=%s"
_NEXT: Final = "select coalesce(max(no),0)+1 from coefficients where tenant=%s"
_HOLD: Final = "select 1 from tenants where id=%s for no key update"
_INSERT: Final = """
insert into coefficients(tenant,no,figures,report,passed) values(%s,%s,%s,%s,%s)
"""
_FORGET: Final = "delete from coefficients where tenant=%s and no <= %s and not active"
_RETIRE: Final = "update coefficients set active=false where tenant=%s and active"
_USE: Final = "update coefficients set active=true where tenant=%s and no=%s"
_STEP: Final = """
insert into coefficient_steps(tenant,step,act,no,before,by,note)
select %s, coalesce(max(step),0)+1, %s, %s, %s, %s, %s from coefficient_steps where tenant=%s
"""
_STEPS: Final = """
select s.step, s.act, s.no, s.before, coalesce(p.name, s.by), s.note, s.at
from coefficient_steps s left join people p on p.tenant=s.tenant and 'person:' || p.id = s.by
where s.tenant=%s order by s.step desc limit %s
"""
_ADOPTED: Final = """
select no, before from coefficient_steps where tenant=%s and act='adopt' and no=%s
order by step desc limit 1
"""
WORK: Final = Nightly(table="scorer_work", kept=("history", "outcome"))
_PANEL: Final = "select digest, report, made from scorer_panels where tenant=%s and active"
SHIPPED: Final = Coefficients()
NO_VERSION: Final = InputError("no_coefficients", "there is no such version")
IN_USE: Final = Refusal(
    code="coefficients_in_use",
    reason="这一版已在使用",
    reason_en="This version is in use already",
    clause="coefficients.adopt",
)
NOT_PASSED: Final = Refusal(
    code="coefficients_not_passed",
    reason="留出日比对未通过,启用要写明理由",
    reason_en="It did not pass on the held-out days: say why it is adopted all the same",
    clause="coefficients.passed",
)
NOTHING_BEFORE: Final = Refusal(
    code="coefficients_shipped",
    reason="正在使用出厂系数,没有可退回的版本",
    reason_en="The shipped coefficients are in use: there is nothing to go back to",
    clause="coefficients.rollback",
)
_encode = msgspec.json.Encoder(order="sorted").encode


class CoefficientComparison(Struct, frozen=True, kw_only=True):
    """A proposal on days that it has not seen, beside what was in use when it was made."""

    before: FitMarks
    after: FitMarks
    learned: tuple[str, ...]
    against: int


class CoefficientVersion(Struct, frozen=True, kw_only=True):
    """One version of the coefficients; `compared` is None for the shipped one."""

    no: int
    figures: Coefficients
    digest: str
    passed: bool
    active: bool
    made: datetime.datetime | None
    compared: CoefficientComparison | None


class CoefficientStep(Struct, frozen=True, kw_only=True):
    """Something that a person did with them: `act` is adopt or rollback, `by` their name, or what
    their key is called.
    """

    step: int
    act: str
    no: int
    before: int
    by: str
    note: str
    at: datetime.datetime


class ScorerPanelReport(Struct, frozen=True, kw_only=True):
    """What the other scorers know: deliveries behind it, mean |error| of S1 and S2 in minutes on
    later days (-1 not measured), why S2 is silent ("" when it speaks), the limits of thin margins.
    """

    deliveries: int
    first_mae_min: int
    second_mae_min: int
    absent: str
    cost_error_fen: int
    limit_fen: int
    digest: str = ""
    made: datetime.datetime | None = None


class CoefficientWork(Struct, frozen=True, kw_only=True):
    """When the room is asked to look (None: nobody waits), when it last did, what came of it."""

    wanted: datetime.datetime | None = None
    looked: datetime.date | None = None
    outcome: str = ""


_read_figures = msgspec.json.Decoder(Coefficients).decode
_read_compared = msgspec.json.Decoder(CoefficientComparison).decode
_read_panel = msgspec.json.Decoder(ScorerPanelReport).decode


async def read_active(connection: Connection, tenant: int) -> tuple[int, Coefficients]:
    """Give number and figures of the coefficients in use."""
    row = await (await connection.execute(_ACTIVE, (tenant,))).fetchone()
    return (row[0], _read_figures(bytes(row[1]))) if row else (0, SHIPPED)


async def versions(
    connection: Connection, tenant: int, before: int, limit: int
) -> list[CoefficientVersion]:
    """List versions, newest first, those before `before` (0 = all); the shipped one is the last."""
    rows = await (await connection.execute(_LIST, (tenant, before, before, limit))).fetchall()
    found = [
        CoefficientVersion(
            no=no,
            figures=_read_figures(bytes(figures)),
            digest=digest_of(bytes(figures)),
            passed=passed,
            active=is_active,
            made=made,
            compared=_read_compared(bytes(report)),
        )
        for no, figures, report, passed, is_active, made in rows
    ]
    if len(found) < limit:
        in_use, _ = await read_active(connection, tenant)
        found.append(
            CoefficientVersion(
                no=0,
                figures=SHIPPED,
                digest=digest_of(_encode(SHIPPED)),
                passed=True,
                active=in_use == 0,
                made=None,
                compared=None,
            )
        )
    return found


def digest_of(figures: bytes) -> str:
    """Name figures by their content: SHA-256, 64 hex digits."""
    return hashlib.sha256(figures).hexdigest()


async def steps(connection: Connection, tenant: int, limit: int) -> list[CoefficientStep]:
    """List what people did, newest first."""
    rows = await (await connection.execute(_STEPS, (tenant, limit))).fetchall()
    names = CoefficientStep.__struct_fields__
    return [CoefficientStep(**dict(zip(names, row, strict=True))) for row in rows]


async def read_work(connection: Connection, tenant: int) -> CoefficientWork:
    """Tell whether the room is asked to look, and what came of the last time."""
    row = await WORK.read(connection, tenant)
    return (
        CoefficientWork(wanted=row[0], looked=row[1], outcome=row[3]) if row else CoefficientWork()
    )


async def read_panel(connection: Connection, tenant: int) -> ScorerPanelReport | None:
    """Tell what the other scorers know, None while nothing was learned."""
    row = await (await connection.execute(_PANEL, (tenant,))).fetchone()
    if row is None:
        return None
    report = _read_panel(bytes(row[1]))
    return msgspec.structs.replace(report, digest=bytes(row[0]).hex(), made=row[2])


async def propose(
    connection: Connection, tenant: int, by: Actor, told: Proposal, against: int
) -> int:
    """Keep a proposal as the next version, in the caller's commit; gives its number."""
    await connection.execute(_HOLD, (tenant,))
    row = await (await connection.execute(_NEXT, (tenant,))).fetchone()
    no = int(row[0])
    figures = _encode(msgspec.structs.replace(told.figures, version=f"learned-{no}"))
    compared = CoefficientComparison(
        before=told.before, after=told.after, learned=told.learned, against=against
    )
    await connection.execute(_INSERT, (tenant, no, figures, _encode(compared), told.passed))
    await connection.execute(_FORGET, (tenant, no - FIT_KEPT))
    fact = CoefficientsProposed(
        brier_ppm=(told.before.brier_ppm, told.after.brier_ppm),
        cost_error_fen=(told.before.cost_error_fen, told.after.cost_error_fen),
        eta_mae_min=(told.before.eta_mae_min, told.after.eta_mae_min),
        figures=digest_of(figures),
        no=no,
        parcels=told.after.parcels,
        passed=told.passed,
    )
    await merchants.say(connection, tenant, by, fact)
    return no


async def adopt(
    connection: Connection, tenant: int, by: Actor, who: str, no: int, note: str
) -> int | Refusal:
    """Use a version from the next snapshot on. One that did not pass needs a note.

    Raises InputError `no_coefficients`.
    """
    async with connection.transaction():
        await connection.execute(_HOLD, (tenant,))
        before, _ = await read_active(connection, tenant)
        if before == no:
            return IN_USE
        if no:
            row = await (await connection.execute(_ONE, (tenant, no))).fetchone()
            if row is None:
                raise NO_VERSION
            if not row[1] and not note.strip():
                return NOT_PASSED
        await _use(connection, tenant, by, who, (ADOPT, no, before), note)
    return no


async def roll_back(
    connection: Connection, tenant: int, by: Actor, who: str, note: str
) -> int | Refusal:
    """Use again what was in use before the active version; gives its number."""
    async with connection.transaction():
        await connection.execute(_HOLD, (tenant,))
        now, _ = await read_active(connection, tenant)
        if now == 0:
            return NOTHING_BEFORE
        row = await (await connection.execute(_ADOPTED, (tenant, now))).fetchone()
        to = int(row[1]) if row else 0
        if to and await (await connection.execute(_ONE, (tenant, to))).fetchone() is None:
            to = 0  # it is no longer kept
        await _use(connection, tenant, by, who, (ROLLBACK, to, now), note)
    return to


async def _use(
    connection: Connection, tenant: int, by: Actor, who: str, step: tuple[str, int, int], note: str
) -> None:
    act, no, before = step
    figures = _encode(SHIPPED)
    await connection.execute(_RETIRE, (tenant,))
    if no:
        await connection.execute(_USE, (tenant, no))
        row = await (await connection.execute(_ONE, (tenant, no))).fetchone()
        figures = bytes(row[0])
    await connection.execute(_STEP, (tenant, act, no, before, who, note, tenant))
    told = CoefficientsAdopted(act=act, before=before, figures=digest_of(figures), no=no, note=note)
    await merchants.say(connection, tenant, by, told)
    await pictures.touch(connection, tenant)
