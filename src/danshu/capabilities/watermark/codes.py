"""Codes of copies: Tardos's fingerprints, made anew from a secret and a number whenever asked.

G. Tardos, Optimal probabilistic fingerprint codes (2008), for COLLUDERS colluders; scored after
B. Škorić et al., Symmetric Tardos fingerprinting codes (2008). A place's bias is common to all
copies of a merchant, so that one pass over a file is scored against all of them.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]
LENGTH: Final = 2_048
COLLUDERS: Final = 4
SECRET_BYTES: Final = 32
_CUT: Final = 1 / (300 * COLLUDERS)
_WIDE: Final = float(2**32)


@lru_cache(maxsize=64)
def biases(secret: bytes) -> Floats:
    """Give each place's chance of a 1: sin²(r), r uniform between the cut and its mirror."""
    low = float(np.arcsin(np.sqrt(_CUT)))
    drawn = _draw(secret, b"biases", LENGTH).astype(np.float64) / _WIDE
    made: Floats = np.sin(low + drawn * (np.pi / 2 - 2 * low)) ** 2
    return made


def code(secret: bytes, code_no: int) -> Bits:
    """Make the code of a copy: LENGTH bits."""
    drawn = _draw(secret, b"code" + code_no.to_bytes(8, "big"), LENGTH)
    bits: Bits = drawn < (biases(secret) * _WIDE)
    return bits


def codes(secret: bytes, numbers: Sequence[int]) -> Bits:
    """Make the codes of copies, a row each."""
    return np.stack([code(secret, no) for no in numbers])


def _draw(secret: bytes, what: bytes, count: int) -> npt.NDArray[np.uint32]:
    """Draw 32-bit numbers; SHAKE-256 gives the same ones for ever, numpy's generators may not."""
    drawn = hashlib.shake_256(b"danshu/watermark/1\0" + secret + what).digest(4 * count)
    return np.frombuffer(drawn, "<u4")


def hash_keys(secret: bytes, level: int, keys: Iterable[bytes]) -> Hashes:
    """Hash the keys of rows, 64 bits each; an empty key finds no row and is 0."""
    salted = hashlib.blake2b(digest_size=8, key=secret, person=b"row%d" % level)
    out = bytearray()
    for key in keys:
        if not key:
            out += bytes(8)
            continue
        one = salted.copy()
        one.update(key)
        out += one.digest()
    return np.frombuffer(bytes(out), "<u8")


def is_chosen(hashes: Hashes) -> Bits:
    """Say for which rows a key that is not the last decides the place: every other one."""
    chosen: Bits = (hashes >> np.uint64(60)) & np.uint64(1) == 1
    return chosen


def places(secret: bytes, hashes: Hashes, carrier: int) -> tuple[npt.NDArray[np.int64], Bits]:
    """Give the place of the code that each row's cell bears, and the bit that masks it there."""
    seed = int.from_bytes(
        hashlib.blake2b(b"carrier%d" % carrier, digest_size=8, key=secret).digest(), "little"
    )
    mixed = mix(hashes ^ np.uint64(seed))
    at = (mixed % np.uint64(LENGTH)).astype(np.int64)
    mask: Bits = (mixed >> np.uint64(40)) & np.uint64(1) == 1
    return at, mask


def mix(value: Any) -> Any:
    """Mix 64 bits (splitmix64, S. Vigna): every bit of the result hangs on every bit given."""
    with np.errstate(over="ignore"):
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))
