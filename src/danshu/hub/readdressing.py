"""Bulk change of address 批量改址: each order by the door of an amendment, under the rights of
whoever asked; what cannot be changed is refused by itself, with its reason.

A selection changes the address of one receiver: an order that goes to somebody else, or elsewhere,
is refused. A table names each order's own. A receiver that a platform encrypted is changed on the
platform, which alone can read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders.amending import Wish
from danshu.hub import (
    acts,
    amend_wishes,
    order_rights,
    personal,
    receivers,
    request_vault,
    search,
)
from danshu.hub.amend_wishes import Asked, Shown
from danshu.hub.rights import Forbidden
from danshu.kernel.errors import Refusal
from danshu.ledger import vault
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.orders.model import Order
    from danshu.hub.changes import Change, Held
    from danshu.hub.requests import Answer
    from danshu.hub.rights import Seated
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
ACT: Final = "readdress"
RIGHT: Final = "order.amend"
ENCRYPTED: Final = Refusal(
    code="receiver_encrypted",
    reason="收件人由平台加密，请在平台改址",
    reason_en="The platform encrypted the receiver: change the address on the platform",
    clause="order.amend.encrypted",
)
ANOTHER: Final = Refusal(
    code="another_receiver",
    reason="收件人和所选的第一单不同",
    reason_en="It goes to another receiver than the first order chosen",
    clause="order.amend.receiver",
)
LET_GO: Final = Refusal(
    code="address_let_go",
    reason="新地址已改过或已清除",
    reason_en="The new address was used already, or let go",
    clause="order.amend.batch",
)
_MASK: Final = "*"
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class Move(Struct, frozen=True, kw_only=True):
    """What is asked of an order: the address, by whom and why; `alike` is the hash of the receiver
    that it must go to now, 0 = any.
    """

    to: Receiver
    by: str
    reason: str
    alike: int = 0


async def look(
    connection: Connection, world: World, id_: uuid.UUID, move: Move, seated: Seated, now_ms: int
) -> Shown | Refusal:
    """Decide an order's new address as it would be decided; writes nothing. Raises InputError,
    Forbidden.
    """
    refusal = await _refuse(connection, world, id_, move)
    if refusal is not None:
        return refusal
    shown = await amend_wishes.preview(connection, world, id_, _asked(move), now_ms)
    if isinstance(shown, Shown):
        ask(seated, shown.before.order, shown.change)
    return shown


async def move(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    wanted: Move,
    actor: Actor,
    seated: Seated,
    cause: str,
    now_ms: int,
) -> Answer | Refusal:
    """Change an order's address in the caller's transaction. Raises as `amend_wishes.amend`."""
    refusal = await _refuse(connection, world, id_, wanted)
    if refusal is not None:
        return refusal

    def permit(before: Held, change: Change) -> None:
        ask(seated, before.order, change)

    return await amend_wishes.amend(
        connection, world, id_, actor, _asked(wanted), permit, now_ms, cause
    )


def ask(seated: Seated, before: Order, change: Change) -> None:
    """Let an amendment pass, or raise Forbidden: the rules look at each warehouse it touches."""
    for known in order_rights.amending(before, change.order):
        if not seated.ask(RIGHT, known).allowed:
            raise Forbidden("forbidden", "you may not amend this order", RIGHT)


async def alike_of(connection: Connection, world: World, id_: uuid.UUID) -> int:
    """Give the hash of the receiver that an order goes to now, -1 where it can't be compared."""
    found = await _now(connection, world, id_)
    return -1 if isinstance(found, Refusal) or found[1] is None else found[1]


async def _refuse(
    connection: Connection, world: World, id_: uuid.UUID, wanted: Move
) -> Refusal | None:
    found = await _now(connection, world, id_)
    if isinstance(found, Refusal):
        return found
    was, key = found
    kept = ("" if wanted.to.name else was.name) + ("" if wanted.to.phone else was.phone)
    if was.token or was.cipher or _MASK in kept:
        return ENCRYPTED
    return ANOTHER if wanted.alike and key != wanted.alike else None


async def _now(
    connection: Connection, world: World, id_: uuid.UUID
) -> tuple[Receiver, int | None] | Refusal:
    """Read where an order goes now, with the hash by which receivers are compared."""
    held = await acts.hold(connection, world, id_, locked=False)
    if held is None:
        return acts.NO_ORDER
    row = await vault.read(connection, world.tenant, id_)
    placed = row.person if row else None
    was = await request_vault.read_receiver(connection, world.tenant, id_, placed)
    if was is None:
        return personal.ERASED
    salt = await search.read_salt(connection, world.tenant)
    order = held.order
    return was, receivers.key_of(salt, order.channel, order.shop, _encode(was))


def _asked(wanted: Move) -> Asked:
    return Asked(version=0, wish=Wish(by=wanted.by, reason=wanted.reason), to=wanted.to)
