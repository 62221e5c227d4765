"""What a service may say of an original: bounded, finite, within the page. Pure.

What it says is data. Markup and commands in it stay words that somebody wrote; what could hide in
them (control characters, numbers that are none, places outside the page) is not taken.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import (
    PERCEIVER_RETRY_S,
    PERCEPTION_ALTERNATIVES,
    PERCEPTION_FIGURES,
    PERCEPTION_PAGE_PIXELS,
    PERCEPTION_PAGES,
    PERCEPTION_PIECES,
    PERCEPTION_SERIES,
    PERCEPTION_SERIES_VALUES,
    PERCEPTION_TEXT_CHARS,
    PERCEPTION_TROUBLES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from danshu.ports.perceiver import Perception, Piece

WHOLE: Final = 1_000
_WORD_CHARS: Final = 200
_ALLOWED: Final = frozenset("\t\n\r")
_CORNERS: Final = 8
_EDGE: Final = 2  # pixels that rounding may put a corner outside


class BadAnswer(NotAvailable):
    """A service answered what no original can hold; the next of the chain is asked."""

    code = "bad_answer"


def hold(told: Perception) -> Perception:
    """Give a perception as it is. Raises BadAnswer that says what of it can't be."""
    for wrong in _wrongs(told):
        raise BadAnswer(f"the answer has {wrong}", PERCEIVER_RETRY_S)
    return told


def _wrongs(told: Perception) -> Iterator[str]:
    yield from _sizes(told)
    words = (told.engine, told.version, told.digest, told.lang, *told.troubles, *told.figures)
    if any(len(word) > _WORD_CHARS for word in words):
        yield f"a name of more than {_WORD_CHARS} characters"
    if not _plain((told.text, *words, *[piece.text + piece.path for piece in _every(told)])):
        yield "control characters"
    if not 0 <= told.confidence <= WHOLE or told.duration_ms < 0:
        yield "a confidence or length out of bounds"
    yield from _numbers(told)
    for width, height in told.pages:
        if not (0 < width <= PERCEPTION_PAGE_PIXELS and 0 < height <= PERCEPTION_PAGE_PIXELS):
            yield "a page without a size"
    for piece in _every(told):
        yield from _piece(told, piece)


def _sizes(told: Perception) -> Iterator[str]:
    for count, most, name in (
        (len(told.text), PERCEPTION_TEXT_CHARS, "characters"),
        (len(told.pieces), PERCEPTION_PIECES, "pieces"),
        (len(told.alternatives), PERCEPTION_ALTERNATIVES, "alternatives"),
        (len(told.figures), PERCEPTION_FIGURES, "figures"),
        (len(told.series), PERCEPTION_SERIES, "curves"),
        (len(told.pages), PERCEPTION_PAGES, "pages"),
        (len(told.troubles), PERCEPTION_TROUBLES, "troubles"),
    ):
        if count > most:
            yield f"more than {most} {name}"
    if any(len(piece.text) > PERCEPTION_TEXT_CHARS for piece in told.alternatives):
        yield f"an alternative of more than {PERCEPTION_TEXT_CHARS} characters"
    if sum(len(piece.text) for piece in told.pieces) > PERCEPTION_TEXT_CHARS:
        yield f"more than {PERCEPTION_TEXT_CHARS} characters in pieces"


def _every(told: Perception) -> tuple[Piece, ...]:
    return (*told.pieces, *told.alternatives)


def _numbers(told: Perception) -> Iterator[str]:
    if not all(math.isfinite(value) for value in told.figures.values()):
        yield "a figure that is no number"
    for curve in told.series:
        if len(curve.values) > PERCEPTION_SERIES_VALUES:
            yield f"a curve of more than {PERCEPTION_SERIES_VALUES} values"
        elif not all(map(math.isfinite, (curve.start, curve.step, *curve.values))):
            yield "a curve with a value that is no number"


def _piece(told: Perception, piece: Piece) -> Iterator[str]:
    if not 0 <= piece.confidence <= WHOLE:
        yield "a confidence out of bounds"
    if piece.from_ms < 0 or piece.to_ms < piece.from_ms:
        yield "a piece that ends before it begins"
    if not piece.box:
        return
    if len(piece.box) != _CORNERS:
        yield "a box without four corners"
    elif not 0 <= piece.page < max(len(told.pages), 1):
        yield "a box on no page"
    else:
        width, height = told.pages[piece.page] if told.pages else (PERCEPTION_PAGE_PIXELS,) * 2
        across, down = piece.box[0::2], piece.box[1::2]
        if not (_within(across, width) and _within(down, height)):
            yield "a box outside its page"


def _within(places: Iterable[int], most: int) -> bool:
    return all(-_EDGE <= place <= most + _EDGE for place in places)


def _plain(texts: Iterable[str]) -> bool:
    """Tell whether nothing in texts hides or breaks lines of its own accord."""
    return all(
        (letter >= " " and letter != "\x7f" and not "\ud800" <= letter <= "\udfff")
        or letter in _ALLOWED
        for text in texts
        for letter in text
    )
