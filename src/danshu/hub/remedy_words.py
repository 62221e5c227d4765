"""The timeline's words for what follows a breach and for lagging hand-overs: icon, title zh and en,
sentence zh and en.
"""

from __future__ import annotations

from typing import Final

REMEDIES: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "handover.lagging": (
        "hourglass",
        "交接未见运单",
        "Waybill lags",
        "{handed} 已交接,{lag} 后仍没有运单记录",
        "Handed over {handed}, no waybill recorded {lag} later",
    ),
    "handover.caught_up": (
        "barcode",
        "运单补到",
        "Waybill caught up",
        "交接后 {lag} 才有运单记录",
        "The waybill was recorded {lag} after the hand-over",
    ),
    "compensation.proposed": (
        "wallet",
        "提出赔付",
        "Compensation proposed",
        "{promises}:按条款赔付 {amount},{due} 前付清",
        "{promises}: {amount} due by its clause, to be paid by {due}",
    ),
    "compensation.approved": (
        "check",
        "批准赔付",
        "Compensation approved",
        "{promises}:赔付 {amount}",
        "{promises}: {amount}",
    ),
    "compensation.approved/policy": (
        "check",
        "按策略批准赔付",
        "Approved by policy",
        "{promises}:赔付 {amount}",
        "{promises}: {amount}",
    ),
    "compensation.refused": (
        "close-circle",
        "不予赔付",
        "Compensation refused",
        "{promises}:理由 {reason}",
        "{promises}: {reason}",
    ),
}
