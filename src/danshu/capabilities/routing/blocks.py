"""One byte form for a header and its arrays, so that equal content has an equal digest anywhere.

Layout: magic, header length (4 bytes, big endian), header (JSON, sorted keys), then the arrays in
the order of their names, little endian, C order. The header lists name, dtype and shape of each.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import numpy as np

from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)

_MAGIC: Final = b"danshu-block-1\n"
_DTYPES: Final = ("<i8", "<f8", "<i4", "<i2", "|u1", "<u8")
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def pack_block(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write header and arrays as one block of bytes."""
    ordered = {
        name: np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        for name, array in sorted(arrays.items())
    }
    listing = [[name, array.dtype.str, list(array.shape)] for name, array in ordered.items()]
    head = _ENCODER.encode({"arrays": listing, "header": dict(header)})
    body = b"".join(array.tobytes() for array in ordered.values())
    return _MAGIC + struct.pack(">I", len(head)) + head + body


def unpack_block(raw: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a block; the arrays are read-only. Raises InputError `block` when it is malformed."""
    start = len(_MAGIC) + 4
    if len(raw) < start or not raw.startswith(_MAGIC):
        raise InputError("block", "not a block of routing data")
    (size,) = struct.unpack_from(">I", raw, len(_MAGIC))
    try:
        head = msgspec.json.decode(raw[start : start + size])
        arrays, end = _read_arrays(raw, start + size, head["arrays"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise InputError("block", f"malformed block: {error}") from error
    if end != len(raw):
        raise InputError("block", f"{len(raw) - end} bytes too many")
    return head["header"], arrays


def find_span(raw: bytes, *prefixes: str) -> tuple[int, int]:
    """Give first byte and end of the arrays whose names begin so: neighbours by their names."""
    (size,) = struct.unpack_from(">I", raw, len(_MAGIC))
    offset = len(_MAGIC) + 4 + size
    spans = []
    for name, dtype, shape in msgspec.json.decode(raw[offset - size : offset])["arrays"]:
        end = offset + int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if name.startswith(prefixes):
            spans.append((offset, end))
        offset = end
    return (spans[0][0], spans[-1][1]) if spans else (offset, offset)


def _read_arrays(
    raw: bytes, offset: int, listing: list[Any]
) -> tuple[dict[str, NDArray[Any]], int]:
    arrays: dict[str, NDArray[Any]] = {}
    for name, dtype, shape in listing:
        if dtype not in _DTYPES or any(side < 0 for side in shape):
            raise ValueError(f"array {name} is {dtype} {shape}")
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(raw, dtype=dtype, count=count, offset=offset).reshape(shape)
        # A fresh, aligned copy: compiled code takes native, aligned arrays only.
        arrays[name] = freeze(np.array(array, dtype=np.dtype(dtype).newbyteorder("=")))
        offset += array.nbytes
    return arrays, offset


def digest_block(raw: bytes) -> str:
    """Name a block by its content: sha256, 64 hex digits."""
    return hashlib.sha256(raw).hexdigest()


def freeze(array: NDArray[Kind]) -> NDArray[Kind]:
    """Make an array read-only, for what many decisions share."""
    array.setflags(write=False)
    return array
