"""The fact types of policy sets 策略: what holds for the routing of orders, by whose word."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("policy_set.published")
class PolicySetPublished(Struct, frozen=True, kw_only=True):
    """发布策略: a policy set that a second person approved; it decides nothing until it is active.

    `digest` is that of its canonical bytes, `graphs` are the codes in it, in their order;
    `simulation` is the trial on a past day that the approver had before them.
    """

    approved_by: str
    digest: str
    drafted_by: str
    graphs: tuple[str, ...]
    name: str
    no: int
    simulation: str


@fact_type("policy_set.activated")
class PolicySetActivated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """策略生效: the set rules all orders from now on; `before` did until now, "" for none.

    `scheduled`: the moment that somebody had set for it.
    """

    before: str
    digest: str
    scheduled: str = ""


@fact_type("policy_set.canaried")
class PolicySetCanaried(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """策略灰度: the set rules a share of the orders, chosen by the order's id; the others are ruled
    by the set that is active. Empty channels or regions stand for all of them.
    """

    channels: tuple[str, ...] = ()
    digest: str
    percent: int
    regions: tuple[str, ...] = ()


@fact_type("policy_set.shadowed")
class PolicySetShadowed(Struct, frozen=True, kw_only=True):
    """策略影子运行: the set is asked beside the one that rules, and changes nothing; "" ends it."""

    digest: str


@fact_type("policy_set.rolled_back")
class PolicySetRolledBack(Struct, frozen=True, kw_only=True):
    """策略回滚: `digest` no longer rules; `restored` does, "" for none. `canary`: it had ruled a
    share of the orders only.
    """

    canary: bool
    digest: str
    restored: str
