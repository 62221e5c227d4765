"""The listing package 上架包 of an asset: what an exchange wants to know before it lists it.

Metadata (DCAT 3), dictionary, sample, quality, compliance, price, licence; a manifest with digests,
signed by the log's key as `<origin>/listing` where that key is at hand.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub import bundle_files
from danshu.kernel import note
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LISTING_BYTES, LISTING_SAMPLE_ROWS
from danshu.ledger.edge import LogBroken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.asset_extracts import Extract
    from danshu.ledger.signers import Signer
    from danshu.ports.asset import Asset

FORMAT: Final = "dlp/1"
FILES: Final = (
    "metadata.jsonld",
    "dictionary.csv",
    "sample.csv",
    "quality.json",
    "compliance.json",
    "price.json",
    "licence.md",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Contents(Struct, frozen=True, kw_only=True):
    """What is packed, beside the asset itself; `extract` is what may leave of it, `table` its
    marked rows.
    """

    listing: str
    metadata: bytes
    asset: Any
    extract: Any
    table: Any
    quality: Any
    compliance: Any
    price: Any
    licence: str
    valued: Any


def pack(contents: Contents, origin: str, signers: Sequence[Signer]) -> bytes:
    """Make the zip; the same contents give the same bytes but for the signature.

    Raises InputError `too_large`.
    """
    asset, extract = contents.asset, contents.extract
    files = {
        "metadata.jsonld": contents.metadata,
        "dictionary.csv": _dictionary(asset),
        "sample.csv": _sample(extract, contents.table),
        "quality.json": _json(contents.quality),
        "compliance.json": _json(contents.compliance),
        "price.json": _json({"price": contents.price, "valued": contents.valued}),
        "licence.md": contents.licence.encode(),
    }
    manifest = _json(
        {
            "asset": asset.name,
            "files": [
                {"path": path, "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
                for path, body in sorted(files.items())
            ],
            "format": FORMAT,
            "listing": contents.listing,
        }
    )
    whole = {**files, "manifest.json": manifest}
    text = f"{FORMAT}\n{contents.listing}\n{hashlib.sha256(manifest).hexdigest()}\n"
    with contextlib.suppress(LogBroken):  # the key lies elsewhere: the package is not signed
        signatures = tuple([_sign(text, f"{origin}/listing", each) for each in signers])
        if signatures:
            whole["manifest.note"] = note.encode(note.Note(text=text, signatures=signatures))
    packed = bundle_files.pack(whole)
    if len(packed) > LISTING_BYTES:
        raise InputError("too_large", f"a package has at most {LISTING_BYTES} bytes")
    return packed


def _sign(text: str, name: str, signer: Signer) -> note.Signature:
    key = note.VerifierKey(name=name, kind=note.ED25519, public_key=signer.public_key)
    return note.sign(text, key, signer.sign)


def _json(told: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told, order="sorted"), indent=1)


def _dictionary(asset: Asset) -> bytes:
    head = ["列", "中文名", "English", "角色", "单位", "密级(JR/T 0197)"]
    rows = [[c.name, c.title.zh, c.title.en, c.role, c.unit, str(c.level)] for c in asset.columns]
    return _csv([head, *rows])


def _sample(extract: Extract, table: Any) -> bytes:
    shown = table.slice(0, LISTING_SAMPLE_ROWS)
    names = [head.name for head in extract.heads]
    columns = [shown.column(name).to_pylist() for name in names]
    return _csv([names, *[list(row) for row in zip(*columns, strict=True)]])


def _csv(rows: list[list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([[_plain(cell) for cell in row] for row in rows])
    return ("\ufeff" + out.getvalue()).encode()


def _plain(cell: Any) -> Any:
    """Write a cell so that no program runs it."""
    return "'" + cell if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
