"""Every shipped mapping, held against another implementation of JSONata; proposals by names."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from danshu.capabilities.weave import inferring, mapping, typed, woven, woven_lint
from danshu.hub import weaving_child


def other(expression: str, data: Any, beside: Mapping[str, Any]) -> Any:
    """Evaluate by the implementation in Python, which sets the depth of the whole process anew."""
    depth = sys.getrecursionlimit()
    jsonata: Any = importlib.import_module("jsonata")
    sys.setrecursionlimit(depth)
    compiled = jsonata.Jsonata(expression)
    frame = compiled.create_frame()
    for name, value in beside.items():
        frame.bind(name, value)
    return compiled.evaluate(data, frame)


@pytest.mark.parametrize("kind", woven.templates(), ids=lambda kind: kind.code)
def test_both_implementations_agree_on_every_shipped_mapping(kind: woven.Woven) -> None:
    assert woven_lint.check(kind) == ()
    question = typed.read_question(kind, kind.question_sample.encode())
    got = mapping.Received(body=json.loads(kind.response_sample))
    told = []
    for evaluate in (weaving_child.evaluate, other):
        built = mapping.build(kind, question, evaluate)
        said = mapping.understand(kind, question, got, evaluate)
        sounded = mapping.sound(kind.readings, question, said.answer, evaluate)
        assert (built.faults, said.faults, sounded[1]) == ((), (), ())
        told.append((built.path, built.query, built.body, said.verdict, said.answer, sounded[0]))
    assert told[0] == told[1]
    assert typed.hold_answer(kind, told[0][4]) == ""
    assert bool(kind.readings) == bool(told[0][5])


def test_every_expression_is_tried_by_itself() -> None:
    kind = woven.templates()[0]
    question = {"warehouse": "BJ01", "skus": ["A"]}
    got = mapping.Received(body={"success": True, "data": {"items": [{"itemCode": "A"}]}})
    said = mapping.understand(kind, question, got, weaving_child.evaluate)
    # $number of nothing is nothing: what is required is missed at its place, in its row
    missed = {f.pointer for f in said.faults}
    assert missed == {"/answer/0/of/1/expression", "/answer/0/of/2/expression"}
    assert said.answer["stock"] == [{"sku": "A"}]
    refused = mapping.Received(body={"success": False, "errorCode": "W001", "errorMsg": "无"})
    said = mapping.understand(kind, question, refused, weaving_child.evaluate)
    assert (said.verdict, said.code, said.reason, said.answer) == ("refused", "W001", "无", {})


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "done"), (204, "done"), (302, "broken"), (404, "broken"), (429, "again"),
     (500, "again")],
)  # fmt: skip
def test_without_a_rule_the_status_speaks(status: int, verdict: str) -> None:
    kind = woven.Woven(code="any", base_url="https://x.example")
    got = mapping.Received(status=status)
    assert mapping.understand(kind, {}, got, weaving_child.evaluate).verdict == verdict


def test_names_that_are_alike_are_proposed() -> None:
    sample = {"code": 0, "rows": [{"goods_code": "A", "stockQty": "3", "whse": "BJ01", "x": 1}]}
    told = inferring.infer("stock_query", response=json.dumps(sample)).woven
    assert told is not None
    (stock,) = told.answer
    assert stock.expression == "rows"
    assert {leaf.name: leaf.expression for leaf in stock.of} == {
        "sku": "goods_code",
        "warehouse": "whse",
        "on_hand": "$number(stockQty)",
    }
    plain = inferring.infer("generic", response='[{"a-b": 1, "c": {"d": true}}]').woven
    assert plain is not None
    (rows,) = plain.answer
    assert rows.expression == "$"
    assert [(leaf.name, leaf.expression) for leaf in rows.of] == [("a_b", "`a-b`"), ("d", "c.d")]


def test_a_document_that_refers_to_itself_ends() -> None:
    itself = {"$ref": "#/components/schemas/Node"}
    many = {"type": "array", "items": itself}
    inner: dict[str, Any] = {"name": {"type": "string"}, "child": itself, "children": many}
    node = {"type": "object", "properties": inner}
    answer = {"content": {"application/json": {"schema": itself}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t"},
        "paths": {"/n": {"get": {"responses": {"200": answer}}}},
        "components": {"schemas": {"Node": node}},
    }
    told = inferring.infer("generic", document=json.dumps(document), operation="GET /n")
    assert told.woven is not None
    assert "name" in {field.name for field in told.woven.answer}
    assert len(told.gives) <= 200
