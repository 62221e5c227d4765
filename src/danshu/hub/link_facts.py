"""The fact types of links to an order's evidence page. They stand on the link's own stream, never
on the order's, whose chain must not grow because somebody looks.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("link.issued")
class LinkIssued(Struct, frozen=True, kw_only=True):
    """发出链接: whoever has the link sees this order's evidence until it expires.

    `digest` is that of the token, which itself is told once and kept nowhere. `purpose` is `shared`
    (a person made it) or `slip` (printed on a packing slip).
    """

    digest: str
    expires: str
    order: str
    purpose: str


@fact_type("link.revoked")
class LinkRevoked(Struct, frozen=True, kw_only=True):
    """撤回链接: it opens nothing any more."""

    order: str


@fact_type("link.viewed")
class LinkViewed(Struct, frozen=True, kw_only=True):
    """查看链接: somebody opened the page, or took the bundle (`what`: page, bundle).

    Who it was is not known, and nothing of their device is kept.
    """

    order: str
    what: str


@fact_type("link.configured")
class LinkConfigured(Struct, frozen=True, kw_only=True):
    """链接设置: how long links of this merchant live, and whether packing slips carry one."""

    days: int
    slip: bool
