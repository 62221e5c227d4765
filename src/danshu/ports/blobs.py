"""Port `blobs`: where large things that never change are kept apart from the database: a folder
that all nodes share, or object storage.

An object has a name (words of letters, digits and `._-`, separated by `/`) and is written whole or
not at all: who reads a name finds all of an object or none. Written again under the same name, the
last one holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Blobs(Protocol):
    """One place, opened from its URL. May be called from any thread."""

    def open(self, url: str) -> None:
        """Name the place. Raises NotAvailable when it cannot be reached, InputError for a URL that
        is none of this adapter's.
        """
        ...

    def put(self, name: str, path: Path) -> None:
        """Keep the bytes of a file under a name; when it returns they are durable.

        Raises NotAvailable when that is not certain.
        """
        ...

    def size(self, name: str) -> int:
        """Give the length in bytes, -1 when there is no such object. Raises NotAvailable."""
        ...

    def read(self, name: str, start: int, end: int) -> bytes:
        """Read the bytes [start, end) of an object. Raises NotAvailable, also when it is gone."""
        ...

    def remove(self, name: str) -> None:
        """Remove an object; nothing when there is none. Raises NotAvailable."""
        ...
