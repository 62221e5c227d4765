"""Limits of what delivers published events: subscriptions, dead letters, streams."""

from __future__ import annotations

from typing import Final

EVENT_FILTER_PARTS: Final = 20  # filters in a list, or names in one of them
EVENT_FILTER_DEPTH: Final = 5
EVENT_FILTER_CHARS: Final = 256
SUBSCRIPTIONS: Final = 50  # a merchant
SUBSCRIPTION_TYPES: Final = 100  # names and patterns, a subscription
EVENT_PORTION: Final = 16_384  # leaves of a book that are looked at together
EVENT_CACHE_BYTES: Final = 33_554_432  # events that subscriptions at the head share
EVENT_BATCH: Final = 1_000  # events a POST
EVENT_BATCH_BYTES: Final = 1_000_000
EVENT_SINGLES: Final = 256  # events delivered one by one between two commits
EVENT_WIDTH: Final = 16  # POSTs at once, a subscription
EVENT_TIMEOUT_S: Final = 30  # that a receiver may take at most
EVENT_ANSWER_BYTES: Final = 16_384
EVENT_RETRY_MS: Final = 5_000  # bound of the first wait; it doubles
EVENT_RETRY_MAX_MS: Final = 3_600_000
EVENT_TRIES: Final = 16
EVENT_GIVE_UP_S: Final = 86_400
EVENTS_PARKED: Final = 5_000  # a subscription; one more opens its breaker
DEAD_LETTER_DAYS: Final = 30
DELIVERIES_KEPT: Final = 500  # a subscription, and as many that failed
DEAD_LETTERS_AT_ONCE: Final = 200  # chosen by hand, or a step of a job
EVENTS_PULLED: Final = 500  # a page of GET /v1/events
EVENT_SCAN: Final = 16_384  # leaves looked at for such a page
EVENT_STREAMS: Final = 20  # open event streams, a merchant and process
EVENT_BEAT_S: Final = 15  # between two signs of life of a silent stream
SECRET_OVERLAP_S: Final = 86_400  # that both secrets sign after a rotation
