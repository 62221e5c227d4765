"""The fact types of parties 承运方: who may be asked to carry, and the links that they hold."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("party.changed")
class PartyChanged(Struct, frozen=True, kw_only=True):
    """承运方变更: who may be asked to carry. `adapter` is "rider" for whoever works by a link;
    `equipment` the id of cold equipment; secrets are told by nothing.
    """

    active: bool
    adapter: str
    equipment: str
    name: str
    party: str
    url: str


@fact_type("party.link_issued")
class PartyLinkIssued(Struct, frozen=True, kw_only=True):
    """发放骑手链接: whoever holds it speaks for the party until it expires; links before it end.
    `digest` is the SHA-256 of the token.
    """

    digest: str
    expires: str
    party: str
