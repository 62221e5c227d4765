"""The room `knobs`: tries other values of the figures of what rules on past orders.

It writes trials, which the room `policies` works off, and notes which value each was for. What is
found is proposed by the skill `tune-policy`; nothing is changed here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.routing.policy import figures as policy_figures
from danshu.capabilities.routing.policy.model import ROUTING
from danshu.hub import policy_sets, policy_trials, proposed_drafts
from danshu.hub.order_causes import price_lateness
from danshu.hub.worlds import now_ms
from danshu.kernel.fact import Actor
from danshu.kernel.limits import AGENT_VIEW_ROWS, COMPLAINT_FEN, KNOB_EVERY_S, KNOB_TRIES
from danshu.ledger import write
from danshu.ports.skill import Cited, Worth
from danshu.ports.skill_views import PolicyKnob

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.hub.compose import Hub
    from danshu.hub.policy_replays import TrialFigures

Connection = Any
KNOBS: Final = Actor(sub="knobs", role="system", grade="C")
_Z80: Final = 1.2816
_HEADS: Final = "select tenant from policy_heads where kind=%s and length(live) > 0 order by tenant"
_TRIED: Final = """
select path, value, extract(epoch from at)*1000 from policy_knobs where tenant=%s and base=%s
"""
_OPEN: Final = (
    "select 1 from policy_trials where tenant=%s and state in ('queued','running') limit 1"
)
_PUT: Final = """
insert into policy_knobs(tenant,base,path,value,was,digest,trial,at)
values(%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,base,path,value)
do update set trial=excluded.trial, at=excluded.at
"""
_FORGET: Final = "delete from policy_knobs where tenant=%s and base <> %s"
_DONE: Final = """
select k.path, k.was, k.value, k.trial, t.result, t.done,
  (select count(*) from policy_trial_orders o where o.tenant=k.tenant and o.trial=k.trial),
  coalesce((select sum(power((o.was_fen - o.becomes_fen)
    + (o.was_late - o.becomes_late) * %s / 1000.0, 2))
    from policy_trial_orders o where o.tenant=k.tenant and o.trial=k.trial), 0)::float8
from policy_knobs k join policy_trials t on t.tenant=k.tenant and t.id=k.trial
where k.tenant=%s and k.base=%s and t.state='done' and t.done > 0 order by k.path, k.value limit %s
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url
    looked: dict[tuple[int, str], int] = {}

    async def step(connection: Connection) -> int:
        return await look(connection, looked, now_ms())

    return step


async def look(connection: Connection, looked: dict[tuple[int, str], int], at_ms: int) -> int:
    """Begin the trials of merchants whose live set was not looked at for KNOB_EVERY_S."""
    cursor = await connection.execute(_HEADS, (ROUTING,))
    begun = 0
    for (tenant,) in await cursor.fetchall():
        live = (await policy_sets.read_head(connection, tenant)).live
        if at_ms - looked.get((tenant, live), 0) < KNOB_EVERY_S * 1_000:
            continue
        row = await (await connection.execute(_OPEN, (tenant,))).fetchone()
        if row is not None:
            continue  # people's trials come first, and ours one after another
        some = await try_figures(connection, tenant, live, at_ms)
        if not some:
            looked[tenant, live] = at_ms
        begun += some
    return begun


async def try_figures(connection: Connection, tenant: int, live: str, at_ms: int) -> int:
    """Begin at most KNOB_TRIES trials of values that were not tried for KNOB_EVERY_S."""
    policy = await policy_sets.read_set(connection, tenant, live)
    base = bytes.fromhex(live)
    cursor = await connection.execute(_TRIED, (tenant, base))
    known = {(path, value): int(at) for path, value, at in await cursor.fetchall()}
    await connection.execute(_FORGET, (tenant, base))
    begun = 0
    for figure in policy_figures.find(policy):
        for value, changed in policy_figures.near(figure, policy):
            tried_ms = known.get((figure.path, value), 0)
            if begun == KNOB_TRIES or at_ms - tried_ms < KNOB_EVERY_S * 1_000:
                continue
            async with connection.transaction():
                trial = await proposed_drafts.try_out(
                    connection, tenant, str(policy_trials.NONE), changed, KNOBS, at_ms
                )
                if not trial:
                    return begun
                at = write.instant(at_ms * 1000)
                digest = bytes.fromhex(changed.digest)
                row = (tenant, base, figure.path, value, figure.value, digest, trial, at)
                await connection.execute(_PUT, row)
            begun += 1
    return begun


async def read_knobs(hub: Hub, tenant: int, now_ms: int) -> list[PolicyKnob]:
    """Give what the trials of the live set's figures say, what saves most first."""
    async with hub.connection() as connection:
        live = (await policy_sets.read_head(connection, tenant)).live
        if not live:
            return []
        policy = await policy_sets.read_set(connection, tenant, live)
        titles = {f.path: f.title for f in policy_figures.find(policy)}
        fen = await price_lateness(connection, tenant, now_ms)
        asked = (fen, tenant, bytes.fromhex(live), AGENT_VIEW_ROWS)
        rows = await (await connection.execute(_DONE, asked)).fetchall()
    found = []
    for path, was, value, trial, result, done, changed, squares in rows:
        figures = policy_trials.read_figures(bytes(result))
        found.append(
            PolicyKnob(
                policy=live,
                path=path,
                title=titles.get(path, path),
                now=was,
                advised=value,
                simulated=str(trial),
                changed_orders=changed,
                worth=_weigh(figures, fen, squares),
                kept_before=1_000 - figures.late_permille.before // max(1, done),
                kept_after=1_000 - figures.late_permille.after // max(1, done),
                cites=(
                    Cited(kind="policy", ref=live),
                    Cited(kind="metric", ref=f"simulation:{trial}"),
                ),
            )
        )
    return sorted(found, key=lambda knob: (-knob.worth.mid_fen, knob.path, knob.advised))


def _weigh(figures: TrialFigures, fen: int, squares: float) -> Worth:
    """Give what a week of the other value would have been worth: money and lateness saved, less
    what more orders that are held or unfulfilled take; 80 % by the spread over changed orders.
    """
    saved = figures.cost_fen.before - figures.cost_fen.after
    saved += (figures.late_permille.before - figures.late_permille.after) * fen // 1_000
    for pair in (figures.held, figures.unfulfilled):
        saved -= (pair.after - pair.before) * COMPLAINT_FEN
    half = round(_Z80 * math.sqrt(squares))
    return Worth(low_fen=saved - half, mid_fen=saved, high_fen=saved + half)
