"""The AsyncAPI document is valid, whole, and its examples are what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from danshu.faces.cli.main import app
from danshu.faces.http import event_document
from danshu.hub.event_catalogue import IN, OUT, catalogue
from tests.tidy.tree import ROOT

# Of npm's @asyncapi/specs 6.11.1 (Apache-2.0), without its blanks.
OFFICIAL = ROOT / "tests" / "fixtures" / "asyncapi-3.0.0.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(event_document.write())
    return made


def references(part: Any) -> Iterator[str]:
    """Every $ref, all the way down."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def follow(document: Any, reference: str) -> Any:
    """What a $ref within the document names."""
    part = document
    for step in reference.removeprefix("#/").split("/"):
        part = part[step]
    return part


def test_it_is_valid(document: dict[str, Any]) -> None:
    official = json.loads(OFFICIAL.read_bytes())
    Draft7Validator(official).validate(document)
    broken = {**document, "operations": {"odd": {"action": "shout"}}}
    assert not Draft7Validator(official).is_valid(broken)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert all(follow(document, each) for each in found)
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert named <= found, "schemas that nothing uses"


def test_every_type_has_its_ways(document: dict[str, Any]) -> None:
    channels = document["channels"]
    out = {each.name for each in catalogue().values() if each.direction == OUT}
    for name in ("webhook", "stream", "bus"):
        assert {m for m in channels[name]["messages"] if m.startswith("danshu.")} == out
    heard = {each.name for each in catalogue().values() if each.direction == IN}
    assert {m for m in channels["inbound"]["messages"] if m.startswith("danshu.")} == heard
    used = {each["channel"]["$ref"] for each in document["operations"].values()}
    assert used == {f"#/channels/{name}" for name in channels}


def test_examples_are_what_their_messages_say(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    tried = 0
    for name, message in document["components"]["messages"].items():
        for example in message.get("examples", ()):
            told, data = example["payload"], schemas[name]
            assert told["type"] == name
            Draft7Validator(schemas["CloudEvent"]).validate(told)
            Draft7Validator({**data, "components": {"schemas": schemas}}).validate(told["data"])
            tried += 1
    assert tried == len(catalogue())


def test_the_command_writes_it() -> None:
    told = CliRunner().invoke(app, ["asyncapi"])
    assert (told.exit_code, told.stdout_bytes) == (0, event_document.write())
