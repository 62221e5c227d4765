"""The fact types of scorers 评分器: what was learned from deliveries, and what was put into use."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("scorers.seated")
class ScorersSeated(Struct, frozen=True, kw_only=True):
    """评分器更新: the second opinions that decisions hear from now on, by their digest.

    `absent` says why the learned arrival is silent, "" when it speaks. Mean |error| in minutes on
    days that neither has seen, -1 where it was not measured; `limit_fen` is the value at risk from
    which thin margins go to a person, `cost_error_fen` the 90 % quantile of |cost error|, 分.
    """

    absent: str
    cost_error_fen: int
    deliveries: int
    digest: str
    first_mae_min: int
    limit_fen: int
    second_mae_min: int


@fact_type("coefficients.proposed")
class CoefficientsProposed(Struct, frozen=True, kw_only=True):
    """评分系数建议: learned coefficients beside those in use, on days that neither has seen.

    Brier score in millionths, arrival in minutes, cost of lateness in 分; each before and after.
    `passed`: nothing is worse. A proposal decides nothing until it is adopted.
    """

    brier_ppm: tuple[int, int]
    cost_error_fen: tuple[int, int]
    eta_mae_min: tuple[int, int]
    figures: str
    no: int
    parcels: int
    passed: bool


@fact_type("coefficients.adopted")
class CoefficientsAdopted(Struct, frozen=True, kw_only=True):
    """评分系数启用: the coefficients that decisions use from now on; `no` 0 are those shipped.

    `act` is adopt or rollback, `before` what was in use, `figures` the SHA-256 of the new ones.
    """

    act: str
    before: int
    figures: str
    no: int
    note: str
