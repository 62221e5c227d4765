"""Signatures of webhooks, after Standard Webhooks 1.0 (standardwebhooks.com), symmetric scheme v1.

What is signed is "id.timestamp.body"; the header `webhook-signature` holds one signature for each
secret that is good now, separated by spaces, so that a secret can be changed without losing any
message. A secret is `whsec_` and base64, or any other text, of which the UTF-8 bytes are the key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX: Final = "whsec_"
_PLAIN: Final = frozenset(range(0x21, 0x7F)) - {ord("%")}


def make_secret(random: bytes) -> str:
    """Make a secret of 24 to 64 random bytes."""
    return PREFIX + base64.b64encode(random).decode()


def read_secret(secret: str) -> bytes:
    """Give a secret's key. Raises InputError `bad_secret` where `whsec_` is followed by no base64,
    or nothing is there.
    """
    if not secret:
        raise InputError("bad_secret", "there is no secret", "/secret")
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("bad_secret", "the secret is not base64", "/secret") from error


def write_id(key: str) -> str:
    """Write a key as the id of a message: bytes that a header can't hold are percent-encoded, as
    RFC 3986 does it.
    """
    return "".join(chr(b) if b in _PLAIN else f"%{b:02X}" for b in key.encode())


def sign(keys: Iterable[bytes], id_: str, at_s: int, body: bytes) -> dict[str, str]:
    """Give the three headers of a message, signed with each key."""
    written = write_id(id_)
    head = f"{written}.{at_s}.".encode()
    signatures = [_sign(key, head, body) for key in keys]
    return {
        "webhook-id": written,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signatures),
    }


def _sign(key: bytes, head: bytes, body: bytes) -> str:
    mac = hmac.new(key, head, hashlib.sha256)
    mac.update(body)  # never joined: a batch is large
    return "v1," + base64.b64encode(mac.digest()).decode()
