"""Masked examples: enough of a value to know its form, too little to know whose it is."""

from __future__ import annotations

import re
from typing import Final

from danshu.capabilities.classification.scrubbing import scrub

_KEPT: Final = {
    "mobile": 3, "landline": 3, "resident_id": 2, "bank_card": 4, "uscc": 2, "org_code": 2,
    "plate": 1, "passport": 1, "travel_permit": 1, "vin": 3, "imei": 2, "name": 1, "address": 2,
}  # fmt: skip
"""How many signs at the beginning stay; of other classes none does."""
_CHARS: Final = 40
_TOKEN: Final = re.compile("【[^】]{1,8}】")


def mask(klass: str, value: str) -> str:
    """Mask a value of a class; of a text ("") nothing stays but the tokens of what was found."""
    if not klass:
        return f"…{'…'.join(_TOKEN.findall(scrub(value).text))}…"[:_CHARS]
    kept = _KEPT.get(klass, 0)
    return value[:kept] + "*" * min(8, max(2, len(value) - kept))
