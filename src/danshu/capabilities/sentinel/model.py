"""What the sentinel 哨兵 says: a finding, its class, and what one may do about it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

ORDER_CLASSES: Final = frozenset(
    {
        "duplicate",
        "sku_mismatch",
        "amount_mismatch",
        "quantity_mismatch",
        "address_mismatch",
        "illegal_transition",
        "backward_state",
        "waybill_without_order",
        "shipped_without_waybill",
        "refund_without_return",
        "refund_above_paid",
        "clock_skew",
        "oversell_attempt",
    }
)
"""Classes that an order's own facts decide: their findings end when the facts say otherwise."""

FIELD_CLASSES: Final = frozenset({"data_drift"})
"""Classes that are about what fields hold, and no order's fault."""


class Class(Struct, frozen=True, kw_only=True):
    """A class of findings. `exact`: decided by keys and sums, never by a threshold of ours on
    counts. `grade` is red, yellow or blue; `within_min` is how long a finding may wait. `remedy` is
    the one-click act, "" = none; `steps` are the playbook, by code.
    """

    code: str
    zh: str
    en: str
    exact: bool
    grade: str
    within_min: int
    remedy: str
    steps: tuple[str, ...]


CLASSES: Final = (
    Class(
        code="missing", zh="漏单", en="Missing order",
        exact=True, grade="red", within_min=15, remedy="pull_in",
        steps=("look_listing", "pull_in", "check_webhook"),
    ),
    Class(
        code="phantom", zh="幽灵单", en="Phantom order",
        exact=True, grade="red", within_min=60, remedy="hold",
        steps=("look_listing", "hold", "ask_shop"),
    ),
    Class(
        code="duplicate", zh="重复单", en="Duplicate",
        exact=True, grade="yellow", within_min=60, remedy="cancel",
        steps=("compare_orders", "ask_buyer", "cancel_one"),
    ),
    Class(
        code="sku_mismatch", zh="错配", en="SKU mismatch",
        exact=True, grade="yellow", within_min=60, remedy="align",
        steps=("look_raw", "add_sku", "align"),
    ),
    Class(
        code="amount_mismatch", zh="金额不符", en="Amount mismatch",
        exact=True, grade="yellow", within_min=240, remedy="hold",
        steps=("look_raw", "add_up", "tell_finance"),
    ),
    Class(
        code="quantity_mismatch", zh="数量不符", en="Quantity mismatch",
        exact=True, grade="red", within_min=60, remedy="hold",
        steps=("compare_lines", "count_parcel", "hold"),
    ),
    Class(
        code="address_mismatch", zh="地址不符", en="Address mismatch",
        exact=True, grade="yellow", within_min=60, remedy="hold",
        steps=("look_raw", "ask_buyer", "align"),
    ),
    Class(
        code="illegal_transition", zh="状态矛盾", en="States disagree",
        exact=True, grade="red", within_min=30, remedy="cancel",
        steps=("look_listing", "recall", "cancel_one"),
    ),
    Class(
        code="backward_state", zh="状态倒退", en="Backward state",
        exact=True, grade="blue", within_min=480, remedy="accept",
        steps=("compare_times", "ask_carrier", "accept"),
    ),
    Class(
        code="stuck", zh="卡单", en="Stuck",
        exact=True, grade="red", within_min=15, remedy="reroute",
        steps=("look_floor", "reroute", "tell_buyer"),
    ),
    Class(
        code="waybill_without_order", zh="无单运单", en="Waybill, no order",
        exact=True, grade="yellow", within_min=60, remedy="tell",
        steps=("find_order", "ask_carrier", "accept"),
    ),
    Class(
        code="shipped_without_waybill", zh="无运单发货", en="Shipped, no waybill",
        exact=True, grade="red", within_min=15, remedy="tell",
        steps=("ask_carrier", "record_waybill"),
    ),
    Class(
        code="refund_without_return", zh="未退货退款", en="Refund, no return",
        exact=True, grade="red", within_min=120, remedy="tell",
        steps=("find_parcel", "ask_warehouse", "tell_finance"),
    ),
    Class(
        code="refund_above_paid", zh="多退", en="Refunded too much",
        exact=True, grade="red", within_min=30, remedy="tell",
        steps=("add_up", "stop_refund", "tell_finance"),
    ),
    Class(
        code="fee_deviation", zh="费率偏差", en="Fee deviation",
        exact=True, grade="yellow", within_min=1_440, remedy="accept",
        steps=("compare_rate", "tell_finance", "accept"),
    ),
    Class(
        code="sequence_gap", zh="缺号", en="Number gap",
        exact=True, grade="red", within_min=15, remedy="pull_in",
        steps=("look_listing", "pull_in", "check_webhook"),
    ),
    Class(
        code="clock_skew", zh="时钟偏差", en="Clock skew",
        exact=True, grade="blue", within_min=480, remedy="accept",
        steps=("compare_times", "check_clock", "accept"),
    ),
    Class(
        code="oversell_attempt", zh="超卖企图", en="Oversell attempt",
        exact=True, grade="yellow", within_min=60, remedy="allocate",
        steps=("look_stock", "allocate", "tell_buyer"),
    ),
    Class(
        code="volume_drift", zh="单量漂移", en="Volume drift",
        exact=False, grade="blue", within_min=240, remedy="",
        steps=("look_channel", "check_webhook"),
    ),
    Class(
        code="latency_drift", zh="时延漂移", en="Latency drift",
        exact=False, grade="blue", within_min=240, remedy="",
        steps=("look_channel", "check_webhook"),
    ),
    Class(
        code="data_drift", zh="敏感数据漂移", en="Sensitive data drift",
        exact=True, grade="yellow", within_min=1_440, remedy="",
        steps=("look_field", "confirm_class", "scrub_source"),
    ),
)  # fmt: skip
BY_CODE: Final = {each.code: each for each in CLASSES}
_BY_CAUSE: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "case_late": ("tell", ("look_case", "decide_case", "tell_buyer")),
    "intercept_late": ("tell", ("ask_carrier", "answer_intercept", "tell_buyer")),
    "pull_late": ("tell", ("look_pull", "renew_token", "try_pull")),
    "unreadable": ("pull_in", ("read_inbox", "pull_in", "tell_us")),
}
"""Remedy and steps of causes that ask for others than their class."""


def remedy_of(code: str, cause: str) -> str:
    """Give the one-click act of a finding of this class and cause, "" = none."""
    return _BY_CAUSE[cause][0] if cause in _BY_CAUSE else BY_CODE[code].remedy


def steps_of(code: str, cause: str) -> tuple[str, ...]:
    """Give the playbook of a finding of this class and cause, by code."""
    return _BY_CAUSE[cause][1] if cause in _BY_CAUSE else BY_CODE[code].steps


class Found(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding as a detector gives it. `subject` is unique in its class; `cause` a code with its
    `params`; `evidence` ids of facts or digests of raw listings; `risk` the money at risk in minor
    units; `place` groups what has one cause; times in epoch ms.
    """

    klass: str
    subject: str
    cause: str
    params: dict[str, str | int] = {}
    evidence: tuple[str, ...] = ()
    channel: str = ""
    shop: str = ""
    warehouse: str = ""
    place: str = ""
    order: bytes = b""
    number: str = ""
    other: bytes = b""
    risk: int = 0
    at_ms: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What a finding is known by."""
        return self.klass, self.subject

    @property
    def incident(self) -> str:
        """What it is grouped by: findings of one class, one cause and one place."""
        return f"{self.klass}:{self.cause}:{self.place}"
