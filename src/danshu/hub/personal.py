"""Personal data of an order: seen unmasked for a stated reason, or erased for good.

Both are facts on the order's own stream, written in the commit that reads or erases.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.hub import acts, erasing, inbox, request_vault
from danshu.hub.facts import PersonRevealed
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Said, rfc3339
from danshu.kernel.limits import REVEAL_S
from danshu.ledger import vault
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
Field = Literal["name", "phone", "address", "raw"]
ERASED: Final = Refusal(
    code="erased_already",
    reason="个人信息已删除",
    reason_en="The personal data has been erased",
    clause="vault.erased",
)


class Address(Struct, frozen=True, kw_only=True):
    """An address in plain words."""

    country: str
    province: str
    city: str
    district: str
    street: str
    detail: str
    postcode: str


class Revealed(Struct, frozen=True, kw_only=True):
    """Plain values of what was asked for, None for the rest; to be masked again at `until`.

    `raw` is the platform's message as text, bytes that are no UTF-8 replaced.
    """

    order: uuid.UUID
    fields: tuple[str, ...]
    name: str | None
    phone: str | None
    address: Address | None
    raw: str | None
    until: str


class Erased(Struct, frozen=True, kw_only=True):
    """What was erased, and when; `messages` of the inbox held the same data, `evidence` counts the
    statements, signatures and pieces of evidence of its acts.
    """

    order: uuid.UUID
    erased: str
    messages: int
    evidence: int


async def reveal(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    fields: Sequence[Field],
    reason: str,
) -> Revealed | Refusal:
    """Give personal data unmasked and write who saw what and why, in one commit.

    Raises GuardFailed when the order was being written; nothing was shown then.
    """
    asked = tuple(dict.fromkeys(fields))
    async with connection.transaction():
        row = await vault.read(connection, world.tenant, id_)
        if row is None or row.person is None or row.raw is None:
            return ERASED if row else acts.NO_ORDER
        said = Said(data=PersonRevealed(fields=asked, reason=reason))
        told = await acts.change(connection, world, id_, actor, now_ms, _say(said))
        if isinstance(told, Refusal):
            return told
        to = await request_vault.read_receiver(connection, world.tenant, id_, row.person)
        to = to or Receiver()
    return Revealed(
        order=id_,
        fields=asked,
        name=to.name if "name" in asked else None,
        phone=to.phone if "phone" in asked else None,
        address=_address(to) if "address" in asked else None,
        raw=row.raw.decode(errors="replace") if "raw" in asked else None,
        until=rfc3339(now_ms + REVEAL_S * 1000),
    )


def _say(said: Said) -> acts.Decide:
    """Decide to say one thing that changes nothing of the order."""

    def decide(_: World, held: acts.Held, __: int) -> acts.Change | Refusal:
        return acts.Change(order=held.order, said=[said], promises=held.promises)

    return decide


def _address(to: Receiver) -> Address:
    return Address(**{name: getattr(to, name) for name in Address.__struct_fields__})


async def erase(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    *,
    reason: str,
    reference: str,
) -> Erased | Refusal:
    """Erase the raw message and the receiver of an order, here and in the inbox, and what its acts
    kept, in one commit with the fact; facts, leaves and proofs stay as they were.
    """
    said = Said(data=vault.VaultErased(basis=reason, requested_by=reference, vault_id=str(id_)))
    done: Erased | Refusal = ERASED
    async with connection.transaction():
        told = await acts.change(connection, world, id_, actor, now_ms, _say(said))
        if isinstance(told, Refusal):
            return told
        if not await vault.erase(connection, world.tenant, id_, now_ms):
            raise psycopg.Rollback  # it was erased before: the fact is not said twice
        messages = await inbox.erase_order(connection, world.tenant, id_)
        evidence = await erasing.erase_evidence(connection, world.tenant, id_)
        evidence += await request_vault.erase(connection, world.tenant, id_, now_ms)
        done = Erased(order=id_, erased=rfc3339(now_ms), messages=messages, evidence=evidence)
    return done
