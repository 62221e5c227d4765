"""What is said about the journal and its periods, each on a stream of its own 结账."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class BookPlace(Struct, frozen=True, kw_only=True):
    """So many leaves of a book had been read."""

    half: str
    position: int


class ExplainedCheck(Struct, frozen=True, kw_only=True):
    """A check that did not pass, and what was said about it."""

    amount: int
    code: str
    reason: str


@fact_type("period.closed")
class PeriodClosed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """关账: a period takes in no entries any more.

    `digest` is SHA-256 of its trial balance (EVJ1 canonical JSON of currency, account, debits and
    credits from the beginning to its last day). `cut` is how far the log had been entered,
    `vouchers` how many entries the period has.
    """

    cut: tuple[BookPlace, ...]
    digest: str
    explained: tuple[ExplainedCheck, ...] = ()
    period: int
    vouchers: int


@fact_type("period.reopening_asked")
class ReopeningAsked(Struct, frozen=True, kw_only=True):
    """申请反结账: a person wants a closed period opened again."""

    period: int
    reason: str


@fact_type("period.reopening_declined")
class ReopeningDeclined(Struct, frozen=True, kw_only=True):
    """驳回反结账: it stays closed. `asked` is the stream of the question."""

    asked: str
    period: int
    reason: str


@fact_type("period.reopened")
class PeriodReopened(Struct, frozen=True, kw_only=True):
    """反结账: the second person opened a closed period again, for the first one's `reason`.

    `asked` is the stream of the question, `first` who asked. `cut` as when it was closed.
    """

    asked: str
    cut: tuple[BookPlace, ...]
    first: str
    period: int
    reason: str


@fact_type("settlement.set")
class SettlementSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """结算设置: by which rules entries are made of what is placed from the day `since` on.

    `revenue` is earned by `shipment` or `delivery`. Periods begin on day `begins` of a month, in
    `zone`. `suspense` (minor units of any currency) may stand in suspense when a period closes.
    `tax` is `off`, `general`, `small_1` or `small_3`; with `costs` what goods cost is entered.
    """

    begins: int
    costs: bool = False
    revenue: str
    since: str
    suspense: int
    tax: str = "off"
    zone: str


class AccountName(Struct, frozen=True, kw_only=True):
    """What an account of the hub is called in the merchant's own books."""

    account: int
    code: str
    name: str


@fact_type("settlement.accounts_named")
class AccountsNamed(Struct, frozen=True, kw_only=True):
    """科目对照: by which codes and names finance's own books know the accounts; all anew."""

    names: tuple[AccountName, ...]


class VoucherLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a voucher: minor units on one side of an account."""

    account: int
    channel: str = ""
    credit: int = 0
    debit: int = 0
    order: str = ""
    shop: str = ""


@fact_type("voucher.entered")
class VoucherEntered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """手工凭证: a person entered into the journal what no fact and no bill says.

    `reverses` is the key of the entry that it takes back, "" where it takes none. `first` made it
    and `proposed` is the stream of what they proposed; whoever says this checked it.
    """

    currency: str
    date: str
    first: str = ""
    lines: tuple[VoucherLine, ...]
    proposed: str = ""
    reason: str
    reverses: str = ""


@fact_type("voucher.proposed")
class VoucherProposed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """制单: a person made a voucher; another has to check it before it is entered."""

    currency: str
    date: str
    lines: tuple[VoucherLine, ...]
    reason: str
    reverses: str = ""


@fact_type("voucher.declined")
class VoucherDeclined(Struct, frozen=True, kw_only=True):
    """凭证驳回或撤回: it is not entered. `proposed` is the stream of what was proposed."""

    proposed: str
    reason: str
