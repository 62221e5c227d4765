"""Texts from outside, marked: what a tool gives to a language model says of each text whether it
may be read as anything but data.

Deny by default: a string is left bare only where it can't be a sentence: an id, a code, a time, a
number. Everything else becomes `{"untrusted": true, "text": …}`, whoever wrote it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.limits import TOOL_TEXT_CHARS

if TYPE_CHECKING:
    from collections.abc import Mapping

UNTRUSTED: Final = "untrusted"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX: Final = re.compile(r"[0-9a-f]{32,128}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]{5,15}(Z|[+-]\d\d:\d\d)?)?")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_.:+/-]{1,64}")
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_WORDS: Final = 3
# Besides C0 and C1: line and paragraph separators, bidi marks and embeddings, zero widths, the
# byte order mark, tags (U+E0000…), and variation selectors, in which text can be hidden.
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000e0000-\U000e0fff]"
)


def is_plain(text: str) -> bool:
    """Tell whether a string is an id, a code, a time or a number: too short of words to say much.

    A code of more than three words (`ignore_all_rules_now`) is taken for a sentence.
    """
    if not text or _UUID.fullmatch(text) or _HEX.fullmatch(text) or _TIME.fullmatch(text):
        return True
    return _TOKEN.fullmatch(text) is not None and len(_WORD.findall(text)) <= _WORDS


def escape(text: str) -> str:
    """Give a text in which nothing is hidden and nothing turns round: such characters are written
    as `\\u{…}`; at most TOOL_TEXT_CHARS characters, what was cut is said by `…`.
    """
    cut = text[:TOOL_TEXT_CHARS]
    shown = _HIDDEN.sub(lambda found: f"\\u{{{ord(found.group()):x}}}", cut)
    shown = "".join(
        f"\\u{{{ord(c):x}}}" if unicodedata.category(c) in ("Cs", "Co") else c for c in shown
    )
    return shown + ("…" if len(text) > TOOL_TEXT_CHARS else "")


def mark(value: Any) -> Any:
    """Give a value of JSON in which each text that could be a sentence is marked as untrusted.

    Keys of maps are escaped and shortened too: some are codes that a merchant chose.
    """
    if isinstance(value, str):
        return value if is_plain(value) else {UNTRUSTED: True, "text": escape(value)}
    if isinstance(value, list | tuple):
        return [mark(v) for v in value]
    if isinstance(value, dict):
        return {(k if is_plain(k) else escape(k)[:64]): mark(v) for k, v in value.items()}
    return value


def count_texts(value: Any) -> int:
    """Count the marked texts of a value."""
    if isinstance(value, dict):
        if value.get(UNTRUSTED) is True:
            return 1
        return sum(count_texts(v) for v in value.values())
    return sum(count_texts(v) for v in value) if isinstance(value, list) else 0


def pick(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Give the named fields of a map, those that it has."""
    return {name: value[name] for name in names if name in value}
