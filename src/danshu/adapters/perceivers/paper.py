"""Documents read in the house: pictures and PDF, by PP-OCRv6 on the CPU.

Perception: pieces in reading order, in a ruled table with table, row and column; boxes in the
page's own pixels. `figures` hold, by page, the homography to the upright page
(`page0_upright0` … 8, row by row) and that page's size (`page0_width`, `page0_height`), for whoever
needs to know what stands beside what; by piece, where words stand on a colour, its hue in degrees
(`piece7_ground`).
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import msgspec

from danshu.adapters.perceivers._pages import read_pages
from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import DOCUMENT_PIECES, PERCEPTION_FIGURES, PERCEPTION_TEXT_CHARS
from danshu.ports.perceiver import Perception, Piece

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.adapters.perceivers._looking import Sight
    from danshu.ports.connector import Account, Send

_PALE: Final = 25  # levels between ink and paper; below, nothing is read surely
_MISSING: Final = "reading pictures needs the extra vision: pip install 'danshu[vision]'"


class Paper:
    """PP-OCRv6 with line grids and codes."""

    kind = "document"
    title = "本机文档识别"
    title_en = "Documents, read here"
    local = True
    needs: tuple[str, ...] = ()
    extra = "vision"

    async def perceive(
        self,
        account: Account,
        send: Send,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """See ports.perceiver. Raises InputError (`too_large`, `unreadable`, `protected`)."""
        try:
            from danshu.adapters.perceivers import _looking, _ocr
        except ImportError:
            raise NotAvailable(_MISSING, 3_600) from None
        sights = [_looking.look(page) for page in read_pages(body, media_type)]
        pieces = [p for n, s in enumerate(sights) for p in _on_page(s, n)]
        troubles = ["low_contrast"] if any(s.contrast < _PALE for s in sights) else []
        if len(pieces) > DOCUMENT_PIECES:
            pieces = pieces[:DOCUMENT_PIECES]
            troubles.append("too_much_text")
        if not pieces:
            troubles.append("nothing_written")
        figures: dict[str, float] = {}
        before: list[Piece] = []
        for n, sight in enumerate(sights):
            figures |= {f"page{n}_upright{i}": v for i, v in enumerate(sight.upright)}
            figures |= {f"page{n}_width": sight.width, f"page{n}_height": sight.height}
            figures |= {f"piece{len(before) + i}_ground": hue for i, hue in sight.grounds.items()}
            before += sight.pieces
        words = [p.confidence for p in pieces if p.kind == "text"]
        return Perception(
            kind=self.kind,
            engine="pp-ocrv6-small",
            version=version("rapidocr"),
            digest=_ocr.find_digest(),
            text="\n".join([p.text for p in pieces if p.kind == "text"])[:PERCEPTION_TEXT_CHARS],
            pieces=tuple(pieces),
            figures=dict(list(figures.items())[:PERCEPTION_FIGURES]),
            pages=tuple([s.page for s in sights]),
            lang="zh",
            confidence=sum(words) // len(words) if words else 0,
            troubles=tuple(troubles),
        )


def _on_page(sight: Sight, number: int) -> list[Piece]:
    return [msgspec.structs.replace(p, page=number) for p in sight.pieces]
