"""Settings come from the environment; each is documented in docs/reference/settings.md."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """What an installation may choose.

    `database_url` "" = the embedded engine in `data`; `host`, `port` = where the HTTP face listens.
    """

    data: Path
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8420


def read() -> Settings:
    """Read the settings from DANSHU_* variables."""
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Settings(
        data=Path(os.environ.get("DANSHU_DATA") or f"{home}/danshu").expanduser(),
        database_url=os.environ.get("DANSHU_DATABASE_URL", ""),
        host=os.environ.get("DANSHU_HOST", "127.0.0.1"),
        port=int(os.environ.get("DANSHU_PORT", "8420")),
    )
