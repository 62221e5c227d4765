"""What a person says or types becomes a draft: pure, fast, the catalogue first.

Words are explained by the merchant's master data, by quantities, times and the little words of
orders (words.py); what none of them explains lowers the confidence and is asked about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.intake import drafting, tokens
from danshu.capabilities.intake.plain import fold, plain
from danshu.capabilities.intake.reading import Reader
from danshu.kernel.limits import SAID_CHARS

if TYPE_CHECKING:
    from danshu.capabilities.intake.phrases import Lexicon
    from danshu.ports.modality import Parsed, Span


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
