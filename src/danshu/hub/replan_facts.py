"""The fact types of replans 重排: what was decided anew, and which prices hold from then on."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("replan.finished")
class ReplanFinished(Struct, frozen=True, kw_only=True):
    """重排完成: all open orders were decided anew; what that would cost, what was moved.

    Money in 分; `after_fen` has what moving costs in it. `bound_fen` is at most the cheapest plan,
    `gap_ppm` how far the plan may be above it. `digest` names the inputs, `snapshot` the moment of
    the network. `outcome` is done, cancelled or failed.
    """

    after_fen: int
    before_fen: int
    bound_fen: int
    cause: str
    digest: str
    gap_ppm: int
    moved: int
    orders: int
    outcome: str
    refused: int
    run: str
    snapshot: str


@fact_type("prices.published")
class PricesPublished(Struct, frozen=True, kw_only=True):
    """影子价发布: the prices that decisions use from now on; `active` false: none do.

    Money in 分, over the trials of the shadow gate that count: what the same orders cost without
    prices and at them.
    """

    active: bool
    digest: str
    myopic_fen: int
    no: int
    priced_fen: int
    run: str
