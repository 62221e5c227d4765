"""The fact types of intercept rules 拦截规则: what was stopped, by which rule, who let it go."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class Seen(Struct, frozen=True, kw_only=True):
    """A field that the rules looked at, and its value as text; names and addresses never are."""

    field: str
    value: str


@fact_type("order.intercepted")
class OrderIntercepted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """错单拦截: rules stopped the order when it was placed. `effect` is hold, review or reject.

    `policy` is the digest of the set and `no` its number, `rules` what was hit ("graph/row"),
    `reasons` in the rules' own words, `seen` what they looked at.
    """

    effect: str
    no: int
    policy: str
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    seen: tuple[Seen, ...] = ()


@fact_type("order.let_pass")
class OrderLetPass(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """误拦放行: somebody looked at a stopped order and let it go on: it was a false alarm."""

    note: str = ""
    reason: str


@fact_type("intercept.listed")
class InterceptListed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """列入黑名单: orders of a buyer, to a receiver or an address are stopped by rules that ask."""

    entry: str
    kind: str
    reason: str
    until: str = ""


@fact_type("intercept.unlisted")
class InterceptUnlisted(Struct, frozen=True, kw_only=True):
    """移出黑名单: the entry no longer counts."""

    entry: str
    kind: str
