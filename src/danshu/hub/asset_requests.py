"""Requests for files of assets 导出申请: asked, looked at by the checkpoint, agreed to, begun.

The row keeps what was asked, the case as the checkpoint last saw it, and who agreed to which step.
The case is described anew whenever something may have changed: a licence, an assessment, an
approval; and once more by the job itself (asset_exports.py), under the rights as they are then.
"""

from __future__ import annotations

import os
import secrets
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.protection import decide, masking
from danshu.capabilities.protection.facts import ExportApproved, ExportRefused, ExportRequested
from danshu.capabilities.protection.model import (
    HOME,
    Approval,
    Case,
    Outcome,
    Step,
)
from danshu.hub import (
    asset_extracts,
    asset_levels,
    asset_request_rows,
    asset_views,
    assets,
    border_people,
    data_gates,
    impact_assessments,
    jobs,
    licences,
    privacy_budgets,
)
from danshu.hub.asset_extracts import Extract, Wanted
from danshu.hub.asset_request_rows import REFUSED, STARTED, WAITING, Kept, Seen, Wish
from danshu.hub.export_files import Format
from danshu.hub.jobs import NewJob, Who
from danshu.hub.rights import Forbidden
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ASSET_EXPORTS_WAITING
from danshu.ledger import safe

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.rights import Seated
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "asset-export"
OVER: Final = Refusal(
    code="export_over",
    reason="这份申请已有结果",
    reason_en="This request has its outcome already",
    clause="asset_export.state",
)
NOT_YET: Final = Refusal(
    code="export_needs_more",
    reason="还缺条件:许可、评估或合同须先办妥",
    reason_en="Something else is still wanted: a licence, an assessment or a contract",
    clause="asset_export.needs",
)
RIGHT_OF: Final[dict[Step, tuple[str, ...]]] = {
    "steward": ("asset.grant",),
    "legal": ("asset.approve",),
    "second_person": ("asset.grant", "asset.approve"),
}
_SECRET: Final = "protection/pseudonyms"
_encode = msgspec.json.encode


class Question(Struct, frozen=True, kw_only=True):
    """What its job asks: which request, in which form of file."""

    request: uuid.UUID
    form: Format


decode_question = msgspec.json.Decoder(Question).decode


def wanted(wish: Wish, levels: asset_levels.Levels, case: Case, key: bytes) -> Wanted:
    """Say how a wish is drawn: what goes outside is generalised, and its orders are renamed."""
    return Wanted(
        form="cells" if wish.form == "cells" else "rows",
        columns=wish.columns,
        where=wish.where,
        masked=levels.masked(case.grant, data_gates.CLEAR_LEVEL),
        key=key if wish.act == "share" else b"",
        generalise=wish.generalise or wish.act == "share",
        noise_mille=wish.noise_mille,
        names_people=wish.country != HOME,
    )


async def draw(
    hub: Hub, tenant: int, wish: Wish, case: Case, levels: asset_levels.Levels, limit: int = 0
) -> Extract | Refusal:
    """Draw what a wish asks for, a few at a time in a process; `limit` 0 = as many as may leave."""
    asset = data_gates.find_asset(wish.asset)
    key = masking.derive_key(await _secret(hub, tenant), tenant, wish.recipient)
    told = wanted(wish, levels, case, key)
    if limit:
        told = replace(told, limit=limit)
    place = assets.place()
    return await asset_views.reading(
        lambda: asset_extracts.draw(place, tenant, asset, levels, told)
    )


async def _secret(hub: Hub, tenant: int) -> bytes:
    """Give the merchant's secret of pseudonyms, made once."""
    async with hub.connection() as connection, connection.transaction():
        told = await safe.read(connection, tenant, _SECRET)
        if told is None:
            await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
            told = await safe.read(connection, tenant, _SECRET)
        if told is None:
            told = secrets.token_hex(32)
            await safe.put(connection, tenant, _SECRET, told)
    return bytes.fromhex(told)


async def complete(
    connection: Connection,
    tenant: int,
    wish: Wish,
    case: Case,
    extract: Extract | None,
    now_ms: int,
) -> Case:
    """Add to a case what the house knows besides: licence, assessment, who went abroad, strength.
    Without an extract, what was known of people and strength stays.
    """
    if extract is not None:
        case = replace(case, people=extract.people, strength=extract.strength)
        if wish.country != HOME:
            sent, sensitive = await border_people.count_with(
                connection,
                tenant,
                wish.recipient,
                privacy_budgets.year_of(now_ms),
                extract.persons,
                sensitive=case.is_sensitive,
            )
            case = replace(case, sent=sent, sent_sensitive=sensitive)
    if wish.act != "share":
        return case
    told = await licences.holds(
        connection,
        tenant,
        wish.recipient,
        wish.asset,
        wish.purpose,
        columns=wish.columns,
        country=wish.country,
        now_ms=now_ms,
    )
    assessed = await impact_assessments.holds(
        connection,
        tenant,
        asset=wish.asset,
        recipient=wish.recipient,
        purpose=wish.purpose,
        now_ms=now_ms,
    )
    return replace(case, has_licence=not isinstance(told, Refusal), has_assessment=assessed)


def describe(case: Case, wish: Wish, asked_by: str) -> Case:
    """Add to a case what the wish says itself."""
    return replace(
        case,
        recipient=wish.recipient,
        country=wish.country,
        basis=wish.basis,
        mechanism=wish.mechanism if wish.mechanism_no else "",
        is_exempt=wish.is_exempt,
        is_noisy=wish.noise_mille > 0,
        asked_by=asked_by,
    )


async def ask(hub: Hub, tenant: int, seated: Seated, wish: Wish, who: Who, actor: Actor) -> Kept:
    """Ask for a file. It is refused with its clause, waits for approvals, or is begun at once.

    Raises InputError `no_asset`, `bad_field`, `no_recipient`, `too_large`.
    """
    if wish.act == "share" and not wish.recipient:
        raise InputError("no_recipient", "a share names who gets it", "/recipient")
    case, levels = await data_gates.describe(
        hub,
        tenant,
        seated,
        asset=wish.asset,
        act=wish.act,
        form=wish.form,
        purpose=wish.purpose,
        columns=wish.columns,
    )
    case = describe(case, wish, actor.sub)
    outcome = decide.decide(case)
    if outcome.refusal is None:
        # noise is drawn once, by the job: looked at twice, it would say twice as much
        looked = replace(wish, noise_mille=0, form="cells") if wish.noise_mille else wish
        extract = await draw(hub, tenant, looked, case, levels)
        if isinstance(extract, Refusal):
            outcome = Outcome(state="refused", refusal=extract)
        else:
            async with hub.connection() as connection:
                case = await complete(connection, tenant, wish, case, extract, hub.clock())
            outcome = decide.decide(case)
    return await _keep(hub, tenant, wish, Seen(case=case, outcome=outcome), who, actor)


async def _keep(hub: Hub, tenant: int, wish: Wish, seen: Seen, who: Who, actor: Actor) -> Kept:
    now_ms = hub.clock()
    id_ = ids.uuid7(now_ms, os.urandom(10))
    outcome = seen.outcome
    said: list[Struct] = [
        ExportRequested(
            act=wish.act,
            asset=wish.asset,
            columns=wish.columns,
            country="" if wish.country == HOME else wish.country,
            form=wish.form,
            needs=tuple(n.code for n in outcome.needs),
            purpose=wish.purpose,
            recipient=wish.recipient,
        )
    ]
    state = {"passed": STARTED, "conditions": WAITING, "refused": REFUSED}[outcome.state]
    if outcome.refusal is not None:
        no = outcome.refusal
        said.append(ExportRefused(clause=no.clause, code=no.code, reason=no.reason))
    async with hub.connection() as connection, connection.transaction():
        waiting = await asset_request_rows.count_waiting(connection, tenant)
        if state == WAITING and waiting >= ASSET_EXPORTS_WAITING:
            raise InputError("too_many_exports", f"at most {ASSET_EXPORTS_WAITING} wait at a time")
        job = None
        if state == STARTED:
            job = await _begin(connection, tenant, id_, wish, who, actor, now_ms)
        await asset_request_rows.add(
            connection, tenant, id_, wish, state, seen, who, actor, job, now_ms, *said
        )
        return await asset_request_rows.read(connection, tenant, id_)


async def _begin(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    wish: Wish,
    who: Who,
    actor: Actor,
    now_ms: int,
) -> uuid.UUID:
    job = NewJob(
        id=ids.uuid7(now_ms, os.urandom(10)),
        kind=KIND,
        question=_encode(Question(request=id_, form=wish.file)),
        caller=who,
        actor=actor,
        total=0,
        exact=False,
    )
    await jobs.begin(connection, tenant, job)
    return job.id


async def approve(
    hub: Hub, tenant: int, seated: Seated, id_: uuid.UUID, note: str, actor: Actor
) -> Kept | Refusal:
    """Agree to the next step that the caller may take, and begin the job when it was the last.

    Without a step left it looks again whether what else was wanted is there. Raises InputError
    `no_asset_export`, Forbidden.
    """
    now_ms = hub.clock()
    async with hub.connection() as connection, connection.transaction():
        kept = await asset_request_rows.read(connection, tenant, id_, lock=True)
        if kept.state != WAITING:
            return OVER
        case = await complete(connection, tenant, kept.wish, kept.seen.case, None, now_ms)
        case = replace(case, approvals=kept.approvals)
        step = _step(case, seated)
        said: list[Struct] = []
        if step is not None:
            no = decide.refuse_approval(case, actor.sub)
            if no is not None:
                return no
            case = replace(case, approvals=(*case.approvals, Approval(step=step, by=actor.sub)))
        outcome = decide.decide(case)
        if step is None and outcome.state == "conditions":
            return NOT_YET
        done = outcome.state == "passed"
        if step is not None:
            said.append(ExportApproved(done=done, note=note, step=step))
        job = kept.job
        if outcome.refusal is not None:
            no = outcome.refusal
            said.append(ExportRefused(clause=no.clause, code=no.code, reason=no.reason))
        elif done:
            job = await _begin(connection, tenant, id_, kept.wish, kept.caller, kept.actor, now_ms)
        state = {"passed": STARTED, "conditions": WAITING, "refused": REFUSED}[outcome.state]
        seen = Seen(case=case, outcome=outcome)
        await asset_request_rows.put(
            connection, tenant, kept, state, seen, job, note, actor, now_ms, *said
        )
        return await asset_request_rows.read(connection, tenant, id_)


def _step(case: Case, seated: Seated) -> Step | None:
    """Give the next step that the caller may take; None when none is left."""
    given = {a.step for a in case.approvals}
    left = [step for step in decide.chain(case) if step not in given]
    if not left:
        return None
    for step in left:
        if any(seated.ask(right, {}).allowed for right in RIGHT_OF[step]):
            return step
    raise Forbidden("forbidden", "the steps that are left are others'", RIGHT_OF[left[0]][0])


async def refuse(
    hub: Hub, tenant: int, id_: uuid.UUID, reason: str, actor: Actor
) -> Kept | Refusal:
    """Refuse a request that waits, or take one's own back."""
    now_ms = hub.clock()
    async with hub.connection() as connection, connection.transaction():
        kept = await asset_request_rows.read(connection, tenant, id_, lock=True)
        if kept.state != WAITING:
            return OVER
        code = "withdrawn" if kept.actor.sub == actor.sub else "declined"
        said = ExportRefused(clause="", code=code, reason=reason)
        await asset_request_rows.put(
            connection, tenant, kept, REFUSED, kept.seen, None, reason, actor, now_ms, said
        )
        return await asset_request_rows.read(connection, tenant, id_)
