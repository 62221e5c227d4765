"""What a line that is sold becomes: bundles 组合装 are taken apart, gifts 赠品 added, and what has
no stock is sold against goods that are announced 预订.

All that follows an order knows only units of SKUs. Limits (a gift's stock, announced units, once a
buyer) are guarded by the order's own commit; what stands here only predicts, as stock does: a group
whose prediction was wrong is decided again on what is true.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.intake import bundles, gifts
from danshu.capabilities.intake.bundles import Bundle, Part
from danshu.capabilities.intake.gifts import GiftRule
from danshu.capabilities.orders.model import Bundled, Line
from danshu.hub.guarding import Selling, Sold
from danshu.hub.selling_facts import GiftsDecided, Preordered, PreorderTaken
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Said, rfc3339
from danshu.kernel.limits import ORDER_LINES
from danshu.ledger import write
from danshu.ports.channel import DraftKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg

    from danshu.hub.group import Placement
    from danshu.hub.requests import Request
    from danshu.hub.world import World
    from danshu.ports.channel import Draft

Connection = Any
GIFT: Final = "gift/"
PREORDER: Final = "preorder/"
_PARTS: Final = """
select bundle,sku,name,units,share from bundle_parts where tenant=%b order by bundle,no,sku
"""
_RULES: Final = "select doc from gift_rules where tenant=%b"
_PREORDERS: Final = "select sku,arrives from preorders where tenant=%b"
_LEFT: Final = "select name,cap-used from allowances where tenant=%b"
_SALT: Final = "select salt from tenants where id=%b"
HAD: Final = """
select g.code, g.buyer from unnest(%b::bytea[]) w(buyer)
join gift_buyers g on g.tenant=%b and g.buyer=w.buyer
"""
# Rows in key order; a limit that is reached, or a buyer who has had it, fails the transaction.
TAKE: Final = """
with want as materialized (
  select * from unnest(%b::int4[],%b::text[],%b::int8[]) t(tenant,name,n) order by 1,2),
held as materialized (
  select a.tenant,a.name,w.n from want w join allowances a on a.tenant=w.tenant and a.name=w.name
  order by a.tenant,a.name for update of a),
upd as (
  update allowances a set used=a.used+h.n from held h
  where a.tenant=h.tenant and a.name=h.name and a.used+h.n<=a.cap returning 1)
select (select 1/(count(*)=%b)::int from upd)
"""
REMEMBER: Final = """
with want as materialized (
  select * from unnest(%b::int4[],%b::text[],%b::bytea[],%b::uuid[]) t(tenant,code,buyer,id)
  order by 1,2,3),
put as (insert into gift_buyers(tenant,code,buyer,id) select * from want
  on conflict do nothing returning 1)
select (select 1/(count(*)=%b)::int from put)
"""
_decode_rule = msgspec.json.Decoder(GiftRule).decode


async def load(connection: psycopg.AsyncConnection[Any], tenant: int) -> Selling | None:
    """Read what a merchant sells beside single goods; None for nothing, which costs nothing."""
    parts: dict[str, list[Part]] = {}
    names: dict[str, str] = {}
    cursor = await connection.execute(_PARTS, (tenant,), binary=True)
    for code, sku, name, units, share in await cursor.fetchall():
        parts.setdefault(code, []).append(Part(sku=sku, units=units, share=share))
        names[code] = names.get(code) or name
    cursor = await connection.execute(_RULES, (tenant,), binary=True)
    rules = gifts.sort([_decode_rule(bytes(doc)) for (doc,) in await cursor.fetchall()])
    cursor = await connection.execute(_PREORDERS, (tenant,), binary=True)
    preorders = {sku: round(at.timestamp() * 1000) for sku, at in await cursor.fetchall()}
    if not (parts or rules or preorders):
        return None
    row = await (await connection.execute(_SALT, (tenant,), binary=True)).fetchone()
    return Selling(
        bundles={c: Bundle(code=c, name=names[c], parts=tuple(p)) for c, p in parts.items()},
        rules=rules,
        preorders=preorders,
        left=await _read_left(connection, tenant),
        salt=bytes(row[0]) if row else b"",
        asks_buyers=any(rule.once for rule in rules),
    )


async def _read_left(connection: Connection, tenant: int) -> dict[str, int]:
    cursor = await connection.execute(_LEFT, (tenant,), binary=True)
    return dict(await cursor.fetchall())


async def refresh(connection: Connection, world: World) -> None:
    """Read again what the allowances leave."""
    if world.selling is not None:
        world.selling.left = await _read_left(connection, world.tenant)


def name_buyer(salt: bytes, draft: Draft) -> bytes:
    """Give the keyed hash of who bought: the platform's buyer, else who receives; b"" unknown."""
    who = draft.buyer or (draft.receiver.phone and f"{draft.receiver.phone}/{draft.receiver.name}")
    return (
        blake2b(f"{draft.channel}/{who}".encode(), digest_size=16, key=salt).digest()
        if who
        else b""
    )


def knows(world: World, sku: str) -> bool:
    """Tell whether a code can be sold: it is a SKU, or a bundle of some."""
    return sku in world.skus or (world.selling is not None and sku in world.selling.bundles)


def sell(world: World, request: Request, now_ms: int) -> Sold | None:
    """Say what an order's lines become; None where they stay what they are.

    Raises InputError `too_many_lines` for one that has too many components.
    """
    selling, draft = world.selling, request.draft
    assert selling is not None
    plain = (
        not selling.rules
        and selling.bundles.keys().isdisjoint([n.sku for n in draft.lines])
        and selling.preorders.keys().isdisjoint([n.sku for n in draft.lines])
        and not any(n.gift for n in draft.lines)
    )
    if plain:
        return None
    sold = Sold(lines=(), said=[], taken=[], had=[])
    lines = _take_apart(world, selling, draft)
    if draft.kind is DraftKind.ORDER:
        if selling.rules:
            lines += _give(world, selling, request, now_ms, sold, len(lines) + 1)
        if selling.preorders:
            lines = _preorder(world, selling, lines, now_ms, sold)
    if len(lines) > ORDER_LINES:
        raise InputError("too_many_lines", f"at most {ORDER_LINES} lines with components", "/lines")
    sold.lines = tuple(lines)
    for name, units in sold.taken:
        selling.left[name] = selling.left.get(name, 0) - units
    selling.buyers.update(sold.had)
    return sold


def _take_apart(world: World, selling: Selling, draft: Draft) -> list[Line]:
    lines: list[Line] = []
    for n, line in enumerate(draft.lines, 1):
        bundle = selling.bundles.get(line.sku)
        if bundle is None:
            lines.append(
                Line(
                    no=len(lines) + 1,
                    sku=line.sku,
                    title=line.title,
                    attributes=line.attributes,
                    line=line.line,
                    quantity=line.quantity,
                    price=line.price,
                    paid=line.paid,
                    known=line.sku in world.skus,
                    gift=gifts.PLATFORM if line.gift else "",
                )
            )
            continue
        for piece in bundles.explode(bundle, line.quantity, line.price, line.paid):
            lines.append(
                Line(
                    no=len(lines) + 1,
                    sku=piece.sku,
                    title=world.skus[piece.sku][1].name,
                    line=line.line,
                    quantity=piece.quantity,
                    price=piece.price,
                    paid=piece.paid,
                    gift=gifts.PLATFORM if line.gift else "",
                    bundle=Bundled(
                        amount=piece.amount,
                        line=n,
                        price=line.price,
                        sku=line.sku,
                        title=line.title or bundle.name,
                        units=line.quantity,
                    ),
                )
            )
    return lines


def _items(draft: Draft) -> list[gifts.Item]:
    """Give what gift rules count: goods as they are sold, at what was or will be paid for them."""
    lines = [n for n in draft.lines if not n.gift]
    paid = [n.paid for n in lines]
    if not any(paid):  # not paid yet: what will be due for each
        due = max(0, draft.total - draft.postage)
        paid = bundles.apportion(due, [n.price * n.quantity for n in lines]) if lines else []
    return [
        gifts.Item(codes=(n.sku,), units=n.quantity, paid=fen)
        for n, fen in zip(lines, paid, strict=True)
    ]


def _give(
    world: World, selling: Selling, request: Request, now_ms: int, sold: Sold, following: int
) -> list[Line]:
    draft = request.draft
    buyer = name_buyer(selling.salt, draft) if selling.asks_buyers else b""
    had = {code for code, who in selling.buyers if who == buyer} | request.had
    if selling.asks_buyers and not buyer:
        had |= {rule.code for rule in selling.rules if rule.once}
    left = {name.removeprefix(GIFT): n for name, n in selling.left.items()}
    given, kept = gifts.decide(
        selling.rules, _items(draft), draft.channel, now_ms, left, had, following,
        lambda rule, units: rule.waits or _has(world, selling, rule.sku, units),
    )  # fmt: skip
    if given or kept:
        sold.said.append(Said(data=GiftsDecided(given=tuple(given), kept=tuple(kept))))
    rules = {rule.code: rule for rule in selling.rules}
    for one in given:
        rule = rules[one.rule]
        selling.pending[one.sku] = selling.pending.get(one.sku, 0) + one.units
        if rule.stock:
            sold.taken.append((GIFT + rule.code, one.units))
        if rule.once:
            sold.had.append((rule.code, buyer))
    return [
        Line(
            no=one.line,
            sku=one.sku,
            title=rules[one.rule].name,
            quantity=one.units,
            price=0,
            paid=0,
            gift=one.rule,
            limited=one.limited,
        )
        for one in given
    ]


def _has(world: World, selling: Selling, sku: str, units: int) -> bool:
    """Tell whether there is stock for a gift, beside what the group under way has given."""
    row = world.skus[sku][0]
    return int(world.atp[row].max(initial=0)) >= units + selling.pending.get(sku, 0)


def _preorder(
    world: World, selling: Selling, lines: Sequence[Line], now_ms: int, sold: Sold
) -> list[Line]:
    """Sell what stock does not cover against announced goods, as far as units are announced."""
    out: list[Line] = []
    taken: list[Preordered] = []
    for line in lines:
        arrives_ms = selling.preorders.get(line.sku, 0)
        name = PREORDER + line.sku
        if arrives_ms > now_ms and line.known and not line.gift:
            here = int(world.atp[world.skus[line.sku][0]].sum())
            short = here < line.quantity + selling.pending.get(name, 0)
            if short and selling.left.get(name, 0) >= line.quantity:
                at = rfc3339(arrives_ms)
                line = msgspec.structs.replace(line, arrives=at)
                units = line.quantity
                taken.append(Preordered(arrives=at, line=line.no, sku=line.sku, units=units))
                sold.taken.append((name, units))
                sold.arrives_ms = max(sold.arrives_ms, arrives_ms)
            elif not short:
                selling.pending[name] = selling.pending.get(name, 0) + line.quantity
        out.append(line)
    if taken:
        sold.said.append(Said(data=PreorderTaken(lines=tuple(taken))))
    return out


def settle(selling: Selling) -> None:
    """Forget what the group before has given: the next is decided on what its commit left."""
    selling.pending.clear()
    selling.buyers.clear()


def statements(placed: Iterable[Placement]) -> list[write.Statement]:
    """Give the statements that use up allowances and remember buyers; each may fail the commit."""
    units: dict[tuple[int, str], int] = {}
    had: list[tuple[int, str, bytes, Any]] = []
    for p in placed:
        if p.sold is not None:
            tenant = p.request.tenant
            for name, n in p.sold.taken:
                units[tenant, name] = units.get((tenant, name), 0) + n
            had += [(tenant, code, buyer, p.id) for code, buyer in p.sold.had]
    out = []
    if units:
        keys = sorted(units)
        columns = (
            write.int4s([k[0] for k in keys]),
            write.texts([k[1] for k in keys]),
            write.int8s([units[k] for k in keys]),
        )
        out.append(write.Statement(TAKE, (*columns, len(keys))))
    if had:
        told = (
            write.int4s([h[0] for h in had]),
            write.texts([h[1] for h in had]),
            write.byteas([h[2] for h in had]),
            write.uuids([h[3] for h in had]),
        )
        out.append(write.Statement(REMEMBER, (*told, len(had))))
    return out


def give_back(selling: Selling, sold: Sold) -> None:
    """Undo in memory what an order took that was not written."""
    for name, units in sold.taken:
        selling.left[name] = selling.left.get(name, 0) + units
