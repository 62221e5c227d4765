"""The batch breaker: is what cold orders got lately still what chance would give?

Of `n` cold decisions of the last minutes, `k` went to one warehouse (or were stopped by the same
reasons). By the share that was usual before, k is binomial; beyond the 99.9 % band over all places
looked at together the class is stopped, and a person looks. Places that are closed now give their
usual share to the others in proportion, so that an explained closure is no surprise.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

BAND: Final = 0.001  # outside of it, one-sided, over all places together
LEAST: Final = 30  # decisions, of which anything can be said
USUAL: Final = 200  # decisions before, which make a share usual
FACTOR_MILLI: Final = 1_500  # a share may rise so far by habits of buyers alone


class Trip(Struct, frozen=True, kw_only=True):
    """A share outside its band: `count` of `total` at `place`, where `usual_ppm` was usual."""

    count: int
    place: str
    total: int
    usual_ppm: int


def judge(
    recent: Mapping[str, int], before: Mapping[str, int], closed: Collection[str] = ()
) -> Trip | None:
    """Give the place whose share left its band furthest, None while nothing did.

    `recent` and `before` count decisions by place; `closed` are the places that are closed now.
    """
    total, past = sum(recent.values()), sum(before.values())
    places = sorted({*recent, *before})
    if total < LEAST or past < USUAL or len(places) < 2:
        return None
    # scipy.special takes a sixth of a second to load, and most processes judge nothing
    special: Any = import_module("scipy.special")
    # one decision more everywhere, so that a place without a past is possible
    weight = {place: before.get(place, 0) + 1 for place in places if place not in closed}
    whole = sum(weight.values())
    worst: tuple[float, Trip] | None = None
    for place in places:
        count = recent.get(place, 0)
        usual = weight.get(place, 1) / max(whole, 1)
        chance = float(special.bdtrc(count - 1, total, usual)) if count else 1.0
        if chance >= BAND / len(places) or count * 1_000 < FACTOR_MILLI * usual * total:
            continue
        trip = Trip(count=count, place=place, total=total, usual_ppm=round(usual * 1_000_000))
        if worst is None or chance < worst[0]:
            worst = (chance, trip)
    return worst[1] if worst else None
