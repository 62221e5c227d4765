"""Bills that are due 应到账单: which days and months of a book have none by the day they should.

A bill covers all days from its first line to its last. Days are those of Shanghai, as in the rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.kernel.limits import BILL_DUE_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.settlement.tolerances import Rules

Connection = psycopg.Connection[Any]
# A day in which nothing was paid needs no bill; what was paid is counted in one pass.
_MISSING: Final = """
with spans as (
  select s as first, s + %(step)s::interval as next from generate_series(
    date_trunc(%(every)s, greatest(%(since)s::date, (now() at time zone %(zone)s)::date
      - %(days_max)s)::timestamp), (now() at time zone %(zone)s)::date - 1, %(step)s::interval) s
  where s >= %(since)s::date
    and s + %(step)s::interval + make_interval(days => %(days)s) <= now() at time zone %(zone)s),
lacking as (
  select first, next from spans where not exists (select 1 from bill_files f
    where f.tenant=%(tenant)s and f.book=%(book)s and f.lines + f.existing > 0
    and f.first_at < (next at time zone %(zone)s) and f.last_at >= (first at time zone %(zone)s))),
paid as (
  select date_trunc(%(every)s, coalesce(paid_at, placed) at time zone %(zone)s) as first,
    sum(paid)::int8 as paid from order_money
  where tenant=%(tenant)s and channel=%(channel)s and paid > 0 and currency='CNY'
    and coalesce(paid_at, placed) >= (select min(first) from lacking) at time zone %(zone)s
  group by 1)
select to_char(l.first, %(form)s), coalesce(p.paid, 0),
  extract(epoch from l.next at time zone %(zone)s)::bigint
from lacking l left join paid p on p.first=l.first
where p.paid > 0 or %(channel)s = '' order by l.first
"""
_ZONE: Final = "Asia/Shanghai"
_FORMS: Final = {"day": ("1 day", "YYYY-MM-DD"), "month": ("1 month", "YYYY-MM")}


def read(connection: Connection, tenant: int, rules: Rules) -> Iterator[str]:
    """Give the bills that are late as lines of CSV: book, key, what was paid (分), when its span
    ended (epoch seconds).
    """
    for due in rules.bills:
        step, form = _FORMS[due.every]
        asked = {
            "tenant": tenant,
            "book": due.book,
            "channel": due.channel,
            "every": due.every,
            "since": due.since,
            "days": due.days,
            "days_max": BILL_DUE_DAYS,
            "step": step,
            "form": form,
            "zone": _ZONE,
        }
        for name, paid, at_s in connection.execute(_MISSING, asked).fetchall():
            yield f'"{due.book}","bill/{name}",{paid},{at_s}\n'
