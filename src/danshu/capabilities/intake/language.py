"""What a person says or types becomes a draft: pure, fast, the catalogue first.

Words are explained by the merchant's master data, by quantities, times and the little words of
orders (words.py); what none of them explains lowers the confidence and is asked about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.intake import drafting, tokens
from danshu.capabilities.intake.finding import Choice, Match, find_alike, find_exact
from danshu.capabilities.intake.lines import candidates, of_kind
from danshu.capabilities.intake.plain import fold, key, plain
from danshu.capabilities.intake.reading import Reader
from danshu.kernel.limits import SAID_CHARS

if TYPE_CHECKING:
    from danshu.capabilities.intake.lexicon import Lexicon
    from danshu.ports.modality import Candidate, Parsed, Span


def understand(
    text: str,
    lexicon: Lexicon,
    now_ms: int,
    pieces: tuple[Span, ...] = (),
    *,
    customer: str = "",
    used: frozenset[str] = frozenset(),
) -> Parsed:
    """Read words as an order. Never raises; spans count characters of the text, and lie in the
    recording or on the page where `pieces` say so.

    `customer` is who speaks: words that are that customer's own count, and among goods that fit
    equally those of `used`, the SKUs that the customer ordered before.
    """
    said = plain(text[:SAID_CHARS])
    folded = fold(said)
    found = tokens.tokenize(lexicon, said, folded, now_ms, customer)
    reader = Reader(lexicon, said.text)
    reader.read(found)
    return drafting.draft(reader, found, text, said, pieces, used=used)


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
