"""The audit's folder of the journal: do the facts give its entries, and these their sums?

Facts that the room has not read yet give no entry; whatever lies behind its cursors must have one.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.settlement import facts, journal, mapping, trial
from danshu.hub import journal_room, journal_views, posting
from danshu.kernel.fact import encode
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from msgspec import Struct

    from danshu.capabilities.settlement.journal import Slip
    from danshu.capabilities.settlement.mapping import Policy
    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
Row = tuple[Any, ...]
_ENTRIES: Final = """
select j.key, j.source, j.currency, coalesce(j.oid::text,''), j.channel, j.shop, f.accounts,
  j.amounts, j.day, j.belongs, j.period from journal j join journal_forms f using (tenant, form)
where j.tenant=%s and j.word=%s and j.key >= %s and j.key < %s
"""
# The fact's row lies in a segment that the room has read whole.
_READ: Final = """
select exists (select 1 from facts f join segments s on s.tenant=f.tenant and s.gen=f.gen
  and s.xid_from <= f.xid and s.xid_to >= f.xid
  join cursors c on c.name=%s and c.tenant=f.tenant and c.half=s.half
  and c.position >= s.first + s.n where f.tenant=%s and f.stream=%s and f.v <= %s and f.v+f.n > %s)
"""
_SUMS: Final = """
with made as (
  select p.account, j.currency, j.day, coalesce(x.e->>1, j.channel) as channel,
    coalesce(x.e->>2, j.shop) as shop, sum(greatest(p.amount,0))::int8 as debit,
    sum(greatest(-p.amount,0))::int8 as credit, count(*) as n
  from journal j join journal_forms f using (tenant, form)
  cross join lateral unnest(f.accounts, j.amounts) with ordinality p(account, amount, at)
  left join lateral (select convert_from(j.aux,'UTF8')::jsonb->(p.at::int-1) as e) x on true
  where j.tenant=%(t)s group by 1, 2, 3, 4, 5)
select m.account, m.day, m.debit, m.credit, d.account, d.day, d.debit, d.credit
from made m full join (select * from journal_days where tenant=%(t)s) d on d.account=m.account
  and d.day=m.day and d.currency=m.currency and d.channel=m.channel and d.shop=m.shop
where (m.debit, m.credit, m.n) is distinct from (d.debit, d.credit, d.n) limit 20
"""
_GAPS: Final = """
select coalesce(n.period,j.period), coalesce(n.word,j.word), n.last, j.n, j.most from (
  select * from journal_numbers where tenant=%(t)s) n full join (select period, word, count(*) as n,
  max(no) as most from journal where tenant=%(t)s group by 1, 2) j using (period, word)
where (n.last, n.last) is distinct from (j.n, j.most)
"""
_EVENTS: Final = "select stream, period, kind from period_events where tenant=%s"
_SETTINGS: Final = """
select stream, since, concat_ws(' ', revenue, tax, costs::int) from settlement_settings
where tenant=%s
"""
_NAMES: Final = "select account, code, name from account_names where tenant=%s"
_DRAFTS: Final = """
select id, state, concat_ws(' ', date, currency, reason) from voucher_drafts where tenant=%s
"""
_ASKS: Final = "select stream, period, reason from period_asks where tenant=%s"
_BY_HAND: Final = "select cause from journal where tenant=%s and word=%s"
# Lines of bills are entered by the commit that brings them.
_BILLS: Final = """
select coalesce('bill/' || l.id, j.key) from (
  select id from bill_lines where tenant=%(t)s) l
full join (select key from journal where tenant=%(t)s and key like 'bill/%%') j
  on j.key = 'bill/' || l.id where l.id is null or j.key is null limit 20
"""
_KEPT: Final = (
    "select currency, account, debit, credit from period_balances where tenant=%s and period=%s"
)


class JournalFolder:
    """Folds orders into entries, and what was said of periods, settings and vouchers by hand."""

    def __init__(self, tenant: int, policy: Policy) -> None:
        self._tenant = tenant
        self._policy = policy
        self._tallies: journal_room.Tallies = {}
        self._slips: dict[str, Slip] = {}
        self._said: dict[Row, Row] = {}
        self._digests: dict[int, str] = {}
        self._vouchers: set[str] = set()

    @property
    def types(self) -> frozenset[str]:
        """What makes an entry, and what is said of the journal itself."""
        of_journal = ("settlement.set", "settlement.accounts_named")
        of_vouchers = (f"voucher.{name}" for name in ("entered", "proposed", "declined"))
        of_periods = ("closed", "reopened", "reopening_asked", "reopening_declined")
        periods = (f"period.{name}" for name in of_periods)
        return frozenset({mapping.PLACED, *mapping.RULES, *of_journal, *of_vouchers, *periods})

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        stream, data = fact.stream, fact.data
        match data:
            case facts.PeriodClosed():
                self._said["period_events", str(stream)] = (data.period, "closed")
                self._digests[data.period] = data.digest
            case facts.PeriodReopened():
                self._said["period_events", str(stream)] = (data.period, "reopened")
                self._said.pop(("period_asks", data.asked), None)
                self._digests.pop(data.period, None)
            case facts.ReopeningAsked():
                self._said["period_asks", str(stream)] = (data.period, data.reason)
            case facts.ReopeningDeclined():
                self._said.pop(("period_asks", data.asked), None)
            case facts.SettlementSet():
                for key, row in list(self._said.items()):  # the newest of a day stands
                    if key[0] == "settlement_settings" and row[0] == data.since:
                        del self._said[key]
                treated = f"{data.revenue} {data.tax} {int(data.costs)}"
                self._said["settlement_settings", str(stream)] = (data.since, treated)
            case facts.VoucherProposed() | facts.VoucherDeclined() | facts.VoucherEntered():
                self._fold_by_hand(stream, fact.id, data)
            case facts.AccountsNamed():
                for key in [key for key in self._said if key[0] == "account_names"]:
                    del self._said[key]
                for n in data.names:
                    self._said["account_names", str(n.account)] = (n.code, n.name)
            case _:
                self._take(stream, fact)

    def _fold_by_hand(self, stream: uuid.UUID, id_: str, data: Struct) -> None:
        match data:
            case facts.VoucherProposed():
                told = f"{data.date} {data.currency} {data.reason}"
                self._said["voucher_drafts", str(stream)] = ("proposed", told)
            case facts.VoucherDeclined():
                self._answer(data.proposed, "declined")
            case facts.VoucherEntered():
                self._vouchers.add(id_)
                self._answer(data.proposed, "entered")

    def _answer(self, proposed: str, state: str) -> None:
        said = self._said.get(("voucher_drafts", proposed))
        if said is not None:  # before there were two persons nothing was proposed
            self._said["voucher_drafts", proposed] = (state, said[1])

    def _take(self, stream: uuid.UUID, fact: Fact) -> None:
        if fact.type != mapping.PLACED and stream.bytes not in self._tallies:
            return
        slip = journal_room.take(
            self._tallies, stream.bytes, fact.type, encode(fact), self._policy, mapping.begin
        )
        if slip is not None:
            self._slips[slip.key] = slip

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the entries of these streams with what their facts give."""
        found: list[Difference] = []
        asked = (self._tenant, journal.FACTS, str(first), str(end))
        async for key, *row in await connection.execute(_ENTRIES, asked):
            slip = self._slips.pop(key, None)
            if slip is None:
                found.append(_differ("entry_alone", key, "an entry without its fact"))
            elif why := self._odd(slip, row):
                found.append(_differ("entry_differs", key, why))
        for key in self._slips:
            stream, _, seq = key.partition("/")
            place = (journal_room.ROOM, self._tenant, stream, int(seq), int(seq))
            row = await (await connection.execute(_READ, place)).fetchone()
            if row and row[0]:
                found.append(_differ("entry_missing", key, "a fact without its entry"))
        self._slips.clear()
        self._tallies.clear()
        return found

    def _odd(self, slip: Slip, row: Row) -> str:
        """Say what of a row is not as the slip says; "" when all is."""
        *said, accounts, amounts, day, belongs, period = row
        told = [slip.source, slip.currency, slip.order, slip.channel, slip.shop]
        if said != told or tuple(accounts) != slip.accounts or tuple(amounts) != slip.amounts:
            return f"row {said} {accounts} {amounts}, facts {told} {slip.accounts} {slip.amounts}"
        calendar = self._policy.calendar
        meant = datetime.date.fromisoformat(slip.day)
        if belongs:
            is_right = calendar.period(meant) == belongs and day == calendar.bounds(period)[0]
        else:
            is_right = day == meant
        if not is_right or calendar.period(day) != period:
            return f"entered on {day} in {period}, it is of {meant}"
        return ""

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare sums, numbers, periods, settings and vouchers by hand."""
        asked = {"t": self._tenant}
        found = [
            _differ("sum_differs", f"journal_days {d or m}", f"row {dd}/{dc}, entries {md}/{mc}")
            for m, _, md, mc, d, _, dd, dc in await _all(connection, _SUMS, asked)
        ]
        found += [
            _differ("number_differs", f"{period}/{word}", f"last {last}, {n} entries to {most}")
            for period, word, last, n, most in await _all(connection, _GAPS, asked)
        ]
        found += [
            _differ("bill_differs", key, "a line without its entry, or the reverse")
            for (key,) in await _all(connection, _BILLS, asked)
        ]
        rows: dict[Row, Row] = {}
        for name, sql in (
            ("period_events", _EVENTS), ("settlement_settings", _SETTINGS), ("period_asks", _ASKS),
            ("voucher_drafts", _DRAFTS), ("account_names", _NAMES),
        ):  # fmt: skip
            for stream, at, more in await _all(connection, sql, (self._tenant,)):
                at = at.isoformat() if isinstance(at, datetime.date) else at
                rows[name, str(stream)] = (at, more)
        found += [
            _differ("row_differs", " ".join(key), f"row {rows.get(key)}, facts {said}")
            for key in sorted(rows.keys() | self._said.keys())
            if rows.get(key) != (said := self._said.get(key))
        ]
        by_hand = await _all(connection, _BY_HAND, (self._tenant, journal.MANUAL))
        entered = {cause for (cause,) in by_hand}
        found += [
            _differ("voucher_differs", key, "a fact without its entry, or the reverse")
            for key in sorted(entered ^ self._vouchers)
        ]
        return found + await self._compare_closed(connection)

    async def _compare_closed(self, connection: Connection) -> list[Difference]:
        """Add up each closed period again: what was kept, and what is there, as was said."""
        found = []
        calendar = await posting.read_calendar(connection, self._tenant)
        for period, said in sorted(self._digests.items()):
            kept = await _all(connection, _KEPT, (self._tenant, period))
            last = calendar.bounds(period)[1]
            sums = await journal_views.add_up(connection, self._tenant, last)
            if not trial.digest(kept) == said == trial.digest(sums):
                detail = "its trial balance is not the one that was said"
                found.append(_differ("period_differs", str(period), detail))
        return found


async def _all(connection: Connection, sql: str, asked: Any) -> list[Row]:
    return await (await connection.execute(sql, asked)).fetchall()


def _differ(code: str, where: str, detail: str) -> Difference:
    return Difference(code=code, where=where, detail=detail)
