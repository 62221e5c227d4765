"""Limits of services that hear, see and measure originals, and of what they may answer."""

from __future__ import annotations

from typing import Final

PERCEIVERS: Final = 50  # services of a merchant
PERCEIVER_CHAINS: Final = 200  # of a merchant: kinds and scopes
PERCEIVER_CHAIN_SERVICES: Final = 8  # that are tried one after another
PERCEIVER_TIMEOUT_MS_MIN: Final = 100
PERCEIVER_TIMEOUT_MS_MAX: Final = 120_000
PERCEIVER_QUOTA: Final = 10_000_000  # calls a day that may be set
PERCEIVER_PRICE: Final = 1_000_000_000  # thousandths of 分 for a call, second or page
PERCEIVER_ANSWER_BYTES: Final = 4_194_304
PERCEIVER_OPTION_CHARS: Final = 2_000
PERCEIVERS_AT_ONCE: Final = 32  # perceptions under way in a process
PERCEIVER_MINUTES_DAYS: Final = 32
PERCEIVER_RETRY_S: Final = 30
PERCEIVER_SAMPLES: Final = 100  # of a merchant
PERCEIVER_SAMPLE_BYTES: Final = 8_388_608
PERCEIVER_EXPECTS_CHARS: Final = 2_000
PERCEPTION_TEXT_CHARS: Final = 100_000
PERCEPTION_PIECES: Final = 5_000
PERCEPTION_FIGURES: Final = 200
PERCEPTION_SERIES: Final = 16
PERCEPTION_SERIES_VALUES: Final = 20_000
PERCEPTION_PAGES: Final = 200
PERCEPTION_PAGE_PIXELS: Final = 100_000  # of an edge
PERCEPTION_TROUBLES: Final = 32
PERCEPTION_KEEP_DAYS: Final = 7  # of what was perceived, so that a second reading costs nothing
PERCEPTIONS_SWEPT: Final = 1_000  # at a time
