"""Routes of calls: the first way that fits, shares that only grow, promotion and the way back."""

from __future__ import annotations

import pytest

from danshu.capabilities.weave.routes import (
    Canary,
    Route,
    Share,
    Way,
    check,
    choose,
    promote,
    roll_back,
    targets,
)
from danshu.kernel.errors import InputError

SUBJECTS = [f"order-{n}" for n in range(4_000)]
WAYS = (Way(connector="wms", warehouses=("SH",)), Way(connector="a"))


def route(share: int, *shares: Share) -> Route:
    canary = Canary(candidate="b", replaces="a", share=share, began=2, shares=shares)
    return check(Route(ways=WAYS, canary=canary))


def chosen(share: int, *shares: Share, channel: str = "") -> set[str]:
    made = route(share, *shares)
    return {s for s in SUBJECTS if choose(made, s, "BJ", channel) == "b"}


def test_the_first_way_that_fits_names_the_connector() -> None:
    assert choose(route(10_000), "x", "SH", "") == "wms"  # no canary of it
    assert choose(route(0), "x", "BJ", "") == "a"
    assert choose(Route(ways=WAYS[:1]), "x", "BJ", "") is None


def test_shares_are_met_and_only_grow() -> None:
    before: set[str] = set()
    for share in (0, 100, 2_500, 10_000):
        now = chosen(share)
        assert before <= now
        assert abs(len(now) - len(SUBJECTS) * share / 10_000) < 120
        before = now
    jd = Share(share=10_000, channels=("jd",))
    assert len(chosen(0, jd, channel="jd")) == len(SUBJECTS)
    assert not chosen(0, jd, channel="taobao")


def test_promotion_and_the_way_back() -> None:
    full = promote(route(2_500))
    assert [way.connector for way in full.ways] == ["wms", "b"]
    assert full.drains == "a"
    assert targets(full) == {"wms", "b"}
    back = roll_back(route(2_500))
    assert (back.ways, back.drains, back.canary) == (WAYS, "b", None)
    with pytest.raises(InputError, match="no canary"):
        roll_back(back)


@pytest.mark.parametrize(
    ("made", "pointer"),
    [
        (Route(ways=()), "/ways"),
        (Route(ways=(Way(connector="a"), Way(connector="b"))), "/ways/0"),
        (Route(ways=WAYS, canary=Canary(candidate="a", replaces="a", share=1, began=1)), "cand"),
        (Route(ways=WAYS, canary=Canary(candidate="b", replaces="x", share=1, began=1)), "repl"),
        (Route(ways=WAYS, canary=Canary(candidate="b", replaces="a", share=10_001, began=1)), "sh"),
    ],
)
def test_what_can_not_be_is_refused(made: Route, pointer: str) -> None:
    with pytest.raises(InputError, match=pointer):
        check(made)
