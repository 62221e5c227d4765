"""What law and certificates forbid, as the compliance desk tells it.

    {"observed": "…", "states": [
      {"warehouse": "BJ01", "forbids": ["cold_certificate"]},
      {"adcode": "310000", "forbids": ["lockdown"]},
      {"warehouse": "SU01", "certificates": [{"kind": "licence", "valid_until": "2027-01-01T…"}],
       "forbids": []}]}

A certificate that has run out forbids what needs it. A state replaces the one before of its place.
A word that nobody knows is a fault and leaves the place's state as it was: it grows stale, and
what is stale here fails closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.signals._form import (
    moment_of,
    place_of,
    read_document,
    read_each,
    read_items,
    said_at,
    text_of,
)
from danshu.kernel.errors import InputError
from danshu.ports.signal import Message, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The bits of `policy_compliance` (capabilities/routing/variables.Compliance).
_BITS: Final = {
    "licence": 1,
    "cold_certificate": 2,
    "lockdown": 4,
    "dangerous_goods": 8,
    "hours": 16,
    "data": 32,
}


class Compliance:
    """Bits that close warehouses and regions."""

    name = "compliance"
    title = "政策合规"
    keys: tuple[str, ...] = ("policy_compliance",)

    def parse(self, message: Message) -> Told:
        """Read the states of a message."""
        document = read_document(message.body)
        at_ms = said_at(document, message)

        def read(item: Mapping[str, Any]) -> Iterator[Reading]:
            forbids = item.get("forbids", [])
            certificates = item.get("certificates", [])
            if not isinstance(forbids, list) or not isinstance(certificates, list):
                raise InputError("signal_form", "forbids and certificates are lists", "/forbids")
            bits = 0
            for word in forbids:
                bits |= _bit_of(word)
            for paper in certificates:
                if not isinstance(paper, dict):
                    raise InputError("signal_form", "a certificate is an object", "/certificates")
                if moment_of(paper, "valid_until") <= at_ms:
                    bits |= _bit_of(text_of(paper, "kind"))
            subject = place_of(item, message.place)
            yield Reading(
                key="policy_compliance", subject=subject, value=float(bits), observed_ms=at_ms
            )

        return read_each(read_items(document, "states"), read, "/states")


def _bit_of(word: Any) -> int:
    if not isinstance(word, str) or word not in _BITS:
        raise InputError("signal_word", f"{word!r} is not known here", "/forbids")
    return _BITS[word]
