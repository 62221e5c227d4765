"""Limits of assets: pieces of sources, what a build may take, what is answered at once."""

from __future__ import annotations

from typing import Final

ASSET_PIECE: Final = 262_144
ASSET_BATCH: Final = 8_192
ASSET_GROUP_ROWS: Final = 122_880
ASSET_THREADS: Final = 2
ASSET_BUILD_MB: Final = 6_000
ASSET_READ_MB: Final = 128
ASSET_CELLS: Final = 5_000_000
ASSET_STRAY_S: Final = 900
ASSET_CONDITIONS: Final = 16
ASSET_PAGE: Final = 1_000
ASSET_READERS: Final = 2
ASSET_LOOK_S: Final = 30
ASSET_DEADLINE_S: Final = 3_600
ASSET_FIRST_S: Final = 600
ASSET_QUESTION_CHARS: Final = 2_000
ASSET_CHART_CELLS: Final = 2_000
ASSET_CHARTS_KEPT: Final = 64
BASKET_SKUS: Final = 40
LINEAGE_POST_S: Final = 5
