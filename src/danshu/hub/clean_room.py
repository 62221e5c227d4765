"""The clean room 数据洁净室: a licensee asks for sums over an asset and never sees a row of it.

A question is read into figures, groups and conditions (capabilities/licensing/asking.py), worked
out here on the rows of detail, each person bounded, and told with noise that the question itself
determines: who asks the same again gets the same. What it costs of the budgets of privacy, and the
answer's place in the statement, are committed before the answer leaves.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.licensing import asking, decide
from danshu.capabilities.licensing.model import Asked, day_of
from danshu.hub import (
    clean_room_sums,
    licence_rows,
    licences,
    privacy_budgets,
)
from danshu.hub.clean_room_sums import RoomFigure, RoomGroup
from danshu.hub.licences import Use
from danshu.kernel.errors import Refusal
from danshu.ledger import safe

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.licensing.asking import BroughtKeys
    from danshu.capabilities.licensing.model import LicenceTerms
    from danshu.hub.compose import Hub
    from danshu.hub.licence_rows import LicenceRow
    from danshu.kernel.fact import Actor

Connection = Any
_SECRET: Final = "licences/clean_room"
_ASKED: Final = (
    "select 1 from licence_usage where tenant=%s and licence=%s and kind='query' and digest=%s"
    " limit 1"
)
TOO_FEW: Final = Refusal(
    code="too_few_people", reason="没有一组达到最小组人数,不作答",
    reason_en="No group covers enough people; nothing is told", clause="clean_room.group_min",
)  # fmt: skip
NO_BUDGET: Final = Refusal(
    code="privacy_spent", reason="这份授权今天的隐私预算已用完",
    reason_en="The licence's budget of privacy is spent for today", clause="clean_room.epsilon",
)  # fmt: skip


class RoomAnswer(Struct, frozen=True, kw_only=True):
    """An answer. `spent` of the budgets in thousandths of epsilon, 0 where the question was asked
    before; `left_today` of the licence's budget, `left_year` of that of asset and licensee.
    """

    by: tuple[str, ...]
    figures: tuple[RoomFigure, ...]
    groups: tuple[RoomGroup, ...]
    group_min: int
    spent: int
    left_today: int
    left_year: int


async def ask(
    hub: Hub, tenant: int, id_: uuid.UUID, sql: str, keys: BroughtKeys | None, actor: Actor
) -> RoomAnswer | Refusal:
    """Answer a question under a licence, or say by which clause not."""
    now_ms = hub.clock()
    async with hub.connection() as connection:
        row = await licence_rows.find(connection, tenant, id_)
        used, spent_today = await licence_rows.used_on(connection, tenant, id_, day_of(now_ms))
    terms = row.terms
    refusal = decide.permit(terms, row.state, used, _asked(terms, now_ms))
    if refusal is not None or terms.clean_room is None:
        return refusal or decide.NO_QUERIES
    room = terms.clean_room
    question = asking.read(sql, terms.asset, room)
    if isinstance(question, Refusal):
        return question
    secret = await _secret(hub, tenant)
    if keys is not None:
        if keys.column not in room.join:
            return asking.COLUMN
        if len(set(keys.hashes)) < room.group_min:
            return asking.FEW_KEYS
    told = await asyncio.to_thread(
        clean_room_sums.work_out,
        tenant,
        terms,
        question,
        keys,
        clean_room_sums.salt_of(secret, id_, now_ms),
    )
    if isinstance(told, Refusal):
        return told
    digest = asking.digest(question, keys, told.state)
    step = room.step
    groups, held_back = clean_room_sums.publish(told, question, room, secret, digest)
    cost = step * (1 + sum(f.what != "people" for f in question.figures))
    async with hub.connection() as connection, connection.transaction():
        paid = await _pay(connection, tenant, row, digest, cost, actor, now_ms)
        if isinstance(paid, Refusal):
            return paid
        use = Use(kind="query", digest=digest, groups=len(groups), held_back=held_back, spent=paid)
        metered = await licences.meter(connection, tenant, id_, use, actor, now_ms)
        if isinstance(metered, Refusal):
            return metered  # nothing was written before it
        budget = await privacy_budgets.read(
            connection, tenant, terms.asset, terms.recipient.code, now_ms
        )
    if not groups:
        return TOO_FEW
    return RoomAnswer(
        by=question.by,
        figures=tuple([clean_room_sums.tell(figure, room) for figure in question.figures]),
        groups=groups,
        group_min=room.group_min,
        spent=paid,
        left_today=max(0, room.epsilon - spent_today - paid),
        left_year=max(0, budget.limit - budget.spent),
    )


def _asked(terms: LicenceTerms, now_ms: int) -> Asked:
    return Asked(
        recipient=terms.recipient.code, asset=terms.asset, purpose=terms.purpose, at_ms=now_ms,
        kind="query",
    )  # fmt: skip


async def _pay(
    connection: Connection,
    tenant: int,
    row: LicenceRow,
    digest: str,
    cost: int,
    actor: Actor,
    now_ms: int,
) -> int | Refusal:
    """Spend of the day's and the year's budgets, nothing for a question that was answered before;
    the licence is locked, so that two questions at once are counted after one another.
    """
    locked = await licence_rows.find(connection, tenant, row.id, lock=True)
    cursor = await connection.execute(_ASKED, (tenant, row.id, digest))
    if await cursor.fetchone():
        return 0
    used, spent = await licence_rows.used_on(connection, tenant, row.id, day_of(now_ms))
    asked = _asked(locked.terms, now_ms)
    refusal = decide.permit(locked.terms, locked.state, used, asked)
    room = locked.terms.clean_room
    if refusal is not None or room is None:
        return refusal or decide.NO_QUERIES
    if spent + cost > room.epsilon:
        return NO_BUDGET
    told = await privacy_budgets.spend(
        connection,
        tenant,
        asset=locked.terms.asset,
        recipient=locked.terms.recipient.code,
        mille=cost,
        what="clean_room",
        actor=actor,
        now_ms=now_ms,
    )
    return told if isinstance(told, Refusal) else cost


async def describe(hub: Hub, tenant: int, id_: uuid.UUID) -> tuple[LicenceRow, int, int, str]:
    """Give a licence with the questions and the budget left of today, and the day's salt."""
    now_ms = hub.clock()
    async with hub.connection() as connection:
        row = await licence_rows.find(connection, tenant, id_)
        used, spent = await licence_rows.used_on(connection, tenant, id_, day_of(now_ms))
    room = row.terms.clean_room
    secret = await _secret(hub, tenant)
    return (
        row,
        max(0, row.terms.queries_day - used.queries),
        max(0, room.epsilon - spent) if room else 0,
        clean_room_sums.salt_of(secret, id_, now_ms),
    )


async def _secret(hub: Hub, tenant: int) -> bytes:
    """Give the merchant's secret of its clean room, made once."""
    async with hub.connection() as connection, connection.transaction():
        told = await safe.read(connection, tenant, _SECRET)
        if told is None:
            await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
            told = await safe.read(connection, tenant, _SECRET)
        if told is None:
            told = secrets.token_hex(32)
            await safe.put(connection, tenant, _SECRET, told)
    return bytes.fromhex(told)
