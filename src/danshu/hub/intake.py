"""From a platform's message to acts: new orders are placed, known ones are brought up to date.

take         parse; what cannot be parsed goes to the inbox
take_drafts  place, then hear what is new of known orders: paid, hold lifted; then cancel
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import tables
from danshu.hub import acts, after_sales_platform, inbox, presale
from danshu.hub.requests import Answer, Outcome, Request
from danshu.kernel.errors import DanshuError, InputError, Refusal
from danshu.kernel.fact import Actor
from danshu.ledger import write
from danshu.ports.channel import Account, Channel, Draft, DraftKind

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.world import World

CANCEL_OF_UNKNOWN: Final = Refusal(
    code=inbox.CANCEL_OF_UNKNOWN,
    reason="没有这张订单,取消消息已存入收件箱",
    reason_en="There is no such order; the cancellation waits in the inbox",
    clause="intake.cancel",
)
# Holds that a platform sets and lifts; all others belong to the hub or to a person.
PLATFORM_HOLDS: Final = frozenset(
    {
        "risk_review",
        "group_incomplete",
        "presale_tail_unpaid",
        "gift_unaccepted",
        "items_incomplete",
    }
)


def actor_of(account: Account) -> Actor:
    """Who speaks when a platform's message comes in: the channel, by its signature alone (grade
    D).
    """
    return Actor(sub=f"channel:{account.channel}", role="channel", key=account.account, grade="D")


def key_of(draft: Draft) -> str:
    """Give the key under which a platform's order is known in its tenant for ever."""
    number = draft.number
    if draft.kind is DraftKind.CANCEL and draft.of_number:
        number = draft.of_number
    return f"{draft.channel}/{draft.shop}/{number}"


def request_of(tenant: int, draft: Draft, raw: bytes, actor: Actor) -> Request:
    """Make the desk's request of a platform's draft: what is not in the master data holds the
    order.
    """
    return Request(
        tenant=tenant,
        key=key_of(draft),
        digest=hashlib.sha256(raw).digest(),
        draft=draft,
        raw=raw,
        actor=actor,
    )


def parse(account: Account, adapter: Channel, body: bytes) -> tuple[Draft, ...]:
    """Parse a message and name the shop in each draft. Raises InputError, whatever the adapter
    raised.
    """
    try:
        drafts = adapter.parse(body)
    except InputError:
        raise
    except RecursionError as error:
        raise InputError("too_deep", "the message is nested too deeply") from error
    except Exception as error:
        raise InputError(inbox.UNREADABLE, f"{type(error).__name__} in the adapter") from error
    if not drafts:
        raise InputError(inbox.UNREADABLE, "the message holds no order")
    shop = account.shop or account.account
    return tuple([d if d.shop else msgspec.structs.replace(d, shop=shop) for d in drafts])


async def take(hub: Hub, account: Account, adapter: Channel, body: bytes) -> list[Outcome]:
    """Take a verified message; the outcome of each of its drafts, in order.

    Raises InputError for a message that cannot be parsed, after it was put into the inbox;
    NotAvailable and
    UnknownOutcome when nothing is known to be written (the platform will repeat it).
    """
    try:
        drafts = parse(account, adapter, body)
    except InputError as error:
        async with hub.connection() as connection:
            await inbox.keep(
                connection,
                account.tenant,
                channel=account.channel,
                account=account.account,
                reason=inbox.UNREADABLE,
                detail=error.diagnose(),
                body=body,
            )
        raise
    return await take_drafts(
        hub,
        account.tenant,
        [(d, body) for d in drafts],
        actor_of(account),
        account=account.account,
    )


async def take_drafts(
    hub: Hub,
    tenant: int,
    drafts_with_raw: Sequence[tuple[Draft, bytes]],
    actor: Actor,
    *,
    account: str = "",
) -> list[Outcome]:
    """Take drafts with the bytes that each rests on; the outcome of each, in order.

    Orders and returns are placed first, so that a cancellation in the same file finds its order.
    """
    outcomes: list[Outcome | None] = [None] * len(drafts_with_raw)
    placing = [
        (i, request_of(tenant, draft, raw, actor))
        for i, (draft, raw) in enumerate(drafts_with_raw)
        if draft.kind is not DraftKind.CANCEL
    ]
    for (i, _), outcome in zip(
        placing, await hub.place([request for _, request in placing]), strict=True
    ):
        outcomes[i] = outcome
    teller = _Teller(hub, tenant, actor, account)
    for i, request in placing:
        told = outcomes[i]
        if isinstance(told, Answer) and told.existing:
            outcomes[i] = await teller.hear(request, told)
        elif isinstance(told, InputError):
            await teller.keep(request.draft, request.raw, inbox.REFUSED, told.diagnose())
        if isinstance(told, Answer):
            await teller.hear_after_sale(request, told)
    for i, (draft, raw) in enumerate(drafts_with_raw):
        if draft.kind is DraftKind.CANCEL:
            outcomes[i] = await teller.cancel(draft, raw)
    return [o for o in outcomes if o is not None]


def failed(outcomes: Sequence[Outcome]) -> DanshuError | None:
    """Give the first outcome that says that the message was not taken, if any."""
    return next((o for o in outcomes if isinstance(o, DanshuError)), None)


class _Teller:
    """Tells known orders what a platform says of them."""

    def __init__(self, hub: Hub, tenant: int, actor: Actor, account: str) -> None:
        self._hub, self._tenant, self._actor, self._account = hub, tenant, actor, account

    async def keep(self, draft: Draft, raw: bytes, reason: str, detail: str) -> None:
        async with self._hub.connection() as connection:
            await inbox.keep(
                connection,
                self._tenant,
                channel=draft.channel,
                account=self._account or draft.shop,
                reason=reason,
                detail=detail,
                body=raw,
            )

    async def find(self, key: str) -> tuple[uuid.UUID, bytes] | None:
        async with self._hub.connection() as connection:
            cursor = await connection.execute(
                tables.FIND_KEYS, (self._tenant, write.texts([key])), binary=True
            )
            row = await cursor.fetchone()
        return (row[1], bytes(row[2])) if row else None

    async def hear(self, request: Request, answer: Answer) -> Outcome:
        """Bring a known order up to date with another message about it."""
        if request.draft.kind is not DraftKind.ORDER:
            return answer
        known = await self.find(request.key)
        if known is None or known[1] == request.digest:
            return answer
        await self.keep(request.draft, request.raw, inbox.NEWS, str(answer.order))
        try:
            told = await self._hub.change(
                self._tenant, answer.order, _update(request.draft, self._actor), self._actor
            )
        except DanshuError as error:
            return error
        return answer if isinstance(told, Refusal) else told

    async def hear_after_sale(self, request: Request, answer: Answer) -> None:
        """Open the case that a return asks for, or a refund that the platform tells of."""
        draft = request.draft
        if draft.kind is DraftKind.RETURN and draft.of_number:
            known = await self.find(f"{draft.channel}/{draft.shop}/{draft.of_number}")
            if known is not None:
                place = (self._hub, self._tenant, known[0])
                await after_sales_platform.hear_return(*place, draft, request.key, self._actor)
        elif draft.kind is DraftKind.ORDER and after_sales_platform.concerns(draft):
            place = (self._hub, self._tenant, answer.order)
            digest = request.digest
            await after_sales_platform.hear_refund(*place, draft, digest, self._actor)

    async def cancel(self, draft: Draft, raw: bytes) -> Outcome:
        """Cancel a known order; what is unknown or can't be cancelled waits in the inbox for a
        person.
        """
        known = await self.find(key_of(draft))
        if known is None:
            await self.keep(draft, raw, inbox.CANCEL_OF_UNKNOWN, key_of(draft))
            return CANCEL_OF_UNKNOWN
        await self.keep(draft, raw, inbox.NEWS, str(known[0]))
        try:
            told = await self._hub.change(
                self._tenant, known[0], _cancel(draft, self._actor), self._actor
            )
        except DanshuError as error:
            return error
        if isinstance(told, Refusal):
            await self.keep(draft, raw, inbox.CANCEL_REFUSED, f"{known[0]} {told.code}")
        return told


def _update(draft: Draft, actor: Actor) -> acts.Decide:
    """Decide what a newer message changes: money that came in, a hold that the platform lifted."""

    def decide(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
        commands = []
        is_paid = bool(draft.paid_ms) or (draft.paid > 0 and draft.paid >= draft.total)
        if held.order.type:  # each payment of its type by itself
            commands += [
                orders.Command(event="pay", amount=amount, occurred_ms=draft.paid_ms, by=actor.sub)
                for amount in presale.payments_told(held.order, draft.paid, draft.deposit)
            ]
        elif is_paid and not held.order.paid_ms and draft.paid >= held.order.paid:
            commands.append(
                orders.Command(
                    event="pay",
                    amount=draft.paid - held.order.paid,
                    occurred_ms=draft.paid_ms,
                    by=actor.sub,
                )
            )
        commands += [
            orders.Command(event="unhold", reason=reason, by=actor.sub)
            for reason in held.order.holds
            if reason in PLATFORM_HOLDS and reason != draft.hold
        ]
        return _decide_each(commands, world, held, now_ms)

    return decide


def _decide_each(
    commands: Sequence[orders.Command], world: World, held: acts.Held, now_ms: int
) -> acts.Change | Refusal:
    """Decide several acts as one change; the first refusal refuses all."""
    change = acts.Change(order=held.order, said=[], promises=held.promises)
    for command in commands:
        held = msgspec.structs.replace(held, order=change.order, promises=change.promises)
        decided = acts.command(command)(world, held, now_ms)
        if isinstance(decided, Refusal):
            return decided
        change = msgspec.structs.replace(decided, said=[*change.said, *decided.said])
    return change


def _cancel(draft: Draft, actor: Actor) -> acts.Decide:
    """Cancel, unless it is cancelled already: the same message twice is one cancellation."""

    def decide(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
        if held.order.cancelled:
            return acts.Change(order=held.order, said=[], promises=held.promises)
        told = orders.Command(event="cancel", reason=draft.status or "platform", by=actor.sub)
        return acts.command(told)(world, held, now_ms)

    return decide
