"""What may be done with an order now: every act asked of the machines, without writing.

There is no second rule set: each act is decided exactly as it would be when it is done, on a copy
of what deciding changes, and what comes back is described.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import decide, facts, model
from danshu.capabilities.orders.machines import FULFILMENT, HOLD, ORDER
from danshu.capabilities.people.policies import Context
from danshu.hub import acts, order_rights, presale, timeline
from danshu.hub.act_words import ACTS, WAYS, Need, Reversible
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NAMES
from danshu.kernel.machine import Edge, Words
from danshu.kernel.money import apportion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from danshu.hub.timeline_figures import Names
    from danshu.hub.views import Seen
    from danshu.hub.world import World

EVENTS: Final = (*decide.ACTS, "align", "allocate", "reroute")
# Acts on one fulfilment order, offered for each of them beside the order as a whole.
_OF_FULFILMENT: Final = (
    *("release", "pick", "pack", "recall", "waybill", "ship", "deliver"),
    *("intercept", "lose", "refuse", "send_back"),
)


Permission = Literal["no", "yes", "proof"]
State = Literal["allowed", "refused", "not_permitted"]


class PromiseChange(Struct, frozen=True, kw_only=True):
    """What an act does to a promise."""

    code: str
    name: str
    before: str
    after: str


class Freed(Struct, frozen=True, kw_only=True):
    """Units that go back to a warehouse's stock; it must be told to stop when it had begun."""

    fulfilment: int
    warehouse: str
    name: str
    units: int
    stop: bool
    waybill: str


class Effect(Struct, frozen=True, kw_only=True):
    """What follows when it is done now. `refund` in minor units: what is owed back."""

    before: str
    after: str
    refund: int
    currency: str
    freed: tuple[Freed, ...]
    promises: tuple[PromiseChange, ...]
    facts: tuple[str, ...]


class Offer(Struct, frozen=True, kw_only=True):
    """One act. `fulfilment` 0 is the order as a whole; `action` is the right that it needs.

    `refused`: the machine says no, with its reason and the way out. `not_permitted`: it could be
    done now, by the roles in `roles`. `exclude`: the warehouses that a re-route leaves.
    """

    event: str
    fulfilment: int
    state: State
    action: str
    icon: str
    title: str
    legal: str
    needs: tuple[Need, ...]
    reversible: Reversible
    undo: str
    roles: tuple[str, ...]
    primary: bool
    needs_proof: bool = False
    exclude: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    clause: str = ""
    way: str = ""
    way_event: str = ""
    effect: Effect | None = None


class Rights(Struct, frozen=True, kw_only=True, eq=False):
    """Whom the acts are offered to: whether they may (no, yes, after a fresh proof), in a context;
    and which roles may.
    """

    ask: Callable[[str, Context], Permission]
    roles: Callable[[str], tuple[str, ...]]


def offer(world: World, seen: Seen, rights: Rights, lang: str, now_ms: int) -> list[Offer]:
    """Offer every act on an order, those on its fulfilment orders each; writes nothing."""
    if not presale.knows(world, seen.order):
        return []
    names = timeline.names_of(world, seen.order, lang)
    awaited = {a.event for a in timeline.await_next(seen.order, seen.promises, names)}
    live = [f.no for f in seen.order.fulfilments if f.state != "cancelled"]
    asked = [(event, 0) for event in EVENTS]
    asked += [(event, no) for no in live for event in _OF_FULFILMENT]
    offers = []
    for event, no in asked:
        made = _offer(world, seen, names, rights, event, no, now_ms)
        if made is not None:
            offers.append(_marked(made, event in awaited and no == 0))
    return offers


def _marked(made: Offer, awaited: bool) -> Offer:
    return replace(made, primary=awaited and made.state == "allowed")


def _offer(
    world: World, seen: Seen, names: Names, rights: Rights, event: str, no: int, now_ms: int
) -> Offer | None:
    command = _least(world, seen.order, event, no)
    told = ask(world, seen, command, now_ms)
    action = f"order.{event}"
    permission = _permission(rights, action, order_rights.contexts(seen.order, command))
    if permission == "no" and isinstance(told, Refusal):
        return None
    words = ACTS[event]
    made = Offer(
        event=event,
        fulfilment=no,
        state="refused",
        action=action,
        icon=words.icon,
        title=names.pick(words.title),
        legal=names.pick(_legal(seen.order, event, no)),
        needs=words.needs,
        reversible=words.reversible,
        undo=words.undo,
        roles=rights.roles(action),
        primary=False,
        exclude=command.exclude,
    )
    if not isinstance(told, Refusal):
        effect = _effect(seen, told, names)
        state: State = "not_permitted" if permission == "no" else "allowed"
        return replace(made, state=state, needs_proof=permission == "proof", effect=effect)
    way = WAYS.get(told.code)
    return replace(
        made,
        code=told.code,
        reason=(told.reason_en or told.reason) if names.lang == "en" else told.reason,
        clause=told.clause,
        way=names.pick(way.text) if way else "",
        way_event=way.event if way else "",
    )


def _permission(rights: Rights, action: str, contexts: Sequence[Context]) -> Permission:
    """Ask for the act itself, for each warehouse that it touches; the least of the answers."""
    answers = {rights.ask("order.act", {}), *(rights.ask(action, c) for c in contexts)}
    return "no" if "no" in answers else "proof" if "proof" in answers else "yes"


def _least(world: World, order: model.Order, event: str, no: int) -> decide.Command:
    """Give a command with the least that it needs told."""
    return decide.Command(
        event=event,
        fulfilment=no,
        reason="?" if event in ("hold", "cancel", "report_damage", "intercept") else "",
        amount=_amount(world, order, event),
        carrier="?" if event == "waybill" else "",
        waybill="?" if event == "waybill" else "",
        exclude=_elsewhere(order, event),
    )


def _elsewhere(order: model.Order, event: str) -> tuple[str, ...]:
    """Give the warehouses that a re-route is to leave: those that have not begun."""
    if event != "reroute":
        return ()
    return tuple(dict.fromkeys(f.warehouse for f in order.fulfilments if f.state == "allocated"))


def ask(world: World, seen: Seen, command: decide.Command, now_ms: int) -> acts.Change | Refusal:
    """Decide an act as it would be decided now, and leave no trace of it."""
    held = acts.Held(
        id=seen.id,
        order=seen.order,
        promises=seen.promises,
        seq=seen.seq,
        head=b"",
        wh=-1,
        due_ms=0,
    )
    with untouched(world, seen.order):
        try:
            return acts.command(command)(world, held, now_ms)
        except InputError as error:  # what it needs cannot be told by anybody
            return Refusal(code=error.code, reason=error.detail, reason_en=error.detail)


def _amount(world: World, order: model.Order, event: str) -> int:
    if event == "pay":
        return presale.due(world, order)
    return 1 if event == "compensate" else 0


@contextlib.contextmanager
def untouched(world: World, order: model.Order) -> Iterator[None]:
    """Give back what routing takes from the prediction; nothing else runs meanwhile."""
    skus = sorted({world.skus[n.sku][0] for n in order.lines if n.sku in world.skus})
    atp, capacity = world.atp[skus].copy(), world.capacity.copy()
    quotas = {k: dict(world.quotas[k]) for k in world.quotas if k[0] in skus}
    awaiting = dict(world.awaiting)
    try:
        yield
    finally:
        world.atp[skus] = atp
        world.capacity[:] = capacity
        world.quotas.update(quotas)
        world.awaiting = awaiting


def _legal(order: model.Order, event: str, no: int) -> Words:
    """Give the meaning of an act between the parties: the edge's that it would take."""
    told = ACTS[event].legal
    if told is not None:
        return told
    if event in ("hold", "unhold"):
        found = HOLD.answer("held" if order.holds else "free", event)
        machine = HOLD
    elif no or event not in ORDER.events:
        machine = FULFILMENT
        states = [f.state for f in order.fulfilments if no in (0, f.no)]
        found = FULFILMENT.answer(states[0] if states else FULFILMENT.initial, event)
    else:
        machine = ORDER
        found = _ordinary(model.stage(order), event)
    if not isinstance(found, Edge):
        found = next(edge for edge in machine.edges if edge.event == event)
    return Words(zh=found.legal_zh, en=found.legal_en)


def _ordinary(stage: model.State, event: str) -> Edge | Refusal:
    """Answer for the header; a return's stage is no state of the machine."""
    return ORDER.answer(stage.word if stage.word in ORDER.states else ORDER.initial, event)


def _effect(seen: Seen, change: acts.Change, names: Names) -> Effect:
    before = {p.code: p.state.value for p in seen.promises}
    return Effect(
        before=model.state(seen.order).word,
        after=model.state(change.order).word,
        refund=refund(seen.order, change.order),
        currency=seen.order.currency,
        freed=tuple(_freed(seen.order, change, names)),
        promises=tuple(
            PromiseChange(
                code=p.code,
                name=names.promises.get(p.code, p.code),
                before=before[p.code],
                after=p.state.value,
            )
            for p in change.promises
            if before.get(p.code, p.state.value) != p.state.value
        ),
        facts=tuple(NAMES[type(said.data)][0] for said in change.said),
    )


def _freed(order: model.Order, change: acts.Change, names: Names) -> Iterator[Freed]:
    known = {f.no: f for f in order.fulfilments}
    for said in change.said:
        if isinstance(said.data, facts.OrderCancelled):
            for part in said.data.freed:
                yield Freed(
                    fulfilment=part.no,
                    warehouse=part.warehouse,
                    name=names.warehouses.get(part.warehouse, part.warehouse),
                    units=sum(s.quantity for s in part.shares),
                    stop=known[part.no].state != "allocated",
                    waybill=known[part.no].waybill,
                )


def refund(before: model.Order, after: model.Order) -> int:
    """Give what a cancellation owes back, in minor units: all that was paid, or the lines' shares
    of it where something has left already.
    """
    if not after.cancelled or before.cancelled == after.cancelled:
        return 0
    if after.type and not any(n.shipped for n in after.lines):
        return after.owed - before.owed  # what its type keeps is not owed
    if all(n.cancelled == n.quantity for n in after.lines):
        return after.paid
    owed = 0
    for was, now in zip(before.lines, after.lines, strict=True):
        gone = now.cancelled - was.cancelled
        owed += apportion(now.paid, [gone, now.quantity - gone])[0]
    return min(owed, after.paid)
