"""Limits of amendments, and of units that wait for stock."""

from __future__ import annotations

from typing import Final

# Units that wait: orders decided in one commit and in one step of the room, how often those are
# looked at again for whose SKU nothing came in
WAITING_GROUP: Final = 20
WAITING_STEP: Final = 400
WAITING_AGAIN_S: Final = 600

# Substitutes of one SKU
SUBSTITUTES: Final = 20
