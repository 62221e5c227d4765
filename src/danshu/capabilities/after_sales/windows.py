"""Within which time a buyer may ask 申请期, by reason; what can't be given back without one.

消费者权益保护法 25: goods bought at a distance go back within seven days of receipt without a
reason, but for what was made to order, what perishes, digital goods that were opened, and
newspapers; and for what by its nature can't, where the buyer has confirmed that when buying. The
days begin on the day after receipt (网络购买商品七日无理由退货暂行办法 10).
"""

from __future__ import annotations

import datetime
import functools
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct, field

from danshu.capabilities.after_sales.model import EXCHANGE, REFUND_ONLY, RETURN, WITH_GOODS
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY_MS: Final = 86_400_000
_SHANGHAI_MS: Final = 8 * 3_600_000
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
NO_REASON: Final = "no_longer_wanted"
KINDS: Final = (RETURN, EXCHANGE, REFUND_ONLY)
# Why goods can't go back without a reason; the first two follow from how they are stored.
EXEMPT: Final = ("perishable", "licensed", "custom", "digital", "periodical", "agreed")
# What can be the matter with goods that have not come yet.
_BEFORE: Final = frozenset({NO_REASON, "late", "other"})
OVER: Final = Refusal(
    code="window_over",
    reason="已过申请期",
    reason_en="The time to ask for it is over",
    clause="after_sales.window",
)
EXEMPTED: Final = Refusal(
    code="no_reason_exempt",
    reason="这件商品依法不适用七日无理由退货",
    reason_en="These goods by law do not go back without a reason",
    clause="after_sales.no_reason",
)
NOT_RECEIVED: Final = Refusal(
    code="not_received",
    reason="这些件还没有签收;没收到货请选仅退款",
    reason_en="These goods have not been received: ask for the money alone",
    clause="after_sales.window",
)
RETURN_IT: Final = Refusal(
    code="return_it",
    reason="七天无理由要退货退款",
    reason_en="Without a reason the goods go back",
    clause="after_sales.no_reason",
)


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row: from a day on, so many days for a reason; `binds` = by law, merchants give no less."""

    reason: str
    begins: datetime.date = field(name="from")
    days: int
    binds: bool
    source: str
    zh: str
    en: str


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    windows: tuple[Window, ...]


class Bought(Struct, frozen=True, kw_only=True):
    """What of a line may be asked about: when it was received (epoch ms, 0 = not yet), and why it
    can't go back without a reason, "" = it can.
    """

    line: int
    received_ms: int
    exempt: str = ""


@functools.cache
def windows() -> tuple[Window, ...]:
    """Give the rows that ship with the product."""
    raw = (files("danshu") / "data" / "after_sale_windows.yaml").read_bytes()
    return msgspec.yaml.decode(raw, type=_Table).windows


def usual(reason: str, at_ms: int) -> Window | None:
    """Give the row of a reason that holds at a time."""
    day = _EPOCH + (at_ms + _SHANGHAI_MS) // _DAY_MS
    found = [w for w in windows() if w.reason == reason and w.begins.toordinal() <= day]
    return max(found, key=lambda w: w.begins, default=None)


def days(reason: str, own: Mapping[str, int], at_ms: int) -> int:
    """Give how many days a reason may be given, by the merchant's own word and never below law."""
    row = usual(reason, at_ms)
    if row is None:
        return 0
    told = own.get(reason, row.days)
    return max(told, row.days) if row.binds else told


def ends_ms(received_ms: int, count: int) -> int:
    """Give when the last of `count` days after the day of receipt is over, epoch ms."""
    day = (received_ms + _SHANGHAI_MS) // _DAY_MS
    return (day + count + 1) * _DAY_MS - _SHANGHAI_MS


def refuse(
    kind: str, reason: str, bought: Bought, own: Mapping[str, int], now_ms: int
) -> Refusal | None:
    """Say why this can't be asked of a line by its buyer now; None where it can."""
    if not bought.received_ms:
        if kind in WITH_GOODS or reason not in _BEFORE:
            return NOT_RECEIVED
        return None
    if reason == NO_REASON:
        if kind != RETURN:
            return RETURN_IT
        if bought.exempt:
            return EXEMPTED
    count = days(reason, own, now_ms)
    return OVER if now_ms >= ends_ms(bought.received_ms, count) else None
