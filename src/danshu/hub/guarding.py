"""What the desk knows of a merchant beside its network, and what that makes of an order: bundles,
gifts and preorders; intercept rules. Rows of the world and of a placement, nothing else.
"""

from __future__ import annotations

from msgspec import Struct, field

from danshu.capabilities.intake.bundles import Bundle
from danshu.capabilities.intake.gifts import GiftRule
from danshu.capabilities.orders.model import Line
from danshu.capabilities.routing.policy.intercepting import Interceptor
from danshu.hub.policy_sets import Canary
from danshu.kernel.fact import Said


class Selling(Struct, kw_only=True, eq=False):
    """A merchant's bundles by code, gift rules in their order, and announced goods (SKU -> epoch
    ms). `left` are the units of each allowance, as last seen; `pending` and `buyers` what the group
    under way has given already.
    """

    bundles: dict[str, Bundle]
    rules: tuple[GiftRule, ...]
    preorders: dict[str, int]
    left: dict[str, int]
    salt: bytes
    asks_buyers: bool
    pending: dict[str, int] = field(default_factory=dict)
    buyers: set[tuple[str, bytes]] = field(default_factory=set)


class Sold(Struct, kw_only=True, eq=False):
    """The lines of an order as they are sold, what is said of them, what they use up."""

    lines: tuple[Line, ...]
    said: list[Said]
    taken: list[tuple[str, int]]  # (allowance, units)
    had: list[tuple[str, bytes]]  # (gift rule, buyer)
    arrives_ms: int = 0


class Arm(Struct, frozen=True, eq=False):
    """A set at work, and its number."""

    rules: Interceptor
    no: int


class Guard(Struct, kw_only=True, eq=False):
    """The intercept rules of a merchant. `no` is the move of their head; `blocks` the lists (kind,
    hash) -> reason and epoch ms of its end, 0 = none; `usual` SKU -> median price and units;
    `pending` orders of this process that are not committed yet, by who bought and who receives.
    """

    no: int
    live: Arm | None
    canary: Arm | None
    rule: Canary
    is_lost: bool
    salt: bytes
    reads: frozenset[str]
    blocks: dict[tuple[str, int], tuple[str, int]]
    usual: dict[str, tuple[int, int]]
    kinds: frozenset[str] = frozenset()  # of lists that hold anybody
    pending: dict[int, int] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether its rules ask how often somebody ordered."""
        return "buyer.orders_24h" in self.reads or "receiver.orders_24h" in self.reads


class Stop(Struct, frozen=True, kw_only=True):
    """What the row of a stopped order holds."""

    effect: str
    policy: str
    no: int
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    ended: int = 0
