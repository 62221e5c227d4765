"""Examples of the fact types of links for customers."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import link_facts as links

ORDER = "019aa9d3-6b80-7000-8000-000000000002"

EXAMPLES: list[Struct] = [
    links.LinkIssued(
        digest="f1" * 32, expires="2027-02-20T11:00:00.000Z", order=ORDER, purpose="slip"
    ),
    links.LinkRevoked(order=ORDER),
    links.LinkViewed(order=ORDER, what="page"),
    links.LinkConfigured(days=90, slip=True),
]
