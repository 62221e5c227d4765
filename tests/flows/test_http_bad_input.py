"""Bad input: each case has its clear answer, and no table has another row than before."""

from __future__ import annotations

import psycopg
import pytest

from danshu.testing.messages import message, sign
from tests.fixtures.hub import APP_KEY, SECRET, House
from tests.flows.bad_input import CASES
from tests.flows.bad_orders import JSON, Case

NOW_MS = 1_795_164_000_123


def count_rows(url: str) -> dict[str, object]:
    """Count the rows of every table; for stock also add up what it holds. What the server measures
    of itself comes when it comes.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "select relname from pg_class where relkind in ('r','p') and not relispartition"
            " and relnamespace = 'public'::regnamespace and relname <> 'health_samples'"
        ).fetchall()
        counts: dict[str, object] = {}
        for (name,) in names:
            row = connection.execute(f"select count(*) from {name}").fetchone()
            counts[name] = row[0] if row else 0
        held = connection.execute(
            "select sum(on_hand), sum(reserved), sum(safety) from stock"
        ).fetchone()
        return {**counts, "held": held}


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 60
    assert len({c.name for c in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_bad_input_is_answered_and_writes_nothing(shared_house: House, case: Case) -> None:
    house = shared_house
    before = count_rows(house.url)
    headers = dict(case.headers)
    if case.role:
        headers["authorization"] = f"Bearer {house.keys[case.role]}"
    if isinstance(case.body, bytes):
        headers.setdefault("content-type", JSON)
        response = house.client.request(case.method, case.path, content=case.body, headers=headers)
    else:
        response = house.client.request(case.method, case.path, json=case.body, headers=headers)
    assert response.status_code == case.status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem.get("pointer", "")) == (case.code, problem.get("pointer", ""))
    assert problem["status"] == case.status
    if case.pointer:
        assert problem["pointer"] == case.pointer
    assert count_rows(house.url) == before


SIGNED = ("taobao", "jd", "pdd", "douyin", "wechat-miniprogram", "shopify", "woocommerce", "amazon")


@pytest.mark.parametrize("channel", SIGNED)
def test_a_forged_message_is_refused_in_the_platforms_form(
    shared_house: House, channel: str
) -> None:
    house = shared_house
    before = count_rows(house.url)
    body = message(channel, 1, 1, NOW_MS)
    forged = sign(channel, body, "another", APP_KEY, NOW_MS)
    good = sign(channel, body, SECRET, APP_KEY, NOW_MS)
    account = f"{house.tenant}.{channel}"
    for signed, who in ((forged, account), (good, ""), (good, f"{house.tenant}.none"), (good, "x")):
        response = house.client.post(
            f"/v1/channels/{channel}",
            params={**signed.query, "account": who},
            content=body,
            headers=dict(signed.headers),
        )
        assert response.status_code == 401, (who, response.text)
        assert response.headers["content-type"] != "application/problem+json"
    assert count_rows(house.url) == before
