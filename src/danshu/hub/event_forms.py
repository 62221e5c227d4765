"""Published events: which facts leave the house, and in which form: CloudEvents 1.0, JSON.

An event is not the fact: it leaves out what only the ledger needs, what a party or a customer wrote
in its own words, and who decided. Its id is that of the fact, so that whoever doubts an event can
ask for the proof of the fact.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.ports.notice import Event

TYPES: Final[dict[str, tuple[str, ...]]] = {
    "negotiation": (
        "negotiation.opened",
        "negotiation.unopened",
        "negotiation.proposed",
        "negotiation.declined",
        "negotiation.retracted",
        "negotiation.consented",
        "negotiation.awarded",
        "negotiation.confirmed",
        "negotiation.refused",
        "negotiation.countered",
        "negotiation.lapsed",
        "negotiation.closed",
        "shipment.arranged",
        "promise.amended",
    ),
    "redecision": ("route.redecided",),
    "replan": ("replan.finished", "prices.published"),
    "policy": (
        "policy_set.published",
        "policy_set.activated",
        "policy_set.canaried",
        "policy_set.shadowed",
        "policy_set.rolled_back",
    ),
    "breaker": ("routing.stopped", "routing.resumed"),
}
GROUPS: Final = tuple(TYPES)
"""What may be subscribed to."""
PREFIX: Final = "danshu."
_GROUP_OF: Final = {kind: group for group, kinds in TYPES.items() for kind in kinds}
_WITHHELD: Final = frozenset(
    {"approved_by", "conditions", "digest", "drafted_by", "link", "message", "text", "token"}
)
_DIGEST_IS_A_NAME: Final = ("policy_set.", "prices.", "replan.")


class _Kind(Struct, frozen=True):
    type: str


_read_kind = msgspec.json.Decoder(_Kind).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def group_of(body: bytes) -> str:
    """Give the group that a fact's bytes are published under, "" for none."""
    return _GROUP_OF.get(_read_kind(body).type, "")


def write(body: bytes, half: str, index: int) -> Event:
    """Write the event of a fact: CloudEvents 1.0, structured JSON, the same bytes each time.

    `danshubook` and `danshuleaf` name the place in the merchant's log, `danshucause` the fact that
    it was said for.
    """
    fact: dict[str, Any] = msgspec.json.decode(body)
    kind = str(fact["type"])
    data = {k: v for k, v in fact["data"].items() if k not in _WITHHELD or _names(kind, k)}
    told = {
        "specversion": "1.0",
        "id": fact["id"],
        "source": fact["source"],
        "type": PREFIX + kind,
        "subject": str(fact["id"]).partition("/")[0],
        "time": fact["occurred"],
        "datacontenttype": "application/json",
        "danshubook": half,
        "danshuleaf": str(index),
        "data": data,
    }
    if fact.get("cause"):
        told["danshucause"] = fact["cause"]
    return Event(key=str(fact["id"]), type=PREFIX + kind, body=_encode(told))


def _names(kind: str, field: str) -> bool:
    """Tell whether a digest names what the event is about, and is no party's message."""
    return field == "digest" and kind.startswith(_DIGEST_IS_A_NAME)
