"""QR, EAN, Code 128 and DataMatrix by zxing-cpp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.kernel.limits import DOCUMENT_CODES
from danshu.ports.perceiver import Piece

if TYPE_CHECKING:
    from danshu.adapters.perceivers._pages import Pixels

_KINDS: Final = {
    "QRCode": "qr",
    "MicroQRCode": "qr",
    "EAN13": "ean13",
    "EAN8": "ean8",
    "UPCA": "ean13",
    "UPCE": "ean8",
    "Code128": "code128",
    "Code39": "code39",
    "DataMatrix": "datamatrix",
}
_CHARS: Final = 1_000


def read_codes(pixels: Pixels) -> list[Piece]:
    """Read every code on a page: text, kind, and corners in the page's own pixels."""
    import zxingcpp

    found: list[Piece] = []
    for code in zxingcpp.read_barcodes(pixels)[:DOCUMENT_CODES]:
        kind = _KINDS.get(str(code.format).replace(" ", "").replace("-", "").rpartition(".")[2])
        text = code.text.strip()
        if kind is None or not text:
            continue
        at = code.position
        corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        box = tuple([int(v) for corner in corners for v in (corner.x, corner.y)])
        found.append(Piece(text=text[:_CHARS], confidence=1000, box=box, kind=kind))
    return found
