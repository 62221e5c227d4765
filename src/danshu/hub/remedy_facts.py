"""The fact type of how a merchant remedies breaches."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("remedy.configured")
class RemedyConfigured(Struct, frozen=True, kw_only=True):
    """赔付设置: up to which amount policy pays by itself, and through which payment service.

    Amounts in fen, 0 = never; the service's secret is told by nothing.
    """

    adapter: str
    auto_fen: int
    url: str
