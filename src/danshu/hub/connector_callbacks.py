"""What far sides say of themselves 回调: proved, then done once, then answered in their own form.

An answer to a call is recorded and told to whoever asked (connector_answers.py); anything else
becomes an event that comes in (hearing.py), known by the far side's own id of it. What can't be
read or done is kept in the inbox and answered as not accepted, so that it is said again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import connector_answers, connectors, dispatch_rows, hearing, inbox, replies
from danshu.hub.connector_hearers import HEARERS as HEARERS
from danshu.hub.hearing import Ear
from danshu.kernel import consumer
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor
from danshu.ports.asks.carrier import Tracks
from danshu.ports.asks.wms import Moved, Stock

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.hub.compose import Hub
    from danshu.hub.connectors import Desk
    from danshu.ports.connector import Connector, Hearing, News

Connection = psycopg.AsyncConnection[Any]
Acknowledged = tuple[int, str, bytes]
"""Status, media type, body."""
_CALL: Final = """
select subject, context from connector_calls where tenant=%s and key=%s and connector=%s
"""
_STEPS: Final = ("picked", "packed", "shipped")
_PASSED: Final = frozenset({"not_at_pick", "not_at_pack", "not_at_ship"})
_TRACKED: Final = frozenset({"collected", "delivered"})


class _Told(Struct, frozen=True):
    """An event that follows from news; `late` where it may have come about already."""

    type: str
    id: str
    time: str
    data: dict[str, Any]
    late: bool = False


async def take(hub: Hub, id_: uuid.UUID, hearing_: Hearing, at_ms: int) -> Acknowledged:
    """Take a callback in; gives the answer in the far side's form.

    Raises InputError `no_connector`.
    """
    async with hub.connection() as connection:
        tenant = await connectors.find_tenant(connection, id_)
        if tenant is None:
            raise connectors.NO_CONNECTOR
        desk = await connectors.read(connection, tenant, id_)
        adapter = await connectors.load(connection, tenant, desk.adapter)
        trial = desk.state == connectors.TRIAL and bool(desk.trial_url)
        account = await connectors.open_account(connection, desk, trial=trial)
    try:
        news = adapter.hear(account, hearing_, at_ms)
    except InputError as error:
        if error.code == "bad_signature":
            return 401, *adapter.acknowledge(False)[1:]
        return await _refuse(hub, desk, adapter, hearing_.body, inbox.UNREADABLE, error.detail)
    for one in news:
        try:
            why = await _do(hub, desk, one, at_ms)
        except NotAvailable:
            return 503, *adapter.acknowledge(False)[1:]
        if why:
            return await _refuse(hub, desk, adapter, hearing_.body, inbox.REFUSED, why)
    return adapter.acknowledge(True)


async def _refuse(
    hub: Hub, desk: Desk, adapter: Connector, body: bytes, reason: str, detail: str
) -> Acknowledged:
    async with hub.connection() as connection:
        await inbox.keep(
            connection,
            desk.tenant,
            channel=f"connector-{desk.adapter}",
            account=str(desk.id),
            reason=reason,
            detail=detail,
            body=body,
        )
    return adapter.acknowledge(False)


async def _do(hub: Hub, desk: Desk, news: News, at_ms: int) -> str:
    """Do what the news says, once; gives why it can't be done, "" where it is."""
    reply = news.reply
    if reply is not None:

        async def record(connection: Connection) -> bool:
            told = (desk.tenant, desk.id, news.key, reply, at_ms)
            return await connector_answers.hear(connection, hub.worlds, *told)

        await replies.again(hub, desk.tenant, record)  # False: it was answered already
        return ""
    if desk.state == connectors.TRIAL:
        return ""  # a sandbox has no effect on orders
    ear = Ear(
        tenant=desk.tenant,
        actor=Actor(sub=f"{desk.capability}/{desk.id}", role="connector", grade="C"),
        name=desk.title,
        ask=lambda action, known: None,  # a far side that is connected may say what it does
    )
    try:
        told = await _read(hub, desk, news)
    except (msgspec.DecodeError, InputError) as error:
        return str(error)
    for one in told:
        why = await _hear(hub, desk, ear, one, at_ms)
        if isinstance(why, NotAvailable):
            raise why
        if why is not None and not (one.late and why.code in _PASSED):
            return f"{why.code}: {getattr(why, 'reason_en', '') or why}"
    return ""


async def _hear(hub: Hub, desk: Desk, ear: Ear, told: _Told, at_ms: int) -> Any:
    event = consumer.read_event(
        {
            "specversion": "1.0",
            "id": told.id,
            "source": f"danshu/{desk.tenant}/connectors/{desk.id}",
            "type": told.type,
            "subject": "",
            **({"time": told.time} if told.time else {}),
            "datacontenttype": "application/json",
            "data": told.data,
        }
    )
    outcome = await hearing.hear(hub, ear, event, at_ms)
    return outcome.why


async def _read(hub: Hub, desk: Desk, news: News) -> Iterable[_Told]:
    """Say news as events that come in."""
    match news.kind:
        case "wms.moved":
            return _moved(desk, news, *await _find(hub, desk, news.subject))
        case "parcel.tracked":
            key = dispatch_rows.track_key(news.subject)
            return _tracked(desk, news, *await _find(hub, desk, key))
        case "stock.counted":
            return _counted(news)
    raise InputError("unknown_news", f"no news is called {news.kind[:60]!r}")


async def _find(hub: Hub, desk: Desk, key: str) -> tuple[str, int]:
    """Give the order and the fulfilment order that a call to this very far side was about."""
    async with hub.connection() as connection:
        cursor = await connection.execute(_CALL, (desk.tenant, key, desk.id))
        row = await cursor.fetchone()
    if row is None:
        raise InputError("no_call", f"it was not asked for {key[:60]!r}")
    return row[0], int(bytes(row[1]))


def _moved(desk: Desk, news: News, order: str, fulfilment: int) -> list[_Told]:
    """A warehouse may say nothing of the steps before: they are said with the last."""
    moved = msgspec.json.decode(news.body, type=Moved)
    told = []
    for step in _STEPS[: _STEPS.index(moved.step) + 1]:
        data: dict[str, Any] = {"order": order, "fulfilment": fulfilment}
        if step == "shipped" and moved.parcels:
            first = moved.parcels[0]
            data |= {"carrier": _carrier(desk, first.carrier), "waybill": first.waybill}
        late = step != moved.step
        told.append(
            _Told(f"danshu.wms.fulfilment.{step}", f"{news.id}/{step}", moved.at, data, late)
        )
    return told


def _tracked(desk: Desk, news: News, order: str, fulfilment: int) -> list[_Told]:
    """Scans come again with each message: the first of a step is the one that counts."""
    told = msgspec.json.decode(news.body, type=Tracks)
    carrier = _carrier(desk, told.carrier)
    data = {"order": order, "fulfilment": fulfilment, "carrier": carrier, "waybill": told.waybill}
    first: dict[str, str] = {}
    for track in told.tracks:
        if track.step in _TRACKED:
            first.setdefault(track.step, track.at)
    return [
        _Told(
            f"danshu.carrier.parcel.{step}", f"{told.waybill}/{step}", at, data, step == "collected"
        )
        for step, at in first.items()
    ]


def _counted(news: News) -> list[_Told]:
    counts = msgspec.json.decode(news.body, type=Stock).counts
    levels = [{"sku": c.sku, "on_hand": c.quantity} for c in counts]
    data = {"warehouse": news.subject, "levels": levels}
    return [_Told("danshu.stock.counted", news.id, "", data)]


def _carrier(desk: Desk, code: str) -> str:
    """Give our code of a carrier: the option `carrier_<theirs>`, else theirs in small letters."""
    return desk.options.get(f"carrier_{code.lower()}", code.lower())
