"""Forge an evidence bundle, as somebody would who knows its form: for showing that it is found."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Final

import msgspec

_TIME: Final = (1980, 1, 1, 0, 0, 0)


def forge_byte(bundle: bytes, path: str, at: int) -> bytes:
    """Change one byte of a file and mend the manifest, so that only the proof knows."""
    files = unpack(bundle)
    data = bytearray(files[path])
    data[at] ^= 1
    files[path] = bytes(data)
    manifest = msgspec.json.decode(files["manifest.json"])
    for listed in manifest["files"]:
        if listed["path"] == path:
            listed["sha256"] = hashlib.sha256(files[path]).hexdigest()
    files["manifest.json"] = msgspec.json.encode(manifest, order="sorted")
    return pack(files)


def unpack(bundle: bytes) -> dict[str, bytes]:
    """Read the files of a bundle."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(files: dict[str, bytes]) -> bytes:
    """Write files as a bundle."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, _TIME), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
