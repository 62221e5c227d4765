"""Money without a key: payouts against the bank, transfers against orders; by amount and time, then
many to one.

What a platform pays out leaves its book and comes into the bank's: one to one, several payouts in
one sum, or one in several. What comes in without a number is held against orders that were paid and
stand in no bill. What is left of either is a difference.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.settlement.matching import Piece, gather, pair
from danshu.hub.reconcile_join import CLASS_NO, RULE_NO
from danshu.kernel.errors import InputError
from danshu.kernel.limits import RECONCILE_KEYLESS
from danshu.ports.bill import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import duckdb

    from danshu.capabilities.settlement.tolerances import Rules

BOOK: Final = "book:"
_KIND: Final = {name: no for no, name in enumerate(KINDS, 1)}
_COMING: Final = frozenset(_KIND[k] for k in ("payout", "transfer", "sale", "other"))
_LINES: Final = """
select no, book, channel, kind, amount, at_s from lines where number = '' and waybill = ''
order by at_s, no
"""
# Orders that were paid and that no bill holds; of channels without bills too, which only the bank
# can tell of.
_WITHOUT: Final = """
select row_number() over (order by paid_at, number) as no, channel, number, id, paid, paid_at,
class in (1, 7) as judged from joined where id is not null and coalesce(sales, 0) = 0 and paid > 0
and (class in (1, 7) or (n is null and to_s is null)) order by paid_at, number
"""
_NOTE: Final = (
    "insert into matched select unnest($nos::bigint[]), unnest($rules::smallint[]),"
    " unnest($orders::uuid[])"
)
_CLAIM: Final = f"""
delete from found where class in ({CLASS_NO["missing_in_bill"]}, {CLASS_NO["timing"]})
and (book, key) in (select unnest($books::varchar[]), unnest($keys::varchar[]))
"""
_FIND: Final = """
insert into found select class, book, 'line/' || no, null, no, '', expected, actual, [no],
'amount_time', at_s from (select unnest($classes::smallint[]) as class, unnest($books::varchar[])
as book, unnest($nos::bigint[]) as no, unnest($expected::bigint[]) as expected,
unnest($actual::bigint[]) as actual, unnest($ats::bigint[]) as at_s)
"""


class Keyless:
    """The lines without a key of one run, and what explains them."""

    def __init__(self, memory: duckdb.DuckDBPyConnection, rules: Rules) -> None:
        self._memory = memory
        self._window_s = rules.window_h * 3_600
        rows = memory.execute(_LINES).fetchall()
        if len(rows) > RECONCILE_KEYLESS:
            raise InputError("many_keyless", f"over {RECONCILE_KEYLESS} lines without a key")
        self._lines = {row[0]: row for row in rows}
        self._left = dict(self._lines)
        self._matched: list[tuple[int, int, Any]] = []
        self._claimed: list[tuple[str, str]] = []

    def match(self) -> None:
        """Match all that can be, and add what is left to `found`."""
        orders = self._memory.execute(_WITHOUT).fetchall() if self._lines else []
        if len(orders) > RECONCILE_KEYLESS:
            orders = orders[:RECONCILE_KEYLESS]
        self._match_payouts()
        by_channel: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for row in orders:
            by_channel[row[1] if row[6] else ""].append(row)
        for channel, some in sorted(by_channel.items()):
            self._match_orders(some, _received(channel))
        self._pass_others()
        self._write()

    def _pieces(self, wanted: Callable[[tuple[Any, ...]], bool]) -> list[Piece]:
        return [Piece(n[0], abs(n[4]), n[5]) for n in self._left.values() if wanted(n)]

    def _explain(self, rule: str, nos: Sequence[int], order: Any = None) -> None:
        for no in nos:
            if self._left.pop(no, None) is not None:
                self._matched.append((no, RULE_NO[rule], order))

    def _match_payouts(self) -> None:
        payouts = _payouts
        for wanted in (_into_bank_as_payout, _into_bank):
            for one, other in pair(self._pieces(payouts), self._pieces(wanted), self._window_s):
                self._explain("payout", (one, other))
        for wholes, parts in ((_into_bank, payouts), (payouts, _into_bank_as_payout)):
            found = gather(self._pieces(wholes), self._pieces(parts), self._window_s)
            for whole, some in found:
                self._explain("many_to_one", (whole, *some))

    def _match_orders(
        self, orders: Sequence[tuple[Any, ...]], wanted: Callable[[tuple[Any, ...]], bool]
    ) -> None:
        waiting = {row[0]: row for row in orders}

        def pieces() -> list[Piece]:
            return [Piece(row[0], row[4], row[5]) for row in waiting.values()]

        coming = self._pieces(lambda n: n[4] > 0 and wanted(n))
        for line, no in pair(coming, pieces(), self._window_s):
            row = waiting.pop(no)
            self._explain("amount_time", (line,), row[3])
            self._claimed.append((row[1], row[2]))
        coming = self._pieces(lambda n: n[4] > 0 and wanted(n))
        for line, some in gather(coming, pieces(), self._window_s):
            self._explain("many_to_one", (line,), waiting[some[0]][3])
            self._claimed += [(waiting[no][1], waiting[no][2]) for no in some]
            for no in some:
                del waiting[no]

    def _pass_others(self) -> None:
        """Fees, penalties and what went out have no order, and nothing to be held against."""
        for no, _, channel, kind, amount, _ in list(self._left.values()):
            is_payout = channel and kind == _KIND["payout"]
            if not is_payout and (amount < 0 or kind not in _COMING):
                self._explain("kind", (no,))

    def _write(self) -> None:
        memory = self._memory
        if self._matched:
            nos, rules, orders = map(list, zip(*self._matched, strict=True))
            memory.execute(_NOTE, {"nos": nos, "rules": rules, "orders": orders})
        if self._claimed:
            books, keys = map(list, zip(*self._claimed, strict=True))
            memory.execute(_CLAIM, {"books": books, "keys": keys})
        reach = memory.execute(
            f"select max(to_s) from coverage where starts_with(channel, '{BOOK}')"
        ).fetchone()
        bank_to_s = reach[0] if reach and reach[0] is not None else 0
        rows = []
        for no, book, channel, _, amount, at_s in self._left.values():
            if amount < 0:
                if at_s + self._window_s > bank_to_s:
                    continue  # the bank's bill does not reach so far
                name, expected, actual = "payout", -amount, 0
            else:
                name, expected, actual = "unclaimed", 0, amount
            rows.append((CLASS_NO[name], channel or book, no, expected, actual, at_s))
        if rows:
            names = ("classes", "books", "nos", "expected", "actual", "ats")
            columns = [list(column) for column in zip(*rows, strict=True)]
            memory.execute(_FIND, dict(zip(names, columns, strict=True)))


def _received(channel: str) -> Callable[[tuple[Any, ...]], bool]:
    """Give the test of what came into a channel's book, or ("") the bank's, for goods."""
    wanted = frozenset({_KIND["sale"], _KIND["transfer"]})

    def fits(line: tuple[Any, ...]) -> bool:
        return line[2] == channel and line[3] in wanted

    return fits


def _payouts(line: tuple[Any, ...]) -> bool:
    return bool(line[2]) and line[3] == _KIND["payout"] and line[4] < 0


def _into_bank(line: tuple[Any, ...]) -> bool:
    return not line[2] and line[4] > 0 and line[3] in _COMING


def _into_bank_as_payout(line: tuple[Any, ...]) -> bool:
    return _into_bank(line) and line[3] == _KIND["payout"]
