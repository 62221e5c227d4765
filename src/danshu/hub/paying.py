"""The room that pays compensations that were approved (payouts.py), and says so.

The instruction's key is the order, the promise and the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Event
from danshu.capabilities.orders import model
from danshu.capabilities.orders.facts import CompensationPaid
from danshu.hub import acts, remedies
from danshu.hub.changes import Change
from danshu.hub.errands import Errands
from danshu.hub.payouts import PAYER, REACH, Payout, payer
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said
from danshu.kernel.limits import PAYOUT_RETRY_MAX_S, PAYOUTS_AT_ONCE
from danshu.ports.settlement import Instruction

if TYPE_CHECKING:
    from danshu.hub.changes import Decide, Held
    from danshu.hub.world import World
    from danshu.hub.worlds import Worlds

Connection = psycopg.AsyncConnection[Any]
PAID: Final = "compensation.paid"
_FIELDS: Final = ("tenant", "id", "amount", "currency", "tries", "code", "step")
_TAKE: Final = """
update compensations c set tries=c.tries+1, next_try=%s from (
  select tenant, id, code, step from compensations where state='approved' and next_try<=%s
  order by next_try limit %s for update skip locked) d
where c.tenant=d.tenant and c.id=d.id and c.code=d.code and c.step=d.step
returning c.tenant, c.id, c.amount, c.currency, c.tries, c.code, c.step
"""
_LEAVE: Final = """
update compensations set next_try=%s, trouble=%s
where tenant=%s and id=%s and code=%s and step=%s and state='approved'
"""
_ORDER: Final = "select doc from orders where tenant=%s and id=%s"
_decode_order = msgspec.json.Decoder(model.Order).decode


class Owed(Payout, frozen=True, kw_only=True):
    """A compensation that is to be paid now: of a step of a promise."""

    code: str
    step: int

    @property
    def key(self) -> str:
        """The idempotency key of its payment."""
        return f"danshu-{self.id}-{self.code}-{self.step}"


async def _instruct(connection: Connection, worlds: Worlds, owed: Owed) -> Instruction:
    row = await (await connection.execute(_ORDER, (owed.tenant, owed.id))).fetchone()
    if row is None:
        raise InputError("no_order", "there is no such order")
    order = _decode_order(bytes(row[0]))
    world = await worlds.ensure(owed.tenant)
    name = next((c.definition.name.zh for c in world.book.values() if c.code == owed.code), "")
    return Instruction(
        key=owed.key,
        amount=owed.amount,
        currency=owed.currency,
        channel=order.channel,
        shop=order.shop,
        number=order.number,
        reason=f"{name or owed.code} 赔付",
    )


async def _say(
    connection: Connection, worlds: Worlds, owed: Owed, receipt: str, at_ms: int
) -> None:
    world = await worlds.ensure(owed.tenant)
    try:
        await acts.change(connection, world, owed.id, PAYER, at_ms, paid(owed, receipt))
    except InputError as error:
        if error != remedies.NOT_NOW:  # then somebody else has said so already
            raise


COMPENSATIONS: Final = Errands(
    name="payouts",
    take=_TAKE,
    leave=_LEAVE,
    at_once=PAYOUTS_AT_ONCE,
    reach=REACH,
    retry_max_s=PAYOUT_RETRY_MAX_S,
    read=lambda row: Owed(**dict(zip(_FIELDS, row, strict=True))),
    place=lambda owed: (owed.tenant, owed.id, owed.code, owed.step),
    run=payer(_instruct, _say),
)


def paid(owed: Owed, receipt: str) -> Decide:
    """Say that it was paid. Only the promise that it is for hears of it."""

    def decide(_: World, held: Held, at_ms: int) -> Change | Refusal:
        data = CompensationPaid(amount=owed.amount, code=owed.code, receipt=receipt, step=owed.step)
        said = [Said(data=data)]
        promises = held.promises
        event = Event(name=PAID, occurred_ms=at_ms, recorded_ms=at_ms, source="payment.receipt")
        for at, promise in enumerate(promises):
            if promise.code == owed.code and promise.clause.stop == PAID:
                (heard,), more = contract.hear((promise,), [event], at_ms)
                promises = (*promises[:at], heard, *promises[at + 1 :])
                said += more
        return Change(order=held.order, said=said, promises=promises)

    return decide
