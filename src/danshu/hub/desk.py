"""The straight line of an order, from request to the statements of its commit.

align      which SKUs and which region does the draft mean?
place      order.placed, order.paid
promise    which promises does it carry? text as shown + version, pinned
route      one snapshot; which warehouse ships what, and why
allocate   fulfilment orders; the units are reserved by the same commit
pack       facts in their places, rows, timers, keys
"""

from __future__ import annotations

import os
from collections import Counter
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import msgspec

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.orders import decide as orders
from danshu.hub import (
    canary,
    intercepts,
    paid_holds,
    policy_calls,
    policy_holds,
    presale,
    routing,
    selling,
    vote_holds,
)
from danshu.hub.group import Group, Known, Placement
from danshu.hub.world import goods_of
from danshu.kernel import ids
from danshu.kernel.errors import DanshuError, InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Evidence, Said, pack
from danshu.kernel.limits import FACT_BYTES
from danshu.ledger import vault
from danshu.ports.channel import DraftKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from danshu.capabilities.orders.model import Line
    from danshu.hub.requests import Request
    from danshu.hub.world import World
    from danshu.hub.worlds import Worlds

_LARGE_BYTES = 16_384  # of the raw message: of a smaller one no fact is too large
_ENVELOPE_BYTES = 2_048  # actor, evidence and places around an order's data
_encode = msgspec.json.Encoder().encode


def decide_group(
    worlds: Worlds, requests: Sequence[Request], now_ms: int, known: Known | None = None
) -> Group:
    """Decide a group of requests. Changes the predicted stock of the worlds; writes nothing."""
    known = known or {}
    extra = False
    for tenant in {r.tenant for r in requests}:
        world = worlds[tenant]
        extra = extra or world.selling is not None or world.guard is not None
        if world.selling is not None:
            selling.settle(world.selling)
    results: list[Placement | DanshuError | Refusal | None] = []
    placed: list[Placement] = []
    seen: set[tuple[int, str]] = set()
    randoms = os.urandom(26 * len(requests))
    for i, request in enumerate(requests):
        place_of_key = (request.tenant, request.key)
        if place_of_key in known or place_of_key in seen:
            results.append(None)
            continue
        random = randoms[26 * i : 26 * i + 26]
        try:
            placement = _place(worlds[request.tenant], request, now_ms, random)
        except InputError as e:
            results.append(e)
            continue
        seen.add(place_of_key)
        results.append(placement)
        placed.append(placement)
    reserved: dict[tuple[int, int, int], int] = {}
    quota: dict[tuple[int, int, int, str], int] = {}
    zones: list[tuple[int, int, int]] = []
    capacity: dict[int, np.ndarray[Any, Any]] = {}
    named: list[tuple[int, str]] = []
    for tenant in {p.request.tenant for p in placed}:
        world = worlds[tenant]
        before = world.capacity.copy()
        mine = [p for p in placed if p.request.tenant == tenant]
        _allocate(world, mine, now_ms, reserved, quota, zones)  # in order of arrival
        capacity[tenant] = before - world.capacity
        if world.named != world.snapshot.digest:
            named.append((tenant, world.snapshot.digest))
    placed.sort(key=lambda p: (p.request.tenant, p.request.key))  # keys are locked in their order
    for p in placed:
        _pack(p, now_ms)
    return Group(
        requests=list(requests),
        results=results,
        placed=placed,
        known=known,
        reserved=[(*k, n) for k, n in sorted(reserved.items())],
        quota=[(*k, n) for k, n in sorted(quota.items())],
        capacity=capacity,
        zones=[(*k, n) for k, n in sorted(Counter(zones).items())],
        now_ms=now_ms,
        named=named,
        extra=extra,
    )


def take_back(worlds: Worlds, group: Group) -> None:
    """Undo in memory, once, what deciding a group took: predicted stock, quotas, capacity."""
    for tenant, wh, sku, units in group.reserved:
        worlds[tenant].atp[sku, wh] += units
    for tenant, wh, sku, channel, units in group.quota:
        left = worlds[tenant].quotas.get((sku, channel), {})
        if wh in left:
            left[wh] += units
    for tenant, taken in group.capacity.items():
        worlds[tenant].capacity += taken
    for tenant, wh, storage, n in group.zones:
        awaiting = worlds[tenant].awaiting
        awaiting[storage, wh] = max(0, awaiting.get((storage, wh), 0) - n)
    for p in group.placed if group.extra else ():
        of = worlds[p.request.tenant].selling
        intercepts.settled(worlds[p.request.tenant], p)
        if p.sold is not None and of is not None:
            selling.give_back(of, p.sold)
            p.sold.taken.clear()
    group.reserved.clear()
    group.quota.clear()
    group.capacity.clear()
    group.zones.clear()


def conclude(worlds: Worlds, group: Group) -> None:
    """Forget of a committed group what was under way in memory alone."""
    for p in group.placed if group.extra else ():
        if p.who:
            intercepts.settled(worlds[p.request.tenant], p)


def _place(world: World, request: Request, now_ms: int, random: bytes) -> Placement:
    draft = request.draft
    orders.check(draft)
    r = draft.receiver
    region = (
        world.gazetteer.resolve(r.country, r.province, r.city, r.district, r.street, r.detail) or ""
    )
    region_no = world.regions.get(region, -1)
    if request.refuse_unknown:
        for i, line in enumerate(draft.lines):
            if not selling.knows(world, line.sku):
                raise InputError("unknown_sku", f"no SKU {line.sku!r}", f"/lines/{i}/sku")
        if region_no < 0:
            raise InputError("unknown_region", "the receiver's region is not served", "/receiver")
    sold = selling.sell(world, request, now_ms) if world.selling is not None else None
    lines: Sequence[Line] | None = None if sold is None else sold.lines
    if request.storages:
        lines = _needing(lines or orders.lines_of(draft, world.skus), request.storages)
    done = orders.place(
        draft,
        key=request.key,
        region=region if region_no >= 0 else "",
        skus=world.skus,
        now_ms=now_ms,
        sold=lines,
    )
    kind = None
    if world.order_types is not None and draft.kind is DraftKind.ORDER:
        kind = presale.choose(world.order_types, request, now_ms)
        done = done if kind is None else presale.begin(kind, request, done, now_ms)
    elif request.type or request.group:
        raise InputError("unknown_type", f"no order type {request.type!r} is in use", "/type")
    size = len(_encode(done.said[0].data)) if len(request.raw) > _LARGE_BYTES else 0
    if size > FACT_BYTES - _ENVELOPE_BYTES:
        raise InputError("too_large", f"an order of {size} bytes is too large to be recorded")
    placement = Placement(
        request=request,
        id=ids.uuid7(now_ms, random[:10]),
        salt=random[10:],
        order=done.order,
        said=list(done.said),
        heard=done.heard,
        person=_encode(r),
        region_no=region_no,
        sold=sold,
    )
    if kind is not None:
        placement.typed = presale.row_of(world, kind, done.order)
    if sold is not None:
        placement.said += sold.said
    if done.order.kind == "order":
        _promise(world, placement, now_ms)
        _heed(world, placement, now_ms)
    return placement


def _needing(lines: Sequence[Line], storages: tuple[int, ...]) -> list[Line]:
    """Say of each line where its goods may lie beyond what its SKU says; where bundles or gifts
    made other lines of them, of all what any needs.
    """
    needs = list(storages)
    if len(needs) != len(lines):
        needs = [reduce(or_, needs)] * len(lines)
    return [
        msgspec.structs.replace(n, storage=more) if more else n
        for n, more in zip(lines, needs, strict=True)
    ]


def _heed(world: World, p: Placement, now_ms: int) -> None:
    """Hold an order that rules stop, or that waits for others once it is paid."""
    if world.guard is not None:
        intercepts.heed(world, p, now_ms)
    if world.reviews is not None:
        paid_holds.heed(world, p)


def _promise(world: World, p: Placement, now_ms: int) -> None:
    o = p.order
    typed = p.typed is not None
    ship_by_ms = o.ship_by_ms or (p.sold.arrives_ms if p.sold is not None else 0)
    ahead = p.request.draft.hold.startswith("presale") or (
        p.sold is not None and p.sold.arrives_ms > 0
    )
    p.promises, said = contract.pin(
        presale.promised(world, o, world.definitions) if typed else world.definitions,
        contract.Context(
            channel=o.channel,
            placed_ms=now_ms,
            paid_ms=o.paid_ms,
            ship_by_ms=ship_by_ms,
            requested=presale.codes(world, o) if typed else p.request.promises,
            region=o.region,
            presale=ahead and not typed,
            announced=ship_by_ms > 0 and (ahead or typed),
        ),
    )
    if said:
        p.said.append(said)
    p.due_ms = contract.next_ms(p.promises)


def _allocate(
    world: World,
    placed: Sequence[Placement],
    now_ms: int,
    reserved: dict[tuple[int, int, int], int],
    quota: dict[tuple[int, int, int, str], int],
    zones: list[tuple[int, int, int]],
) -> None:
    able = [
        p
        for p in placed
        if orders.routable(p.order) and (p.typed is None or presale.takes_any(world, p.order))
    ]
    if not able:
        return
    asks = [
        routing.Ask(
            id=p.id,
            region=p.region_no,
            channel=p.order.channel,
            promise_ms=contract.delivery_due_ms(p.promises),
            value=p.order.total,
            lines=[
                (n.no, world.skus[n.sku][0], orders.open_units(n), goods_of(world, n))
                for n in p.order.lines
            ],
        )
        for p in able
    ]
    tenant = world.tenant
    for p, routed in zip(able, routing.route(world, asks, now_ms), strict=True):
        p.said.append(routed.said)
        p.short = routed.open > 0
        done = orders.allocate(
            p.order, [(no, world.warehouses[w].code, q) for no, w, _, q in routed.plan]
        )
        if not isinstance(done, Refusal):
            p.order = done.order
            p.said.extend(done.said)
        p.order, held = policy_holds.heed(p.order, routed.ruling)
        p.said.extend(held)
        if routed.awaits:
            p.order, held = canary.hold(p.order)
            p.said.extend(held)
            p.awaits = True
        zones += [(tenant, wh, storage) for storage, wh in routed.zones]
        if isinstance(done, Refusal):
            continue
        p.order, held, p.default_ms = vote_holds.heed(p.order, routed.votes, routed.classes, now_ms)
        p.said.extend(held)
        p.call_ms = policy_calls.heed(routed.ruling, now_ms)
        p.wh = routed.plan[0][1]
        for _, w, sku, q in routed.plan:
            unit = (tenant, w, sku)
            reserved[unit] = reserved.get(unit, 0) + q
            if world.quotas and w in world.quotas.get((sku, p.order.channel), {}):
                k = (*unit, p.order.channel)
                quota[k] = quota.get(k, 0) + q


def _pack(p: Placement, now_ms: int) -> None:
    """Commit to the raw message and the receiver by salted digests, and make the facts' bytes."""
    raw = p.request.raw
    first = p.said[0]
    p.said[0] = Said(
        data=first.data,
        occurred_ms=first.occurred_ms,
        cause=p.request.cause,
        evidence=(
            Evidence(
                kind="raw", digest=vault.commit(p.salt, "raw", raw), salted=True, size=len(raw)
            ),
            Evidence(
                kind="receiver",
                digest=vault.commit(p.salt, "person", p.person),
                salted=True,
                size=len(p.person),
            ),
            *p.request.evidence,
        ),
    )
    p.packed = pack(
        p.said,
        stream=p.id,
        seq=0,
        head=NO_HEAD,
        actor=p.request.actor,
        now_ms=now_ms,
        tenant=p.request.tenant,
    )
