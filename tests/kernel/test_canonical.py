"""Canonical bytes: equal to RFC 8785 inside profile EVJ1, and refused outside it."""

from __future__ import annotations

import datetime
import enum
import json
from typing import Any, Literal

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.kernel import canonical
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import FACT_BYTES, INTEGER_MAX, JSON_DEPTH

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = st.text("abcxyz0129_", min_size=1, max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXT
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(KEYS, v, max_size=4), max_leaves=20
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)


class Grade(enum.StrEnum):
    A = "A"
    B = "B"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    quantity: int
    parts: tuple[Part, ...] = ()


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag="act", tag_field="typ"):
    zone: str
    amount_fen: int
    grade: Grade
    kind: Literal["photo", "video"] = "photo"
    note: str | None = None
    done: bool = False
    parts: list[Part] = []


class Open(msgspec.Struct, frozen=True, kw_only=True):
    names: dict[str, int]


@given(OBJECTS)
def test_bytes_equal_rfc8785_and_come_back(value: dict[str, Any]) -> None:
    raw = canonical.encode(value)
    assert raw == rfc8785.dumps(value)
    assert canonical.decode(raw) == value
    assert canonical.is_canonical(raw)


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ({"a_1": "中\u2028/"}, '{"a_1":"中\u2028/"}'.encode()),
        ({"s": '\b\t\n\f\r"\\\x01\x1f\x7f'}, b'{"s":"\\b\\t\\n\\f\\r\\"\\\\\\u0001\\u001f\x7f"}'),
        ({"a1": 1, "a": 2, "a_": 3}, b'{"a":2,"a1":1,"a_":3}'),
        ({"n": -INTEGER_MAX}, b'{"n":-9007199254740991}'),
        ({}, b"{}"),
    ],
)
def test_known_bytes(value: dict[str, Any], raw: bytes) -> None:
    assert canonical.encode(value) == raw == rfc8785.dumps(value)


def _nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1.0},
        {"a": float("nan")},
        {"a": [0, {"b": float("inf")}]},
        {"a": INTEGER_MAX + 1},
        {"a": -INTEGER_MAX - 1},
        {"a": "\ud800"},
        {"A": 1},
        {"é": 1},
        {"": 1},
        {"a-b": 1},
        {"a\n": 1},
        {1: 1},
        {"a": b"x"},
        {"a": {1, 2}},
        {"a": datetime.date(2026, 1, 1)},
        {"a": Grade.A},
        _nested(JSON_DEPTH + 1),
    ],
    ids=repr,
)
def test_encode_refuses_what_is_outside(value: object) -> None:
    with pytest.raises(ProgramError):
        canonical.encode(value)


def test_depth_and_size_are_limited_exactly() -> None:
    deepest = canonical.encode(_nested(JSON_DEPTH))
    assert canonical.decode(deepest) == _nested(JSON_DEPTH)
    largest = {"a": "x" * (FACT_BYTES - len('{"a":""}'))}
    assert len(canonical.encode(largest)) == FACT_BYTES
    largest["a"] += "x"
    with pytest.raises(InputError) as caught:
        canonical.encode(largest)
    assert caught.value.code == "fact_bytes"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":1.0}', "fact_profile"),
        (b'{"a":1e2}', "fact_profile"),
        (b'{"a":NaN}', "fact_profile"),
        (b'{"a":-Infinity}', "fact_profile"),
        (b'{"a":-0}', "fact_profile"),
        (b'{"a":9007199254740992}', "fact_profile"),
        (b'{"a":' + b"9" * 5000 + b"}", "fact_profile"),
        (b'{"a":1,"a":1}', "fact_profile"),
        (b'{"b":{"a":1,"a":2}}', "fact_profile"),
        (b'{"a":"\\ud800"}', "fact_profile"),
        (b'{"A":1}', "fact_profile"),
        (b"[1]", "fact_profile"),
        (b"null", "fact_profile"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "fact_profile"),
        (b'{"a":' + b"[" * 60_000 + b"]" * 5 + b"}", "fact_profile"),
        (b'{"a":"\xff"}', "fact_json"),
        (b'{"a":"\x01"}', "fact_json"),
        (b'\xef\xbb\xbf{"a":1}', "fact_json"),
        (b'{"a":01}', "fact_json"),
        (b'{"a":1,}', "fact_json"),
        (b'{"a":1} x', "fact_json"),
        (b"", "fact_json"),
        (b'{"a":"' + b"x" * FACT_BYTES + b'"}', "fact_bytes"),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_decode_refuses(raw: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        canonical.decode(raw)
    assert caught.value.code == code
    assert not canonical.is_canonical(raw)


@pytest.mark.parametrize("raw", [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":"\\u4e2d"}', b'{"a":"\\/"}'])
def test_decode_reads_the_profile_in_any_order_but_knows_the_canonical_one(raw: bytes) -> None:
    assert canonical.decode(raw) == json.loads(raw)
    assert not canonical.is_canonical(raw)


@given(st.binary(max_size=60) | OBJECTS.map(lambda o: json.dumps(o, indent=1).encode()))
@settings(max_examples=300)
def test_decode_never_fails_otherwise(raw: bytes) -> None:
    try:
        value = canonical.decode(raw)
    except InputError:
        return
    assert value == json.loads(raw)


@given(
    zone=TEXT,
    amount=st.integers(-INTEGER_MAX, INTEGER_MAX),
    grade=st.sampled_from(Grade),
    note=st.none() | TEXT,
    parts=st.lists(st.builds(Part, name=TEXT, quantity=st.integers(0, 99)), max_size=3),
)
def test_struct_bytes_equal_the_plain_object(
    zone: str, amount: int, grade: Grade, note: str | None, parts: list[Part]
) -> None:
    fact = Fact(zone=zone, amount_fen=amount, grade=grade, note=note, parts=parts)
    assert canonical.encode_struct(fact) == canonical.encode(msgspec.to_builtins(fact))
    assert canonical.encode_struct(fact) == rfc8785.dumps(msgspec.to_builtins(fact))


def test_struct_types_are_checked_by_annotation() -> None:
    assert canonical.check_struct_type(Fact) is True
    assert canonical.check_struct_type(Part) is True
    assert canonical.check_struct_type(Open) is False


@pytest.mark.parametrize(
    "annotation",
    [
        float,
        int | float,
        bytes,
        datetime.datetime,
        Any,
        object,
        dict[int, str],
        dict[str, float],
        list[tuple[str, float]],
        set[int],
        enum.Enum("Half", {"x": 0.5}),
        enum.Enum("Huge", {"x": INTEGER_MAX + 1}),
    ],
    ids=str,
)
def test_struct_types_outside_the_profile_are_refused(annotation: Any) -> None:
    cls = msgspec.defstruct("Bad", [("field", annotation)])
    for _ in range(2):  # a refusal is not remembered as a pass
        with pytest.raises(ProgramError, match="Bad"):
            canonical.check_struct_type(cls)


def test_struct_keys_outside_the_profile_are_refused() -> None:
    renamed = msgspec.defstruct("Renamed", [("field_one", int)], rename="camel")
    tagged = msgspec.defstruct("Tagged", [("a", int)], tag="x", tag_field="Type")
    for cls in (renamed, tagged):
        with pytest.raises(ProgramError, match="key"):
            canonical.check_struct_type(cls)


def test_struct_values_that_annotations_cannot_bound() -> None:
    assert canonical.encode_struct(Open(names={"b": 1, "a": 2})) == b'{"names":{"a":2,"b":1}}'
    for names in ({"A": 1}, {"a": INTEGER_MAX + 1}):
        with pytest.raises(ProgramError):
            canonical.encode_struct(Open(names=names))
    with pytest.raises(ProgramError, match="surrogate"):
        canonical.encode_struct(Part(name="\udfff", quantity=1))
    with pytest.raises(InputError):
        canonical.encode_struct(Part(name="x" * FACT_BYTES, quantity=1))
