"""Where the HTTP face listens. Where data is kept: danshu.ledger.engine. All in
docs/reference/settings.md.
"""

from __future__ import annotations

import os

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """What an installation may choose beside its database."""

    host: str = "127.0.0.1"
    port: int = 8420
    origin: str = ""
    proxies: str = ""
    private_hosts: frozenset[str] = frozenset()
    drain_s: float = 0.0

    def origin_at(self, port: int) -> str:
        """Give where browsers find the console: what was set, else this machine by name.

        Passkeys are bound to it; an IP address can't be that, so it says localhost.
        """
        return self.origin or f"http://localhost:{port}"


def read() -> Settings:
    """Read the settings from DANSHU_* variables."""
    return Settings(
        host=os.environ.get("DANSHU_HOST", "127.0.0.1"),
        port=int(os.environ.get("DANSHU_PORT", "8420")),
        origin=os.environ.get("DANSHU_ORIGIN", "").rstrip("/"),
        proxies=os.environ.get("DANSHU_PROXIES", ""),
        private_hosts=frozenset(os.environ.get("DANSHU_PRIVATE_HOSTS", "").split(",")) - {""},
        drain_s=float(os.environ.get("DANSHU_DRAIN_S", "0")),
    )
