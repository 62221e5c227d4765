"""The intent graph over HTTP: drafted, checked, approved by another, followed, taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from danshu.capabilities.intents import deciding, turtle
from danshu.capabilities.intents.model import IntentAction, IntentGraph
from danshu.hub import intent_graph
from danshu.hub.intent_audit import IntentsFolder
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.ledger import audit
from danshu.ports.modality import DraftLine
from tests.fixtures.acting import person
from tests.fixtures.hub import House

MURKY = {"code": "murky", "title": "油液浑浊", "spellings": ["油发黑"], "regulations": ["leak"]}


@pytest.fixture(scope="module")
def house(shared_house: House) -> House:
    return shared_house


def ok(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def no(response: Any, code: str) -> Any:
    assert response.status_code >= 400, response.text
    told = response.json()
    assert told["code"] == code, told
    return told


async def differ(house: House) -> list[Any]:
    async with house.hub.connection() as connection:
        folder = IntentsFolder(house.tenant)
        report = await audit.fold_rows(connection, house.tenant, [folder])
    return list(report.differences)


def test_a_graph_is_drafted_checked_approved_followed_and_taken_back(house: House) -> None:
    one, other = person(house, "I21", "policy")[0], person(house, "I22", "legal")[0]
    book = ok(one.call("GET", "/v1/intents"))
    assert (book["version"], book["own"]["symptoms"], book["graph"]) == (0, [], book["base"])
    bare = {"symptoms": [{**MURKY, "regulations": []}]}
    draft = ok(one.call("POST", "/v1/intents/drafts", {"graph": bare}), 201)
    no(other.call("POST", "/v1/intents/drafts", {"graph": {}}), "draft_open")
    path = f"/v1/intents/drafts/{draft['id']}"
    told = no(one.call("POST", f"{path}/submit", {"revision": 1}), "intent_unsound")
    assert [(f["code"], f["node"]) for f in told["findings"]] == [("symptom_regulation", "murky")]
    # as Turtle there and back, and saved over the revision that it was made from
    text = ok(one.call("POST", "/v1/intents/check", {"graph": {"symptoms": [MURKY]}}))["turtle"]
    read = ok(one.call("POST", "/v1/intents/check", {"turtle": text}))
    assert (read["findings"], read["changes"][0]["node"]) == ([], "murky")
    no(one.call("POST", "/v1/intents/check", {"turtle": "<a> <b>"}), "turtle")
    saved = ok(one.call("PUT", path, {"revision": 1, "graph": read["graph"]}))
    no(one.call("PUT", path, {"revision": 1, "graph": bare}), "intent_changed")
    saved = ok(one.call("POST", f"{path}/submit", {"revision": saved["revision"]}))
    assert one.call("POST", f"{path}/approve", {"digest": saved["digest"]}).status_code == 403
    done = ok(other.call("POST", f"{path}/approve", {"digest": saved["digest"]}))
    assert done["state"] == "published"
    _follow(house)
    diff = ok(house.call("GET", "/v1/intents/diff?was=0&now=1"))["changes"]
    assert [(c["act"], c["kind"], c["node"]) for c in diff] == [("added", "symptom", "murky")]
    own = house.call("GET", "/v1/intents/graph.ttl?version=1")
    assert (own.headers["content-type"], own.text) == ("text/turtle; charset=utf-8", text)
    no(house.call("GET", "/v1/intents/graph.ttl?version=9"), "no_intent_version")
    assert asyncio.run(differ(house)) == []
    ok(other.call("POST", "/v1/intents/retire", {"reason": "试过了"}))
    no(other.call("POST", "/v1/intents/retire", {"reason": "再来"}), "intent_not_active")
    assert ok(house.call("GET", "/v1/intents"))["version"] == 0
    assert asyncio.run(differ(house)) == []


def _follow(house: House) -> None:
    """What was published is followed: by words, by codes, by SPARQL; what is forbidden stays so."""
    asked = {"words": "液压站油发黑,先补点油"}
    tried = ok(house.call("POST", "/v1/intents/try", asked))
    directed = tried["directed"]
    assert directed["contradiction"] == "asked_forbidden"
    assert [a["code"] for a in directed["actions"]] == ["isolate_and_contain"]
    query = "SELECT ?s WHERE { ?s k:governedBy r:leak } ORDER BY ?s"
    rows = ok(house.call("POST", "/v1/intents/query", {"query": query}))
    assert rows == {"names": ["s"], "rows": [["s:leak"], ["s:murky"]], "more": False}
    no(house.call("POST", "/v1/intents/query", {"query": "ASK { ?s ?p ?o }"}), "sparql")


def test_nothing_goes_by_itself_that_the_graph_leaves_to_a_person() -> None:
    index = intent_graph.compile_graph(b"")
    machine = Actor(sub="modality:text", role="channel", grade="D")
    somebody = Actor(sub="person:x", role="reviewer", grade="B")

    def hold(equipment: str, *symptoms: str, asked: str = "", actor: Actor = machine) -> str:
        directed = deciding.decide(index, equipment, symptoms, [asked] if asked else [])
        try:
            intent_graph.hold(directed, actor)
        except InputError as error:
            return error.code
        return ""

    assert hold("transformer", "oil_low") == ""
    assert hold("transformer", "oil_low", asked="top_up_oil") == "contradiction"
    assert hold("transformer", "oil_low", asked="top_up_oil", actor=somebody) == ""
    assert hold("spindle", "outer_race_fault") == "unverified"
    assert hold("spindle", "outer_race_fault", actor=somebody) == ""
    assert hold("spindle", "unbalance", "outer_race_fault", actor=somebody) == "contradiction"
    permit = IntentAction(code="stop_and_overhaul", level=3, parts=("OIL-SEAL", "VALVE"))
    own = turtle.write(IntentGraph(actions=(permit,)))
    index = intent_graph.compile_graph(own.encode())
    assert hold("transformer", "oil_low") == "needs_permit"
    asked = (DraftLine(sku="VALVE", quantity=2),)
    told = deciding.decide(index, "transformer", ["oil_low"])
    parts = [(p.sku, p.quantity) for p in intent_graph.add_parts(asked, told)]
    assert parts == [("VALVE", 2), ("OIL-SEAL", 1)]
    assert intent_graph.name_equipment(index, "油浸变压器") == "transformer"
    assert intent_graph.name_equipment(index, "锅炉") == "锅炉"
