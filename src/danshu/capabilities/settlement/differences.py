"""A difference 差异: what it may be, why it may be closed, and what an act on it decides. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from danshu.kernel.errors import Refusal
from danshu.kernel.limits import DIFFERENCE_NOTE_CHARS

CLASSES: Final = (
    "missing_in_bill",  # 账单缺: paid, due in the bill, and not there
    "missing_in_orders",  # 订单缺: in the bill, and no order of ours
    "amount",  # 金额不符
    "duplicate",  # 重复入账: the same money twice
    "refund",  # 退款不符
    "fee",  # 费率偏差
    "timing",  # 在途: paid, and the bill does not have to hold it yet
    "unclaimed",  # 未认领: money without a key that nothing explains
    "payout",  # 提现未到账: paid out by the platform, not in the bank
    "waybill_unknown",  # 运单缺: carried for us, by no order of ours
    "freight_weight",  # 运费重量不符
    "freight_zone",  # 运费分区不符
    "freight_amount",  # 运费金额不符
    "bill_missing",  # 账单未到: due by now, and not brought in
    "subsidy",  # 补贴不符: what the platform bears of an order, and what it paid
)
"""The place in this list is what is stored, from 1 on."""

REASONS: Final = (
    "later_bill",  # 后期账单已含
    "platform_confirmed",  # 平台已确认并补差
    "offline_payment",  # 线下收付款
    "promotion",  # 活动补贴
    "refunded_outside",  # 渠道外退款
    "carrier_confirmed",  # 承运商已确认
    "rounding",  # 尾差
    "own_mistake",  # 我方记错,已更正
    "bad_debt",  # 坏账核销
    "other",
)

OPEN: Final = "open"
PROPOSED: Final = "proposed"
CLOSED: Final = "closed"
SETTLED: Final = "settled"  # a run found no difference any more


class Standing(Struct, frozen=True, kw_only=True):
    """Where a difference stands. Amounts in 分; `asked` is who proposed to close it."""

    state: str
    expected: int
    actual: int
    owner: str = ""
    reason: str = ""
    note: str = ""
    asked: str = ""
    second: str = ""

    @property
    def amount(self) -> int:
        """What it is about: the money that differs."""
        return abs(self.actual - self.expected)


ENDED: Final = Refusal(
    code="difference_ended",
    reason="差异已关闭或已消除",
    reason_en="The difference is closed, or there is none any more",
    clause="differences.state",
)
NOT_ENDED: Final = Refusal(
    code="difference_open",
    reason="差异还没有关闭",
    reason_en="The difference is not closed",
    clause="differences.state",
)
NOT_PROPOSED: Final = Refusal(
    code="not_proposed",
    reason="没有人提请关闭这笔差异",
    reason_en="Nobody has proposed to close this difference",
    clause="differences.second",
)
SAME_PERSON: Final = Refusal(
    code="same_person",
    reason="这个金额要由另一个人复核关闭",
    reason_en="Above this amount another person closes it",
    clause="differences.second",
)
NO_NOTE: Final = Refusal(
    code="no_note",
    reason="说明不能为空",
    reason_en="Say why in words",
    clause="differences.note",
)


def is_note(note: str) -> bool:
    """Tell whether a note says something, and not too much."""
    return 0 < len(note.strip()) <= DIFFERENCE_NOTE_CHARS


def close(at: Standing, reason: str, note: str, who: str, second_fen: int) -> Standing | Refusal:
    """Close a difference with a coded reason; from `second_fen` on it is proposed to a second."""
    if at.state not in (OPEN, PROPOSED):
        return ENDED
    if not is_note(note):
        return NO_NOTE
    is_alone = at.amount < second_fen
    return Standing(
        state=CLOSED if is_alone else PROPOSED,
        expected=at.expected,
        actual=at.actual,
        owner=at.owner,
        reason=reason,
        note=note.strip(),
        asked=who,
    )


def confirm(at: Standing, who: str) -> Standing | Refusal:
    """Let a second person close what was proposed."""
    if at.state != PROPOSED:
        return NOT_PROPOSED
    if at.asked == who:
        return SAME_PERSON
    return Standing(
        state=CLOSED,
        expected=at.expected,
        actual=at.actual,
        owner=at.owner,
        reason=at.reason,
        note=at.note,
        asked=at.asked,
        second=who,
    )


def decline(at: Standing, note: str) -> Standing | Refusal:
    """Do not close what was proposed: it is open again."""
    if at.state != PROPOSED:
        return NOT_PROPOSED
    if not is_note(note):
        return NO_NOTE
    return _open(at)


def reopen(at: Standing, note: str) -> Standing | Refusal:
    """Open what was closed."""
    if at.state != CLOSED:
        return NOT_ENDED
    if not is_note(note):
        return NO_NOTE
    return _open(at)


def assign(at: Standing, owner: str) -> Standing | Refusal:
    """Give it to somebody, or ("") to nobody."""
    if at.state not in (OPEN, PROPOSED):
        return ENDED
    return Standing(
        state=at.state,
        expected=at.expected,
        actual=at.actual,
        owner=owner,
        reason=at.reason,
        note=at.note,
        asked=at.asked,
        second=at.second,
    )


def _open(at: Standing) -> Standing:
    return Standing(state=OPEN, expected=at.expected, actual=at.actual, owner=at.owner)
