"""Acts on after-sales cases 售后处理: decided, withdrawn. Each is one commit with what it means for
the order: money set aside or free again, goods that are not sent any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.machines import machine_of
from danshu.capabilities.after_sales.model import COMPENSATION, RETURN, WITH_GOODS, Case, Sum
from danshu.capabilities.after_sales.rules import Rule
from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Event
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import evolve as order_evolve
from danshu.capabilities.orders import machines, model, refunding
from danshu.capabilities.orders.refund_facts import RefundReleased
from danshu.hub import (
    acts,
    after_sales_money,
    after_sales_rows,
    after_sales_settings,
    after_sales_times,
)
from danshu.hub.after_sales_rows import Row
from danshu.hub.after_sales_times import timed
from danshu.hub.changes import Change, Held
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor, Evidence, Said, rfc3339

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Sequence

    from danshu.capabilities.after_sales.model import CaseLine

Connection = psycopg.AsyncConnection[Any]
AMEND_FIRST: Final = Refusal(
    code="amend_first",
    reason="只退未发货的一部分,请先改单减少件数,多付的款自动生成退款",
    reason_en="Part of what has not left: amend the order, what is overpaid then comes back",
    clause="after_sales.unsent",
)
SAME_PERSON: Final = Refusal(
    code="same_person",
    reason="金额超过单人权限,须由另一人复核",
    reason_en="The amount asks for a second person, who is not the first",
    clause="after_sales.second",
)
AMOUNT_CHANGED: Final = Refusal(
    code="amount_changed",
    reason="金额已变,请按最新金额确认",
    reason_en="The amount is another one by now: look again",
    clause="after_sales.amount",
)


class Verdict(Struct, frozen=True, kw_only=True):
    """What a person says. `amount` is what they saw; `sum` replaces what the arithmetic says."""

    amount: int = 0
    reason: str = ""
    sum: Sum | None = None


def step(case: Case, event: str) -> Refusal | None:
    """Say why an event is not possible now; None where it is."""
    answer = machine_of(case.kind).step(case.state, event)
    return answer if isinstance(answer, Refusal) else None


def unsent(order: model.Order, lines: Sequence[CaseLine], leave: str = "") -> dict[int, int]:
    """Give, by line, the units asked for that have neither left nor been given up."""
    held = refunding.money(order, leave)
    by_no = {n.no: n for n in order.lines}
    found = {}
    for asked in lines:
        line, money = by_no[asked.line], held.line(asked.line)
        done = money.refunded_units if money else 0
        missing = asked.quantity - max(0, line.cancelled + line.shipped - done)
        if missing > 0:
            found[asked.line] = missing
    return found


class Doing(Struct, kw_only=True, eq=False):
    """An act on a case inside its transaction: both rows are locked."""

    connection: Connection
    world: World
    held: Held
    row: Row
    actor: Actor
    now_ms: int
    times: tuple[Rule, ...] = ()

    def timed(self, state: str) -> dict[str, str]:
        """Give until when the case may stay in a state, and by which rule, as facts say it."""
        channel = self.held.order.channel
        return timed(self.case.kind, state, self.now_ms, channel, self.times)

    def event(self, name: str, source: str, *, own_word: bool = False) -> Event:
        """Make an event that promises hear; `own_word`: nobody but the merchant says so."""
        at_ms = self.now_ms
        return Event(
            name=name, occurred_ms=at_ms, recorded_ms=at_ms, source=source, self_declared=own_word
        )

    @property
    def case(self) -> Case:
        """The case as it is."""
        return self.row.case

    async def say(self, *datas: Struct, evidence: tuple[Evidence, ...] = ()) -> Row:
        """Say something of the case."""
        said = [
            Said(data=data, evidence=evidence if i == 0 else ()) for i, data in enumerate(datas)
        ]
        tenant = self.world.tenant
        self.row = await after_sales_rows.say(
            self.connection, tenant, self.row, said, self.actor, self.now_ms
        )
        return self.row

    async def tell_order(
        self, *datas: Struct, change: Change | None = None, event: Event | None = None
    ) -> Refusal | None:
        """Say something on the order's stream, after what `change` decided there; its promises
        hear `event`.
        """
        cause = f"{self.row.id}/{self.row.seq}"
        base = change or Change(order=self.held.order, said=[], promises=self.held.promises)
        order = base.order
        for data in datas:
            order = order_evolve.evolve(order, data)
        said = [*base.said, *(Said(data=data, cause=cause) for data in datas)]
        promises = base.promises
        if event is not None:
            promises, more = contract.hear(promises, [event], self.now_ms)
            said += more
        if not said:
            return None
        decided = replace(base, order=order, said=said, promises=promises)
        told = await acts.change(
            self.connection,
            self.world,
            self.held.id,
            self.actor,
            self.now_ms,
            lambda *_: decided,
        )
        return told if isinstance(told, Refusal) else None


async def begin(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, now_ms: int
) -> Doing | Refusal:
    """Lock a case's order, then the case, in the caller's transaction. Raises InputError
    `no_case`.
    """
    seen = await after_sales_rows.read(connection, world.tenant, id_)
    held = await acts.hold(connection, world, seen.order)
    if held is None:
        return acts.NO_ORDER
    row = await after_sales_rows.read(connection, world.tenant, id_, locked=True)
    times = await after_sales_times.read(connection, world.tenant)
    return Doing(
        connection=connection,
        world=world,
        held=held,
        row=row,
        actor=actor,
        now_ms=now_ms,
        times=times,
    )


async def run(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    deed: Callable[[Doing], Awaitable[Row | Refusal]],
) -> Row | Refusal:
    """Do something with a case in one commit; a refusal writes nothing.

    Raises InputError, GuardFailed.
    """
    done: Row | Refusal = acts.NO_ORDER
    async with connection.transaction():
        doing = await begin(connection, world, id_, actor, now_ms)
        done = doing if isinstance(doing, Refusal) else await deed(doing)
        if isinstance(done, Refusal):
            raise psycopg.Rollback
    return done


async def decide(doing: Doing, event: str, verdict: Verdict) -> Row | Refusal:
    """Agree or refuse. Where goods come back first, what is owed for them is set aside by now.

    Raises InputError `bad_field`.
    """
    if event == "refuse":
        return await _end(doing, "refuse", "refused", verdict.reason)
    case = doing.case
    event = "agree" if case.kind in WITH_GOODS and case.state != "inspected" else "grant"
    refusal = step(case, event)
    if refusal is not None:
        return refusal
    pays = _pays(doing, verdict)
    if isinstance(pays, Refusal):
        return pays
    needs = await _second(doing, pays, verdict)
    if needs is not None:
        return needs
    change = None
    if case.kind not in WITH_GOODS and case.kind != COMPENSATION:
        stopped = _stop(doing)
        if isinstance(stopped, Refusal):
            return stopped
        change = stopped
    return await settle(doing, event, pays, verdict.reason, change)


async def settle(
    doing: Doing, event: str, pays: Sum, reason: str, change: Change | None = None
) -> Row | Refusal:
    """Set the money aside and say that it was agreed or granted."""
    case = doing.case
    if case.kind != COMPENSATION:
        reserved = after_sales_money.reserve(doing.held.order, str(doing.row.id), case, pays)
        refusal = await doing.tell_order(reserved, change=change)
        if refusal is not None:
            return refusal
    verdict, state = ("agreed", "agreed") if event == "agree" else ("granted", "paying")
    times = doing.timed(state)
    if case.kind == RETURN and state == "paying" and case.rule == "seven_days":
        times = {"due": rfc3339(case.due_ms), "rule": case.rule}  # it runs since the goods came
    return await doing.say(
        facts.AfterSaleDecided(
            by=doing.actor.sub,
            reason=reason,
            second=case.proposed_by,
            sum=pays,
            verdict=verdict,
            **times,
        )
    )


def _pays(doing: Doing, verdict: Verdict) -> Sum | Refusal:
    """Give what it pays by now, and refuse what nobody saw or what is not left."""
    case, order, leave = doing.case, doing.held.order, str(doing.row.id)
    if verdict.sum is not None:
        pays = verdict.sum
    elif case.state == "proposed" or case.kind == COMPENSATION:
        pays = case.sum
    else:
        pays = after_sales_money.due(order, case, leave)
    if case.kind == COMPENSATION:
        if pays.amount != pays.own or not 0 < pays.own <= max(order.paid, order.total):
            return after_sales_money.MORE_THAN_PAID
    elif pays.own:
        raise InputError("bad_field", "a refund pays back what was paid", "/own_fen")
    else:
        refusal = after_sales_money.check(order, pays, leave)
        if refusal is not None:
            return refusal
    if not pays.amount and case.kind not in WITH_GOODS:
        return after_sales_money.NOTHING_LEFT
    if pays.amount != verdict.amount:
        return AMOUNT_CHANGED
    return pays


async def _second(doing: Doing, pays: Sum, verdict: Verdict) -> Row | Refusal | None:
    """Ask for a second person above the merchant's limit; None where it may be decided now."""
    case = doing.case
    settings = await after_sales_settings.read(doing.connection, doing.world.tenant)
    if case.state == "proposed":
        return SAME_PERSON if case.proposed_by == doing.actor.sub else None
    if case.state != "asked" or pays.amount <= settings.second_fen:
        return None
    by = doing.actor.sub
    return await doing.say(facts.AfterSaleProposed(by=by, reason=verdict.reason, sum=pays))


def _stop(doing: Doing) -> Change | Refusal | None:
    """Give up what has not left and is to be paid back: all of it, or none by this way."""
    order = doing.held.order
    missing = unsent(order, doing.case.lines, str(doing.row.id))
    if not missing:
        return None
    waiting = {n.no: n.quantity - n.cancelled - n.shipped for n in order.lines}
    if missing != {no: units for no, units in waiting.items() if units}:
        return AMEND_FIRST
    told = orders.Command(event="cancel", reason="refund", by=doing.actor.sub)
    done = acts.command(told)(doing.world, doing.held, doing.now_ms)
    if isinstance(done, Change) and unsent(done.order, doing.case.lines, str(doing.row.id)):
        return machines.ORDER.refusals["picked", "cancel"]  # the floor would be asked first
    return done


async def withdraw(doing: Doing, reason: str) -> Row | Refusal:
    """Take a case back; what was set aside is free again."""
    return await _end(doing, "withdraw", "withdrawn", reason)


async def _end(doing: Doing, event: str, verdict: str, reason: str) -> Row | Refusal:
    refusal = step(doing.case, event)
    if refusal is not None:
        return refusal
    if any(r.case == str(doing.row.id) for r in doing.held.order.reserves):
        refusal = await doing.tell_order(RefundReleased(case=str(doing.row.id), reason=verdict))
        if refusal is not None:
            return refusal
    return await doing.say(
        facts.AfterSaleDecided(by=doing.actor.sub, reason=reason, verdict=verdict)
    )
