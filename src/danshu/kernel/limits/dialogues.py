"""Limits of conversations."""

from __future__ import annotations

from typing import Final

# Turns of one conversation; turns in a row that bring nothing, before a person takes over
DIALOGUE_TURNS: Final = 12
DIALOGUE_UNHEARD: Final = 3
# How long a conversation stays open without a word; conversations of a merchant at once
DIALOGUE_S: Final = 600
DIALOGUES_OPEN: Final = 500
# Sound of one turn; quiet after which a turn is over, and the longest one
TURN_BYTES: Final = 2_000_000
TURN_PAUSE_MS: Final = 700
TURN_MOST_MS: Final = 30_000
# Media connections of one server at once
MEDIA_STREAMS: Final = 64
# Sound that a voice gives for one answer, and how long it may take
CALL_SOUND_BYTES: Final = 4_000_000
CALL_SOUND_S: Final = 10
