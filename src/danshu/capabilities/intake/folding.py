"""Words folded to what people mean alike: width, case, spaces and marks do not count."""

from __future__ import annotations

import unicodedata


def fold(words: str) -> str:
    """Fold words for comparison: NFKC, case, only letters and digits of any script, and `°%`.

    The fold of a fold is itself; "" where nothing can be compared.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", words).casefold())
    return "".join([c for c in plain if c.isalnum() or c in "°%"])
