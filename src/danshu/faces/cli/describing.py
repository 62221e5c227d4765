"""`danshu openapi`: the API's document, from which the console's client is made."""

from __future__ import annotations

import sys
from pathlib import Path

from danshu.faces.http import app
from danshu.hub.compose import Hub


def write() -> bytes:
    """Write the document of this code; no database is asked."""
    return app.build(Hub("")).describe()


def run(file: Path | None) -> int:
    """Write the document to a file, or to standard output."""
    made = write()
    if file is None:
        sys.stdout.buffer.write(made)
    else:
        file.write_bytes(made)
    return 0
