"""Orders that intercept rules stopped: what became of them, and who let them go.

A row is written with the order's own commit, and moves with the act that lifts the last hold of a
rule or cancels the order; the audit makes it again from the facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import decide as orders
from danshu.hub import acts, policy_past
from danshu.hub.intercept_facts import OrderLetPass
from danshu.hub.intercepts import CODES
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Said, rfc3339

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.hub.requests import Answer
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = Any
DAY_MS: Final = 86_400_000
_COLUMNS: Final = """
s.id, s.effect, s.no, encode(s.policy,'hex'), s.rules, s.reasons, s.state, s.ended, s.by, s.reason,
s.note, o.channel, o.total, o.currency, convert_from(o.doc,'UTF8')::json->>'number'
"""
_LIST: Final = f"""
select {_COLUMNS} from intercept_stops s join orders o on o.tenant=s.tenant and o.id=s.id
where s.tenant=%s and s.id < %s and (%s = '' or s.state=%s) and (%s = '' or %s = any(s.rules))
order by s.id desc limit %s
"""
_TODAY: Final = """
select count(*), count(*) filter (where effect='hold'), count(*) filter (where effect='review'),
  count(*) filter (where effect='reject'), count(*) filter (where state='released'),
  (select count(*) from intercept_stops h where h.tenant=%s and h.state='held')
from intercept_stops where tenant=%s and id >= %s
"""
_BY_RULE: Final = """
select r.rule, count(*), count(*) filter (where s.state='released'),
  count(*) filter (where s.state='cancelled'), max(s.reasons[1])
from intercept_stops s, unnest(s.rules) r(rule) where s.tenant=%s and s.id >= %s
group by 1 order by 2 desc, 1 limit 200
"""
_SPAN: Final = """
select count(*), count(*) filter (where state='released') from intercept_stops
where tenant=%s and id >= %s
"""
NOT_STOPPED: Final = Refusal(
    code="not_intercepted",
    reason="没有被拦截规则拦下",
    reason_en="No intercept rule has stopped it",
    clause="intercept.release",
)


class StopRow(Struct, frozen=True, kw_only=True):
    """A stopped order. `state`: held, released (a false alarm) or cancelled. Times are RFC 3339."""

    order: str
    number: str
    channel: str
    total: int
    currency: str
    at: str
    effect: str
    no: int
    policy: str
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    state: str
    ended: str
    by: str
    reason: str
    note: str


class RuleRow(Struct, frozen=True, kw_only=True):
    """A rule over the last days: orders stopped, of them let go by a person, cancelled; with a
    reason that it gave.
    """

    rule: str
    stopped: int
    released: int
    cancelled: int
    reason: str


class StopSummary(Struct, frozen=True, kw_only=True):
    """What stopped today (of China), what waits, and how often rules of the last 30 days were
    wrong.
    """

    today: int
    hold: int
    review: int
    reject: int
    released: int
    held: int
    month: int
    month_released: int
    rules: tuple[RuleRow, ...]


async def summarize(connection: Connection, tenant: int, now_ms: int) -> StopSummary:
    """Count what stopped today, what waits, and false alarms by rule."""
    midnight = policy_past.place_of((now_ms + 28_800_000) // DAY_MS * DAY_MS - 28_800_000)
    month = policy_past.place_of(now_ms - 30 * DAY_MS)
    row = await (await connection.execute(_TODAY, (tenant, tenant, midnight))).fetchone()
    span = await (await connection.execute(_SPAN, (tenant, month))).fetchone()
    cursor = await connection.execute(_BY_RULE, (tenant, month))
    rules = [
        RuleRow(rule=rule, stopped=n, released=let, cancelled=gone, reason=reason or "")
        for rule, n, let, gone, reason in await cursor.fetchall()
    ]
    return StopSummary(
        today=row[0], hold=row[1], review=row[2], reject=row[3], released=row[4], held=row[5],
        month=span[0], month_released=span[1], rules=tuple(rules),
    )  # fmt: skip


async def list_stops(
    connection: Connection, tenant: int, *, before: uuid.UUID, state: str, rule: str, limit: int
) -> list[StopRow]:
    """List stopped orders, the newest first, before a place."""
    asked = (tenant, before, state, state, rule, rule, limit)
    cursor = await connection.execute(_LIST, asked)
    return [
        StopRow(
            order=str(r[0]), effect=r[1], no=r[2], policy=r[3], rules=tuple(r[4]),
            reasons=tuple(r[5]), state=r[6],
            ended=rfc3339(round(r[7].timestamp() * 1000)) if r[7] else "",
            by=r[8], reason=r[9], note=r[10], channel=r[11], total=r[12], currency=r[13],
            number=r[14], at=rfc3339(r[0].int >> 80),
        )
        for r in await cursor.fetchall()
    ]  # fmt: skip


def let_pass(reason: str, note: str, actor: Actor) -> acts.Decide:
    """Decide to let a stopped order go on, and say that the rule was wrong about it."""

    def decide(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
        mine = [code for code in held.order.holds if code in CODES]
        if not mine:
            return NOT_STOPPED
        fact = OrderLetPass(note=note, reason=reason)
        change = acts.Change(order=held.order, said=[Said(data=fact)], promises=held.promises)
        for code in mine:
            held = replace(held, order=change.order, promises=change.promises)
            told = orders.Command(event="unhold", reason=code, by=actor.sub)
            done = acts.command(told)(world, held, now_ms)
            if isinstance(done, Refusal):
                return done
            change = replace(done, said=[*change.said, *done.said])
        return change

    return decide


async def release(
    hub: Hub, tenant: int, id_: uuid.UUID, reason: str, note: str, actor: Actor
) -> Answer | Refusal:
    """Let a stopped order go on."""
    return await hub.change(tenant, id_, let_pass(reason, note, actor), actor)


def named(row: StopRow, names: Mapping[str, str]) -> StopRow:
    """Give a row with the number of who ended it."""
    return replace(row, by=names[row.by]) if row.by else row
