"""What a merchant's folder of sources holds: one small file that is replaced at once, so that who
opens it sees every source at the same positions of the log.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.assets import sources
from danshu.hub.asset_files import Disk, Written, writer
from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import ASSET_PIECE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

INDEX: Final = "sources.json"


class Piece(Struct, frozen=True, kw_only=True):
    """The leaves [no * ASSET_PIECE, end) of a book as files, by source; none without rows. `last`
    is the SHA-256 (hex) of the last leaf, by which another log is known.
    """

    half: str
    no: int
    end: int
    files: dict[str, Written]
    last: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether no leaf can come to it any more."""
        return self.end == (self.no + 1) * ASSET_PIECE


class Index(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All pieces, in the order of the log. `format` names how they were made; `masters` the tables
    of master data.
    """

    format: str
    pieces: tuple[Piece, ...] = ()
    masters: dict[str, Written] = {}

    @property
    def ends(self) -> dict[str, int]:
        """How far each book was read, by half."""
        return {piece.half: piece.end for piece in self.pieces}

    @property
    def names(self) -> frozenset[str]:
        """The files that it names."""
        found = {file.name for piece in self.pieces for file in piece.files.values()}
        return frozenset(found | {file.name for file in self.masters.values()})

    def files_of(self, source: str) -> list[Written]:
        """Give the files of a source, in the order of the log."""
        if source in self.masters:
            return [self.masters[source]]
        return [piece.files[source] for piece in self.pieces if source in piece.files]

    def state_of(self, names: Iterable[str]) -> str:
        """Name what sources hold: equal states give equal assets."""
        said = [f"{name}:{file.digest}" for name in names for file in self.files_of(name)]
        return hashlib.sha256("\n".join([self.format, *said]).encode()).hexdigest()


_decode: Final = msgspec.json.Decoder(Index).decode


def make_format(salt: bytes) -> str:
    """Name how a merchant's pieces are made now: rows, writer, length, and whose they are."""
    whose = hashlib.sha256(salt).hexdigest()[:12]
    return f"{sources.make_format()}/{writer()}/{ASSET_PIECE}/{whose}"


def read(folder: Path) -> Index | None:
    """Read a merchant's index; None where there is none, or a torn one, which is made again from
    the log. Raises NotAvailable where a disk does not give it: it isn't taken for an empty one.
    """
    try:
        return _decode((folder / INDEX).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    except OSError as error:
        raise NotAvailable(f"the index of the assets can't be read: {error.strerror}") from error


def write(disk: Disk, folder: Path, index: Index, before: Index | None) -> None:
    """Put an index in place. What it names no longer stays a while for who reads it: a reader opens
    files by and by, and meanwhile the index may be replaced more than once.
    """
    for name in sorted(before.names - index.names if before else ()):
        disk.leave(folder / name)
    disk.put(folder / INDEX, msgspec.json.encode(index))


def sweep(disk: Disk, folder: Path, index: Index) -> int:
    """Remove what nothing names any more; gives how many files."""
    return disk.sweep(folder / "sources", {folder / name for name in index.names})
