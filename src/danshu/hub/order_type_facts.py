"""The fact types of order types: versions published and taken back; groups opened and decided."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("order_type.published")
class OrderTypePublished(Struct, frozen=True, kw_only=True):
    """发布订单类型: new orders follow this version from now on; `digest` (hex) is of its canonical
    bytes. `approved_by` wrote none of it.
    """

    approved_by: str
    code: str
    digest: str
    drafted_by: str
    version: int


@fact_type("order_type.retired")
class OrderTypeRetired(Struct, frozen=True, kw_only=True):
    """停用订单类型: new orders follow it no more; those that do, go on by it."""

    code: str
    digest: str
    reason: str
    version: int


@fact_type("group.opened")
class GroupOpened(Struct, frozen=True, kw_only=True):
    """开团: a leader's group takes orders until `closes` (RFC 3339), collected at `pickup`."""

    closes: str
    code: str
    leader: str
    minimum: int
    pickup: str
    region: str
    type: str


@fact_type("group.closed")
class GroupClosed(Struct, frozen=True, kw_only=True):
    """提前截团: a group takes no more orders from `closes` on, which is before `was` (RFC 3339)."""

    closes: str
    code: str
    type: str
    was: str


@fact_type("group.decided")
class GroupDecided(Struct, frozen=True, kw_only=True):
    """截团: the group has formed, or not; `joined` orders had paid."""

    code: str
    formed: bool
    joined: int
    minimum: int
    type: str
