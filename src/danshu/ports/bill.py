"""Port `channel`, for bills 账单: rows of money that moved, and what their columns mean.

A mapping is a YAML file; docs/how-to/reconcile-a-month.md explains every word of it. Those of the
usual platforms come with the hub (src/danshu/data/bills).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

from msgspec import Struct

from danshu.ports.table import Column, Condition, Options, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS: Final = (
    "sale",  # 交易收款
    "subsidy",  # 平台补贴, paid to the merchant for the order
    "refund",  # 退款
    "commission",  # 平台佣金与技术服务费
    "payment_fee",  # 支付手续费
    "freight",  # 运费
    "insurance",  # 运费险
    "penalty",  # 赔付与扣款
    "payout",  # 提现
    "transfer",  # 转账, without an order
    "other",  # 其他
)
"""What a line of a bill is; the place in this list is what is stored, from 1 on."""


class BillAmount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of money. Each that is not 0 makes a line of its own.

    A line's amount is what the merchant has more: `keep` takes the column as it is, `negate` turns
    its sign, `out` takes it as going out whatever its sign. `kind` "" = by the rules.
    """

    column: str
    sign: Literal["keep", "negate", "out"] = "keep"
    kind: str = ""
    money: Literal["major", "minor"] = "major"
    optional: bool = False


class KindRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of a kind; the first rule that fits decides. Without `when` every row fits."""

    kind: str
    when: Condition | None = None


class BillMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the columns of a bill mean.

    `book` is whose account it is (alipay, jd, bank …): lines of one book are each counted once,
    whichever file brings them, by the columns that `identity` names; with `repeats` equal rows of
    one file are told apart by their order. `channel` is that of its
    orders, "" where it names none. `number` is a pattern whose first group is the order's number.
    `totals` are patterns of remarks; their groups are checked to the fen: `rows`, `income`,
    `expense`, `income_rows`, `expense_rows`, `net`, or a kind. One that matches no remark makes the
    file unusable: its end was cut off.
    """

    version: Literal[1]
    name: str
    zh: str
    en: str
    book: str
    channel: str = ""
    format: Literal["auto", "csv", "xlsx"] = "auto"
    options: Options = Options()
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    columns: dict[str, str | Column]
    identity: tuple[str, ...]
    repeats: bool = False
    number: str = ""
    amounts: tuple[BillAmount, ...]
    kinds: tuple[KindRule, ...] = ()
    rules: tuple[Rule, ...] = ()
    totals: tuple[str, ...] = ()


class BillLine(Struct, frozen=True, kw_only=True):
    """One movement of money. `row` is the file's, `part` counts the columns of money from 0.

    `amount` in minor units is what the merchant has more by it; `at_ms` epoch ms; `weight_g` and
    `zone` are of freight. `identity` names it in its book for ever. `raw` is the row as it came: a
    JSON array of its cells.
    """

    row: int
    part: int
    kind: str
    amount: int
    at_ms: int
    identity: str
    number: str
    waybill: str
    flow: str
    word: str
    weight_g: int
    zone: str
    note: str
    raw: bytes


class BillReject(Struct, frozen=True, kw_only=True):
    """A row that became no line, and why. `code` is stable, `reason` is for people."""

    row: int
    code: str
    reason: str
    raw: bytes


class BillPass(Protocol):
    """One reading of a bill, in bounded memory."""

    header: tuple[str, ...]
    """The names of the columns, once the first row has come."""

    def __iter__(self) -> Iterator[BillLine | BillReject]:
        """Give lines and rejects in the order of the rows; each row is in one of the two.

        Raises InputError where the file cannot be read, and at its end, `totals` or
        `totals_missing`, where it does not hold what its own totals say.
        """
        ...


class BillReader(Protocol):
    """A channel that also reads bills."""

    def decode_bill_mapping(self, raw: bytes) -> BillMapping:
        """Decode and check a mapping. Raises InputError naming the place."""
        ...

    def read_bill(self, path: Path, mapping: BillMapping) -> BillPass:
        """Read a bill. Raises InputError for a file that cannot be read."""
        ...
