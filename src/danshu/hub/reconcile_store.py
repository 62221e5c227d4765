"""What a run reads from the database and writes back: sides as CSV, differences, explained lines.

Everything here is synchronous, for a run has a thread and a connection of its own.
"""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import bills_due
from danshu.hub.reconcile_join import CLASS_NO, RULE_NO
from danshu.kernel import ids
from danshu.kernel.fact import NO_HEAD
from danshu.ports.bill import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

    from danshu.capabilities.settlement.tolerances import Rules

Connection = psycopg.Connection[Any]
_SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))
_CHUNK: Final = 1 << 20
KEYLESS: Final = (RULE_NO["amount_time"], RULE_NO["many_to_one"], RULE_NO["payout"])
_ORDERS: Final = f"""
select o.id, o.channel, o.number, o.paid, o.refunded, extract(epoch from coalesce(o.paid_at,
o.placed))::bigint, extract(epoch from o.refunded_at)::bigint, m.id is not null,
o.subsidy from order_money o left join (select distinct id from bill_matches where tenant=%(tenant)s
and id is not null and rule in {KEYLESS} and not %(whole)s) m on m.id=o.id
where o.tenant=%(tenant)s and (o.paid > 0 or o.refunded > 0) and o.currency='CNY'
"""
_LINES: Final = """
select no, book, channel, number, waybill, kind, amount, extract(epoch from at)::bigint, weight_g,
zone from bill_lines l where tenant=%(tenant)s and no <= %(line_no)s
"""
_WAYBILLS: Final = """
select w.waybill, w.id, w.weight_g, regexp_replace(coalesce(r.name,''), '(市|地区|盟|自治州)$', ''),
regexp_replace(coalesce(r.province,''), '(省|市|壮族自治区|回族自治区|维吾尔自治区|自治区)$', ''),
l.first_kg_fen, l.extra_kg_fen, extract(epoch from w.shipped_at)::bigint
from order_waybills w left join regions r on r.tenant=w.tenant and r.code=w.region
left join warehouses h on h.tenant=w.tenant and h.code=w.wh
left join lanes l on l.tenant=w.tenant and l.wh=h.no and l.region=r.no
where w.tenant=%(tenant)s
"""
_KNOWN: Final = "select m.line, m.rule, m.id from bill_matches m where m.tenant=%(tenant)s"
_KNOWN_IN_SCOPE: Final = """
 and m.rule <> all(%(keyless)s) and m.line in (select no from bill_lines l where l.tenant=%(tenant)s
and ((l.number <> '' and l.channel <> '' and (l.channel, l.number) in (select channel, number from
touched)) or (l.waybill <> '' and l.waybill in (select waybill from touched_waybills))))
"""
# What is new since the last run, and what time alone may change, by key and by waybill.
_TOUCHED: Final = """
create temp table touched on commit drop as
select channel, number from bill_lines where tenant=%(tenant)s and no > %(since_no)s
  and no <= %(line_no)s and number <> '' and channel <> ''
union select channel, number from order_money where tenant=%(tenant)s and changed > %(since)s
union select book, number from differences where tenant=%(tenant)s and number <> ''
  and state <> 'settled' and class = any(%(waiting)s)
union select channel, number from order_money o where tenant=%(tenant)s and paid in (
  select amount from bill_lines l where l.tenant=%(tenant)s and number='' and waybill=''
  and amount > 0 and not exists (select 1 from bill_matches m where m.tenant=l.tenant
  and m.line=l.no)) and not exists (select 1 from bill_files f where f.tenant=o.tenant
  and f.channel=o.channel)
"""
_TOUCHED_WAYBILLS: Final = """
create temp table touched_waybills on commit drop as
select waybill from bill_lines where tenant=%(tenant)s and no > %(since_no)s and no <= %(line_no)s
  and waybill <> ''
union select waybill from order_waybills where tenant=%(tenant)s and changed > %(since)s
"""
# Books without a channel are of banks, and of carriers, which name waybills.
_COVERAGE: Final = """
select channel, extract(epoch from min(first_at))::bigint, extract(epoch from max(last_at))::bigint
from bill_files where tenant=%s and channel <> '' and lines + existing > 0 group by channel
union all select 'book:' || book, extract(epoch from min(first_at))::bigint,
extract(epoch from max(last_at))::bigint from bill_files f where tenant=%s and channel=''
and lines + existing > 0 and not exists (select 1 from bill_lines l where l.tenant=f.tenant
and l.file=f.id and l.waybill <> '') group by book
"""
_END: Final = """
select coalesce((select max(no) from bill_lines where tenant=%(tenant)s), 0),
coalesce(greatest((select max(changed) from order_money where tenant=%(tenant)s),
(select max(changed) from order_waybills where tenant=%(tenant)s)), 0)
"""
_STAGE: Final = """
create temp table found (id uuid, class smallint, book text, key text, oid uuid, line bigint,
number text, expected bigint, actual bigint, lines bigint[], rule text, at timestamptz)
on commit drop
"""
_UNIQUE: Final = "create unique index on found (class, book, key)"
_CHANGED: Final = """
update differences d set expected=f.expected, actual=f.actual, lines=f.lines, line=f.line,
rule=f.rule, oid=f.oid, at=f.at, run=%(run)s, changed=now() from found f
where d.tenant=%(tenant)s and d.class=f.class and d.book=f.book and d.key=f.key
and d.state in ('open','proposed') and (d.expected,d.actual,d.lines,d.oid)
  is distinct from (f.expected,f.actual,f.lines,f.oid)
"""
_AGAIN: Final = """
update differences d set state='open', owner='', reason='', note='', asked='', second='',
expected=f.expected, actual=f.actual, lines=f.lines, line=f.line, rule=f.rule, oid=f.oid, at=f.at,
found=now(), run=%(run)s, changed=now() from found f
where d.tenant=%(tenant)s and d.class=f.class and d.book=f.book and d.key=f.key
and d.state='settled' returning 1
"""
_CLOSED: Final = """
select d.id, d.class, d.book, d.key, d.seq, d.head, f.expected, f.actual, f.lines, f.line, f.rule,
f.at, d.owner from differences d join found f on d.class=f.class and d.book=f.book and d.key=f.key
where d.tenant=%(tenant)s and d.state='closed' and (d.expected,d.actual) is distinct from
(f.expected,f.actual) order by d.id for update of d
"""
_NEW: Final = """
insert into differences(tenant,id,class,book,key,oid,line,number,expected,actual,lines,rule,at,
found,run,head,changed)
select %(tenant)s,id,class,book,key,oid,line,number,expected,actual,lines,rule,at,now(),%(run)s,
%(head)s,now() from found f where not exists (select 1 from differences d where
d.tenant=%(tenant)s and d.class=f.class and d.book=f.book and d.key=f.key)
"""
_GONE: Final = """
update differences d set state='settled', run=%(run)s, changed=now()
where d.tenant=%(tenant)s and d.state in ('open','proposed') and not exists (select 1 from found f
where d.class=f.class and d.book=f.book and d.key=f.key)
"""
_IN_SCOPE: Final = """
 and (d.class = any(%(always)s) or exists (select 1 from touched t where t.channel=d.book
and t.number=d.number) or exists (select 1 from touched_waybills w where w.waybill=d.key))
"""
_COPY_MATCHES: Final = "copy bill_matches(tenant,line,rule,id,run) from stdin (format csv)"


class Scope(Struct, frozen=True, kw_only=True):
    """What a run looks at: everything (`whole`), or what came after `since_no` and `since`."""

    tenant: int
    run: uuid.UUID
    whole: bool
    since_no: int
    since: int
    line_no: int
    changed: int

    @property
    def values(self) -> dict[str, Any]:
        """The values that the statements ask for."""
        return {
            "tenant": self.tenant,
            "run": self.run,
            "since_no": self.since_no,
            "since": self.since,
            "line_no": self.line_no,
            # What is looked at as a whole is matched anew, also what has no key.
            "whole": self.whole,
            "keyless": list(KEYLESS),
            "waiting": [CLASS_NO["timing"], CLASS_NO["missing_in_bill"]],
            "always": [CLASS_NO["unclaimed"], CLASS_NO["payout"], CLASS_NO["bill_missing"]],
            "head": NO_HEAD,
        }


class Outcome(Struct, kw_only=True):
    """What a run wrote: differences opened, opened again and settled, lines explained."""

    opened: int = 0
    reopened: int = 0
    settled: int = 0
    matched: int = 0


def read_end(connection: Connection, tenant: int) -> tuple[int, int]:
    """Give the last line and the last change that are committed."""
    row = connection.execute(_END, {"tenant": tenant}).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def export(connection: Connection, scope: Scope, rules: Rules, folder: Path) -> dict[str, Path]:
    """Write the sides of a run to CSV files, inside the caller's transaction."""
    values = scope.values
    orders, lines, waybills, known = _ORDERS, _LINES, _WAYBILLS, _KNOWN
    if not scope.whole:
        connection.execute(_TOUCHED, values)
        connection.execute(_TOUCHED_WAYBILLS, values)
        connection.execute("analyze touched")
        orders += " and (o.channel, o.number) in (select channel, number from touched)"
        # Money without a key is looked at until something explains it.
        lines += (
            " and ((channel <> '' and (channel, number) in (select channel, number from touched))"
            " or waybill in (select waybill from touched_waybills) or (number='' and waybill=''"
            " and not exists (select 1 from bill_matches m where m.tenant=l.tenant"
            " and m.line=l.no)))"
        )
        waybills += " and w.waybill in (select waybill from touched_waybills)"
        known += _KNOWN_IN_SCOPE
    files = {}
    sides = (("orders", orders), ("lines", lines), ("waybills", waybills), ("known", known))
    for name, query in sides:
        files[name] = folder / f"{name}.csv"
        with (
            files[name].open("wb") as file,
            connection.cursor().copy(f"copy ({query}) to stdout (format csv)", values) as copy,
        ):
            for part in copy:
                file.write(part)
    days = {term.channel: term.days for term in rules.terms}
    coverage = connection.execute(_COVERAGE, (scope.tenant, scope.tenant)).fetchall()
    files["coverage"] = folder / "coverage.csv"
    files["coverage"].write_text(
        "".join(
            f'"{channel}",{first},{last},{days.get(channel, rules.settle_days)}\n'
            for channel, first, last in coverage
        )
    )
    files["dues"] = folder / "dues.csv"
    files["dues"].write_text("".join(bills_due.read(connection, scope.tenant, rules)))
    files["rates"] = folder / "rates.csv"
    files["rates"].write_text(
        "".join(
            f'"{r.channel}",{KINDS.index(r.kind) + 1},{r.ppm},{r.base == "net"},{_day_s(r.since)},'
            f"{_day_s(r.until, 86_400) if r.until else 4_102_444_800},{r.tolerance_fen}\n"
            for r in rules.rates
        )
    )
    return files


def _day_s(day: str, more_s: int = 0) -> int:
    if not day:
        return 0
    at = datetime.datetime.fromisoformat(day).replace(tzinfo=_SHANGHAI)
    return int(at.timestamp()) + more_s


def write_found(
    connection: Connection,
    memory: duckdb.DuckDBPyConnection,
    scope: Scope,
    now_ms: int,
    reopen: Callable[[Connection, tuple[Any, ...]], None],
) -> Outcome:
    """Write the differences, inside the caller's transaction; what was closed on other amounts is
    given to `reopen`. A difference keeps its id as long as its class, book and key.
    """
    values = scope.values
    connection.execute(_STAGE)
    rows = memory.execute(
        "select class, book, key, oid, line, number, expected, actual, nos, rule, at_s from found"
    )
    noise = os.urandom(10)
    count = 0
    with connection.cursor().copy("copy found from stdin (format binary)") as copy:
        copy.set_types(
            (
                *("uuid", "int2", "text", "text", "uuid", "int8", "text", "int8", "int8"),
                *("int8[]", "text", "timestamptz"),
            )
        )
        while chunk := rows.fetchmany(10_000):
            for row in chunk:
                count += 1
                # ids of one run are told apart by counting, so that they need no randomness each
                id_ = ids.uuid7(now_ms, (int.from_bytes(noise) + count).to_bytes(11)[-10:])
                copy.write_row((id_, *row[:-1], _instant(row[-1])))
    connection.execute(_UNIQUE)
    connection.execute("analyze found")
    outcome = Outcome()
    connection.execute(_CHANGED, values)
    outcome.reopened = connection.execute(_AGAIN, values).rowcount
    for row in connection.execute(_CLOSED, values).fetchall():
        reopen(connection, row)
        outcome.reopened += 1
    outcome.opened = connection.execute(_NEW, values).rowcount
    gone = _GONE if scope.whole else _GONE + _IN_SCOPE
    outcome.settled = connection.execute(gone, values).rowcount
    return outcome


def _instant(at_s: int | None) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at_s or 0, datetime.UTC)


def write_matched(
    connection: Connection, memory: duckdb.DuckDBPyConnection, scope: Scope, folder: Path
) -> int:
    """Write which lines are explained and by which rule, where that is not known already; gives
    how many lines of the run are explained.
    """
    before = memory.execute("select count(*) from known").fetchone()
    # The first run explains everything anew: there is nothing to compare with.
    changes = "except select line, rule, oid from"
    fresh = f"{changes} known" if before and before[0] else ""
    files = {}
    for name, query in (
        ("gone", f"select line from (select line, rule, oid from known {changes} matched)"),
        (
            "new",
            f"select $tenant::integer, line, rule, oid, $run::varchar from"
            f" (select line, rule, oid from matched {fresh})",
        ),
    ):
        files[name] = folder / f"{name}.csv"
        given = {"tenant": scope.tenant, "run": str(scope.run)} if name == "new" else {}
        memory.execute(f"copy ({query}) to '{files[name]}' (header false)", given)
    if files["gone"].stat().st_size:
        connection.execute("create temp table gone (line bigint) on commit drop")
        _copy_in(connection, "copy gone from stdin (format csv)", files["gone"])
        connection.execute(
            "delete from bill_matches m using gone where m.tenant=%s and m.line=gone.line",
            (scope.tenant,),
        )
    _copy_in(connection, _COPY_MATCHES, files["new"])
    row = memory.execute("select count(*) from matched").fetchone()
    return int(row[0]) if row else 0


def _copy_in(connection: Connection, statement: str, file: Path) -> None:
    with file.open("rb") as source, connection.cursor().copy(statement) as copy:
        while part := source.read(_CHUNK):
            copy.write(part)
