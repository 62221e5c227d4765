"""What a merchant's things are called: built once of its master data, then asked by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.intake.finding import Choice, Match, find_alike, find_exact
from danshu.capabilities.intake.lines import candidates, of_kind
from danshu.capabilities.intake.phrases import (
    Alias,
    Called,
    Goods,
    Lexicon,
    Option,
    build,
)
from danshu.capabilities.intake.plain import fold, key, plain

if TYPE_CHECKING:
    from danshu.ports.modality import Candidate

__all__ = ["Alias", "Called", "Goods", "Lexicon", "Option", "build", "resolve"]


def resolve(lexicon: Lexicon, kind: str, words: str, of: str = "") -> tuple[Candidate, ...]:
    """Find words in the master data, the best first; `of` is a customer whose own words count."""
    said = plain(words[:_RESOLVED_CHARS])
    folded = fold(said)
    if not folded.text:
        return ()
    whole = lexicon.phrases.get(key(words))
    matches: list[Match] = find_exact(lexicon, said, folded, of)
    exact = [m for m in matches if of_kind(lexicon, m, kind)]
    best: dict[int, Choice] = {}
    if whole is None or not any(lexicon.entries[h.entry].kind == kind for h in whole):
        exact += find_alike(lexicon, folded, 0, len(folded.text), of)
    for m in exact:
        covered = sum(c.isalnum() for c in said.text[m.start : m.end])
        for c in of_kind(lexicon, m, kind):
            sure = c.sure * (_FIXED + covered) // (_FIXED + len(folded.text))
            if c.entry not in best or best[c.entry].sure < sure:
                best[c.entry] = Choice(c.entry, sure, c.how)
    ranked = sorted(best.values(), key=lambda c: (-c.sure, c.entry))
    return candidates(lexicon, tuple(ranked))


_RESOLVED_CHARS: Final = 200
_FIXED: Final = 4  # words around a name cost little where the name is long
