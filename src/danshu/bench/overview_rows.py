"""Counters as the board keeps them after millions of orders, made by the database from a table of
what the orders would be: channel, warehouse, state, when placed, shipped, delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.bench.list_rows import CHANNELS, DAYS, STATES
from danshu.hub.board_marks import ANYWHERE, EVERY, OWED, Kind, Verdict

if TYPE_CHECKING:
    import psycopg

_DAY_MS: Final = 86_400_000
# Orders come by the hour of the day as people do, evenly over the days; what looks random follows
# from the order's number, so that the same size makes the same counters.
_MADE: Final = f"""
create unlogged table made as
select %(first)s + d * {_DAY_MS} + (t * t * (3 - 2 * t) * {_DAY_MS})::bigint as ms,
  (%(channels)s::text[])[1 + floor(8 * power(a, 2))::int] as channel,
  floor(37 * power(b, 2))::int as wh, state, (c * 172800)::bigint as took_s, c
from (select i, mod(i, {DAYS}) d, mod(i * 7919, 100003) / 100003.0 t,
  mod(i * 104729, 10007) / 10007.0 a, mod(i * 1299709, 9973) / 9973.0 b,
  mod(i * 15485863, 9967) / 9967.0 c, (%(states)s::int[])[1 + mod(i * 32452843, 1000)] state
  from generate_series(1::bigint, %(size)s) i) s
"""
_COLUMNS: Final = "insert into board_counts(tenant,kind,wh,channel,at,code,state,n,amount)"


def _add(kind: Kind, at: str, wh: str, code: str, state: str, where: str = "true") -> str:
    amount = "sum(took_s)" if kind is Kind.SHIPPED else "0"
    if kind in (Kind.STATE, Kind.MINUTE, Kind.SLOT):
        amount = "count(*) * 11940"
    return (
        f"{_COLUMNS} select %(tenant)s,{int(kind)},{wh},channel,{at},{code},{state},count(*),"
        f"{amount} from made where {where} group by 3,4,5,6,7"
    )


_OPEN: Final = "state between 30 and 70"
_DONE: Final = "state >= 80 and state <> 110"
_LATE: Final = "c > 0.99"
_SHIP: Final = "'ship48h'::text"
_STATEMENTS: Final = (
    _add(Kind.STATE, "0", "wh", f"case when {_OPEN} and {_LATE} then '{OWED}' else '' end",
         "state"),
    _add(Kind.MINUTE, "(ms/60000)::int", str(ANYWHERE), "''::text", "0"),
    _add(Kind.SLOT, "(ms/600000)::int", "wh", "''::text", "0"),
    _add(Kind.PROMISE, "((ms+28800000)/86400000)::int", "wh", _SHIP, "0"),
    _add(Kind.PROMISE, "((ms+28800000)/86400000)::int", "wh", "'damage'::text", "0"),
    _add(Kind.PROMISE, "0", "wh", "'damage'::text", str(int(Verdict.PENDING))),
    _add(Kind.PROMISE, "0", "wh", _SHIP, str(int(Verdict.RUNNING)), _OPEN),
    _add(Kind.PROMISE, "((ms+took_s*1000+28800000)/86400000)::int", "wh", _SHIP,
         f"case when {_LATE} then {int(Verdict.LATE)} else {int(Verdict.KEPT)} end", _DONE),
    _add(Kind.OUTCOME, "((ms+took_s*1000)/3600000)::int", "wh", "''::text",
         f"case when {_LATE} then {int(Verdict.BROKEN)} else {int(Verdict.KEPT)} end", _DONE),
    _add(Kind.SHIPPED, "((ms+took_s*1000)/3600000)::int", "wh", "''::text", "0", _DONE),
    # what is open now falls due over the next two days
    _add(Kind.DUE, "((%(last)s+took_s*1000)/600000)::int", "wh", "''::text",
         "case when state=30 then 1 else 0 end", _OPEN),
    # what all channels and all warehouses come to, as the board rolls them up
    f"{_COLUMNS} select tenant,kind,coalesce(wh,{ANYWHERE}),coalesce(channel,'{EVERY}'),at,code,"
    "state,sum(n),sum(amount) from board_counts where tenant=%(tenant)s"
    " group by tenant,kind,at,code,state,"
    f" grouping sets ((wh),(channel),()) having wh is not null or kind<>{int(Kind.MINUTE)}",
    "insert into board_holds(tenant,id,since,reason,channel,wh,amount) select %(tenant)s,"
    " gen_random_uuid(), to_timestamp((%(last)s-took_s*1000)/1000.0),"
    " (array['sku_unknown','region_unknown','risk_review','address'])[1+mod(took_s,4)], channel,"
    " wh, 11940 from made where state=35",
    "insert into verdicts(tenant,id,code,state,due,at,gap_ms) select %(tenant)s,gen_random_uuid(),"
    " 'ship48h','broken',to_timestamp(ms/1000.0),to_timestamp(ms/1000.0),0 from made"
    f" where {_OPEN} and {_LATE}",
    "drop table made",
    "vacuum (analyze) board_counts",
    "vacuum (analyze) board_holds",
    "vacuum (analyze) verdicts",
)  # fmt: skip


def fill(connection: psycopg.Connection[Any], tenant: int, size: int, now_ms: int) -> None:
    """Make the counters of `size` orders in the DAYS before `now_ms`."""
    first = now_ms - DAYS * _DAY_MS
    told = {"first": first, "size": size, "channels": list(CHANNELS), "states": STATES}
    connection.execute(_MADE, told)
    for statement in _STATEMENTS:
        connection.execute(
            statement, {"tenant": tenant, "last": now_ms} if "%(" in statement else None
        )
