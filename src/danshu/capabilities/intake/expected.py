"""Which words of a merchant's a speaker may say: what a model that hears is told to expect."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from danshu.kernel.limits import SPEECH_TERMS

if TYPE_CHECKING:
    from danshu.capabilities.intake.lexicon import Lexicon

_CALLED: Final = {"short_name": 0, "alias": 1, "exact": 2}
_KINDS: Final = ("sku", "option", "store", "device", "symptom")
_CHARS: Final = (2, 16)


def words(lexicon: Lexicon) -> tuple[str, ...]:
    """Give what things are called when people speak: goods first, each thing's spoken names.

    Bounded by SPEECH_TERMS; the same lexicon gives the same words.
    """
    return _words(_Held(lexicon))


class _Held:
    """A lexicon by identity: it never changes, and to compare two would cost seconds."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def __hash__(self) -> int:
        return id(self.lexicon)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.lexicon is self.lexicon


@lru_cache(maxsize=8)
def _words(held: _Held) -> tuple[str, ...]:
    told: list[tuple[int, int, int, str]] = []
    least, most = _CHARS
    for at, sound in enumerate(held.lexicon.sounded):
        kind = held.lexicon.entries[sound.entry].kind
        if sound.how in _CALLED and kind in _KINDS and least <= len(sound.phrase) <= most:
            told.append((_KINDS.index(kind), _CALLED[sound.how], at, sound.phrase))
    return tuple(dict.fromkeys(phrase for *_, phrase in sorted(told)))[:SPEECH_TERMS]
