"""Forge an evidence bundle, as somebody would who knows its form: for showing that it is found.

The manifest is mended each time. `signers` are those who sign the mended manifest too, as an
insider with the log's key can; without them an outsider leaves the old signature.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.hub import bundle_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.ledger.signers import Signer

_OUTSIDE: Final = ("manifest.json", "manifest.note")


def unpack(bundle: bytes) -> dict[str, bytes]:
    """Read the files of a bundle."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mend(
    files: dict[str, bytes], head: dict[str, Any] | None = None, signers: Sequence[Signer] = ()
) -> bytes:
    """Write files as a bundle whose manifest fits them; `head` replaces what it says."""
    told = msgspec.json.decode(files["manifest.json"])
    told = {k: v for k, v in (head or told).items() if k not in ("files", "format")}
    inner = {path: data for path, data in files.items() if path not in _OUTSIDE}
    made = unpack(bundle_files.write(told, inner, told["books"][-1]["origin"], signers))
    if not signers:
        made["manifest.note"] = files["manifest.note"]
    return bundle_files.pack(made)


def forge_byte(bundle: bytes, path: str, at: int, signers: Sequence[Signer] = ()) -> bytes:
    """Change one bit of a file and mend the manifest, so that only the proofs know."""
    files = unpack(bundle)
    data = bytearray(files[path])
    data[at] ^= 1
    files[path] = bytes(data)
    if path in _OUTSIDE:
        return bundle_files.pack(files)
    return mend(files, signers=signers)


def leave_out(bundle: bytes, wanted: set[int], signers: Sequence[Signer] = ()) -> bytes:
    """Leave facts out by their place in the stream (from 1), mending manifest and summary."""
    files = unpack(bundle)
    head = msgspec.json.decode(files["manifest.json"])
    summary = msgspec.json.decode(files["summary.json"])
    seq, left = 0, []
    for book in head["books"]:
        kept = []
        for index in book["entries"]:
            seq += 1
            path = f"books/{book['half']}/entries/{index:012d}.json"
            if seq in wanted:
                files.pop(path)
                files.pop(f"books/{book['half']}/proofs/{index:012d}.tlog-proof")
            else:
                kept.append(index)
                left.append(files[path])
        book["entries"] = kept
    head |= {"facts": len(left), "head": _leaf(left[-1])}
    summary["acts"] = [a for a in summary["acts"] if a["seq"] not in wanted]
    files["summary.json"] = msgspec.json.encode(summary, order="sorted")
    named = b"".join(left)
    for path in [p for p in files if p.startswith(("media/", "statements/", "signatures/"))]:
        if path.split("/")[1].split(".")[0].encode() not in named:
            files.pop(path)
    return mend(files, head, signers)


def _leaf(body: bytes) -> str:
    return hashlib.sha256(b"\0" + body).hexdigest()


def swap(bundle: bytes, other: bytes, signers: Sequence[Signer] = ()) -> bytes:
    """Pass the facts of another order off as this one's."""
    files, told = unpack(other), msgspec.json.decode(unpack(bundle)["manifest.json"])
    head = msgspec.json.decode(files["manifest.json"])
    return mend(files, {**head, "order": told["order"]}, signers)


def replay(bundle: bytes, other: bytes, signers: Sequence[Signer] = ()) -> bytes:
    """Put the statements and signatures of another order under the names of this one's."""
    files, theirs = unpack(bundle), unpack(other)
    for folder in ("statements/", "signatures/"):
        lent = sorted(p for p in theirs if p.startswith(folder))
        for path, from_ in zip(sorted(p for p in files if p.startswith(folder)), lent, strict=True):
            files[path] = theirs[from_]
    return mend(files, signers=signers)


def double(bundle: bytes, path: str, data: bytes) -> bytes:
    """Put a second file of the same name into the zip."""
    out = io.BytesIO(bundle)
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
        archive.writestr(info, data)
    return out.getvalue()


def lead_out(bundle: bytes, path: str = "../../etc/profile") -> bytes:
    """Put a file into the zip whose path leaves the folder where it is unpacked."""
    return double(bundle, path, b"x")
