"""Limits of decisions and of what they are made from."""

from __future__ import annotations

from typing import Final

# Routing
SPLIT_LINES: Final = 8
CUT_PARCELS: Final = 4
CUT_WAREHOUSES: Final = 12
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
REDECIDE_GROUP: Final = 1_024
REDECIDE_HANDS: Final = 2
REDECIDE_SHARES: Final = 2
URGENT_S: Final = 10
REDECIDE_STEP_S: Final = 2
REDECIDE_SETTLE_S: Final = 5
REDECIDE_DAYS: Final = 30
REDECIDE_CLOSURES: Final = 100
BREAKER_WINDOW_MIN: Final = 5
BREAKER_PAST_H: Final = 24
BREAKER_ORDERS: Final = 20_000
BREAKER_LOOK_MS: Final = 15_000
COLD_EQUIPMENT: Final = 10_000
COLD_EQUIPMENT_FRESH_S: Final = 600
CANARY_ORDERS: Final = 20
CANARY_RELEASES: Final = 100
REPLAY_ONE_IN: Final = 100
REPLAY_ORDERS: Final = 5_000
REPLAY_ALARM_DAYS: Final = 7
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

# Routing snapshots that a process keeps to explain decisions; how long one that nothing names is
# kept after the head moved on, how many go in one step; a reason that a person gives
SNAPSHOTS_KEPT: Final = 8
SNAPSHOT_SPARE_MIN: Final = 60
SNAPSHOTS_SWEPT: Final = 500
REASON_CHARS: Final = 500
REVEAL_S: Final = 60  # the console masks again what was revealed
RAW_FIELDS: Final = 1_000

# Signals: a message and its readings, characters of a name; readings of one commit, how long they
# gather, readings that wait, sources of a merchant; how late a reading may come; how often the room
# looks, how old a snapshot may get before a server makes the next itself; days that rows are kept;
# messages fetched at once from NATS, bytes that its stream holds; feeds that are asked,
# how long one may take, the shortest time between two questions
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
FEEDS: Final = 500
FEED_TIMEOUT_S: Final = 10
FEED_RETRY_S: Final = 30
FEED_EVERY_S_MIN: Final = 30
NATS_BYTES: Final = 1_073_741_824

# Twin and resilience: metres of a floor, zones, points of one thing, things of one frame, bytes of
# a floor or frame, how often the twin looks, longest replay; days of series that a zone's physics
# are learned from, warm-ups that this needs, that are read, versions kept, listed; orders and pairs
# that a simulation of losses decides again, days between two
TWIN_FLOOR_M: Final = 2_000
TWIN_ZONES: Final = 64
TWIN_POINTS: Final = 200
TWIN_THINGS: Final = 1_000
TWIN_BYTES: Final = 262_144
TWIN_LOOK_MS: Final = 10_000
TWIN_REPLAY_MIN: Final = 60
ZONE_FIT_DAYS: Final = 14
ZONE_EPISODES_LEAST: Final = 6
ZONE_EPISODES: Final = 60
ZONE_FITS_KEPT: Final = 40
ZONE_FITS_LISTED: Final = 50
RESILIENCE_ORDERS: Final = 2_000
RESILIENCE_PAIRS: Final = 400
RESILIENCE_SURCHARGE_FEN: Final = 300
RESILIENCE_THRESHOLD: Final = 50

# Scorers: how many of a thousand orders may go to a person, how many at once, how long the default
# waits for one; errors that a radius of its own needs; cells of S2's tables; deliveries that a fit
# reads and those that it needs, snapshots that it reads, proposals that are kept
ESCALATION_PERMILLE: Final = 5
ESCALATION_BURST: Final = 8
ESCALATION_WAIT_MIN: Final = 10
SCORER_CALIBRATION: Final = 60
SCORER_CELLS: Final = 8_000_000
FIT_ORDERS: Final = 20_000
FIT_LEAST: Final = 400
FIT_SNAPSHOTS: Final = 200
FIT_KEPT: Final = 200
OVERRIDE_DRIFT_FEN: Final = 100
OVERRIDE_OPEN_S: Final = 600
OVERRIDES_LISTED: Final = 20
