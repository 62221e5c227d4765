"""Figures of cells that are the same integers in every engine and every order of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from danshu.ports.asset import Value

_ROUNDS: Final = 0.46


def percentile(column: Value, tenths: int) -> Value:
    """Give the P(10 x tenths) as a whole number, of what is not NULL; NULL of nothing.

    Between two values it lies in proportion (PERCENTILE.INC). As it is a multiple of a tenth, 0.46
    rounds it to the nearest whole, a half down, whatever the last bit of an engine's float is.
    """
    return (column.quantile(tenths / 10) + _ROUNDS).floor().cast("int64")


def share(part: Value, whole: Value) -> Value:
    """Give thousandths, rounded to the nearest; NULL of nothing."""
    return (part * 2_000 + whole) // (whole * 2).nullif(0)


def mean(total: Value, count: Value) -> Value:
    """Give the mean, rounded to the nearest whole; NULL of nothing."""
    return (total * 2 + count) // (count * 2).nullif(0)


def count_if(condition: Value) -> Value:
    """Count the rows that a condition holds for; what is not known does not count."""
    return condition.ifelse(1, 0).sum()


def total(column: Value) -> Value:
    """Give the sum, 0 of nothing."""
    return column.sum().fill_null(0)
