"""Published events are CloudEvents 1.0 after their schemas, and say nothing that is nobody's."""

from __future__ import annotations

import copy
import importlib
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec.inspect import (
    EnumType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    TupleType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from danshu.hub import event_forms, untold
from danshu.kernel import fact
from danshu.kernel.fact import epoch_ms
from tests.kernel import event_schemas
from tests.tidy.tree import ROOT, modules

GOLDEN = ROOT / "tests" / "kernel" / "golden"
TYPES = event_forms.event_types()
TOPICS = sorted({each.topic for each in TYPES.values()})
PRIVATE = {
    *("approved_by", "attributes", "conditions", "drafted_by", "leader", "link", "message"),
    *("note", "owner", "second", "signature", "text", "token"),
}


def examples(topic: str) -> Iterator[tuple[str, bytes]]:
    """The golden facts of a topic's types, of each version."""
    for each in TYPES.values():
        if each.topic == topic:
            found = sorted(GOLDEN.glob(f"{each.fact}.v*.json"))
            assert found, each.fact
            for path in found:
                yield each.name, path.read_bytes()


def names(data: Any) -> set[str]:
    """The names of all fields, all the way down."""
    if isinstance(data, dict):
        return set(data).union(*map(names, data.values()))
    return set().union(*map(names, data)) if isinstance(data, list) else set()


@pytest.mark.parametrize("topic", TOPICS)
def test_facts_become_cloud_events(topic: str) -> None:
    for name, body in examples(topic):
        said = json.loads(body)
        assert event_forms.published(body)
        event = event_forms.write(body, "2026h2", 1_741)
        assert event is not None
        assert event == event_forms.write(body, "2026h2", 1_741)
        told = json.loads(event.body)
        assert all(re.fullmatch(r"[a-z0-9]{1,20}", key) for key in told)  # CloudEvents 1.0, 3.1
        assert (told["specversion"], told["datacontenttype"]) == ("1.0", "application/json")
        assert (told["id"], event.key) == (said["id"],) * 2
        assert (told["type"], event.type, event.topic) == (name, name, topic)
        assert (told["subject"], told["partitionkey"]) == (event.subject,) * 2
        assert said["id"].startswith(event.subject + "/")
        assert (told["source"], told["danshuleaf"]) == (said["source"], "1741")
        assert told.get("danshucause") == said.get("cause")
        assert told["dataschema"].endswith(f"/v1/event-types/{name}/schema")
        assert epoch_ms(told["time"]) == epoch_ms(said["occurred"])
        assert not PRIVATE & names(told["data"])
        assert told["data"].keys() <= said["data"].keys()
        assert said["actor"]["sub"] not in event.body.decode()
        schema = json.loads(event_schemas.kept()[f"{name}.json"])
        Draft202012Validator(schema).validate(told["data"])
        check_forms(event.body, told)


def check_forms(body: bytes, told: dict[str, Any]) -> None:
    """Binary mode and batches say the same."""
    headers, data = event_forms.to_binary(body)
    assert json.loads(data) == told["data"]
    assert headers.pop("content-type") == told["datacontenttype"]
    read = {key[3:]: unquote_to_bytes(value).decode() for key, value in headers.items()}
    assert read == {k: v for k, v in told.items() if k not in {"data", "datacontenttype"}}
    assert json.loads(event_forms.to_batch([body, body])) == [told, told]


def test_a_header_s_value_is_escaped() -> None:
    # HTTP protocol binding 1.0.2, 3.1.3.2: space, quote, percent, and all beyond printable ASCII
    assert (
        event_forms.escape('Euro € 😀 "50%"\n')
        == "Euro%20%E2%82%AC%20%F0%9F%98%80%20%2250%25%22%0A"
    )
    assert event_forms.escape("danshu/3~!") == "danshu/3~!"


def test_words_of_one_s_own_are_no_code() -> None:
    body = (GOLDEN / "order.cancelled.v1.json").read_bytes()
    event = event_forms.write(body, "2026h2", 1)
    assert event is not None
    assert json.loads(event.body)["data"]["reason"] == "buyer_regret"
    own = body.replace(b'"buyer_regret"', '"张先生改主意了"'.encode())
    event = event_forms.write(own, "2026h2", 1)
    assert event is not None
    assert "reason" not in json.loads(event.body)["data"]


def test_every_fact_is_told_or_it_is_said_why_not() -> None:
    for name in modules():
        if name.endswith((".facts", "_facts")):
            importlib.import_module(name)
    told = {each.fact for each in TYPES.values()}
    kinds = {kind for (kind, _), cls in fact.TYPES.items() if cls.__module__.startswith("danshu.")}
    withheld = {kind for kind in kinds if untold.reason_of(kind)}
    assert kinds - told - withheld == set(), "publish them (adapters/events), or say why (untold)"
    assert told & withheld == set()
    assert told <= kinds
    assert not event_forms.published(b'{"type":"person.joined","version":1}')
    stale = {f for each in untold.UNTOLD for f in each.facts if not _used(f, kinds)}
    assert stale == set()


def _used(name: str, kinds: set[str]) -> bool:
    return any(kind == name or (name[-1] in "._" and kind.startswith(name)) for kind in kinds)


def test_schemas_are_kept_and_only_grow() -> None:
    kept, made = event_schemas.kept(), event_schemas.made()
    assert event_schemas.troubles_of(kept, made) == []
    assert kept == made, "run: python -m tests.kernel.event_schemas"


BROKEN = {
    "a field went": lambda s: s["properties"].pop("total"),
    "it may be missing": lambda s: s["required"].remove("total"),
    "it is asked for": lambda s: s["required"].append("shop"),
    "another type": lambda s: s["properties"]["total"].update(type="string"),
    "another default": lambda s: s["properties"]["kind"].update(default="reship"),
    "inside a part": lambda s: s["$defs"]["Line"]["properties"].pop("sku"),
    "an enumeration": lambda s: s["properties"]["kind"].update(enum=["order"]),
}


@pytest.mark.parametrize("change", BROKEN)
def test_a_schema_that_breaks_readers_is_refused(change: str) -> None:
    old = json.loads(event_schemas.kept()["danshu.order.placed.json"])
    new = copy.deepcopy(old)
    new["properties"]["later"] = {"type": "string", "default": ""}
    new["description"] = "said otherwise"
    assert event_schemas.breaks(old, new) == []
    BROKEN[change](new)
    assert event_schemas.breaks(old, new)


def differences(fact_type: Type, told: Type, at: str) -> Iterator[str]:
    """What of a fact's field its event could not read, or would read as something else."""
    fact_type, told = bare(fact_type), bare(told)
    match fact_type, told:
        case StructType(), StructType():
            if fact_type.array_like != told.array_like:
                yield f"{at}: one is an array"
            yield from unlike(fact_type, told, at)
        case (VarTupleType(), VarTupleType()):
            yield from differences(fact_type.item_type, told.item_type, f"{at}[]")
        case (TupleType(), TupleType()) if len(fact_type.item_types) == len(told.item_types):
            for n, pair in enumerate(zip(fact_type.item_types, told.item_types, strict=True)):
                yield from differences(*pair, f"{at}[{n}]")
        case (UnionType(), UnionType()) if len(fact_type.types) == len(told.types) == 2:
            both = [[t for t in u.types if bare(t) != NoneType()] for u in (fact_type, told)]
            yield from differences(both[0][0], both[1][0], at)
        case ((EnumType() | LiteralType() | StrType()), StrType()):
            pass
        case _ if fact_type != told:
            yield f"{at}: {fact_type} is told as {told}"


def bare(kind: Type) -> Type:
    """A type without what is said of it."""
    return bare(kind.type) if isinstance(kind, Metadata) else kind


def unlike(fact_struct: StructType, told: StructType, at: str) -> Iterator[str]:
    """Compare the fields that are told with those of the fact, their defaults too."""
    known = {f.encode_name: f for f in fact_struct.fields}
    if told.array_like and [f.encode_name for f in told.fields] != list(known):
        yield f"{at}: an array is told whole or not at all"
    for field in told.fields:
        place = f"{at}.{field.encode_name}"
        source = known.get(field.encode_name)
        if source is None:
            yield f"{place}: the fact has no such field"
            continue
        yield from differences(source.type, field.type, place)
        coded = source.required and field.default == ""  # words of one's own are emptied
        if source.required != field.required and not coded:
            yield f"{place}: it may be left out in one of them only"
        elif usual(source) != usual(field) and not coded:
            yield f"{place}: left out it means something else"


def usual(field: Any) -> Any:
    """What a field means that is left out."""
    value = field.default
    if value is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    return msgspec.to_builtins(value) if value is not msgspec.NODEFAULT else "(required)"


def test_every_fact_that_can_be_said_can_be_told() -> None:
    """Field by field: whatever a fact of the type holds, now or long ago, its event reads it."""
    for name in modules():
        if name.endswith((".facts", "_facts")):
            importlib.import_module(name)
    found: list[str] = []
    for each in TYPES.values():
        said = type_info(fact.TYPES[each.fact, fact.latest(each.fact)])
        told = type_info(each.data)
        assert isinstance(said, StructType)
        assert isinstance(told, StructType)
        found += unlike(said, told, each.name)
    assert found == []
