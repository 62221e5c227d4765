"""Who owns a data folder: a lock that the kernel frees at death, and a word to the next owner."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from danshu.kernel.errors import DanshuError

if TYPE_CHECKING:
    from pathlib import Path

    from danshu.ledger.cluster import Account


class EngineBusy(DanshuError):
    """Another living process owns the data folder; `owner` is its pid, 0 when unknown."""

    code = "engine_busy"

    def __init__(self, data: Path, owner: int) -> None:
        super().__init__(
            f"The database folder {data} is in use by process {owner or '?'}: "
            "connect to it, or stop it first."
        )
        self.owner = owner


class Note(Struct, frozen=True, kw_only=True):
    """What the owner writes into the lock file: its pid, where its server's socket is, and whether
    the database that others may connect to has been made."""

    owner: int = 0
    socket: str = ""
    furnished: bool = False


def lock_path(data: Path) -> Path:
    """The lock file of a data folder lies beside it."""
    return data.with_name(f"{data.name}.lock")


def read_note(path: Path) -> Note:
    """What the last owner wrote; an empty note when there is none, or none that we may read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (OSError, msgspec.MsgspecError):
        return Note()


class Lock:
    """The lock on `<data>.lock`, held until `give_back` or death; the file is never unlinked.

    Raises EngineBusy when a living process holds it. The lock works between containers that share a
    folder on one machine; network file systems do not promise it.
    """

    def __init__(self, data: Path) -> None:
        self.path = lock_path(data)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(self.path, flags, 0o600)
        self.free = False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = read_note(self.path).owner
            self.give_back()
            raise EngineBusy(data, owner) from None
        self.note = read_note(self.path)  # the last owner's word
        self.write(Note(owner=os.getpid(), socket=self.note.socket))

    def write(self, note: Note) -> None:
        """Leave word for the next owner."""
        self.note = note
        text = msgspec.json.encode(note)
        os.pwrite(self._file, text, 0)
        os.ftruncate(self._file, len(text))

    def belong(self, account: Account | None) -> None:
        """Let the folder's account open the lock too, should it start the hub itself one day."""
        if account:
            os.fchown(self._file, account.uid, account.gid)

    def give_back(self) -> None:
        """Free the folder; safe to repeat. In a forked child it only closes the child's handle."""
        if not self.free:
            self.free = True
            os.close(self._file)
