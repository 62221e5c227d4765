"""Limits of learning from orders: what is looked at, what a model may be, when it is believed."""

from __future__ import annotations

from typing import Final

# Days of orders that are learned from; rows of a training set, the newest
LEARNING_DAYS: Final = 120
LEARNING_ROWS: Final = 400_000
# Ended rows without which a target is not learned at all; to fit without which no trees are grown;
# to calibrate, and to compare, without which neither is done
LEARNING_FEW: Final = 30
LEARNING_LEAST: Final = 200
LEARNING_COMPARED: Final = 60
# Seconds that a training or a look may take
LEARNING_DEADLINE_S: Final = 1_800
# Bytes of a model's file; models of a merchant and target whose files are kept
LEARNING_MODEL_BYTES: Final = 16 * 2**20
LEARNING_MODELS: Final = 12
# Different values of a feature that are told apart, the most frequent
LEARNING_VALUES: Final = 64
# Open orders whose risk is kept, those due first; buyers and lanes that are kept
LEARNING_OPEN: Final = 20_000
LEARNING_BUYERS: Final = 100_000
LEARNING_LANES: Final = 20_000
# Orders without which nothing is said of a buyer
LEARNING_BUYER_ORDERS: Final = 3
# Seconds between two looks at the open orders; days of a lane that count as recent
LEARNING_LOOK_S: Final = 900
LEARNING_RECENT_D: Final = 14
# Parcels on the way that a late lane names
LEARNING_PARCELS: Final = 200
