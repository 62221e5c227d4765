"""The room `policies`: activates what is due, follows shadow runs, works off trials in batches.

Each batch is one commit with its figures and the place that it came to; who is killed goes on from
there, and of two workers one works.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.routing.policy import model
from danshu.capabilities.routing.policy.engine import PolicyEngine
from danshu.capabilities.routing.policy.intercepting import Interceptor
from danshu.hub import (
    intercept_figures,
    intercept_trials,
    intercept_usual,
    policy_arms,
    policy_past,
    policy_sets,
    policy_trials,
)
from danshu.hub.policy_past import Past, Snapshots
from danshu.hub.policy_replays import Judge, TrialFigures, is_changed, view_decision
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import DanshuError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import GROUP_ORDERS

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from danshu.capabilities.routing.policy.engine import Compiled
    from danshu.capabilities.routing.snapshot import Snapshot
    from danshu.hub.intercept_trials import Reader, Window
    from danshu.hub.policy_replays import Outcome

Connection = psycopg.AsyncConnection[Any]
_SETTLED_MS: Final = 2_000  # by then an order's commit is over, whichever server had it
_WORK_MS: Final = 60_000
_DUE: Final = """
select tenant, digest, at, by, role from policy_schedule where at <= %s order by at limit 1
"""
_FORGET: Final = "delete from policy_schedule where tenant=%s and digest=%s"
_NEXT: Final = """
select tenant,id,body,against,day,orders_max,co2_g_tkm,state,total,done,place,result,days
from policy_trials where state in ('queued','running') order by at limit 1
for update skip locked
"""
_BEGIN: Final = "update policy_trials set state='running', total=%s where tenant=%s and id=%s"
_KEEP: Final = """
update policy_trials set done=%s, place=%s, result=%s, state=%s where tenant=%s and id=%s
"""
_FAIL: Final = "update policy_trials set state='failed' where tenant=%s and id=%s"
_CHANGED: Final = """
insert into policy_trial_orders(tenant,trial,id,number,was,becomes,was_fen,becomes_fen,was_late,
becomes_late,rules,held) values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict do nothing
"""
_SHADOWS: Final = """
select h.tenant, h.shadow, s.place from policy_heads h
join policy_shadows s on s.tenant=h.tenant and s.digest=h.shadow where length(h.shadow) > 0
"""
_SHADOW: Final = """
update policy_shadows set place=%s, decided=decided+%s, differed=differed+%s, held=held+%s,
cost_fen=cost_fen+%s, shadow_fen=shadow_fen+%s where tenant=%s and digest=%s and place=%s
"""
_log = logging.getLogger("danshu.policies")
Compared = list[tuple[Past, "Outcome", "Outcome"]]


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url
    room = PolicyRoom()

    async def step(connection: Connection) -> int:
        return await room.look(connection, now_ms())

    return step


class PolicyRoom:
    """What the room remembers: the snapshots that it read last."""

    def __init__(self) -> None:
        self._snapshots = Snapshots()
        self._windows: dict[uuid.UUID, tuple[Reader, Window]] = {}
        self._worked_ms = 0

    async def look(self, connection: Connection, at_ms: int) -> int:
        """Do what is due; gives 0 when nothing is left to do at once."""
        done = await activate_due(connection, at_ms)
        if at_ms - self._worked_ms > _WORK_MS:
            self._worked_ms = at_ms
            await intercept_usual.work(connection, at_ms)
        done += await self._follow_shadows(connection, at_ms)
        return done + await self._try_next(connection)

    async def _try_next(self, connection: Connection) -> int:
        """Decide the next batch of the oldest trial."""
        async with connection.transaction():
            row = await (await connection.execute(_NEXT)).fetchone()
            if row is None:
                return 0
            tenant, id_, body, against, day, most, co2, state, total, done, place, raw, days = row
            low, high = policy_past.span(day, days)
            if state == "queued":
                total = await policy_past.count(connection, tenant, low, high, most)
                await connection.execute(_BEGIN, (total, tenant, id_))
            count = min(GROUP_ORDERS, total - done)
            digest = bytes(against).hex()
            try:
                tried = policy_arms.compile_set(model.read(bytes(body)))
                if tried.policy.kind == model.INTERCEPT:
                    return await self._try_stops(
                        connection, tenant, id_, tried, place or low, high, count, done, total,
                        bytes(raw),
                    )  # fmt: skip
                pasts = await policy_past.read_page(connection, tenant, place or low, high, count)
                figures = policy_trials.read_figures(bytes(raw))
                rules = await self._compiled(connection, tenant, digest) if digest else None
                compared = await self._compare(connection, tenant, pasts, rules, tried, co2)
            except DanshuError as error:  # it would fail again and again, and nobody's after it run
                _log.warning("trial %s fails: %s", id_, error)
                await connection.execute(_FAIL, (tenant, id_))
                return 1
            await _keep_changed(connection, tenant, id_, compared, figures)
            done += len(pasts)
            state = "running" if pasts and done < total else "done"
            told = (done, pasts[-1].id if pasts else place, msgspec.json.encode(figures), state)
            await connection.execute(_KEEP, (*told, tenant, id_))
        return 1

    async def _try_stops(
        self,
        connection: Connection,
        tenant: int,
        id_: uuid.UUID,
        tried: Compiled,
        place: uuid.UUID,
        high: uuid.UUID,
        most: int,
        done: int,
        total: int,
        raw: bytes,
    ) -> int:
        """Ask an intercept set about the next orders; its window is made again after a restart."""
        known = self._windows.pop(id_, None)
        if known is None or known[1].at != place:
            reader = await intercept_trials.open_reader(connection, tenant)
            known = reader, await intercept_trials.warm(connection, tenant, reader, place)
        reader, window = known
        figures = intercept_figures.read(raw)
        page = await intercept_trials.read_page(connection, tenant, place, high, most)
        await intercept_trials.try_page(
            connection, tenant, id_, Interceptor(tried), reader, window, page, figures
        )
        done += len(page)
        state = "running" if page and done < total else "done"
        if state == "running":
            self._windows[id_] = known
        told = (done, page[-1][0] if page else place, msgspec.json.encode(figures), state)
        await connection.execute(_KEEP, (*told, tenant, id_))
        return 1

    async def _compiled(self, connection: Connection, tenant: int, digest: str) -> Compiled:
        return policy_arms.compile_set(await policy_sets.read_set(connection, tenant, digest))

    async def _compare(
        self,
        connection: Connection,
        tenant: int,
        pasts: list[Past],
        rules: Compiled | None,
        tried: Compiled,
        co2_g_tkm: int,
    ) -> Compared:
        """Decide orders under both sets; those without a decision or snapshot are left out."""
        places = await policy_past.read_places(connection, tenant)
        out: Compared = []
        for snapshot, group in await self._by_snapshot(connection, tenant, pasts):
            judge = Judge(snapshot, places, co2_g_tkm)
            live = PolicyEngine(rules, snapshot) if rules is not None else None
            other = PolicyEngine(tried, snapshot)

            def decide(
                group: list[Past] = group,
                judge: Judge = judge,
                live: PolicyEngine | None = live,
                other: PolicyEngine = other,
            ) -> Compared:
                return [_decide(past, judge, live, other) for past in group]

            out += await asyncio.to_thread(decide)
        return out

    async def _by_snapshot(
        self, connection: Connection, tenant: int, pasts: list[Past]
    ) -> list[tuple[Snapshot, list[Past]]]:
        groups: dict[str, list[Past]] = {}
        for past in pasts:
            if past.decision is not None:
                groups.setdefault(past.decision.snapshot, []).append(past)
        out = []
        for digest, group in groups.items():
            snapshot = await self._snapshots.read(connection, tenant, digest)
            if snapshot is not None:
                out.append((snapshot, group))
        return out

    async def _follow_shadows(self, connection: Connection, at_ms: int) -> int:
        """Ask the shadow sets about the orders that came; whatever ruled them stands recorded."""
        more = 0
        cursor = await connection.execute(_SHADOWS)
        high = policy_past.place_of(at_ms - _SETTLED_MS)
        for tenant, digest, place in await cursor.fetchall():
            if place >= high:
                continue
            pasts = await policy_past.read_page(connection, tenant, place, high, GROUP_ORDERS)
            if not pasts:
                continue
            shadow = await self._compiled(connection, tenant, bytes(digest).hex())
            decided = differed = held = cost = other_cost = 0
            for snapshot, group in await self._by_snapshot(connection, tenant, pasts):
                engine, judge = PolicyEngine(shadow, snapshot), Judge(snapshot, {}, 0)
                for past in group:
                    assert past.decision is not None
                    view = view_decision(past.decision, past.channel)
                    becomes = engine.rule(view, past.decided_ms)
                    was, after = judge.compare(past.decision, past.decision.ruling, becomes)
                    decided += 1
                    differed += is_changed(was, after)
                    held += bool(after.held)
                    cost += was.cost_fen
                    other_cost += after.cost_fen
            told = (pasts[-1].id, decided, differed, held, cost, other_cost, tenant, digest, place)
            await connection.execute(_SHADOW, told)
            more += len(pasts) == GROUP_ORDERS
        return more


def _decide(
    past: Past, judge: Judge, live: PolicyEngine | None, other: PolicyEngine
) -> tuple[Past, Outcome, Outcome]:
    assert past.decision is not None
    view = view_decision(past.decision, past.channel)
    was = live.rule(view, past.decided_ms) if live is not None else None
    becomes = other.rule(view, past.decided_ms)
    return past, *judge.compare(past.decision, was, becomes)


async def _keep_changed(
    connection: Connection,
    tenant: int,
    trial: uuid.UUID,
    compared: Compared,
    figures: TrialFigures,
) -> None:
    """Count a batch, and write the orders that would change."""
    rows = []
    for past, was, becomes in compared:
        figures.add(was, becomes)
        if is_changed(was, becomes):
            told = (list(was.warehouses), list(becomes.warehouses), was.cost_fen, becomes.cost_fen)
            late = (was.late_permille, becomes.late_permille)
            words = (list(becomes.rules), becomes.held)
            rows.append((tenant, trial, past.id, past.number, *told, *late, *words))
    if rows:
        await connection.cursor().executemany(_CHANGED, rows)


async def activate_due(connection: Connection, at_ms: int) -> int:
    """Let what is scheduled by now rule; gives how many did."""
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
    done = 0
    while True:
        row = await (await connection.execute(_DUE, (at,))).fetchone()
        if row is None:
            return done
        tenant, digest, due, by, role = row
        actor = Actor(sub=by, role=role)
        await policy_sets.activate(connection, tenant, bytes(digest).hex(), actor, due.isoformat())
        await connection.execute(_FORGET, (tenant, digest))  # it may have ruled already
        done += 1
