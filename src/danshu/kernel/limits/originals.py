"""Limits of originals: what comes in by voice, picture, sensor or text."""

from __future__ import annotations

from typing import Final

# Bytes of an original by what it is, looked at before anything is decoded
ORIGINAL_TEXT_BYTES: Final = 20_000
ORIGINAL_SOUND_BYTES: Final = 12 << 20
ORIGINAL_PICTURE_BYTES: Final = 12 << 20
ORIGINAL_PDF_BYTES: Final = 20 << 20
ORIGINAL_WAVE_BYTES: Final = 8 << 20
ORIGINAL_EVENT_BYTES: Final = 1 << 20
# Bytes of the largest of them, and of a draft that a person confirms
ORIGINAL_BYTES: Final = 20 << 20
ORIGINAL_DRAFT_BYTES: Final = 256 << 10
# Seconds of a recording, pixels of a picture, pages of a document: a perceiver refuses what is more
ORIGINAL_SOUND_S: Final = 600
ORIGINAL_PIXELS: Final = 50_000_000
ORIGINAL_PAGES: Final = 20
# Bytes of one that comes over NATS or MQTT: what a NATS server takes unless it is told otherwise
ORIGINAL_NATS_BYTES: Final = 1 << 20
# Originals of a merchant that nobody has read yet; then 429
ORIGINALS_WAITING: Final = 2_000
# Originals that one process reads at a time, and how long one may be read before another tries
ORIGINALS_AT_ONCE: Final = 4
ORIGINAL_LEASE_S: Final = 180
# Tries of an original whose services are not there, the first after so long, each twice as late
ORIGINAL_TRIES: Final = 6
ORIGINAL_AGAIN_S: Final = 5
# Bytes of how an original was read
ORIGINAL_PARSED_BYTES: Final = 4 << 20
# Days that the bytes of an original are kept that became nothing; those of an order stay with it
ORIGINAL_KEPT_DAYS: Final = 180
# Hours within which "cancel it" or "the same again" means an earlier order of the same speaker
EARLIER_ORDER_H: Final = 12
# A local perceiver's process: time a call, data it may hold, idle time after which it ends
PERCEIVE_MS: Final = 120_000
PERCEIVE_MEMORY_BYTES: Final = 4 << 30
PERCEIVE_IDLE_S: Final = 300
# Processes of local perceivers beside one of ours, each with one model kept; errands that may wait
# for one of them
PERCEIVE_CHILDREN: Final = 2
PERCEIVE_WAITING: Final = 32
# Bytes of what a perceiver is told beside the original, and of what it says about it
PERCEIVE_ERRAND_BYTES: Final = 1 << 20
PERCEPTION_BYTES: Final = 8 << 20
