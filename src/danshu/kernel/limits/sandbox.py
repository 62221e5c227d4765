"""Limits of the sandbox, of its reviews and of what they teach."""

from __future__ import annotations

from typing import Final

SANDBOX_IN_A_ROW: Final = 500  # reviews without a correction, the fewest that a merchant may ask
SANDBOX_ERROR_PPM: Final = 50_000  # the loosest bound on the error that a merchant may set
SANDBOX_SETTINGS: Final = 64  # modalities that a merchant sets apart
SANDBOX_COUNTERS: Final = 1_000  # shown at once
CALIBRATION_REVIEWS: Final = 50  # below which a confidence is shown as it was said
CALIBRATION_ROWS: Final = 2_000  # reviews or fields, the newest, that it is calibrated on
REVIEW_LEASE_S: Final = 300  # that an original stays with who took it
REVIEW_FIELDS: Final = 2_000  # of one draft
REVIEW_TOOK_MS: Final = 86_400_000
SECOND_WAITS_DAYS: Final = 14  # after which nobody is asked to review again any more
