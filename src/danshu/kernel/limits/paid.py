"""Limits of what is asked when an order is paid, and of what connectors say of themselves."""

from __future__ import annotations

from typing import Final

PAID_PARTIES: Final = 8
PAID_WITHIN_S: Final = 604_800  # that a party may be given
PAID_AT_ONCE: Final = 32  # payments asked about in one commit
PAID_AGAIN_S: Final = 10  # after which one that could not be asked about is tried again
PAID_UNDO_AGAIN_S: Final = 300  # after which a party that would not undo is asked again
CALLBACK_BYTES: Final = 1_048_576
