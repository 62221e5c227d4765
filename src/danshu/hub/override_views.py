"""Overrides as pages show them: what a choice would cost, who chose and why, what waits."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders.facts import RouteOverridden
from danshu.capabilities.routing.reasons import ReasonText
from danshu.hub import acts, decision_views, offers, override_rows, overrides, overriding, views
from danshu.hub.actors import name_actors
from danshu.hub.decision_views import DecisionPanel, Recorded
from danshu.hub.override_stating import Stated
from danshu.hub.overriding import Closed
from danshu.hub.what_if import Difference, differ
from danshu.kernel import fact
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import STREAM_FACTS

if TYPE_CHECKING:
    from danshu.capabilities.routing.decide import Decision
    from danshu.hub.overriding import Choice
    from danshu.hub.views import Seen
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]


class OverrideHindrance(Struct, frozen=True, kw_only=True):
    """Why a choice cannot be, or not by this person."""

    code: str
    zh: str
    en: str


class OverrideWeighed(Struct, frozen=True, kw_only=True):
    """A choice beside the router's, both decided now on the same stock. `after` and `difference`
    are None where nothing was decided. `against` is what speaks against the warehouse; `lifts` are
    the rules of policy that forbid it, `second` tells that another person has to sign too.
    """

    before: DecisionPanel | None
    after: DecisionPanel | None
    difference: Difference | None
    against: tuple[ReasonText, ...]
    lifts: tuple[str, ...]
    second: bool
    hindrance: OverrideHindrance | None


class OverrideShown(Struct, frozen=True, kw_only=True):
    """An override as its fact says it: people by their numbers, money in 分; `holds` while what it
    pinned lies there still.
    """

    fact: str
    at: str
    by: str
    grade: str
    second: str
    to: str
    was: tuple[str, ...]
    router: tuple[str, ...]
    router_fen: int
    cost_fen: int
    lifted: tuple[str, ...]
    reason: str
    note: str
    decision: str
    statement: str
    signature: str
    holds: bool


class OverrideWaiting(Struct, frozen=True, kw_only=True):
    """An override that a first person signed, and that waits for a second."""

    override: uuid.UUID
    by: str
    began: str
    to: str
    was: tuple[str, ...]
    router_fen: int
    cost_fen: int
    lifted: tuple[str, ...]
    reason: str
    note: str


class OrderOverrides(Struct, frozen=True, kw_only=True):
    """The overrides of an order, the newest first."""

    items: tuple[OverrideShown, ...]
    waiting: tuple[OverrideWaiting, ...]


def weigh(
    world: World, seen: Seen, choice: Choice, may: overrides.May, now_ms: int
) -> OverrideWeighed:
    """Weigh a choice; writes nothing. Raises InputError for a warehouse that is not there."""
    held = acts.Held(
        id=seen.id, order=seen.order, promises=seen.promises, seq=seen.seq, head=b"", wh=-1,
        due_ms=0,
    )  # fmt: skip
    with offers.untouched(world, seen.order):
        told = overriding.choose(world, held, choice, now_ms)
    before = _panel(world, told.router, now_ms)
    after = _panel(world, told.decision, now_ms)
    against: tuple[ReasonText, ...] = ()
    if choice.warehouse and told.decision is not None:
        against = overriding.reasons_against(world, told.decision, choice.warehouse)
    refusal = told.refusal if isinstance(told, Closed) else overrides.ruled(told, held, choice, may)
    return OverrideWeighed(
        before=before,
        after=after,
        difference=differ(before, after, is_same=told.decision.plan == told.router.plan)
        if before and after and told.decision and told.router
        else None,
        against=against,
        lifts=() if isinstance(told, Closed) else told.ruled,
        second=overrides.needs_second(held, choice, may),
        hindrance=OverrideHindrance(
            code=refusal.code, zh=refusal.reason, en=refusal.reason_en or refusal.reason
        )
        if refusal
        else None,
    )


def _panel(world: World, decision: Decision | None, now_ms: int) -> DecisionPanel | None:
    if decision is None or not decision.plans:
        return None
    made = Recorded(fact="", decided_ms=now_ms, decision=decision)
    return decision_views.show(made, world.snapshot, world)


async def read(connection: Connection, world: World, order: uuid.UUID) -> OrderOverrides:
    """Read the overrides of an order from its facts, and what waits for a second person."""
    held = await acts.hold(connection, world, order, locked=False)
    pinned = {f.no for f in held.order.fulfilments if f.pinned} if held else set()
    live = {f.no for f in held.order.fulfilments if f.state != "cancelled"} if held else set()
    found = []
    for numbered in await views.read_facts(connection, world.tenant, order, 0, STREAM_FACTS):
        if b'"type":"route.overridden"' in numbered.body:
            said = fact.read(numbered.body)
            if isinstance(said.data, RouteOverridden):
                found.append((said, said.data))
    waiting = await override_rows.list_waiting(connection, world.tenant, order)
    people = {s.actor.sub for s, _ in found} | {d.second for _, d in found if d.second}
    names = await name_actors(connection, world.tenant, people | {w.sub for w in waiting})
    shown = [
        OverrideShown(
            fact=said.id,
            at=said.time,
            by=names[said.actor.sub],
            grade=said.actor.grade,
            second=names.get(data.second, ""),
            to=data.to,
            was=data.was,
            router=data.router,
            router_fen=data.router_fen,
            cost_fen=data.cost_fen,
            lifted=data.lifted,
            reason=data.reason,
            note=data.note,
            decision=data.decision,
            statement=data.statement,
            signature=data.signature,
            holds=bool(pinned & live & set(data.fulfilments)),
        )
        for said, data in reversed(found)
    ]
    return OrderOverrides(
        items=tuple(shown), waiting=tuple(_waiting(row, names[row.sub]) for row in waiting)
    )


def _waiting(row: override_rows.Row, by: str) -> OverrideWaiting:
    stated = msgspec.json.decode(row.stated, type=Stated)
    return OverrideWaiting(
        override=row.id,
        by=by,
        began=rfc3339(row.began_ms),
        to=row.warehouse,
        was=stated.was,
        router_fen=stated.router_fen,
        cost_fen=stated.cost_fen,
        lifted=stated.lifted,
        reason=row.reason,
        note=row.note,
    )
