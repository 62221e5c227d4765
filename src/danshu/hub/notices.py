"""The room that tells people of breaches: the `notify` steps of chains, through the merchant's
notice service, at least once, each under one key.

What became of a notice is a fact of the order: taken over, refused, or given up after
NOTICE_GIVE_UP_S.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.power_facts import NoticeAbandoned, NoticeRefused, NoticeSent
from danshu.hub import acts, merchants, outside, part_shipments
from danshu.hub.changes import Change
from danshu.hub.compose import now_ms
from danshu.hub.power_facts import NoticeConfigured
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor, Said, rfc3339
from danshu.kernel.limits import (
    NOTICE_BYTES,
    NOTICE_GIVE_UP_S,
    NOTICE_RETRY_MAX_S,
    NOTICE_RETRY_S,
    NOTICE_TIMEOUT_S,
    NOTICES_AT_ONCE,
    REASON_CHARS,
)
from danshu.ledger import write
from danshu.ports import registry
from danshu.ports.notice import Account, Notice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.capabilities.orders.model import Order
    from danshu.hub.changes import Held
    from danshu.ports.notice import Messenger

Connection = psycopg.AsyncConnection[Any]
Outcome = NoticeSent | NoticeRefused | NoticeAbandoned
_REACH: Final = outside.Reach(NOTICE_TIMEOUT_S, NOTICE_BYTES, NOTICE_RETRY_S)
_log = logging.getLogger("danshu.notices")
TELLER: Final = Actor(sub="notices", role="system", grade="C")
_STATES: Final = {NoticeSent: "sent", NoticeRefused: "refused", NoticeAbandoned: "abandoned"}
NO_SERVICE: Final = "no_service"
# Taken up for as long as a try may take: a node that dies leaves it to the next.
_TAKE: Final = """
update notices n set tries=n.tries+1, next_try=%s from (
  select tenant, id, code, step from notices where state='due' and next_try<=%s
  order by next_try limit %s for update skip locked) d
where n.tenant=d.tenant and n.id=d.id and n.code=d.code and n.step=d.step
returning n.tenant, n.id, n.code, n.step, n.addressee, (extract(epoch from n.made)*1000)::int8,
n.tries
"""
_LEAVE: Final = """
update notices set next_try=%s, trouble=%s
where tenant=%s and id=%s and code=%s and step=%s and state='due'
"""
_END: Final = """
update notices set state=%s, trouble=%s, receipt=%s, next_try=null
where tenant=%s and id=%s and code=%s and step=%s and state='due'
"""
_OF_ORDER: Final = """
select code, step, state, addressee, (extract(epoch from due)*1000)::int8, tries, trouble, receipt
from notices where tenant=%s and id=%s order by made, code, step
"""
_SETTINGS: Final = "select adapter, url, secret from notice_settings where tenant=%s"
_SET: Final = """
insert into notice_settings(tenant,adapter,url,secret) values (%s,%s,%s,%s)
on conflict (tenant) do update set adapter=excluded.adapter, url=excluded.url,
secret=excluded.secret
"""
_WAKE: Final = "update notices set next_try=%s where tenant=%s and state='due'"


class Settings(Struct, frozen=True, kw_only=True):
    """The service that tells people; `adapter` is "" while none is connected."""

    adapter: str = ""
    url: str = ""
    secret: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """A notice and what became of it. `state` is due, sent, refused or abandoned; `parcel` "1/2"
    says which one left without the rest, "" for a notice of a breach.
    """

    code: str
    step: int
    state: str
    to: str
    due: str
    tries: int
    trouble: str
    receipt: str
    parcel: str = ""


class Taken(Struct, frozen=True, kw_only=True):
    """A notice that is to be sent now; `tries` counts this one."""

    tenant: int
    id: uuid.UUID
    code: str
    step: int
    to: str
    made_ms: int
    tries: int

    @property
    def key(self) -> str:
        """The key under which it is sent, each time."""
        return f"danshu-{self.id}-{self.code}-{self.step}"


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: it sends what is due and tells how many it took up."""
    worlds = Worlds(url)

    async def step(connection: Connection) -> int:
        return await send_due(connection, worlds, now_ms())

    return step


async def send_due(connection: Connection, worlds: Worlds, at_ms: int) -> int:
    """Send the notices whose time has come; tells how many were taken up."""
    until = write.instant((at_ms + 2 * NOTICE_TIMEOUT_S * 1000) * 1000)
    given = (until, write.instant(at_ms * 1000), NOTICES_AT_ONCE)
    rows = await (await connection.execute(_TAKE, given)).fetchall()
    if not rows:
        return 0
    async with outside.client() as web:
        for tenant, id_, code, step, to, made_ms, tries in rows:
            taken = Taken(
                tenant=tenant, id=id_, code=code, step=step, to=to, made_ms=made_ms, tries=tries
            )
            await _send(connection, worlds, web, taken, at_ms)
    return len(rows)


async def _send(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, taken: Taken, at_ms: int
) -> None:
    code, step, to = taken.code, taken.step, taken.to
    wait_s = min(NOTICE_RETRY_MAX_S, NOTICE_RETRY_S << min(taken.tries - 1, 20))
    try:
        receipt = await _ask(connection, worlds, web, taken, at_ms)
        await _end(
            connection,
            worlds,
            taken,
            NoticeSent(code=code, receipt=receipt, step=step, to=to),
            at_ms,
        )
    except NotAvailable as error:
        if at_ms - taken.made_ms >= NOTICE_GIVE_UP_S * 1000:
            reason = error.detail[:REASON_CHARS]
            given_up = NoticeAbandoned(
                code=code, reason=reason, step=step, to=to, tries=taken.tries
            )
            await _end(connection, worlds, taken, given_up, at_ms)
        else:
            await _leave(connection, taken, at_ms + wait_s * 1000, error.detail)
    except InputError as error:
        reason = error.detail[:REASON_CHARS]
        refused = NoticeRefused(code=code, reason=reason, step=step, to=to)
        await _end(connection, worlds, taken, refused, at_ms)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - logged; one notice must not stop the others
        _log.exception("notice %s cannot be sent", taken.key)
        await _leave(connection, taken, at_ms + wait_s * 1000, "program")


async def _ask(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, taken: Taken, at_ms: int
) -> str:
    """Hand it to the merchant's service. Raises NotAvailable while there is none."""
    settings = await read_settings(connection, taken.tenant)
    if not settings.adapter:
        raise NotAvailable(NO_SERVICE, NOTICE_RETRY_MAX_S)
    world = await worlds.ensure(taken.tenant)
    held = await acts.hold(connection, world, taken.id, locked=False)
    promise = next((p for p in held.promises if p.code == taken.code), None) if held else None
    if held is None or promise is None:
        raise InputError("no_order", "there is no such promise")
    clause, lang = promise.clause, promise.lang
    notice = Notice(
        key=taken.key,
        to=taken.to,
        code=taken.code,
        name=clause.definition.name.pick(lang),
        clause=promise.text,
        breach=clause.breach.pick(lang),
        lang=lang,
        channel=held.order.channel,
        shop=held.order.shop,
        number=held.order.number,
        due=rfc3339(promise.due_ms),
        parcel=part_shipments.name_parcel(held.order, taken.step),
        made=rfc3339(taken.made_ms),
    )
    messenger = cast("Messenger", registry.load("notice", settings.adapter))
    account = Account(url=settings.url, secret=settings.secret)
    lent = outside.sender(web, "the service", _REACH)
    return await messenger.send(account, lent, notice, at_ms)


async def _leave(connection: Connection, taken: Taken, next_ms: int, trouble: str) -> None:
    place = (taken.tenant, taken.id, taken.code, taken.step)
    given = (write.instant(next_ms * 1000), trouble[:REASON_CHARS], *place)
    await connection.execute(_LEAVE, given)


async def _end(
    connection: Connection, worlds: Worlds, taken: Taken, outcome: Outcome, at_ms: int
) -> None:
    """Say what became of it, in the commit that ends its row; said once, whoever comes second."""
    state = _STATES[type(outcome)]
    trouble = "" if isinstance(outcome, NoticeSent) else outcome.reason
    receipt = outcome.receipt if isinstance(outcome, NoticeSent) else ""
    given = (state, trouble, receipt)
    world = await worlds.ensure(taken.tenant)

    def say(_: object, held: Held, __: int) -> Change:
        return Change(order=held.order, said=[Said(data=outcome)], promises=held.promises)

    async with connection.transaction():
        place = (taken.tenant, taken.id, taken.code, taken.step)
        if (await connection.execute(_END, (*given, *place))).rowcount == 1:
            await acts.change(connection, world, taken.id, TELLER, at_ms, say)


async def of_order(connection: Connection, tenant: int, id_: uuid.UUID, order: Order) -> list[Told]:
    """Read the notices of an order, the oldest first."""
    cursor = await connection.execute(_OF_ORDER, (tenant, id_))
    return [
        Told(
            code=code,
            step=step,
            state=state,
            to=to,
            due=rfc3339(due),
            tries=tries,
            trouble=trouble,
            receipt=receipt,
            parcel=part_shipments.name_parcel(order, step),
        )
        for code, step, state, to, due, tries, trouble, receipt in await cursor.fetchall()
    ]


async def read_settings(connection: Connection, tenant: int) -> Settings:
    """Read through which service people are told; its secret is never to be shown."""
    row = await (await connection.execute(_SETTINGS, (tenant,))).fetchone()
    if row is None:
        return Settings()
    return Settings(adapter=row[0], url=row[1], secret=row[2])


async def configure(
    connection: Connection, tenant: int, actor: Actor, wanted: Settings, at_ms: int
) -> None:
    """Set through which service people are told; what waits is tried now."""
    async with connection.transaction():
        given = (tenant, wanted.adapter, wanted.url, wanted.secret)
        await connection.execute(_SET, given)
        said = NoticeConfigured(adapter=wanted.adapter, url=wanted.url)
        await merchants.say(connection, tenant, actor, said)
        await connection.execute(_WAKE, (write.instant(at_ms * 1000), tenant))
