"""What keeps an order type from being lived by: each finding once, at its place, in both languages.

Every code of the table of words is provoked here, so that none is said by nothing.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from danshu.capabilities.order_types import lint, reading, sentence, simulate
from danshu.capabilities.order_types.findings import CHECKS, told
from danshu.capabilities.order_types.lint import Around
from danshu.capabilities.order_types.model import OrderType

NOW_MS = 1_795_345_200_000  # 2026-11-22T11:00:00Z
AROUND = Around(
    now_ms=NOW_MS,
    promises=frozenset({"ship48h"}),
    warehouses=frozenset({"WH-HGH"}),
    skus=frozenset({"SKU-1"}),
)
PAST, SOON, LATER = "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-09T00:00:00Z"
NONE: dict[str, str] = {"zh": "", "en": ""}

# template, places with what is put there, the finding and its place
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("plain", {"/type": "X"}, "code_bad", "/type"),
    ("plain", {"/name/en": ""}, "text_missing", "/name/en"),
    ("plain", {"/scope/skus": ["S"] * 501}, "too_many", "/scope/skus"),
    ("plain", {"/buyer_units": -1}, "units_bad", "/buyer_units"),
    ("plain", {"/stages/1/name": "placed"}, "stage_name", "/stages/1/name"),
    ("plain", {"/stages/0/enters": "whole.paid"}, "first_stage", "/stages/0/enters"),
    ("plain", {"/stages/1/enters": "tail.paid"}, "stage_unreachable", "/stages/1/enters"),
    ("presale", {"/stages/1/enters": "tail.paid"}, "stage_order", "/stages/3/enters"),
    ("plain", {"/stages/1/enters": "placed"}, "payment_unheard", "/payments/0/stage"),
    ("pharmacy", {"/stages/2/enters": "tail.opened"}, "group_unheard", "/group"),
    ("pharmacy", {"/stages/1/enters": "group.formed"}, "group_unpaid", "/stages/1/enters"),
    ("plain", {"/stages/0/open": ["cancel"]}, "pay_closed", "/stages/0/open"),
    ("plain", {"/stages/0/open": ["pay", "fly"]}, "act_unknown", "/stages/0/open/1"),
    ("plain", {"/stages/0/open": ["pay", "ship"]}, "act_dead", "/stages/0/open/1"),
    ("community", {"/stages/1/open": ["release"]}, "dispatch_early", "/stages/1/open/0"),
    ("plain", {"/stages/1/open": ["release"]}, "dispatch_closed", "/stages/1/open"),
    ("plain", {"/stages/0/open": ["pay"]}, "cancel_closed", "/stages/0/open"),
    ("plain", {"/payments/0/stage": "tail"}, "payments_mix", "/payments"),
    ("presale", {"/payments/0/permille": 0}, "payment_amount", "/payments/0"),
    ("plain", {"/payments/0/rest": False, "/payments/0/permille": 900}, "payments_short",
     "/payments/0"),
    ("presale", {"/payments/1/rest": False, "/payments/1/permille": 950}, "payments_over",
     "/payments/1/permille"),
    ("plain", {"/payments/0/counts_permille": 2000}, "counts_bad", "/payments/0/counts_permille"),
    ("presale", {"/payments/0/permille": 300}, "deposit_over_law", "/payments/0/permille"),
    ("presale", {"/payments/0/permille": 0, "/payments/0/amount_fen": 900}, "deposit_law_fixed",
     "/payments/0/amount_fen"),
    ("presale", {"/payments/1/opens": "P1Y"}, "instant_bad", "/payments/1/opens"),
    ("presale", {"/payments/1/closes": PAST}, "window_past", "/payments/1/closes"),
    ("presale", {"/payments/1/opens": LATER, "/payments/1/closes": SOON}, "window_backwards",
     "/payments/1/closes"),
    ("presale", {"/payments/1/closes": ""}, "window_endless", "/payments/1/closes"),
    ("presale", {"/payments/1/closes": LATER}, "campaign_late", "/scope/closes"),
    ("presale", {"/payments/1/closes": LATER, "/scope/closes": SOON, "/ship_by": SOON},
     "ship_by_early", "/ship_by"),
    ("paid_presale", {"/stages/1/reserve": False}, "never_reserved", "/stages"),
    ("plain", {"/stages/0/warehouses": ["WH-HGH"]}, "where_at_once", "/stages/0/warehouses"),
    ("presale", {"/stages/1/warehouses": ["WH-X"]}, "warehouse_unknown",
     "/stages/1/warehouses/0"),
    ("plain", {"/scope/skus": ["SKU-X"]}, "sku_unknown", "/scope/skus/0"),
    ("plain", {"/scope/named": False}, "scope_open", "/scope"),
    ("plain", {"/promises": ["ship24h"]}, "promise_unknown", "/promises/0"),
    ("plain", {"/promises": []}, "promise_none", "/promises"),
    ("presale", {"/payments/1/clause": NONE}, "clause_missing", "/payments/1/clause/zh"),
    ("presale", {"/payments/0/clause/zh": "付了就好"}, "clause_unsaid", "/payments/0/clause/zh"),
    ("community", {"/group/minimum": 1}, "group_small", "/group/minimum"),
    ("community", {"/scope/named": False, "/scope/channels": ["api"]}, "group_unnamed",
     "/scope/named"),
]  # fmt: skip


def template(code: str) -> dict[str, Any]:
    found = next(t for t in reading.templates() if t.type == code)
    return dict(msgspec.to_builtins(found))


def put(tree: Any, changes: dict[str, Any]) -> OrderType:
    for pointer, value in changes.items():
        *steps, last = pointer[1:].split("/")
        node = tree
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node[step]
        node[last] = value
    return msgspec.convert(tree, OrderType)


@pytest.mark.parametrize(("code", "changes", "finding", "pointer"), CASES)
def test_each_finding_names_its_place(
    code: str, changes: dict[str, Any], finding: str, pointer: str
) -> None:
    tree = msgspec.json.decode(msgspec.json.encode(template(code)))
    found = lint.check(put(tree, changes), AROUND)
    assert (finding, pointer) in {(f.code, f.pointer) for f in found}
    assert not [
        f.en for f in found if f.code != "clause_unsaid" and re.search("[\u4e00-\u9fff]", f.en)
    ]


def test_every_word_of_the_table_is_said_by_a_case() -> None:
    assert {case[2] for case in CASES} == set(told())
    for code, words in told().items():
        assert words.check in CHECKS, code
        assert all((words.zh, words.en, words.fix_zh, words.fix_en)), code
        assert not re.search("[\u4e00-\u9fff]", words.en + words.fix_en), code


def test_templates_are_sound_read_out_and_play_to_the_end() -> None:
    for kind in reading.templates():
        assert lint.check(kind, AROUND) == (), kind.type
        assert reading.read(reading.encode(kind)) == kind
        said = sentence.speak(kind)
        assert said.zh
        assert not re.search("[\u4e00-\u9fff]", said.en)
        cases = simulate.run(kind, price=9_999, units=3, now_ms=NOW_MS)
        assert {c.case for c in cases} >= {"paid", "buyer_cancels"}
        for case in cases:
            assert case.exact, (kind.type, case.case)
        paid = cases[0].rows[-1]
        assert (paid.stage, paid.paid) == (kind.stages[-1].name, cases[0].total)
