"""Limits of decisions and of what they are made from."""

from __future__ import annotations

from typing import Final

# Routing
SPLIT_LINES: Final = 8
WAREHOUSES: Final = 64
REGIONS: Final = 4_096
LANE_FEN: Final = 1_000_000
LANE_MIN: Final = 43_200
SHIPMENT_KG: Final = 1_000_000
SNAPSHOT_BYTES: Final = 64_000_000
SIGNAL_SKEW_MS: Final = 5_000
REPLAN_ORDERS: Final = 1_000_000
REPLAN_DEADLINE_S: Final = 900
REPLAN_MOVES_AT_ONCE: Final = 4
REPLAN_SWITCHING_FEN: Final = 100
REPLAN_EVERY_MIN: Final = 15
REPLAN_CAUSE_CHARS: Final = 200
PRICE_TRIALS: Final = 8
PRICE_TRIAL_ORDERS: Final = 20_000
POLICY_GRAPHS: Final = 32
POLICY_NODES: Final = 200
POLICY_CASES: Final = 500
POLICY_SET_BYTES: Final = 1_048_576
POLICY_EFFECTS: Final = 64
POLICY_MEMO: Final = 65_536
POLICY_DRAFTS: Final = 100
POLICY_SETS: Final = 1_000
POLICY_BACK: Final = 50
POLICY_TRIALS: Final = 8
POLICY_TRIAL_ORDERS: Final = 20_000
POLICY_PLACES: Final = 100

# Routing snapshots that a process keeps to explain decisions; a reason that a person gives
SNAPSHOTS_KEPT: Final = 8
REASON_CHARS: Final = 500
REVEAL_S: Final = 60  # the console masks again what was revealed
RAW_FIELDS: Final = 1_000

# Signals: a message and its readings, characters of a name; readings of one commit, how long they
# gather, readings that wait, sources of a merchant; how late a reading may come; how often the room
# looks, how old a snapshot may get before a server makes the next itself; days that rows are kept;
# messages fetched at once from NATS, bytes that its stream holds
SIGNAL_BODY_BYTES: Final = 1_048_576
SIGNAL_READINGS: Final = 5_000
SIGNAL_NAME_CHARS: Final = 128
SIGNAL_GROUP: Final = 5_000
SIGNAL_WAIT_MS: Final = 5
SIGNAL_QUEUE: Final = 50_000
SIGNAL_SOURCES: Final = 200_000
SIGNAL_LATE_S: Final = 86_400
SIGNAL_TICK_MS: Final = 1_000
SIGNAL_GRACE_MS: Final = 2_000
READINGS_DAYS: Final = 30
NATS_FETCH: Final = 500
NATS_BYTES: Final = 1_073_741_824
