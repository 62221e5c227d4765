"""The fact types of services that hear, see and measure 感知服务: who is asked, in which order."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("perceiver.set")
class PerceiverSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """登记感知服务: a service is asked so from now on; revision 1 registered it. `options` and
    `mapping` are digests, of secrets only the names are said; prices are thousandths of 分.
    """

    adapter: str
    kind: str
    label: str = ""
    mapping: str = ""
    options: str
    perceiver: str
    price_call: int = 0
    price_page: int = 0
    price_second: int = 0
    quota_day: int = 0
    quota_minute: int = 0
    reason: str = ""
    revision: int
    secrets: tuple[str, ...] = ()
    state: str
    timeout_ms: int
    title: str
    url: str = ""


@fact_type("perceiver_chain.set")
class PerceiverChainSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """设定感知顺序: the services of a kind, the next where one fails. A candidate takes `share`
    hundredths of a percent of originals, or is compared in the shadow alone.

    `by` says why a candidate left: promoted, a person, or what it was worse by (failed, refused,
    slower, breaker).
    """

    began: str = ""
    by: str = ""
    candidate: str = ""
    kind: str
    reason: str = ""
    revision: int
    scope: str = ""
    services: tuple[str, ...]
    shadow: bool = False
    share: int = 0
