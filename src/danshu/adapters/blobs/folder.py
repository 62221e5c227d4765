"""Blobs in a folder: file:///srv/archive. Several nodes need a folder that they share."""

from __future__ import annotations

import os
import shutil
import urllib.parse
from pathlib import Path

from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import RETRY_AFTER_S


class Folder:
    """A folder; an object's name is its path below it."""

    def __init__(self) -> None:
        self._root = Path()

    def open(self, url: str) -> None:
        """Name the folder; it is made when it is not there."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
            raise InputError("archive_url", "a folder is named as file:///path")
        self._root = Path(urllib.parse.unquote(parts.path))
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _missing(f"{self._root} cannot be made", error) from error

    def put(self, name: str, path: Path) -> None:
        """Copy beside its place, bring it to the disk, move it in."""
        place = self._root / name
        part = place.with_name(f"{place.name}.{os.getpid()}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as source, part.open("wb") as out:
                shutil.copyfileobj(source, out)
                out.flush()
                os.fsync(out.fileno())
            part.replace(place)
            _sync_folder(place.parent)
        except OSError as error:
            raise _missing(f"{name} cannot be written", error) from error

    def size(self, name: str) -> int:
        """Ask the file."""
        try:
            return (self._root / name).stat().st_size
        except FileNotFoundError:
            return -1
        except OSError as error:
            raise _missing(name, error) from error

    def read(self, name: str, start: int, end: int) -> bytes:
        """Read a part of the file."""
        try:
            with (self._root / name).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except OSError as error:
            raise _missing(f"{name} cannot be read", error) from error

    def remove(self, name: str) -> None:
        """Remove the file."""
        try:
            (self._root / name).unlink(missing_ok=True)
        except OSError as error:
            raise _missing(f"{name} cannot be removed", error) from error


def _sync_folder(folder: Path) -> None:
    """Bring a new name to the disk (rename(2) is in the folder, not in the file)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _missing(what: str, error: OSError) -> NotAvailable:
    return NotAvailable(f"archive: {what}: {error.strerror}", RETRY_AFTER_S)
