"""The room that pays what was approved: asks the merchant's payment service, and says so.

The instruction's key is the order, the promise and the step, so that a lost answer is asked for
again and nothing is paid twice, whichever node asks.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Event
from danshu.capabilities.orders import model
from danshu.capabilities.orders.facts import CompensationPaid
from danshu.hub import acts, outside, remedies
from danshu.hub.changes import Change
from danshu.hub.compose import now_ms
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import InputError, NotAvailable, Refusal
from danshu.kernel.fact import Actor, Said
from danshu.kernel.limits import (
    PAYOUT_BYTES,
    PAYOUT_RETRY_MAX_S,
    PAYOUT_RETRY_S,
    PAYOUT_TIMEOUT_S,
    PAYOUTS_AT_ONCE,
)
from danshu.ledger import write
from danshu.ports import registry
from danshu.ports.settlement import Account, Instruction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.hub.changes import Decide, Held
    from danshu.hub.world import World
    from danshu.ports.settlement import Receipt, Settlement

Connection = psycopg.AsyncConnection[Any]
_REACH: Final = outside.Reach(PAYOUT_TIMEOUT_S, PAYOUT_BYTES, PAYOUT_RETRY_S)
_log = logging.getLogger("danshu.paying")
PAYER: Final = Actor(sub="settlement", role="system", grade="C")
PAID: Final = "compensation.paid"
NO_SERVICE: Final = "no_service"
UNDER_WAY: Final = "under_way"
# Taken up for as long as a try may take: a node that dies leaves it to the next.
_TAKE: Final = """
update compensations c set tries=c.tries+1, next_try=%s from (
  select tenant, id, code, step from compensations where state='approved' and next_try<=%s
  order by next_try limit %s for update skip locked) d
where c.tenant=d.tenant and c.id=d.id and c.code=d.code and c.step=d.step
returning c.tenant, c.id, c.code, c.step, c.amount, c.currency, c.tries
"""
_LEAVE: Final = """
update compensations set next_try=%s, trouble=%s
where tenant=%s and id=%s and code=%s and step=%s and state='approved'
"""
_ORDER: Final = "select doc from orders where tenant=%s and id=%s"
_decode_order = msgspec.json.Decoder(model.Order).decode


class Taken(Struct, frozen=True, kw_only=True):
    """A compensation that is to be paid now; `tries` counts this one."""

    tenant: int
    id: uuid.UUID
    code: str
    step: int
    amount: int
    currency: str
    tries: int

    @property
    def key(self) -> str:
        """The idempotency key of its payment."""
        return f"danshu-{self.id}-{self.code}-{self.step}"


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: it pays what is due and tells how many it took up."""
    worlds = Worlds(url)

    async def step(connection: Connection) -> int:
        return await pay_due(connection, worlds, now_ms())

    return step


async def pay_due(connection: Connection, worlds: Worlds, at_ms: int) -> int:
    """Pay what was approved and whose time has come; tells how many were taken up."""
    until = write.instant((at_ms + 2 * PAYOUT_TIMEOUT_S * 1000) * 1000)
    given = (until, write.instant(at_ms * 1000), PAYOUTS_AT_ONCE)
    rows = await (await connection.execute(_TAKE, given)).fetchall()
    if not rows:
        return 0
    async with outside.client() as web:
        for row in rows:
            await _pay(connection, worlds, web, _take(row), at_ms)
    return len(rows)


def _take(row: tuple[Any, ...]) -> Taken:
    tenant, id_, code, step, amount, currency, tries = row
    return Taken(
        tenant=tenant, id=id_, code=code, step=step, amount=amount, currency=currency, tries=tries
    )


async def _pay(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, taken: Taken, at_ms: int
) -> None:
    wait_s = min(PAYOUT_RETRY_MAX_S, PAYOUT_RETRY_S << min(taken.tries - 1, 20))
    try:
        receipt = await _ask(connection, worlds, web, taken)
        if receipt is None:
            await _leave(connection, taken, at_ms + PAYOUT_RETRY_MAX_S * 1000, NO_SERVICE)
        elif not receipt.is_paid:
            await _leave(connection, taken, at_ms + wait_s * 1000, UNDER_WAY)
        else:
            world = await worlds.ensure(taken.tenant)
            decide = paid(taken, receipt.number)
            await acts.change(connection, world, taken.id, PAYER, at_ms, decide)
    except NotAvailable as error:
        await _leave(connection, taken, at_ms + wait_s * 1000, error.detail)
    except InputError as error:
        if error == remedies.NOT_NOW:  # somebody else has said so already
            return
        await _leave(connection, taken, 0, error.detail)  # a person looks at it
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - logged; one payment must not stop the others
        _log.exception("compensation %s cannot be paid", taken.key)
        await _leave(connection, taken, at_ms + wait_s * 1000, "program")


async def _ask(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, taken: Taken
) -> Receipt | None:
    """Ask the merchant's service; None while there is none."""
    settings = await remedies.read_settings(connection, taken.tenant)
    if not settings.adapter:
        return None
    row = await (await connection.execute(_ORDER, (taken.tenant, taken.id))).fetchone()
    if row is None:
        raise InputError("no_order", "there is no such order")
    order = _decode_order(bytes(row[0]))
    world = await worlds.ensure(taken.tenant)
    name = next((c.definition.name.zh for c in world.book.values() if c.code == taken.code), "")
    instruction = Instruction(
        key=taken.key,
        amount=taken.amount,
        currency=taken.currency,
        channel=order.channel,
        shop=order.shop,
        number=order.number,
        reason=f"{name or taken.code} 赔付",
    )
    service = cast("Settlement", registry.load("settlement", settings.adapter))
    account = Account(url=settings.url, secret=settings.secret)
    return await service.pay(account, outside.sender(web, "the service", _REACH), instruction)


async def _leave(connection: Connection, taken: Taken, next_ms: int, trouble: str) -> None:
    again = write.instant(next_ms * 1000) if next_ms else None
    place = (taken.tenant, taken.id, taken.code, taken.step)
    await connection.execute(_LEAVE, (again, trouble[:500], *place))


def paid(taken: Taken, receipt: str) -> Decide:
    """Say that it was paid. Only the promise that it is for hears of it."""

    def decide(_: World, held: Held, at_ms: int) -> Change | Refusal:
        data = CompensationPaid(
            amount=taken.amount, code=taken.code, receipt=receipt, step=taken.step
        )
        said = [Said(data=data)]
        promises = held.promises
        event = Event(name=PAID, occurred_ms=at_ms, recorded_ms=at_ms, source="payment.receipt")
        for at, promise in enumerate(promises):
            if promise.code == taken.code and promise.clause.stop == PAID:
                (heard,), more = contract.hear((promise,), [event], at_ms)
                promises = (*promises[:at], heard, *promises[at + 1 :])
                said += more
        return Change(order=held.order, said=said, promises=promises)

    return decide
