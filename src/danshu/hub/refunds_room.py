"""The room that pays what cases owe: asks the merchant's payment service, and says so.

The instruction's key is the case, so that a lost answer is asked for again and nothing is paid
twice, whichever node asks. What is paid was set aside on the order before, so nothing else can have
been promised the same money.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.model import COMPENSATION
from danshu.capabilities.orders.facts import CompensationPaid
from danshu.hub import after_sales, after_sales_money, outside, remedies
from danshu.hub.compose import now_ms
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import InputError, NotAvailable, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    PAYOUT_BYTES,
    PAYOUT_RETRY_MAX_S,
    PAYOUT_RETRY_S,
    PAYOUT_TIMEOUT_S,
    REFUNDS_AT_ONCE,
)
from danshu.ledger import write
from danshu.ports import registry
from danshu.ports.settlement import Account, Instruction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.hub.after_sales import Doing
    from danshu.hub.after_sales_rows import Row
    from danshu.hub.world import World
    from danshu.ports.settlement import Receipt, Settlement

Connection = psycopg.AsyncConnection[Any]
_REACH: Final = outside.Reach(PAYOUT_TIMEOUT_S, PAYOUT_BYTES, PAYOUT_RETRY_S)
_log = logging.getLogger("danshu.refunds")
PAYER: Final = Actor(sub="settlement", role="system", grade="C")
NO_SERVICE: Final = "no_service"
UNDER_WAY: Final = "under_way"
# Taken up for as long as a try may take: a node that dies leaves it to the next.
_TAKE: Final = """
update after_sales a set tries=a.tries+1, next_try=%s from (
  select tenant, id from after_sales where state='paying' and next_try<=%s
  order by next_try limit %s for update skip locked) d
where a.tenant=d.tenant and a.id=d.id
returning a.tenant, a.id, a.oid, a.amount, a.currency, a.channel, a.shop, a.number, a.kind, a.tries
"""
_LEAVE: Final = """
update after_sales set next_try=%s, trouble=%s where tenant=%s and id=%s and state='paying'
"""
_RETRY: Final = """
update after_sales set next_try=%s, trouble='' where tenant=%s and id=%s and state='paying'
"""
_WAKE: Final = """
update after_sales set next_try=%s where tenant=%s and state='paying' and trouble='no_service'
"""


class Taken(Struct, frozen=True, kw_only=True):
    """A case that is to be paid now; `tries` counts this one."""

    tenant: int
    id: uuid.UUID
    order: uuid.UUID
    amount: int
    currency: str
    channel: str
    shop: str
    number: str
    kind: str
    tries: int

    @property
    def key(self) -> str:
        """The idempotency key of its payment."""
        return f"danshu-case-{self.id}"


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: it pays what is due and tells how many it took up."""
    worlds = Worlds(url)

    async def step(connection: Connection) -> int:
        return await pay_due(connection, worlds, now_ms())

    return step


async def pay_due(connection: Connection, worlds: Worlds, at_ms: int) -> int:
    """Pay what was granted and whose time has come; tells how many were taken up."""
    until = write.instant((at_ms + 2 * PAYOUT_TIMEOUT_S * 1000) * 1000)
    given = (until, write.instant(at_ms * 1000), REFUNDS_AT_ONCE)
    rows = await (await connection.execute(_TAKE, given)).fetchall()
    if not rows:
        return 0
    async with outside.client() as web:
        for row in rows:
            await _pay(connection, worlds, web, _take(row), at_ms)
    return len(rows)


def _take(row: tuple[Any, ...]) -> Taken:
    tenant, id_, order, amount, currency, channel, shop, number, kind, tries = row
    return Taken(
        tenant=tenant,
        id=id_,
        order=order,
        amount=amount,
        currency=currency,
        channel=channel,
        shop=shop,
        number=number,
        kind=kind,
        tries=tries,
    )


async def _pay(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, taken: Taken, at_ms: int
) -> None:
    wait_s = min(PAYOUT_RETRY_MAX_S, PAYOUT_RETRY_S << min(taken.tries - 1, 20))
    try:
        receipt = await _ask(connection, web, taken)
        if receipt is None:
            await _leave(connection, taken, at_ms + PAYOUT_RETRY_MAX_S * 1000, NO_SERVICE)
        elif not receipt.is_paid:
            await _leave(connection, taken, at_ms + wait_s * 1000, UNDER_WAY)
        else:
            world = await worlds.ensure(taken.tenant)
            await paid(connection, world, taken.id, PAYER, receipt.number, at_ms)
    except (NotAvailable, write.GuardFailed) as error:
        await _leave(connection, taken, at_ms + wait_s * 1000, getattr(error, "detail", "busy"))
    except InputError as error:
        await _leave(connection, taken, 0, error.detail)  # a person looks at it
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - logged; one payment must not stop the others
        _log.exception("case %s cannot be paid", taken.id)
        await _leave(connection, taken, at_ms + wait_s * 1000, "program")


async def _ask(connection: Connection, web: httpx.AsyncClient, taken: Taken) -> Receipt | None:
    """Ask the merchant's service; None while there is none."""
    settings = await remedies.read_settings(connection, taken.tenant)
    if not settings.adapter:
        return None
    instruction = Instruction(
        key=taken.key,
        amount=taken.amount,
        currency=taken.currency,
        channel=taken.channel,
        shop=taken.shop,
        number=taken.number,
        reason="售后补偿" if taken.kind == COMPENSATION else "售后退款",
    )
    service = cast("Settlement", registry.load("settlement", settings.adapter))
    account = Account(url=settings.url, secret=settings.secret)
    return await service.pay(account, outside.sender(web, "the service", _REACH), instruction)


async def _leave(connection: Connection, taken: Taken, next_ms: int, trouble: str) -> None:
    again = write.instant(next_ms * 1000) if next_ms else None
    await connection.execute(_LEAVE, (again, trouble[:500], taken.tenant, taken.id))


async def paid(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, receipt: str, at_ms: int
) -> Row | Refusal:
    """Say that a case was paid, on the order's stream and on its own; once. Raises GuardFailed."""
    return await after_sales.run(
        connection, world, id_, actor, at_ms, lambda doing: pay(doing, receipt)
    )


async def pay(doing: Doing, receipt: str) -> Row | Refusal:
    """Say that a locked case was paid, with the receipt of the payment."""
    refusal = after_sales.step(doing.case, "pay")
    if refusal is not None:
        return refusal
    case, pays = doing.case, doing.case.sum
    said: Struct
    if case.kind == COMPENSATION:
        said = CompensationPaid(amount=pays.own, receipt=receipt)
    else:
        said = after_sales_money.paid(doing.held.order, str(doing.row.id), case, pays, receipt)
    heard = None
    if case.kind != COMPENSATION:
        is_ours = doing.actor is not PAYER  # no service's receipt: the merchant's own word
        heard = doing.event("refund.paid", "payment.receipt", own_word=is_ours)
    refusal = await doing.tell_order(said, event=heard)
    if refusal is not None:
        return refusal
    return await doing.say(
        facts.AfterSaleClosed(amount=pays.amount, outcome="paid", receipt=receipt)
    )


async def retry(connection: Connection, tenant: int, id_: uuid.UUID, at_ms: int) -> bool:
    """Pay again what is not paid yet; tells whether there is something to pay."""
    now = write.instant(at_ms * 1000)
    return (await connection.execute(_RETRY, (now, tenant, id_))).rowcount == 1


async def wake(connection: Connection, tenant: int, at_ms: int) -> None:
    """Let what waits for a service be paid now: another one may be connected."""
    await connection.execute(_WAKE, (write.instant(at_ms * 1000), tenant))
