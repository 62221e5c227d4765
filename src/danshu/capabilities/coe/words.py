"""How figures and names read in a review."""

from __future__ import annotations

from typing import Final

OWNERS: Final = {
    "merchant": ("商户侧（接单、付款、审核）", "the merchant (intake, payment, checks)"),
    "warehouse": ("仓库", "warehouses"),
    "carrier": ("承运商", "carriers"),
    "buyer": ("买家", "buyers"),
}
TRIALS: Final = {
    "kept": ("承诺兑现", "promises kept"),
    "late": ("迟到", "late orders"),
    "split": ("拆单", "split orders"),
    "cost": ("每单成本", "cost an order"),
    "refunded": ("退款", "refunded orders"),
}
"""What experiments count."""
_DIMENSIONS: Final = {
    "all": ("全部承诺", "All promises"),
    "warehouse": ("仓 {} ", "Warehouse {}"),
    "carrier": ("承运商 {} ", "Carrier {}"),
    "channel": ("渠道 {} ", "Channel {}"),
    "code": ("承诺 {} ", "Promise {}"),
}
_NOBODY: Final = ("（无）", "(none)")


def name(by: str, key: str) -> tuple[str, str]:
    """Name a value of a dimension in both languages."""
    zh, en = _DIMENSIONS[by]
    return zh.format(key or _NOBODY[0]), en.format(key or _NOBODY[1])


def owner(key: str) -> tuple[str, str]:
    """Name who had the order."""
    return OWNERS.get(key, (key, key))


def percent(part: int, whole: int) -> str:
    """Write a share as a percentage of one decimal; "–" of nothing."""
    return f"{_tenths(round(1000 * part / whole))}%" if whole else "–"


def points(thousandths: int) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    return f"{thousandths / 10:+.1f}"


def difference(metric: str, value: int) -> tuple[str, str]:
    """Write a difference of what experiments count, in both languages."""
    if metric == "cost":
        return yuan(value), yuan(value)
    return f"{points(value)} 个百分点", f"{points(value)} points"


def _tenths(thousandths: int) -> str:
    return f"{thousandths / 10:.1f}"


def yuan(fen: int) -> str:
    """Write an amount."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def measure(value: int | None, unit: str) -> str:
    """Write a metric's figure in its unit; "–" for none."""
    if value is None:
        return "–"
    if unit == "thousandths":
        return f"{_tenths(value)}%"
    return yuan(value) if unit == "fen" else f"{value:,}"
