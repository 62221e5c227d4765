"""The questions of the overview to the counters: each walks a bounded range of one index."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.orders.model import State
from danshu.hub.board_frame import WEEKS, Frame
from danshu.hub.board_marks import ANYWHERE, EVERY, Kind
from danshu.kernel.limits import ALERT_ROWS, INBOX_COUNT, REPLAY_ALARM_DAYS, RESILIENCE_THRESHOLD

Connection = psycopg.AsyncConnection[Any]
Rows = list[tuple[Any, ...]]

_FILTER: Final = (
    " and (%(channel)s::text='' or channel=%(channel)s) and (%(wh)s::int4 is null or wh=%(wh)s)"
)
_ENDED: Final = f"({int(State.COMPLETED)},{int(State.CANCELLED)})"


def _of(kind: Kind) -> str:
    """One series of counters: of one warehouse or all, one channel or all."""
    return (
        f"from board_counts where tenant=%(tenant)s and kind={int(kind)} and wh=%(of_wh)s"
        " and channel=%(of_channel)s"
    )


_STATES: Final = f"""
select state, code, wh, n, amount from board_counts where tenant=%(tenant)s
and kind={int(Kind.STATE)} and wh<>{ANYWHERE} and channel=%(of_channel)s
and (%(wh)s::int4 is null or wh=%(wh)s)
"""
_PACE: Final = f"""
select at/%(step_slots)s, sum(n)::int8, sum(amount)::int8 {_of(Kind.SLOT)} and at>=%(first_slot)s
and state=0 group by 1
"""
# Minutes know no warehouse, slots do; over many days minutes are too many to be looked through.
_PEAK: Final = {
    1: f"select at, n {_of(Kind.MINUTE)} and at>=%(first_minute)s order by n desc, at limit 1",
    10: f"select at, n {_of(Kind.SLOT)} and at>=%(first_slot)s and state=0"
    " order by n desc, at limit 1",
}
_LATEST: Final = {
    1: f"select coalesce(sum(n),0)::int8 {_of(Kind.MINUTE)} and at=%(last_minute)s",
    10: f"select coalesce(sum(n),0)::int8 {_of(Kind.SLOT)} and at=%(last_slot)s and state=0",
}
_BEFORE: Final = f"""
select coalesce(sum(n),0)::int8 {_of(Kind.SLOT)} and at>=%(before_slot)s and at<%(before_end_slot)s
and state=0
"""
_SO_FAR: Final = f"""
select coalesce(sum(n),0)::int8 {_of(Kind.SLOT)} and at>=%(first_slot)s and at<%(this_slot)s
and state=0
"""
_CHANNELS: Final = f"""
select s.channel, x.kind, x.state, x.n from (select distinct channel from board_counts
where tenant=%(tenant)s and kind={int(Kind.STATE)} and wh=%(of_wh)s
and (channel=%(channel)s or %(channel)s::text='' and channel<>'{EVERY}')) s
cross join lateral (
select kind, state, sum(n)::int8 n from board_counts where tenant=%(tenant)s
and kind={int(Kind.SLOT)} and wh=%(of_wh)s and channel=s.channel and at>=%(first_slot)s
and state=0 group by 1,2 union all
select kind, state, sum(n)::int8 from board_counts where tenant=%(tenant)s
and kind={int(Kind.OUTCOME)} and wh=%(of_wh)s and channel=s.channel and at>=%(first_hour)s
group by 1,2) x
"""
_OUTCOMES: Final = f"select at, state, n {_of(Kind.OUTCOME)} and at>%(day_ago_hour)s"
_PROMISES: Final = f"""
select code, state, at, n {_of(Kind.PROMISE)} and at=0 union all
select code, state, at, n {_of(Kind.PROMISE)} and at>=%(first_day)s
"""
_DUE: Final = f"select at, state, n {_of(Kind.DUE)} and at<%(due_slot)s and n<>0"
_SHIPPED: Final = f"""
select coalesce(sum(n),0)::int8, coalesce(sum(amount),0)::int8 {_of(Kind.SHIPPED)}
and at>=%(first_hour)s
"""
_HISTORY: Final = " union all ".join(
    [
        f"select {week}, at-%(day{week})s, n {_of(Kind.SLOT)} and at>=%(day{week})s"
        f" and at<%(day{week})s+144 and state=0"
        for week in range(1, WEEKS + 1)
    ]
)
_HOLDS: Final = f"""
select reason, count(*), max(since), min(since) from (select reason, since from board_holds
where tenant=%(tenant)s{_FILTER} order by since desc limit {ALERT_ROWS}) h group by 1
"""
_OLDEST_HOLD: Final = f"""
select since from board_holds where tenant=%(tenant)s{_FILTER} order by since limit 1
"""
_HOLD_HOURS: Final = f"""
select (extract(epoch from since)/3600)::int, count(*) from (select since from board_holds
where tenant=%(tenant)s and since>=%(day_ago)s{_FILTER} limit {ALERT_ROWS}) h group by 1
"""
_VERDICTS: Final = f"""
select v.state, v.code, count(*), max(v.at), min(v.at) from (select * from (values ('broken'),
('borderline')) s(word) cross join lateral (select id, code, state, at from verdicts
where tenant=%(tenant)s and state=s.word order by at desc limit {ALERT_ROWS}) x) v
join orders o on o.tenant=%(tenant)s and o.id=v.id where o.state not in {_ENDED}
and (%(channel)s::text='' or o.channel=%(channel)s) and (%(wh)s::int4 is null or o.wh=%(wh)s)
group by 1,2
"""
_INBOX: Final = f"""
select channel, reason, count(*), max(made), min(made) from (select channel, reason, made from
inbox where tenant=%(tenant)s and state='open' and (%(channel)s::text='' or channel=%(channel)s)
and %(wh)s::int4 is null order by made desc limit {INBOX_COUNT}) i group by 1,2
"""

# What puts the proof itself in doubt, whatever is filtered: a log that is forked, by the word of
# our own sealer or of a witness, and a public key that two people hold.
_ALARMS: Final = """
select 'log', 'log_forked', count(*), to_timestamp(max(position) / 1000.0) from cursors
where name='forked' and tenant=%(tenant)s having count(*) > 0
union all select 'log', 'forked', count(*), max(forked) from witness_books
where tenant=%(tenant)s and forked is not null having count(*) > 0
union all select 'passkey', 'passkey_shared', count(*), max(since) from (select max(made) as since
from passkeys where tenant=%(tenant)s group by public_key having count(distinct person) > 1) p
having count(*) > 0
union all select 'twin', 'twin_' || cause, count(*), to_timestamp(max(since) / 1000.0)
from twin_stops where tenant=%(tenant)s group by cause
union all select 'resilience', 'resilience_under', count(*), max(m.at) from (
select distinct on (wh) wh, score, at from resilience_marks where tenant=%(tenant)s and wh<>''
and day >= current_date - 1 order by wh, day desc) m where m.score < coalesce((select threshold
from resilience_settings where tenant=%(tenant)s), %(threshold)s) having count(*) > 0
union all select 'breaker', 'routing_stopped', count(*), max(stopped) from class_stops
where tenant=%(tenant)s and resumed is null having count(*) > 0
union all select 'canary', 'cold_canary', count(*), max(since) from cold_waits
where tenant=%(tenant)s having count(*) > 0
union all select 'replay', 'replay_differed', sum(differed)::int8, max(at) from replays
where tenant=%(tenant)s and differed > 0 and day >= current_date - %(replay_days)s::int
having count(*) > 0
union all select 'prices', 'prices_refused', count(*), max(n.made) from prices p
join incident_notices n on n.tenant=p.tenant and n.kind='prices_refused'
and n.key=encode(p.digest,'hex') where p.tenant=%(tenant)s and p.active having count(*) > 0
union all select 'policy', 'policy_unreadable', count(*), max(n.made) from policy_heads h
join incident_notices n on n.tenant=h.tenant and n.kind='policy_unreadable'
and n.key=encode(h.live,'hex') where h.tenant=%(tenant)s having count(*) > 0
"""


class Raw(Struct, frozen=True, kw_only=True):
    """The rows of every question, as they come."""

    states: Rows
    pace: Rows
    peak: Rows
    latest: Rows
    before: Rows
    so_far: Rows
    channels: Rows
    outcomes: Rows
    promises: Rows
    due: Rows
    shipped: Rows
    history: Rows
    holds: Rows
    oldest_hold: Rows
    hold_hours: Rows
    verdicts: Rows
    inbox: Rows
    alarms: Rows


async def ask(connection: Connection, frame: Frame) -> Raw:
    """Ask everything in one round trip."""
    texts = {
        "states": _STATES,
        "pace": _PACE,
        "peak": _PEAK[frame.of_min],
        "latest": _LATEST[frame.of_min],
        "before": _BEFORE,
        "so_far": _SO_FAR,
        "channels": _CHANNELS,
        "outcomes": _OUTCOMES,
        "promises": _PROMISES,
        "due": _DUE,
        "shipped": _SHIPPED,
        "history": _HISTORY,
        "holds": _HOLDS,
        "oldest_hold": _OLDEST_HOLD,
        "hold_hours": _HOLD_HOURS,
        "verdicts": _VERDICTS,
        "inbox": _INBOX,
        "alarms": _ALARMS,
    }
    params = frame.params() | {
        "threshold": RESILIENCE_THRESHOLD,
        "replay_days": REPLAY_ALARM_DAYS,
    }
    rows: dict[str, Rows] = {}
    async with connection.pipeline():
        cursors = {}
        for name, text in texts.items():
            cursors[name] = await connection.execute(text.encode(), params, binary=True)
        for name, cursor in cursors.items():
            rows[name] = await cursor.fetchall()
    return Raw(**rows)
