"""Which assets are plugged in, and where their files lie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, cast

from danshu.hub import asset_files
from danshu.kernel.errors import InputError, ProgramError
from danshu.ports import registry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from danshu.ports.asset import Asset

PORT: Final = "asset"


def known() -> Mapping[str, Asset]:
    """Give the assets that are plugged in, by name. Raises ProgramError for one that is none."""
    found = {}
    for name in registry.names(PORT):
        asset = cast("Asset", registry.load(PORT, name))
        if asset.name != name:
            raise ProgramError(f"the asset {name!r} calls itself {asset.name!r}")
        found[name] = asset
    return found


def find(name: str) -> Asset:
    """Give an asset by name. Raises InputError `no_asset`."""
    asset = known().get(name)
    if asset is None:
        raise InputError("no_asset", f"no asset is called {name!r}")
    return asset


def place() -> Path:
    """Give the folder of all merchants' assets."""
    return asset_files.place(os.environ)
