"""Masks and pseudonyms: a value is made less, or another name is put in its place.

A mask keeps what a person needs to recognise what they know already; a pseudonym keeps that two
rows are of one person, for one recipient alone: each recipient has a key of its own, so that two
of them cannot lay their files side by side (GB/T 37964 去标识化; WP29 05/2014 linkability).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

_STARS: Final = "*"
_PSEUDONYM_CHARS: Final = 16
_KEY_DOMAIN: Final = b"danshu/protection/pseudonym/1\0"

# class of a column -> how many characters stay at the front and at the end
KEPT: Final[dict[str, tuple[int, int]]] = {
    "name": (1, 0),
    "phone": (3, 4),
    "landline": (4, 2),
    "resident_id": (6, 4),
    "bank_card": (4, 4),
    "email": (1, 0),
    "address": (6, 0),
    "plate": (2, 1),
    "passport": (1, 2),
    "ip": (4, 0),
}
_OTHER: Final = (1, 0)


def mask(text: str, kind: str = "") -> str:
    """Mask a text by its class; at least a third of it is always hidden. "" stays ""."""
    if not text:
        return ""
    if kind == "email" and "@" in text:
        name, _, host = text.partition("@")
        return mask(name) + "@" + host
    front, back = KEPT.get(kind, _OTHER)
    most = len(text) * 2 // 3
    if front + back > most:
        front = min(front, most)
        back = min(back, most - front)
    hidden = len(text) - front - back
    return text[:front] + _STARS * hidden + (text[-back:] if back else "")


def derive_key(secret: bytes, tenant: int, recipient: str) -> bytes:
    """Give the key of one recipient's pseudonyms: 32 bytes."""
    told = _KEY_DOMAIN + f"{tenant}\0{recipient}".encode()
    return hmac.new(secret, told, hashlib.sha256).digest()


def pseudonym(key: bytes, value: str) -> str:
    """Give the name under which a recipient knows a value: 16 hex digits, "" for ""."""
    if not value:
        return ""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:_PSEUDONYM_CHARS]
