"""The short way to an entry gives what the long way gives, and the tally that it makes is whole."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.settlement import mapping
from danshu.capabilities.settlement.mapping import Policy

STREAM = "01900000-0000-7000-8000-000000000001"


def fact(seq: int, kind: str, /, **data: object) -> bytes:
    at = f"2026-11-29T10:00:{seq:02}.000Z"
    whole = {"data": data, "id": f"{STREAM}/{seq}", "occurred": at, "time": at, "type": kind}
    return msgspec.json.encode(whole, order="sorted")


@given(
    lines=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 900)), min_size=1, max_size=4),
    postage=st.integers(0, 50),
    amount=st.integers(0, 5_000),
    stage=st.sampled_from(["", "", "deposit", "supplement"]),
)
def test_a_payment_of_the_whole_is_entered_the_short_way(
    lines: list[tuple[int, int]], postage: int, amount: int, stage: str
) -> None:
    policy = Policy()
    told = [{"no": n, "quantity": q, "paid": p} for n, (q, p) in enumerate(lines, 1)]
    total = sum(p for _, p in lines) + postage
    placed = fact(1, "order.placed", channel="api", currency="CNY", lines=told, total=total)
    paid = fact(2, "order.paid", amount=amount, **({"stage": stage} if stage else {}))
    long = mapping.begin(placed, policy)
    short = mapping.start(placed, policy)
    assert long is not None
    assert short is not None
    slip = mapping.enter(mapping.PAID, paid, long, policy)
    quick = mapping.pay(short, paid, policy)
    is_whole = not stage and amount > 0 and total > 0
    assert (quick is not None) is is_whole
    if quick is not None:
        assert quick == slip
        assert short.grow(policy) == long
        assert mapping.pay(short, paid, policy) is None, "a second payment goes the long way"


def test_a_return_is_no_sale() -> None:
    placed = fact(
        1, "order.placed", channel="api", currency="CNY", kind="return", lines=[], total=0
    )
    assert mapping.start(placed, Policy()) is None
    assert mapping.begin(placed, Policy()) is None
