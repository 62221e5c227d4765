"""Pages of a PDF as pictures, drawn in a process of their own: what a hostile file does to the
library ends with it.

    python -m danshu.hub.document_drawing PAGE < file.pdf > page.jpg
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
from typing import Any, Final

from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import (
    DOCUMENT_PAGE_POINTS,
    DOCUMENT_PAGES,
    PAGE_DRAW_MEMORY_BYTES,
    PAGE_DRAW_S,
    PAGES_DRAWN_AT_ONCE,
)

DPI: Final = 150  # what perceivers tell boxes in
_MODULE: Final = "danshu.hub.document_drawing"
_NO_PAGE, _NO_EXTRA, _UNREADABLE = 3, 4, 5
_free: dict[Any, asyncio.Semaphore] = {}


async def draw(body: bytes, page: int) -> bytes:
    """Draw a page (from 0) of a PDF as JPEG at 150 dpi. Raises InputError `no_page`, `unreadable`;
    NotAvailable without the extra `vision`, or where drawing takes too long.
    """
    if not 0 <= page < DOCUMENT_PAGES:
        raise InputError("no_page", "this document has no such page")
    loop = asyncio.get_running_loop()
    async with _free.setdefault(loop, asyncio.Semaphore(PAGES_DRAWN_AT_ONCE)):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _MODULE, str(page)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            drawn, _ = await asyncio.wait_for(process.communicate(body), PAGE_DRAW_S)
        except TimeoutError:
            raise InputError("unreadable", f"not drawn within {PAGE_DRAW_S} s") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    if process.returncode == _NO_EXTRA:
        raise NotAvailable("drawing a PDF needs the extra vision: pip install 'danshu[vision]'", 60)
    if process.returncode == _NO_PAGE:
        raise InputError("no_page", "this document has no such page")
    if process.returncode != 0 or not drawn:
        raise InputError("unreadable", "this page can't be drawn")
    return drawn


def main(page: int) -> int:
    """Draw a page from stdin to stdout; the exit code says what was wrong."""
    try:
        import pypdfium2 as pdfium
    except ImportError:
        return _NO_EXTRA
    limit = PAGE_DRAW_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (PAGE_DRAW_S, PAGE_DRAW_S))
    try:
        document = pdfium.PdfDocument(sys.stdin.buffer.read())
        if page >= min(len(document), DOCUMENT_PAGES):
            return _NO_PAGE
        held = document[page]
        width, height = held.get_size()
        if not 0 < min(width, height) <= max(width, height) <= DOCUMENT_PAGE_POINTS:
            return _UNREADABLE
        drawn = held.render(scale=DPI / 72, rev_byteorder=True).to_pil().convert("RGB")
        drawn.save(sys.stdout.buffer, "JPEG", quality=80)
    except (pdfium.PdfiumError, OSError, MemoryError, ValueError):
        return _UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
