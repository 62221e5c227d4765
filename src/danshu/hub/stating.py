"""The statement of an act as a person is shown it: the exact words, the bytes that they sign."""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.performing import evidence
from danshu.capabilities.contract.performing import statement as statements
from danshu.hub import acts, holding, modelling, performing, signing
from danshu.hub import performing_rows as rows
from danshu.kernel import note as notes
from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import CHALLENGE_S
from danshu.kernel.money import format_minor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.contract.performing.model import Goods, Item
    from danshu.capabilities.orders.model import Order
    from danshu.hub.doers import By
    from danshu.hub.passkeys import Origin
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_NEWEST: Final = (
    "select note from checkpoints where tenant=%s order by half desc, size desc limit 1"
)
Lang = Literal["zh", "en"]


class Prepared(Struct, frozen=True, kw_only=True):
    """What is shown before the end: the exact words, the statement's bytes (JSON as text) and their
    SHA-256 (hex). `options` are for navigator.credentials.get when it is to be signed.
    """

    act: uuid.UUID
    shown: str
    statement: str
    digest: str
    lang: str
    options: dict[str, Any] | None
    until: str


async def prepare(
    connection: Connection,
    world: World,
    origin: Origin,
    order: uuid.UUID,
    id_: uuid.UUID,
    by: By,
    now_ms: int,
    *,
    lang: Lang,
    note: str = "",
    sign: bool = False,
) -> Prepared | Refusal:
    """Show the statement of an act whose evidence is complete; keep its bytes for the end.

    An action of grade A is always to be signed. Raises InputError `no_act`, `statement_long`.
    """
    async with connection.transaction():
        held = await acts.hold(connection, world, order)
        if held is None:
            return acts.NO_ORDER
        act = await rows.read(connection, world.tenant, order, id_, locked=True)
        action = await version_of(connection, world.tenant, act)
        refusal = performing.why_closed(act, by, now_ms)
        if refusal:
            return refusal
        items = await rows.items(connection, world.tenant, id_)
        goods = performing.goods_of(world, held.order, act.fulfilment)
        lacking = await find_lack(connection, world, held, act, action, by, now_ms)
        if lacking:
            return lacking
        template = action.statement.pick(lang)
        shown = statements.render(
            template,
            {
                **_figures(world, held.order, act.fulfilment, items, now_ms),
                **statements.figure_goods(goods, lang),
                **statements.figure_items(items, lang),
            },
            lang,
        )
        raw = statements.write(
            action,
            definition=act.definition,
            after=await newest_checkpoint(connection, world.tenant),
            body=_body(act, goods, lang, note),
            evidence=items,
            order=str(order),
            salt=os.urandom(statements.SALT_BYTES),
            shown=shown,
            subject=act.sub,
        )
        text = statements.text_digest(template)
        await rows.state(connection, world.tenant, id_, raw, text)
        digest = statements.digest(raw)
        options = None
        if by.person is not None and (sign or action.who.grade == "A"):
            options = await signing.ask(
                connection, world.tenant, origin, by.person, digest, id_.bytes, now_ms
            )
    return Prepared(
        act=id_,
        shown=shown,
        statement=raw.decode(),
        digest=digest.hex(),
        lang=lang,
        options=options,
        until=rfc3339(now_ms + CHALLENGE_S * 1000),
    )


async def find_lack(
    connection: Connection,
    world: World,
    held: acts.Held,
    act: rows.Act,
    action: Action,
    by: By,
    now_ms: int,
) -> Refusal | None:
    """Say why a statement cannot be shown yet: rights first, then the evidence."""
    items = await rows.items(connection, world.tenant, act.id)
    goods = performing.goods_of(world, held.order, act.fulfilment)
    refusals, _, _ = await performing.why_not(
        connection, world.tenant, held, by, action, act.fulfilment, now_ms
    )
    missing = evidence.missing(action, items, goods, now_ms)
    unheld = await holding.missing(connection, world.tenant, act, action, items)
    return next(iter((*refusals, *missing, *unheld)), None)


def _body(act: rows.Act, goods: Sequence[Goods], lang: str, note: str) -> dict[str, Any]:
    return {
        "began": rfc3339(act.began_ms),
        "fulfilment": act.fulfilment,
        "goods": [{"quantity": g.quantity, "sku": g.sku} for g in goods],
        "lang": lang,
        "note": note,
        "role": act.role,
    }


async def version_of(connection: Connection, tenant: int, act: rows.Act) -> Action:
    """Give the version of its type that an act began under."""
    action = await modelling.read_version(connection, tenant, act.definition)
    if action is None:
        raise ProgramError(f"{act.action}@{act.version} is not what its digest names")
    return action


def _figures(
    world: World, order: Order, fulfilment: int, items: Sequence[Item], now_ms: int
) -> dict[str, str]:
    """Give the figures of the order that a statement may name."""
    names = {w.code: w.name for w in world.warehouses}
    parts = [f for f in order.fulfilments if f.state != "cancelled" and fulfilment in (0, f.no)]
    scanned = [i.value for i in items if i.kind in ("waybill_no", "handover_scan")]
    waybills = dict.fromkeys([*scanned, *(f.waybill for f in parts if f.waybill)])
    shown = datetime.datetime.fromtimestamp(now_ms / 1000, _ZONE)
    amount = format_minor(order.total, order.currency)
    return {
        "order": order.number,
        "warehouse": "、".join(dict.fromkeys(names.get(f.warehouse, f.warehouse) for f in parts)),
        "waybill": "、".join(waybills),
        "amount": f"{amount} {order.currency}",
        "time": f"{shown:%Y-%m-%d %H:%M:%S} (UTC+8)",
    }


async def newest_checkpoint(connection: Connection, tenant: int) -> statements.After:
    """Give the newest signed checkpoint of the merchant's books: the signature is younger."""
    row = await (await connection.execute(_NEWEST, (tenant,), binary=True)).fetchone()
    if row is None:
        return statements.After()
    read = notes.parse_checkpoint(notes.parse(bytes(row[0])).text)
    return statements.After(origin=read.origin, root=read.root.hex(), size=read.size)
