"""What is not shown to a language model: telephone numbers, identity numbers, e-mail addresses."""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_PHONE: Final = re.compile(r"(?<![\d.-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d.-])")
_IDENTITY: Final = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


def hide(text: str) -> str:
    """Give a text without what names people by number: each is put as `[…]`."""
    for pattern in (_EMAIL, _IDENTITY, _PHONE):
        text = pattern.sub("[…]", text)
    return text
