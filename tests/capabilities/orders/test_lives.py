"""Random lives lose no money: what came in is what is kept, set aside and went back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.capabilities.orders.lives import ROWS, STEPS, Life, Row, an_order


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 20), st.data())
def test_random_lives_lose_no_money(rows: list[Row], postage: int, data: st.DataObject) -> None:
    """Pay, amend, ship in part, cancel, return, exchange, refund, forfeit: after every step money
    in = value kept + refunds + what is set aside, and the facts fold to the order.
    """
    capped = [(q, price, min(share, q * price)) for q, price, share in rows]
    life = Life(an_order(capped, postage))
    life.check()
    for step in data.draw(st.lists(st.sampled_from(STEPS), max_size=14)):
        step(life, data)
        life.check()
