"""What is asked of an amendment, made ready: prices of master data, the new receiver for the vault,
the buyer's consent looked at; then shown without a trace, or done in one commit.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders.amending import LineWish, Wish
from danshu.hub import (
    acts,
    amend_consents,
    amending,
    changes,
    masters,
    personal,
    request_vault,
    substitutes,
)
from danshu.hub.changes import Change, Held
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Evidence
from danshu.ledger import vault
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from danshu.hub.requests import Answer
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

    Permit = Callable[[Held, Change], None]
    """Raises Forbidden when the rules say no to what an amendment comes to."""

Connection = psycopg.AsyncConnection[Any]
CHANGED: Final = Refusal(
    code="order_changed",
    reason="打开之后有人动过这张订单,请重新看过再改",
    reason_en="Somebody changed the order since it was opened: look at it again",
    clause="order.amend.version",
)
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_KEPT_CIPHERS: Final = ("name", "phone")


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked. `version` is the `seq` of the order as it was seen, 0 = whatever it is now.

    `to` has the new receiver: a name or phone that it leaves blank stays, an address without a
    detail stays as a whole.
    """

    version: int
    wish: Wish
    to: Receiver | None = None


class Ready(Struct, frozen=True, kw_only=True):
    """A wish made ready for an order, with what its fact commits to and the vault is to keep."""

    wish: Wish
    evidence: tuple[Evidence, ...] = ()
    entry: vault.Entry | None = None


class Shown(Struct, frozen=True, kw_only=True, eq=False):
    """What an amendment would do: the order before and after."""

    before: Held
    change: Change


async def preview(
    connection: Connection, world: World, id_: uuid.UUID, asked: Asked, now_ms: int
) -> Shown | Refusal:
    """Decide an amendment as it would be decided now; writes nothing. Raises InputError."""
    held = await acts.hold(connection, world, id_, locked=False)
    if held is None:
        return acts.NO_ORDER
    ready = await _prepare(connection, world, held, asked, now_ms)
    if isinstance(ready, Refusal):
        return ready
    with amending.untouched(world, held.order, ready.wish):
        change = amending.amend(world, held, ready.wish, ready.evidence, now_ms)
    return change if isinstance(change, Refusal) else Shown(before=held, change=change)


async def amend(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    asked: Asked,
    permit: Permit,
    now_ms: int,
    cause: str = "",
) -> Answer | Refusal:
    """Amend an order in one commit with what is reserved, freed and kept in the vault; `cause` is
    what its facts name as theirs, where they name none.

    Raises InputError for what cannot be said, Forbidden by `permit`, GuardFailed when stock was
    taken meanwhile.
    """
    async with connection.transaction():
        held = await acts.hold(connection, world, id_)
        if held is None:
            return acts.NO_ORDER
        ready = await _prepare(connection, world, held, asked, now_ms)
        if isinstance(ready, Refusal):
            return ready
        change = amending.amend(world, held, ready.wish, ready.evidence, now_ms)
        if isinstance(change, Refusal):
            return change
        if amending.open_units(change.order) > amending.open_units(held.order):
            await masters.load_stock(connection, world)  # others free some, too
            again = amending.amend(world, held, ready.wish, ready.evidence, now_ms)
            change = change if isinstance(again, Refusal) else again
        permit(held, change)
        decided = changes.caused(change, cause) if cause else change
        told = await acts.change(connection, world, id_, actor, now_ms, lambda *_: decided)
        if ready.entry is not None and not isinstance(told, Refusal):
            put = vault.put([ready.entry])
            await connection.execute(put.sql, put.params, binary=True)
        return told


async def _prepare(
    connection: Connection, world: World, held: Held, asked: Asked, now_ms: int
) -> Ready | Refusal:
    if asked.version and asked.version != held.seq:
        return CHANGED
    wish = replace(asked.wish, lines=tuple([_price(world, n) for n in asked.wish.lines]))
    priced = await substitutes.settle(connection, world.tenant, held.order, wish)
    if isinstance(priced, Refusal):
        return priced
    wish = priced
    if wish.consent:
        await amend_consents.check(connection, world.tenant, held.id, wish)
    ready: Ready | Refusal = Ready(wish=wish)
    if asked.to is not None:
        ready = await _move(connection, world, held, wish, asked.to, now_ms)
    if isinstance(ready, Refusal):
        return ready
    return amend_consents.refuse(held, ready.wish) or ready


def _price(world: World, line: LineWish) -> LineWish:
    """Fill in what master data knows of a new line. Raises InputError `unknown_sku`."""
    if line.line:
        return line
    found = world.skus.get(line.sku)
    if found is None:
        raise InputError("unknown_sku", f"no SKU {line.sku!r}", "/lines")
    price = found[1].price_fen if line.price is None else line.price
    return replace(line, price=price, title=line.title or found[1].name)


async def _move(
    connection: Connection, world: World, held: Held, wish: Wish, to: Receiver, now_ms: int
) -> Ready | Refusal:
    """Make the whole new receiver of what is asked and what is known, for the vault."""
    row = await vault.read(connection, world.tenant, held.id)
    placed = row.person if row else None
    was = await request_vault.read_receiver(connection, world.tenant, held.id, placed)
    if was is None:
        return personal.ERASED
    merged = merge(was, to)
    m = merged
    find = world.gazetteer.resolve
    region = find(m.country, m.province, m.city, m.district, m.street, m.detail) or ""
    if region not in world.regions:
        raise InputError("unknown_region", "the receiver's region is not served", "/receiver")
    salt, person = os.urandom(vault.SALT_BYTES), _encode(merged)
    entry = vault.Entry(
        tenant=world.tenant,
        id=ids.uuid7(now_ms, os.urandom(10)),
        salt=salt,
        raw=b"",
        person=person,
    )
    digest = vault.commit(salt, "person", person)
    said = Evidence(digest=digest, kind="receiver", salted=True, size=len(person))
    wish = replace(wish, receiver=str(entry.id), region=region)
    return Ready(wish=wish, evidence=(said,), entry=entry)


def merge(was: Receiver, to: Receiver) -> Receiver:
    """Give the whole new receiver; the platform's handle and the ciphertexts of what stays are
    kept, those of what is replaced are not.
    """
    named = {n: getattr(to, n) or getattr(was, n) for n in ("name", "phone")}
    gone = {n for n in _KEPT_CIPHERS if getattr(to, n)}
    if not to.detail:
        cipher = {k: v for k, v in was.cipher.items() if k not in gone}
        return replace(was, **named, cipher=cipher)
    cipher = {k: v for k, v in was.cipher.items() if k in _KEPT_CIPHERS and k not in gone}
    return replace(to, **named, country=to.country or was.country, token=was.token, cipher=cipher)
