"""The raw routes and their typed twins in Litestar say the same of the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from danshu.faces.http import app
from danshu.hub.compose import Hub
from danshu.testing.messages import message, sign
from tests.fixtures.hub import APP_KEY, SECRET, SKUS, House, order
from tests.flows.bad_input import CASES
from tests.flows.bad_orders import Case

NOW_MS = 1_795_164_000_123
HOT = [c for c in CASES if (c.method, c.path) == ("POST", "/v1/orders")]

DOORS = [c for c in CASES if c.path.startswith("/v1/channels/")]


@pytest.fixture(scope="module")
def twin(shared_house: House) -> Iterator[TestClient[Any]]:
    """The same application over the same database, without its raw routes."""
    with TestClient(app.build(Hub(shared_house.url), raw=False)) as client:
        yield client


def both(
    house: House,
    twin: TestClient[Any],
    path: str,
    body: bytes,
    headers: dict[str, str],
    **more: Any,
) -> tuple[Any, Any]:
    one = house.client.post(path, content=body, headers=headers, **more)
    two = twin.post(path, content=body, headers=headers, **more)
    return one, two


def same(one: Any, two: Any) -> None:
    assert one.status_code == two.status_code, (one.text, two.text)
    assert one.headers["content-type"] == two.headers["content-type"]
    assert one.headers.get("www-authenticate") == two.headers.get("www-authenticate")
    if one.headers["content-type"].endswith("json"):
        assert one.json() == two.json()
    else:
        assert one.content == two.content


@pytest.mark.parametrize("case", HOT, ids=lambda c: c.name)
def test_bad_orders_are_refused_alike(
    shared_house: House, twin: TestClient[Any], case: Case
) -> None:
    headers = {"content-type": "application/json", **case.headers}
    if case.role:
        headers["authorization"] = f"Bearer {shared_house.keys[case.role]}"
    body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
    same(*both(shared_house, twin, "/v1/orders", body, headers))


@pytest.mark.parametrize("case", DOORS, ids=lambda c: c.name)
def test_bad_messages_are_refused_alike(
    shared_house: House, twin: TestClient[Any], case: Case
) -> None:
    same(*both(shared_house, twin, case.path, case.body, case.headers))


# Members at random, right and wrong: numbers as text, text as numbers, too much, too little.
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**70), st.floats(), st.text(max_size=70), st.just([])
)
LINE = st.fixed_dictionaries(
    {
        "sku": st.one_of(st.sampled_from([s.code for s in SKUS]), ODD),
        "quantity": st.one_of(st.integers(1, 3), ODD),
        "price_fen": st.one_of(st.integers(0, 10_000), ODD),
    }
)
CHANGES = st.dictionaries(
    st.sampled_from(
        ["discount_fen", "postage_fen", "paid_at", "currency", "buyer", "odd", "lines"]
    ),
    ODD,
    max_size=2,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, max_size=3), changes=CHANGES)
def test_any_order_is_answered_alike(
    shared_house: House, twin: TestClient[Any], lines: list[Any], changes: dict[str, Any]
) -> None:
    body = json.dumps({**order(lines=lines), **changes}).encode()
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {shared_house.keys['operator']}",
    }
    one, two = both(shared_house, twin, "/v1/orders", body, headers)
    if one.status_code != 201:
        same(one, two)
    else:
        assert two.status_code == 200
        assert {**two.json(), "existing": False} == {**one.json(), "existing": False}


def test_a_message_is_acknowledged_alike(shared_house: House, twin: TestClient[Any]) -> None:
    for channel in ("taobao", "shopify", "jd"):
        body = message(channel, 77, 3, NOW_MS)
        signed = sign(channel, body, SECRET, APP_KEY, NOW_MS)
        query = {**signed.query, "account": f"{shared_house.tenant}.{channel}"}
        path = f"/v1/channels/{channel}"
        same(*both(shared_house, twin, path, body, dict(signed.headers), params=query))
