"""How platforms sign. Comparisons take the same time whatever was sent; no secret, no entry."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from danshu.ports.channel import Acknowledgement

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_HEADER = "x-danshu-signature"  # what our own pollers put beside a body: hex HMAC-SHA256


def same(given: str, expected: str) -> bool:
    """Compare two signatures in constant time; an empty one equals nothing."""
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def join_parameters(parameters: Mapping[str, str], without: frozenset[str]) -> bytes:
    """Join keys in order, each followed by its value, nothing between (TOP, JOS, PDD)."""
    return "".join(
        f"{key}{parameters[key]}" for key in sorted(parameters) if key not in without
    ).encode("utf-8", "replace")


def sign_wrapped_md5(secret: str, payload: bytes) -> str:
    """Upper-case hex of md5(secret + payload + secret): PDD, JD and Taobao."""
    wrapped = secret.encode() + payload + secret.encode()
    return hashlib.md5(wrapped, usedforsecurity=False).hexdigest().upper()


def sign_hmac_base64(secret: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over the raw body: Shopify, WooCommerce."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def sign_hmac_hex(secret: str, body: bytes) -> str:
    """Lower-case hex of HMAC-SHA256 over the raw body: our own pollers and tables."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def answer_json(body: bytes, status: int = 200) -> Acknowledgement:
    """Answer JSON bytes."""
    return Acknowledgement(body=body, status=status, content_type="application/json")
