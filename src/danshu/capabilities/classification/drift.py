"""Drift: a field that was not there, or one that holds what it did not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from danshu.capabilities.classification.model import SURE
from danshu.capabilities.classification.rules import level_of

if TYPE_CHECKING:
    from danshu.capabilities.classification.model import Held

Kind = Literal["", "new_field", "new_class", "spread"]
_SPREAD: Final = 3  # times as large a share of values as before
_LEAST: Final = 50  # thousandths of the values from which a share is worth comparing


class Drift(Struct, frozen=True, kw_only=True):
    """What changed: `kind` is "" where nothing did; the class, and its share in thousandths."""

    kind: Kind = ""
    klass: str = ""
    share: int = 0
    before: int = 0


def compare(before: Held | None, after: Held) -> Drift:
    """Compare what a field held with what it holds; before is None where it was not there.

    Only what matters counts: a class of level 2 or more, in a sample large enough to say so.
    """
    if before is None:
        is_personal = level_of(after.klass) > 1 and after.confidence >= SURE
        return Drift(kind="new_field", klass=after.klass) if is_personal else Drift()
    known = {each.klass: _share(each.values, before.values) for each in before.counts}
    found = {each.klass: _share(each.values, after.values) for each in after.counts}
    worst = Drift()
    for klass, share in found.items():
        was = known.get(klass, 0)
        if level_of(klass) < 2:
            continue
        if not was and klass != before.klass:
            drift = Drift(kind="new_class", klass=klass, share=share, before=was)
        elif was and share >= _LEAST and share >= was * _SPREAD:
            drift = Drift(kind="spread", klass=klass, share=share, before=was)
        else:
            continue
        if level_of(klass) > level_of(worst.klass) or not worst.kind:
            worst = drift
    return worst


def _share(part: int, whole: int) -> int:
    return part * 1_000 // whole if whole else 0
