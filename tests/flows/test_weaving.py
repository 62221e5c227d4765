"""编织: an API is woven from a template, approved by a second person, and called; what it answers
is typed, what goes wrong is said at its place, and secrets stay where they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from danshu.testing import weaving_desks
from danshu.testing.weaving_desks import TMS_SECRET, WMS_SECRET
from tests.fixtures.acting import person
from tests.fixtures.hub import SKUS, WAREHOUSES, House
from tests.fixtures.people import Browser

WAREHOUSE = WAREHOUSES[0].code


def ok(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


@pytest.fixture
def people(house: House) -> tuple[Browser, Browser]:
    return person(house, "W21", "sre")[0], person(house, "W22", "policy")[0]


def template(house: House, code: str, **changes: Any) -> dict[str, Any]:
    book = ok(house.call("GET", "/v1/woven"))
    return {**next(t for t in book["templates"] if t["code"] == code), **changes}


def keep(one: Browser, woven: dict[str, Any], secret: str) -> Any:
    body = {"woven": woven, "secret": secret}
    return ok(one.call("PUT", f"/v1/woven/secrets/{woven['code']}", body))


def publish(people: tuple[Browser, Browser], woven: dict[str, Any]) -> dict[str, Any]:
    one, other = people
    draft = ok(one.call("POST", "/v1/woven/drafts", {"woven": woven}), 201)
    path = f"/v1/woven/drafts/{draft['id']}"
    draft = ok(one.call("POST", f"{path}/submit", {"revision": draft["revision"]}))
    assert one.call("POST", f"{path}/approve", {"digest": draft["digest"]}).status_code == 409
    return dict(ok(other.call("POST", f"{path}/approve", {"digest": draft["digest"]})))


def test_a_capability_is_woven_approved_and_called(
    house: House, people: tuple[Browser, Browser]
) -> None:
    one, _ = people
    with weaving_desks.stock_desk() as (desk, url):
        desk.backlog_min[WAREHOUSE] = 12
        desk.stock[WAREHOUSE, SKUS[0].code] = (40, 3)
        asked = {"warehouse": WAREHOUSE, "skus": [SKUS[0].code]}
        woven = template(house, "wms_stock", base_url=url, question_sample=json.dumps(asked))
        keep(one, woven, WMS_SECRET)
        shown = ok(one.call("POST", "/v1/woven/preview", {"woven": woven}))
        print(json.dumps(shown, ensure_ascii=False)[:3000])
        tried = ok(one.call("POST", "/v1/woven/try", {"woven": woven}))
        print(tried)
        publish(people, woven)
        got = ok(house.call("POST", "/v1/woven/wms_stock/1", asked))
        print(got)
