"""Trials of a receiver: may events be sent to it at all, and does a signed one arrive?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
import psycopg

from danshu.capabilities.weave.breaker import CLOSED
from danshu.hub import event_posting, event_settling, outside, settings, subscriptions, wires
from danshu.hub.event_forms import Event
from danshu.hub.event_posting import Attempt, Delivery, Meaning
from danshu.kernel import ids
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import EVENT_ANSWER_BYTES, NOTICE_TIMEOUT_S

if TYPE_CHECKING:
    import uuid

    from danshu.hub.compose import Hub

Connection = psycopg.AsyncConnection[Any]
PING: Final = "danshu.subscription.ping"
_ORIGIN: Final = "webhook-request-origin"
_ALLOWED: Final = "webhook-allowed-origin"


def write_ping(tenant: int, id_: uuid.UUID, at_ms: int) -> Event:
    """Write the event of a trial: it is of no fact, and no book names it."""
    key = str(ids.uuid7(at_ms, os.urandom(10)))
    told = {
        "data": {"subscription": str(id_)},
        "datacontenttype": "application/json",
        "id": key,
        "source": f"danshu/{tenant}",
        "specversion": "1.0",
        "subject": str(id_),
        "time": rfc3339(at_ms),
        "type": PING,
    }
    body = msgspec.json.encode(told)
    return Event(key=key, type=PING, subject=str(id_), topic="subscription", body=body)


async def ping(hub: Hub, tenant: int, id_: uuid.UUID) -> Attempt:
    """Send one signed event now, whatever state it is in; what came back goes into the log.

    Raises InputError `no_subscription`.
    """
    at_ms = hub.clock()
    async with hub.connection() as connection:
        found = await subscriptions.read(connection, tenant, id_)
        outlet = await subscriptions.read_outlet(connection, found, at_ms)
    async with wires.open_wire() as wire:
        event = write_ping(tenant, id_, at_ms)
        delivery = Delivery(wire, outlet, [event], CLOSED, hub.clock)
        await delivery.run()
    attempt = delivery.attempts[-1]
    async with hub.connection() as connection:
        await event_settling.log_ping(connection, (tenant, id_), attempt, at_ms)
    return attempt


async def shake_hands(url: str) -> None:
    """Ask a receiver whether events may be sent to it (CloudEvents Web Hooks 1.0.2, section 4).

    Raises InputError `not_allowed` where it does not say yes.
    """
    chosen = settings.read()
    origin = urlsplit(chosen.origin_at(chosen.port)).hostname or "localhost"
    reach = outside.Reach(NOTICE_TIMEOUT_S, EVENT_ANSWER_BYTES, 0)
    async with wires.open_wire() as wire:
        send = wires.sender(wire, "the receiver", reach)
        try:
            answer = await send("OPTIONS", url, {_ORIGIN: origin}, b"")
        except NotAvailable as error:
            raise InputError("not_allowed", error.detail, "/url") from error
    allowed = {each.strip() for each in answer.headers.get(_ALLOWED, "").split(",")}
    if event_posting.read_answer(answer.status) is not Meaning.TAKEN or not allowed & {origin, "*"}:
        raise InputError("not_allowed", f"the receiver does not allow {origin}", "/url")
