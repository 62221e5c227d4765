"""Limits of documents: pictures, PDF, what is read of them, and templates."""

from __future__ import annotations

from typing import Final

# A picture or PDF, before anything of it is decoded
DOCUMENT_BYTES: Final = 20_000_000
DOCUMENT_PIXELS: Final = 50_000_000
DOCUMENT_SIDE_PIXELS: Final = 16_000
DOCUMENT_PAGES: Final = 8
DOCUMENT_PAGE_POINTS: Final = 5_000

# What is read of it: pieces of words, codes, cells of a table, lines of the order
DOCUMENT_PIECES: Final = 2_000
DOCUMENT_CODES: Final = 64
DOCUMENT_CELLS: Final = 3_000
DOCUMENT_LINES: Final = 200

# Templates: how many a merchant has, what one holds
TEMPLATES: Final = 200
TEMPLATE_FIELDS: Final = 40
TEMPLATE_ANCHORS: Final = 8

# A page of a PDF drawn for a person, in a process of its own
PAGE_DRAW_S: Final = 20
PAGE_DRAW_MEMORY_BYTES: Final = 1_500_000_000
PAGES_DRAWN_AT_ONCE: Final = 2
