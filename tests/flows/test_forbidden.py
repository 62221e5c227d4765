"""A "you may not" names the right that was missing, whichever operation said it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from danshu.ledger.engine import Engine
from tests.fixtures import engine as stores
from tests.fixtures.hub import House, open_house
from tests.fixtures.people import Browser, seat
from tests.flows import walls

DOCUMENT = walls.document()
LEAST = 30  # writes that finance may not; every role reads most
# Their 403 is about the person, and no right would open them.
PERSONAL = {"session", "me"}
OPERATIONS = {
    o.name: o
    for o in walls.operations(DOCUMENT)
    if not o.is_stream and PERSONAL.isdisjoint(o.path.split("/"))
}


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as house:
        yield house


@pytest.fixture(scope="module")
def outsider(house: House) -> Browser:
    """Somebody who is signed in and may next to nothing."""
    seat(house.url, house.tenant, "F01", ["finance"])
    browser = Browser(house)
    assert browser.sign_in("F01").status_code == 201
    return browser


@pytest.fixture(scope="module")
def refused() -> Iterator[set[str]]:
    """The operations that said no: the test would be hollow if hardly one did."""
    said: set[str] = set()
    yield said
    assert len(said) >= LEAST, sorted(said)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_refusal_names_the_right(outsider: Browser, refused: set[str], name: str) -> None:
    operation = OPERATIONS[name]
    sampler = walls.Sampler(DOCUMENT, {})
    path = operation.path
    for word, schema in operation.words.items():
        value = sampler.value(schema, word)
        path = path.replace(f"{{{word}}}", str(value or uuid.UUID(int=1)))
    kind, body = sampler.body(operation)
    headers = {**outsider.headers, "cookie": f"danshu={outsider.cookie}"}
    headers |= {"x-csrf-token": outsider.csrf, "content-type": kind or "application/json"}
    answer = outsider.client.request(
        operation.method, path + sampler.query(operation), content=body, headers=headers
    )
    if answer.status_code == 403:
        refused.add(name)
        problem = json.loads(answer.content)
        assert problem["code"] in ("forbidden", "step_up"), problem
        assert problem["action"], problem
