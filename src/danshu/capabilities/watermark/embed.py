"""Marking: the last bit of each carrier's cell says one place of the copy's code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from danshu.capabilities.watermark import codes
from danshu.capabilities.watermark.cells import ABSENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.watermark.cells import Integers
    from danshu.capabilities.watermark.codes import Bits, Hashes


def mark(
    secret: bytes, code: Bits, keys: Sequence[Sequence[bytes]], digits: Sequence[Integers]
) -> list[Integers]:
    """Mark the carriers of a table: `keys` of each level and `digits` of each carrier, by row.

    Gives the digits anew: each is what it was or differs by 1 in its last bit alone, so that a
    second stays within its minute. Absent cells, and rows without any key, stay as they are.
    """
    hashes, found = place_rows([codes.hash_keys(secret, n, k) for n, k in enumerate(keys)])
    out = []
    for number, column in enumerate(digits):
        at, mask = codes.places(secret, hashes, number)
        bit = (code[at] ^ mask).astype(np.int64)
        out.append(np.where(found & (column != ABSENT), (column & ~np.int64(1)) | bit, column))
    return out


def place_rows(levels: Sequence[Hashes]) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """Give each row the hash that decides its places, and say which rows have one."""
    hashes = levels[-1].copy()
    for level in reversed(levels[:-1]):
        hashes = np.where((level != 0) & codes.is_chosen(level), level, hashes)
    return hashes, hashes != 0
