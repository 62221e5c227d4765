"""What may be done with an order by contract: by whom, on which evidence, and why not."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.actions.catalogue import KINDS
from danshu.capabilities.contract.model import Texts
from danshu.capabilities.contract.performing import evidence
from danshu.hub import acts, doers, holding, performing
from danshu.hub import performing_rows as rows
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ACTIONS_OPEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.contract.performing.model import Goods, Item
    from danshu.hub.doers import By
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]


class Why(Struct, frozen=True, kw_only=True):
    """A reason against it, with the clause of the action type that it rests on."""

    code: str
    reason: str
    reason_en: str
    clause: str


class WantedShown(Struct, frozen=True, kw_only=True):
    """A kind of evidence that is asked for; `kind` may offer a choice (`photo|video`)."""

    kind: str
    name: Texts
    min: int
    per: str
    by: str
    source: str
    rule: str
    max_age: str
    personal: bool


class ItemShown(Struct, frozen=True, kw_only=True):
    """A piece of evidence that was handed in. `device_at` is what a device claims, "" = unsaid."""

    no: int
    kind: str
    digest: str
    size: int
    media: str
    by: str
    source: str
    sku: str
    lot: str
    expiry: str
    value: str
    at: str
    device_at: str


class ActShown(Struct, frozen=True, kw_only=True):
    """An act under way: its evidence, and what it still lacks, apart from time and signature."""

    id: uuid.UUID
    action: str
    version: int
    fulfilment: int
    state: str
    mine: bool
    role: str
    delegated: bool
    began: str
    ends: str
    items: tuple[ItemShown, ...]
    missing: tuple[Why, ...]


class PastShown(Struct, frozen=True, kw_only=True):
    """That it was done before: the position of the fact, for which fulfilment order, when."""

    fact: int
    fulfilment: int
    at: str
    undone: bool


class Doable(Struct, frozen=True, kw_only=True):
    """An action type as it stands for the order: `why_not` is empty when the caller may do it."""

    action: str
    version: int
    definition: str
    name: Texts
    statement: Texts
    type: str
    grade: str
    device_bound: bool
    roles: tuple[str, ...]
    min_ms: int
    evidence: tuple[WantedShown, ...]
    why_not: tuple[Why, ...]
    done: tuple[PastShown, ...]
    open: tuple[ActShown, ...]


class GoodsShown(Struct, frozen=True, kw_only=True):
    """Goods that the acts are about."""

    sku: str
    name: str
    quantity: int


class Doables(Struct, frozen=True, kw_only=True):
    """What may be done with an order by contract, or with one fulfilment order of it."""

    order: uuid.UUID
    fulfilment: int
    fulfilments: tuple[int, ...]
    goods: tuple[GoodsShown, ...]
    now: str
    items: tuple[Doable, ...]


def tell_why(refusal: Refusal) -> Why:
    """Show a refusal."""
    return Why(
        code=refusal.code,
        reason=refusal.reason,
        reason_en=refusal.reason_en,
        clause=refusal.clause,
    )


async def list_doable(
    connection: Connection, world: World, order: uuid.UUID, by: By, fulfilment: int, now_ms: int
) -> Doables:
    """List the action types of an order, with what one person may do of them.

    Raises InputError `no_order`, `no_fulfilment`.
    """
    async with connection.transaction():
        held = await acts.hold(connection, world, order, locked=False)
        if held is None:
            raise InputError("no_order", "there is no such order")
        goods = performing.goods_of(world, held.order, fulfilment)
        found = await performing.versions(connection, world.tenant, held.order.placed_ms)
        past = await rows.read_past(connection, world.tenant, order)
        opened = await rows.list_open(connection, world.tenant, order, ACTIONS_OPEN)
        standing = await doers.look_up(connection, world.tenant, by, now_ms)
        promised = frozenset(p.code for p in held.promises)
        items = []
        types = [action for action, _ in found.values()]
        for action, definition in found.values():
            if not performing.applies(action, held.order, promised):
                continue
            doer, _ = doers.seat(standing, action)
            refusals = performing.weigh(held, doer, action, past, fulfilment, types)
            acts_open = [
                await show_act(connection, world.tenant, act, action, goods, by, now_ms)
                for act in opened
                if act.action == action.action
                and fulfilment in (0, act.fulfilment)
                and act.ends_ms > now_ms
            ]
            items.append(
                Doable(
                    action=action.action,
                    version=action.version,
                    definition=definition,
                    name=action.name,
                    statement=action.statement,
                    type=action.deontic.type,
                    grade=action.who.grade,
                    device_bound=action.who.device_bound,
                    roles=action.who.roles,
                    min_ms=action.measure.min_ms if action.measure else 0,
                    evidence=tuple(_wanted(action)),
                    why_not=tuple([tell_why(r) for r in refusals]),
                    done=tuple(
                        [
                            PastShown(
                                fact=p.seq,
                                fulfilment=p.fulfilment,
                                at=rfc3339(p.at_ms),
                                undone=p.undone,
                            )
                            for p in past
                            if p.action == action.action
                            and (not fulfilment or p.fulfilment in (0, fulfilment))
                        ]
                    ),
                    open=tuple(acts_open),
                )
            )
    live = tuple([f.no for f in held.order.fulfilments if f.state != "cancelled"])
    return Doables(
        order=order,
        fulfilment=fulfilment,
        fulfilments=live,
        goods=tuple([GoodsShown(sku=g.sku, name=g.name, quantity=g.quantity) for g in goods]),
        now=rfc3339(now_ms),
        items=tuple(items),
    )


def _wanted(action: Action) -> list[WantedShown]:
    shown = []
    for w in action.evidence:
        zh, en = evidence.name(w.kind)
        shown.append(
            WantedShown(
                kind=w.kind,
                name=Texts(zh=zh, en=en),
                min=w.min,
                per=w.per,
                by=w.by,
                source=w.source,
                rule=w.rule,
                max_age=w.max_age or w.within,
                personal=any(KINDS[k].personal for k in w.kind.split("|") if k in KINDS),
            )
        )
    return shown


async def show_act(
    connection: Connection,
    tenant: int,
    act: rows.Act,
    action: Action,
    goods: Sequence[Goods],
    by: By,
    now_ms: int,
) -> ActShown:
    """Show an act under way with what its evidence still lacks."""
    items = await rows.items(connection, tenant, act.id)
    missing = [
        *evidence.missing(action, items, goods, now_ms),
        *await holding.missing(connection, tenant, act, action, items),
    ]
    return ActShown(
        id=act.id,
        action=act.action,
        version=act.version,
        fulfilment=act.fulfilment,
        state=act.state,
        mine=act.sub == by.sub,
        role=act.role,
        delegated=bool(act.delegated_by),
        began=rfc3339(act.began_ms),
        ends=rfc3339(act.ends_ms),
        items=tuple([show_item(i) for i in items]),
        missing=tuple([tell_why(r) for r in missing]),
    )


def show_item(item: Item) -> ItemShown:
    """Show a piece of evidence."""
    return ItemShown(
        no=item.no,
        kind=item.kind,
        digest=item.digest,
        size=item.size,
        media=item.media,
        by=item.by,
        source=item.source,
        sku=item.sku,
        lot=item.lot,
        expiry=item.expiry,
        value=item.value,
        at=rfc3339(item.at_ms),
        device_at=rfc3339(item.device_ms) if item.device_ms else "",
    )
