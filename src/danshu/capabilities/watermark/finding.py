"""Finding the mark in a file that says nothing of itself: columns renamed, moved, left out.

Which columns bear a mark is decided without looking at any copy's code: where a place's bias is
high, most copies have a 1 there, so that marked cells lean towards the biases and others don't.
Whatever is chosen so, an innocent code knows nothing of it, and its bound needs no correction for
the columns that were tried.
"""

from __future__ import annotations

import hashlib
import itertools
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.watermark import cells, codes
from danshu.capabilities.watermark.accuse import Evidence
from danshu.capabilities.watermark.cells import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.capabilities.watermark.cells import Integers
    from danshu.capabilities.watermark.codes import Bits, Hashes
    from danshu.capabilities.watermark.model import Carrier, Kind, Part, Plan

_LEAN: Final = 2.5
_JOINT: Final = 5.0
"""Standard deviations from which a column, and all columns of a key together, bear a mark."""
_SAMPLE: Final = 20_000
_LOOK: Final = 300
_ALIKE: Final = 0.3
_CHOICES: Final = 3
_TRIES: Final = 12
_FEW: Final = 30
SHAPES: Final = 8
VALUES: Final = 256


class Mark(Struct, frozen=True, kw_only=True):
    """A column that bears a mark of a plan: key level, carrier, the columns, how much it leans."""

    level: int
    carrier: int
    column: str
    keys: tuple[str, ...]
    lean: float


class Leak:
    """A file's columns, read as often as they are asked for, once each."""

    def __init__(self, secret: bytes, columns: Mapping[str, Sequence[Any]]) -> None:
        self.secret = secret
        self.columns = columns
        self.rows = max(map(len, columns.values()), default=0)
        self._step = max(1, self.rows // _SAMPLE)
        self.hashes = lru_cache(maxsize=64)(self._hash)
        self.digits = lru_cache(maxsize=256)(self._read)
        self.looks = {name: _look(column) for name, column in columns.items()}
        self.bias = codes.biases(secret)

    def _hash(
        self, level: int, kinds: tuple[Kind, ...], names: tuple[str, ...], step: int
    ) -> Hashes:
        taken = [self.columns[name][::step] for name in names]
        return codes.hash_keys(self.secret, level, cells.read_keys(kinds, taken))

    def _read(self, carrier: Carrier, name: str, step: int) -> Integers:
        return cells.read_digits(carrier, self.columns[name][::step])

    @property
    def step(self) -> int:
        """Every how many rows a sample takes one."""
        return self._step

    def bears(self, carrier: Carrier) -> list[str]:
        """Name the columns that may be a carrier: the one of its name first."""
        named = _by_name(carrier.heads or (carrier.name,), self.columns)
        able = []
        for name in self.columns:
            read = cells.read_digits(carrier, self.looks[name])
            if 2 * int((read != ABSENT).sum()) >= max(len(read), 1):
                able.append(name)
        return sorted(able, key=lambda name: name != named)


def _look(column: Sequence[Any]) -> list[Any]:
    filled = [cell for cell in column[: 20 * _LOOK] if cell not in (None, "")]
    return filled[:_LOOK]


def _by_name(heads: Sequence[str], columns: Mapping[str, Any]) -> str:
    wanted = {plain_head(head) for head in heads}
    return next((name for name in columns if plain_head(name) in wanted), "")


def plain_head(head: str) -> str:
    """Give a column's head without what isn't seen, spaces and case."""
    return "".join(c for c in head if c.isprintable() and not c.isspace()).casefold()


def digest_value(secret: bytes, text: str) -> int:
    """Give the keyed digest of a value, 32 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4, key=secret).digest())


def find_marks(leak: Leak, plan: Plan) -> tuple[list[Mark], Evidence]:
    """Find the columns of a file that bear the marks of a plan, and what they say."""
    marks: list[Mark] = []
    evidence = Evidence.empty()
    known: dict[int, tuple[tuple[Kind, ...], tuple[str, ...]]] = {}
    for level, parts in enumerate(plan.keys):
        kinds = tuple([part.kind for part in parts])
        best: list[Mark] = []
        for names in _assign(leak, parts):
            found = _try(leak, plan, level, kinds, names, known)
            if sum(m.lean for m in found) > sum(m.lean for m in best):
                best = found
        if best:
            known[level] = (kinds, best[0].keys)
            for mark in best:
                evidence = evidence.add(_read_mark(leak, plan, mark, known))
            marks += best
    return marks, evidence


def _assign(leak: Leak, parts: Sequence[Part]) -> Iterator[tuple[str, ...]]:
    """Give the ways in which a file's columns may be the parts of a key, the likeliest first."""
    choices = []
    for part in parts:
        named = _by_name(part.heads or (part.name,), leak.columns)
        alike = sorted(
            ((_compare(leak, part, name) + (name == named), name) for name in leak.columns),
            key=lambda found: -found[0],
        )
        choices.append([name for share, name in alike if share >= _ALIKE][:_CHOICES])
    ways = (names for names in itertools.product(*choices) if len(set(names)) == len(names))
    return itertools.islice(ways, _TRIES)


def _compare(leak: Leak, part: Part, name: str) -> float:
    """Give the share of a column's values that look like those of the part."""
    look = leak.looks[name]
    if not look:
        return 0.0
    if part.kind == "instant":
        return sum(cells.read_second(cell) != ABSENT for cell in look) / len(look)
    texts = [cells.read_text(cell) for cell in look]
    if part.values:
        values = set(part.values)
        return sum(digest_value(leak.secret, text) in values for text in texts) / len(texts)
    return sum(cells.shape(text) in part.shapes for text in texts) / len(texts)


def _try(
    leak: Leak,
    plan: Plan,
    level: int,
    kinds: tuple[Kind, ...],
    names: tuple[str, ...],
    known: Mapping[int, tuple[tuple[Kind, ...], tuple[str, ...]]],
) -> list[Mark]:
    """Give what leans when these columns are the key, from a sample of the rows."""
    hashes, use = _rows(leak, plan, level, kinds, names, known, leak.step)
    if int(use.sum()) < _FEW:
        return []
    found = []
    taken: set[str] = set()
    for number, carrier in enumerate(plan.carriers):
        at, mask = codes.places(leak.secret, hashes, number)
        best = (0.0, "")
        for name in leak.bears(carrier):
            if name in names and carrier.kind != "instant":
                continue
            lean = 0.0 if name in taken else _lean(leak, carrier, name, use, at, mask)
            best = max(best, (lean, name))
        if best[0] >= _LEAN:
            taken.add(best[1])
            found.append(
                Mark(level=level, carrier=number, column=best[1], keys=names, lean=best[0])
            )
    joint = sum(m.lean for m in found) / max(len(found), 1) ** 0.5
    return found if joint >= _JOINT else []


def _lean(leak: Leak, carrier: Carrier, name: str, use: Bits, at: Any, mask: Bits) -> float:
    """Say how far a column's cells lean towards the biases, in standard deviations."""
    digits = leak.digits(carrier, name, leak.step)
    seen = use & (digits != ABSENT)
    bits = ((digits & 1) == 1) ^ mask
    lean = 2 * leak.bias[at[seen]] - 1
    size = float(np.sqrt((lean**2).sum()))
    return float((np.where(bits[seen], 1.0, -1.0) * lean).sum()) / size if size else 0.0


def _rows(
    leak: Leak,
    plan: Plan,
    level: int,
    kinds: tuple[Kind, ...],
    names: tuple[str, ...],
    known: Mapping[int, tuple[tuple[Kind, ...], tuple[str, ...]]],
    step: int,
) -> tuple[Hashes, Bits]:
    """Give the rows' hashes at a level, and which rows it decides; a key's rows count once."""
    hashes = leak.hashes(level, kinds, names, step)
    use = hashes != 0
    if level < len(plan.keys) - 1:
        use &= codes.is_chosen(hashes)
    for before in range(level):
        if before in known:
            earlier = leak.hashes(before, *known[before], step)
            use &= ~((earlier != 0) & codes.is_chosen(earlier))
    first = np.zeros(len(hashes), np.bool_)
    first[np.unique(hashes, return_index=True)[1]] = True
    return hashes, use & first


def _read_mark(
    leak: Leak,
    plan: Plan,
    mark: Mark,
    known: Mapping[int, tuple[tuple[Kind, ...], tuple[str, ...]]],
) -> Evidence:
    """Read what all cells of a marked column say of the places."""
    kinds, names = known[mark.level]
    hashes, use = _rows(leak, plan, mark.level, kinds, names, known, 1)
    digits = leak.digits(plan.carriers[mark.carrier], mark.column, 1)
    seen = use & (digits != ABSENT)
    at, mask = codes.places(leak.secret, hashes[seen], mark.carrier)
    bits = ((digits[seen] & 1) == 1) ^ mask
    count = np.bincount(at, minlength=codes.LENGTH).astype(np.float64)
    ones = np.bincount(at, weights=bits.astype(np.float64), minlength=codes.LENGTH)
    return Evidence(balance=2 * ones - count, count=count)
