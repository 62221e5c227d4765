"""What a reviewer changed of a draft, by JSON pointers, and how far two reviewers agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from danshu.ports.modality import Draft


UNTOLD: Final = frozenset({"title"})
"""What only helps a person to read: changing it corrects nothing."""
LOOKED_UP: Final[dict[str, Literal["sku", "store", "customer", "device"]]] = {
    "sku": "sku",
    "store": "store",
    "customer": "customer",
    "device": "device",
}
"""Last step of a pointer -> the kind of master data that its value is a code of."""


class Correction(Struct, frozen=True, kw_only=True):
    """A value before and after, as text; "" = it was not there."""

    path: str
    before: str
    after: str


class Agreement(Struct, frozen=True, kw_only=True):
    """How two people who read the same originals agree on a kind of field.

    `same` of `both` values are alike, in thousandths `share`; `kappa` is Cohen's (1960) on whether
    the field was right as read, in thousandths, None where chance explains all (nobody, or
    everybody, corrected it).
    """

    field: str
    both: int
    same: int
    share: int
    kappa: int | None


def flatten(draft: Draft) -> dict[str, str]:
    """Give each value of a draft by its JSON pointer (RFC 6901); what is a default is left out."""
    told: dict[str, str] = {}
    _walk("", msgspec.to_builtins(draft), told)
    return told


def _walk(path: str, value: Any, told: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in UNTOLD:
                step = str(key).replace("~", "~0").replace("/", "~1")
                _walk(f"{path}/{step}", inner, told)
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            _walk(f"{path}/{at}", inner, told)
    elif value is not None:
        told[path] = str(value)


def compare(before: Draft, after: Draft) -> tuple[Correction, ...]:
    """Tell what was changed, added and taken away, in the order of the pointers."""
    was, is_ = flatten(before), flatten(after)
    return tuple(
        [
            Correction(path=path, before=was.get(path, ""), after=is_.get(path, ""))
            for path in sorted(was.keys() | is_.keys())
            if was.get(path, "") != is_.get(path, "")
        ]
    )


def kind_of(path: str) -> str:
    """Name the kind of a field: its pointer without the numbers (`/lines/3/sku` -> `lines/sku`)."""
    return "/".join([step for step in path.split("/") if step and not step.isdigit()])


def agree(
    pairs: Iterable[tuple[Draft, Draft, Draft]],
) -> tuple[Agreement, ...]:
    """Compare two people's drafts of (as read, first, second), by kind of field."""
    tallies: dict[str, list[int]] = {}  # both, same, both right, first only, second only, neither
    for read, first, second in pairs:
        was, one, two = flatten(read), flatten(first), flatten(second)
        for path in was.keys() | one.keys() | two.keys():
            before, a, b = was.get(path, ""), one.get(path, ""), two.get(path, "")
            tally = tallies.setdefault(kind_of(path), [0] * 6)
            tally[0] += 1
            tally[1] += a == b
            tally[2 + 2 * (a != before) + (b != before)] += 1
    return tuple([_sum_up(field, tally) for field, tally in sorted(tallies.items())])


def _sum_up(field: str, tally: list[int]) -> Agreement:
    both, same, right, second, first, neither = tally
    kappa: int | None = None
    a_right, b_right = right + second, right + first
    by_chance = a_right * b_right + (both - a_right) * (both - b_right)
    if by_chance != both * both:
        kappa = 1000 * ((right + neither) * both - by_chance) // (both * both - by_chance)
    return Agreement(field=field, both=both, same=same, share=same * 1000 // both, kappa=kappa)
