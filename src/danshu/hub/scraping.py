"""Who may scrape /metrics: whoever shows DANSHU_METRICS_TOKEN; without a token, this machine alone.

A proxy on this machine speaks for others: what it forwarded is not of this machine.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


def may_scrape(peer: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a scrape is answered; `headers` are by lower-case name."""
    token = os.environ.get("DANSHU_METRICS_TOKEN", "")
    if token:
        shown = headers.get("authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    if any(name in headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
