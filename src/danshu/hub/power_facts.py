"""The fact types of what a merchant lets customers ask for, and of its notice service."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("request.configured")
class RequestConfigured(Struct, frozen=True, kw_only=True):
    """申请设置: what whoever holds a link may ask for on the evidence page."""

    address: bool
    damage: bool


@fact_type("notice.configured")
class NoticeConfigured(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """告知设置: through which service breaches are told, and which topics of events; its secret is
    told by nothing.
    """

    adapter: str
    events: tuple[str, ...] = ()
    url: str


@fact_type("alert.configured")
class AlertConfigured(Struct, frozen=True, kw_only=True):
    """告警通道设置: a group or mailbox is told of incidents from a grade on, or no longer
    (`adapter` ""). `where` is its address without what is secret in it.
    """

    adapter: str
    grade: str
    is_on: bool
    name: str
    no: int
    where: str
