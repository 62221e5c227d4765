"""Pictures and PDF as pages of pixels: what a header claims is checked before anything is decoded.

A page's own pixels are those of the picture after its EXIF orientation (what every viewer shows),
or of a PDF's page at 150 dpi. PDF of ISO 32000 by pdfium.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    DOCUMENT_BYTES,
    DOCUMENT_PAGE_POINTS,
    DOCUMENT_PAGES,
    DOCUMENT_PIECES,
    DOCUMENT_PIXELS,
    DOCUMENT_SIDE_PIXELS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Pixels = NDArray[np.uint8]

PICTURE_TYPES: Final = ("image/png", "image/jpeg", "image/webp", "image/bmp")
PDF_TYPE: Final = "application/pdf"
DPI: Final = 150
_FORMATS: Final = ("PNG", "JPEG", "WEBP", "BMP")
_BORN_CHARS: Final = 12  # fewer characters on a PDF's page: it is a scan with a stamp, not text
_GAP: Final = 0.9  # a wider gap than this many heights of a line parts two pieces


class Word(Struct, frozen=True, kw_only=True):
    """Words that a PDF holds as text: left, top, right, bottom in the page's pixels."""

    text: str
    box: tuple[float, float, float, float]


class Page(Struct, frozen=True, kw_only=True, eq=False):
    """A page: pixels as height x width x BGR; `words` where a PDF has them as text."""

    pixels: Pixels
    words: tuple[Word, ...] = ()


def read_pages(body: bytes, media_type: str) -> Iterator[Page]:
    """Decode a picture or PDF page by page. Raises InputError: `too_large` (bytes, pixels, pages),
    `unreadable` for what is no such file, `protected` for a PDF with a password.
    """
    if len(body) > DOCUMENT_BYTES:
        raise InputError("too_large", f"a document has at most {DOCUMENT_BYTES} bytes")
    if media_type == PDF_TYPE or body[:1024].lstrip().startswith(b"%PDF-"):
        yield from _read_pdf(body)
        return
    yield Page(pixels=_read_picture(body))


def _check_size(width: int, height: int) -> None:
    if width * height > DOCUMENT_PIXELS or max(width, height) > DOCUMENT_SIDE_PIXELS:
        raise InputError("too_large", f"{width} x {height} pixels; at most {DOCUMENT_PIXELS}")
    if min(width, height) < 16:
        raise InputError("unreadable", f"{width} x {height} pixels show nothing")


def _read_picture(body: bytes) -> Pixels:
    from PIL import Image, ImageOps

    try:
        # Reads the header alone: pixels are decoded by `convert`, after the check
        with Image.open(io.BytesIO(body), formats=_FORMATS) as picture:
            _check_size(*picture.size)
            picture.draft("RGB", (3000, 3000))
            upright = ImageOps.exif_transpose(picture)
            if upright.mode in ("RGBA", "LA", "PA", "P"):
                # What is transparent is paper, not ink
                layer = upright.convert("RGBA")
                paper = Image.new("RGBA", layer.size, (255, 255, 255, 255))
                upright = Image.alpha_composite(paper, layer)
            rgb = np.asarray(upright.convert("RGB"))
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise InputError("too_large", f"more than {DOCUMENT_PIXELS} pixels") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise InputError("unreadable", f"this is no picture that can be read: {error}") from None
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _read_pdf(body: bytes) -> Iterator[Page]:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(body)
    except pdfium.PdfiumError as error:
        code = "protected" if "password" in str(error).lower() else "unreadable"
        raise InputError(code, f"this PDF can't be opened: {error}") from None
    try:
        if len(document) > DOCUMENT_PAGES:
            raise InputError("too_large", f"{len(document)} pages; at most {DOCUMENT_PAGES}")
        for number in range(len(document)):
            try:
                yield _read_pdf_page(document[number])
            except pdfium.PdfiumError as error:
                raise InputError("unreadable", f"page {number + 1}: {error}") from None
    finally:
        document.close()


def _read_pdf_page(page: Any) -> Page:
    width, height = page.get_size()
    if not 0 < min(width, height) <= max(width, height) <= DOCUMENT_PAGE_POINTS:
        raise InputError("too_large", f"a page of {width:.0f} x {height:.0f} points")
    scale = DPI / 72
    _check_size(round(width * scale), round(height * scale))
    pixels = page.render(scale=scale, rev_byteorder=False).to_numpy()
    pixels = np.ascontiguousarray(pixels[:, :, :3])
    return Page(pixels=pixels, words=_read_words(page, scale, height))


def _read_words(page: Any, scale: float, height: float) -> tuple[Word, ...]:
    """Words as runs of characters on one line without a wide gap; () for a scan."""
    text = page.get_textpage()
    count = text.count_chars()
    if count < _BORN_CHARS or page.get_rotation():
        return ()
    if count > 50 * DOCUMENT_PIECES:
        raise InputError("too_large", f"{count} characters on a page")
    whole = text.get_text_range()
    runs: list[tuple[str, list[float]]] = []
    if len(whole) != count:
        return ()  # ligatures or surrogates: places and characters do not match, so it is looked at
    spaced = False
    for i, char in enumerate(whole):
        if char in "\r\n":
            continue
        left, bottom, right, top = text.get_charbox(i, loose=True)
        if not char.isprintable() or char.isspace() or right <= left:
            spaced = spaced or char.isspace()
            continue
        here = [left * scale, (height - top) * scale, right * scale, (height - bottom) * scale]
        if runs and _follows(runs[-1][1], here):
            said, box = runs[-1]
            glue = " " if spaced else ""
            runs[-1] = (
                said + glue + char,
                [box[0], min(box[1], here[1]), here[2], max(box[3], here[3])],
            )
        else:
            runs.append((char, here))
        spaced = False
    return tuple([Word(text=s, box=(b[0], b[1], b[2], b[3])) for s, b in runs])


def _follows(before: list[float], here: list[float]) -> bool:
    tall = before[3] - before[1]
    level = abs((before[1] + before[3]) - (here[1] + here[3])) / 2 < tall * 0.4
    return level and -tall * 0.5 < here[0] - before[2] < tall * _GAP
