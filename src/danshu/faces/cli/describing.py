"""`danshu openapi` and `danshu asyncapi`: the documents of the API and of the events."""

from __future__ import annotations

import sys
from pathlib import Path

from danshu.faces.http import app, event_document
from danshu.hub.compose import Hub


def write() -> bytes:
    """Write the API's document of this code; no database is asked."""
    return app.build(Hub("")).describe()


def run(file: Path | None) -> int:
    """Write the API's document to a file, or to standard output."""
    return _put(write(), file)


def run_events(file: Path | None) -> int:
    """Write the events' document to a file, or to standard output."""
    return _put(event_document.write(), file)


def _put(made: bytes, file: Path | None) -> int:
    if file is None:
        sys.stdout.buffer.write(made)
    else:
        file.write_bytes(made)
    return 0
