"""The fact types of the network."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("network.configured")
class NetworkConfigured(Struct, frozen=True, kw_only=True):
    """网络参数: service levels, lead times, trucks and costs from now on, by digest (SHA-256)."""

    digest: str
    version: int


@fact_type("network.planned")
class NetworkPlanned(Struct, frozen=True, kw_only=True):
    """网络计划: a run found who will be short and what should move. `digest` names its inputs,
    `forecast` the forecast; `rows` of warehouse and SKU, `short` of them more likely than not short
    within 7 days; `moves` worth `worth_fen`, at most `gap_ppm` millionths below the best plan.
    """

    digest: str
    forecast: str
    gap_ppm: int
    moves: int
    rows: int
    run: str
    short: int
    worth_fen: int


@fact_type("network.simulated")
class NetworkSimulated(Struct, frozen=True, kw_only=True):
    """网络仿真: a scenario was played on recorded demand. `digest` names scenario and inputs;
    `short_before` and `short_after` are units short by our policy now and in the scenario, a seed.
    """

    days: int
    digest: str
    run: str
    seeds: int
    short_after: int
    short_before: int
