"""Limits of recordings: what is heard, how long, and how many at once."""

from __future__ import annotations

from typing import Final

# A recording: longer ones are refused before they are decoded; from a minute on a person looks
SPEECH_BYTES: Final = 64_000_000
SPEECH_S: Final = 600
SPEECH_ALONE_S: Final = 60
SPEECH_RATE_HZ_MIN: Final = 8_000
SPEECH_RATE_HZ: Final = 192_000
SPEECH_CHANNELS: Final = 8

# Words of a catalogue that what was heard is compared with, and characters of those that are told
SPEECH_TERMS: Final = 4_000
SPEECH_TERM_CHARS: Final = 180

# Speaking into the hub: sessions at once of a merchant and of a process, frames, silence
SPEECH_STREAMS_TENANT: Final = 4
SPEECH_STREAMS: Final = 8
SPEECH_STREAM_FRAME_BYTES: Final = 65_536
SPEECH_STREAM_IDLE_S: Final = 15

# Ways to read the whole that a perception may name
PERCEPTION_ALTERNATIVES: Final = 16
