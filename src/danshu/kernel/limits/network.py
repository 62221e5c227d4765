"""Limits of the network: what is planned and simulated at a time, what is kept."""

from __future__ import annotations

from typing import Final

# SKUs whose moves are planned together, those with most at stake; SKUs read in one portion
NETWORK_PLAN_SKUS: Final = 2_000
NETWORK_CHUNK_SKUS: Final = 2_000
# Rows of warehouse x SKU, and moves, that a run keeps
NETWORK_ROWS: Final = 1_000_000
NETWORK_MOVES: Final = 50_000
# SKUs, days of recorded demand and seeds of one simulation
NETWORK_SIM_SKUS: Final = 200
NETWORK_SIM_DAYS: Final = 120
NETWORK_SIM_SEEDS: Final = 20
# Bytes of the settings; runs of a merchant that are kept; seconds that a run may take; seconds
# between two looks of the room, hours between two runs of its own accord
NETWORK_SETTINGS_BYTES: Final = 400_000
NETWORK_RUNS: Final = 50
NETWORK_DEADLINE_S: Final = 1_800
NETWORK_LOOK_S: Final = 30
NETWORK_EVERY_H: Final = 24
