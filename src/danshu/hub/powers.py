"""What a breach entitles people to, and whom it is told to: the `power` and `notify` steps of the
pinned version's chain. Decided and written in the commit of the act that they follow from.

A power ends when the promise is performed after all or the order ends; the powers to be rid of the
order also when the goods arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.contract import remedies
from danshu.capabilities.contract.lint import parse_duration
from danshu.capabilities.contract.power_facts import PowerEnded, PowerOpened, PowerUsed
from danshu.capabilities.orders import model
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Said, rfc3339
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Remedy
    from danshu.capabilities.contract.model import Promise

Connection = psycopg.AsyncConnection[Any]
CANCEL: Final = "cancel_without_fault"
NOT_OPEN: Final = InputError("no_power", "this power is not open (any more)")
_RIDDING: Final = frozenset({CANCEL, "refuse_receipt"})  # no use once the goods are there
_OVER: Final = frozenset({model.State.CANCELLED, model.State.COMPLETED})
_KNOWN: Final = """
select 'power', code, step, state, action from powers where tenant=%s and id=%s
union all select 'notice', code, step, state, '' from notices where tenant=%s and id=%s
"""
_OPEN: Final = """
insert into powers(tenant,id,code,step,state,holder,action,opened) values (%s,%s,%s,%s,'open',%s,
%s,%s)
"""
_END: Final = """
update powers set state=%s, ended=%s, reason=%s
where tenant=%s and id=%s and code=%s and step=%s and state='open'
"""
_TELL: Final = """
insert into notices(tenant,id,code,step,state,addressee,made,due,next_try)
values (%s,%s,%s,%s,'due',%s,%s,%s,%s)
"""
_OF_ORDER: Final = """
select code, step, state, holder, action, (extract(epoch from opened)*1000)::int8,
(extract(epoch from ended)*1000)::int8, reason from powers
where tenant=%s and id=%s order by opened, code, step
"""


class Power(Struct, frozen=True, kw_only=True):
    """What a breach entitles its holder to. `state` is open, used or ended."""

    code: str
    step: int
    state: str
    holder: str
    action: str
    opened: str
    ended: str
    reason: str


async def follow(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    order: model.Order,
    broken: Sequence[tuple[Promise, tuple[Remedy, ...]]],
    turned: Sequence[Promise],
    now_ms: int,
) -> tuple[list[Said], int]:
    """Open and end powers, and put down whom to tell; gives what to say of it and when the next
    step comes about (epoch ms, 0 = none).

    `broken` are the broken promises with their chains, `turned` those whose verdict changed.
    """
    place = (tenant, id_)
    rows = await (await connection.execute(_KNOWN, (*place, *place))).fetchall()
    known = {(kind, code, step): (state, action) for kind, code, step, state, action in rows}
    stage = model.stage(order)
    now = write.instant(now_ms * 1000)
    said: list[Said] = []
    later_ms = 0
    standing = {p.code: p for p, _ in broken}
    undone = {p.code for p in turned}
    for (kind, code, step), (state, action) in known.items():
        if kind == "power" and state == "open":
            gone = _why_over(action, standing.get(code), stage)
            reason = "verdict_changed" if code in undone else gone
            if reason:
                await connection.execute(_END, ("ended", now, reason, *place, code, step))
                ended = PowerEnded(action=action, code=code, reason=reason, step=step)
                said.append(Said(data=ended))
    for promise, chain in broken:
        reached, next_ms = remedies.reach(chain, promise, now_ms, "power", "notify")
        later_ms = min(later_ms or next_ms, next_ms) if next_ms else later_ms
        for each in reached:
            step, remedy = each.step, each.remedy
            key = ("notice" if remedy.do == "notify" else "power", promise.code, step)
            if key in known:
                continue
            if remedy.do == "notify":
                due_ms = each.from_ms + (parse_duration(remedy.due, "") if remedy.due else 0)
                due = write.instant(due_ms * 1000)
                told = (*place, promise.code, step, remedy.to, now, due, now)
                await connection.execute(_TELL, told)
            elif not _why_over(remedy.action, promise, stage):
                given = (*place, promise.code, step, remedy.holder, remedy.action, now)
                await connection.execute(_OPEN, given)
                said.append(Said(data=_opened(promise, step, remedy)))
    return said, later_ms


def _why_over(action: str, promise: Promise | None, stage: model.State) -> str:
    """Say why a power can't be used any more, or "" while it can."""
    if stage in _OVER or (action in _RIDDING and stage is model.State.DELIVERED):
        return "closed"
    return "performed" if promise is not None and promise.stop else ""


def _opened(promise: Promise, step: int, remedy: Remedy) -> PowerOpened:
    return PowerOpened(
        action=remedy.action,
        code=promise.code,
        definition=promise.digest,
        holder=remedy.holder,
        step=step,
    )


async def settle(
    connection: Connection, tenant: int, id_: uuid.UUID, data: PowerUsed, now_ms: int
) -> None:
    """Move the row of a power that is used. Raises InputError `no_power` unless it is open."""
    given = ("used", write.instant(now_ms * 1000), "", tenant, id_, data.code, data.step)
    if (await connection.execute(_END, given)).rowcount != 1:
        raise NOT_OPEN


async def of_order(connection: Connection, tenant: int, id_: uuid.UUID) -> list[Power]:
    """Read the powers of an order, the oldest first."""
    cursor = await connection.execute(_OF_ORDER, (tenant, id_))
    return [
        Power(
            code=code,
            step=step,
            state=state,
            holder=holder,
            action=action,
            opened=rfc3339(opened),
            ended=rfc3339(ended) if ended else "",
            reason=reason,
        )
        for code, step, state, holder, action, opened, ended, reason in await cursor.fetchall()
    ]
