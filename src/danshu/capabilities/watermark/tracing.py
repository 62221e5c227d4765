"""Tracing: a file's columns and the copies that went out -> whose copy it is, or nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from danshu.capabilities.watermark import accuse, cells, finding, heads, honey
from danshu.capabilities.watermark.accuse import Evidence
from danshu.capabilities.watermark.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.capabilities.watermark.finding import Mark
    from danshu.capabilities.watermark.model import Copy, Plan

OTHERS: Final = 5
"""How many copies that were not named are shown beside those that were."""
HONEY_COPIES: Final = 20_000
"""Copies whose invented rows are looked for: the newest."""


def trace(
    secret: bytes,
    plans: Sequence[Plan],
    copies: Sequence[Copy],
    columns: Mapping[str, Sequence[Any]],
) -> Verdict:
    """Name the copies that a file was made from; none where it bears no mark of this merchant.

    `plans` are all the ways in which copies were marked; the one that leans furthest is read.
    """
    leak = finding.Leak(secret, columns)
    marks: list[Mark] = []
    evidence = Evidence.empty()
    for plan in plans:
        found, told = finding.find_marks(leak, plan)
        if sum(m.lean for m in found) > sum(m.lean for m in marks):
            marks, evidence = found, told
    numbers = [copy.code_no for copy in copies]
    suspects = accuse.score(secret, evidence, numbers)
    baited = find_honey(secret, copies, columns)
    suspects = [
        structs.replace(s, honey=baited[s.code_no][0], honey_bound=baited[s.code_no][1])
        if s.code_no in baited
        else s
        for s in suspects
    ]
    suspects.sort(key=lambda s: (not s.is_named, -s.z))
    named = [s for s in suspects if s.is_named]
    return Verdict(
        guilty=tuple(named),
        others=tuple([s for s in suspects if not s.is_named][:OTHERS]),
        copies=len(copies),
        rows=leak.rows,
        cells=int(evidence.count.sum()),
        places=int((evidence.count > 0).sum()),
        marked=tuple([(m.column, plan_key(m), round(m.lean, 1)) for m in marks]),
        heads=read_heads(secret, numbers, columns),
    )


def read_heads(secret: bytes, numbers: Sequence[int], columns: Iterable[str]) -> tuple[int, ...]:
    """Give the copies that the heads of columns name."""
    found = {heads.read_mark(secret, head) for head in columns}
    return tuple(sorted(found & set(numbers)))


def plan_key(mark: Mark) -> str:
    """Name the columns by which a marked column's rows were found."""
    return " + ".join(mark.keys)


def find_honey(
    secret: bytes,
    copies: Sequence[Copy],
    columns: Mapping[str, Sequence[Any]],
) -> dict[int, tuple[int, float]]:
    """Count each copy's invented rows in a file, with the chance that real keys look like them."""
    baited = [c for c in copies[-HONEY_COPIES:] if c.honey and c.pattern]
    if not baited:
        return {}
    there: set[str] = set()
    for column in columns.values():
        there.update(map(cells.read_text, column))
    out: dict[int, tuple[int, float]] = {}
    for copy in baited:
        pattern = copy.pattern
        keys = {honey.make_key(secret, copy.code_no, n, pattern) for n in range(copy.honey)}
        hits = len(keys & there)
        if hits:
            chance = min(1.0, len(there) / honey.count_keys(pattern))
            out[copy.code_no] = (hits, min(1.0, len(copies) * (copy.honey * chance) ** hits))
    return out
