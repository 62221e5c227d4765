"""The network as a merchant sets it. Money 分, shares thousandths, days and kilometres whole."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Share = Annotated[int, Meta(ge=0, le=1_000)]
Service = Annotated[int, Meta(ge=500, le=999)]
Money = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Days = Annotated[int, Meta(ge=0, le=120)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Measure = Literal["cycle", "fill"]


class NetworkTruck(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A type of truck: what it carries, what it costs by journey and kilometre."""

    code: Annotated[str, Meta(min_length=1, max_length=32)]
    title: Annotated[str, Meta(max_length=32)]
    weight_kg: Annotated[int, Meta(ge=1, le=60_000)]
    volume_l: Annotated[int, Meta(ge=1, le=200_000)]
    fixed_fen: Money
    km_fen: Annotated[int, Meta(ge=0, le=100_000)]


class NetworkLane(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long goods take between two warehouses, where it isn't what the distance says."""

    from_warehouse: Code
    to_warehouse: Code
    days: Days
    deviation_days: Days = 0


class NetworkSupplier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a supplier takes to a warehouse; "" is every warehouse."""

    warehouse: Annotated[str, Meta(max_length=64)] = ""
    days: Days
    deviation_days: Days = 0


class NetworkSku(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The service of one SKU, where it isn't that of its class; `season_days` over 0: it is sold
    for one season, and what is left is written down.
    """

    sku: Code
    service: Service
    lot: Annotated[int, Meta(ge=0, le=100_000)] = 0
    season_days: Days = 0


class NetworkSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the plan of a network asks of its merchant.

    Classes by value sold: the SKUs that make the first `share_a` of it are A, up to `share_b` B.
    `short_share`: what a unit short costs, as a share of its price; `holding_share` a year of its
    value; `write_down_share` what a unit loses that is not sold within `aging_days`. `speed_km_day`
    tells days of a lane by its kilometres, `lane_deviation_days` how much they vary.
    `handling_fen` a unit moved; `lot` the units that move together.
    """

    measure: Measure = "cycle"
    service_a: Service = 980
    service_b: Service = 950
    service_c: Service = 900
    share_a: Share = 700
    share_b: Share = 900
    review_days: Annotated[int, Meta(ge=1, le=28)] = 7
    horizon_days: Annotated[int, Meta(ge=3, le=28)] = 14
    short_share: Share = 250
    holding_share: Share = 200
    write_down_share: Share = 600
    aging_days: Annotated[int, Meta(ge=28, le=720)] = 120
    slow_cover_days: Annotated[int, Meta(ge=28, le=1_080)] = 180
    elasticity: Annotated[int, Meta(ge=1_000, le=10_000)] = 2_000
    handling_fen: Money = 60
    speed_km_day: Annotated[int, Meta(ge=50, le=2_000)] = 600
    lane_deviation_days: Days = 1
    supplier_days: Days = 10
    supplier_deviation_days: Days = 3
    lot: Annotated[int, Meta(ge=1, le=100_000)] = 6
    litres_per_kg: Annotated[int, Meta(ge=1, le=100)] = 4
    trucks: Annotated[tuple[NetworkTruck, ...], Meta(min_length=1, max_length=12)] = (
        NetworkTruck(
            code="ltl", title="零担", weight_kg=100, volume_l=500, fixed_fen=3_000, km_fen=8
        ),
        NetworkTruck(
            code="4.2m",
            title="4.2 米厢车",
            weight_kg=1_800,
            volume_l=15_000,
            fixed_fen=20_000,
            km_fen=180,
        ),
        NetworkTruck(
            code="9.6m",
            title="9.6 米厢车",
            weight_kg=12_000,
            volume_l=55_000,
            fixed_fen=50_000,
            km_fen=420,
        ),
    )
    lanes: Annotated[tuple[NetworkLane, ...], Meta(max_length=2_000)] = ()
    suppliers: Annotated[tuple[NetworkSupplier, ...], Meta(max_length=200)] = ()
    skus: Annotated[tuple[NetworkSku, ...], Meta(max_length=2_000)] = ()


SHIPPED: Final = NetworkSettings()
"""What holds for a merchant that set nothing."""


class NetworkScenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is otherwise than now: a warehouse closed, demand of a province more or less, other
    lead times, a budget of moves in 分 a week (-1: none), another service; () and 0 change nothing.
    """

    title: Annotated[str, Meta(max_length=80)] = ""
    closed: Annotated[tuple[Code, ...], Meta(max_length=40)] = ()
    demand: Annotated[tuple[tuple[str, int], ...], Meta(max_length=40)] = ()
    """(two-digit province or "" for all, thousandths of the demand as it was)."""
    lead_share: Annotated[int, Meta(ge=200, le=5_000)] = 1_000
    supplier_share: Annotated[int, Meta(ge=200, le=5_000)] = 1_000
    budget_fen: Annotated[int, Meta(ge=-1, le=100_000_000_000)] = -1
    service: Annotated[int, Meta(ge=0, le=999)] = 0
