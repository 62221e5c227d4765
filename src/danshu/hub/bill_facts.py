"""The fact types of bills 账单: which file was brought in, and what it held."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("bill.imported")
class BillImported(Struct, frozen=True, kw_only=True):
    """账单入账: a platform's, bank's or carrier's bill was brought in; its lines count from now on.

    `digest` (hex) is over the file and how it is read. `lines` are new, `existing` were there
    before, `rejected` rows are in no line. Money in 分: what came in and went out by the new lines.
    """

    account: str
    book: str
    digest: str
    existing: int
    expense: int
    form: str
    income: int
    lines: int
    name: str
    rejected: int
    rows: int


@fact_type("reconcile.rules_set")
class ReconcileRulesSet(Struct, frozen=True, kw_only=True):
    """对账规则: the tolerances and rates that runs go by from now on; `digest` (hex) of them."""

    digest: str
    version: int


@fact_type("reconcile.finished")
class ReconcileFinished(Struct, frozen=True, kw_only=True):
    """对账完成: orders, payments, bills and waybills were held against one another.

    `outcome` is done, cancelled or failed; `rules` the version it went by; `whole` everything, not
    only what is new. Of the differences `opened`, `reopened` and `settled` by it, and `open` after.
    """

    cause: str
    lines: int
    matched: int
    open: int
    opened: int
    orders: int
    outcome: str
    reopened: int
    rules: int
    run: str
    settled: int
    whole: bool


class OfDifference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every act on a difference says of it: class, book and key, and how much was expected
    and found when it was said, in 分.
    """

    actual: int
    expected: int
    subject: str


@fact_type("difference.assigned")
class DifferenceAssigned(OfDifference, frozen=True, kw_only=True, omit_defaults=True):
    """差异指派: whose work it is from now on; "" nobody's."""

    owner: str


@fact_type("difference.proposed")
class DifferenceProposed(OfDifference, frozen=True, kw_only=True, omit_defaults=True):
    """差异待复核: above an amount a second person closes it; why it should be closed."""

    note: str
    reason: str


@fact_type("difference.declined")
class DifferenceDeclined(OfDifference, frozen=True, kw_only=True, omit_defaults=True):
    """差异复核驳回: the second person did not close it; it is open again."""

    note: str


@fact_type("difference.closed")
class DifferenceClosed(OfDifference, frozen=True, kw_only=True, omit_defaults=True):
    """差异关闭: explained by a coded reason and a note; `second` of two persons asked for it."""

    note: str
    reason: str
    second: str = ""


@fact_type("difference.reopened")
class DifferenceReopened(OfDifference, frozen=True, kw_only=True, omit_defaults=True):
    """差异重开: a run found other amounts than it was closed on, or a person opened it again."""

    note: str = ""
