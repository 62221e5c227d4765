"""Contract actions as data: what the linter refuses, what is read back, what a difference is."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.contract.actions import (
    catalogue,
    diff,
    findings,
    lint,
    reading,
    rules,
    sentence,
    shipped,
    spans,
)
from danshu.capabilities.contract.actions.model import Action
from danshu.capabilities.contract.catalogue import EVENTS
from danshu.kernel.errors import InputError

ACTIONS = {action.action: action for action in shipped.shipped()}
NAMES = {code: action.name for code, action in ACTIONS.items()}
NOW_MS = round(datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC).timestamp() * 1000)
AROUND = lint.Around(actions=ACTIONS, now_ms=NOW_MS)


def altered(code: str, changes: dict[str, Any]) -> Action:
    """Change places of a shipped action, named by JSON pointers without the first slash."""
    tree = msgspec.json.decode(reading.encode(ACTIONS[code]))
    for path, value in changes.items():
        *way, last = path.split("/")
        inside = tree
        for step in way:
            inside = inside[int(step)] if isinstance(inside, list) else inside.setdefault(step, {})
        if value is None:
            inside.pop(last, None)
        elif isinstance(inside, list):
            inside[int(last)] = value
        else:
            inside[last] = value
    return msgspec.convert(tree, Action)


def refused(code: str, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Give the findings on a changed action."""
    found = lint.check(altered(code, changes), AROUND)
    return [(f.severity[0], f.code, f.pointer) for f in found]


POWER = {"do": "power", "holder": "buyer", "action": "refund"}
PHOTO = {"kind": "photo"}
# What is changed of a shipped action, and the one thing that the linter then says.
REFUSALS: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    ("refund", {"action": "Re Fund"}, ("e", "action_code", "/action")),
    ("refund", {"version": 0}, ("e", "action_version", "/version")),
    ("refund", {"name/en": " "}, ("e", "text_empty", "/name/en")),
    ("refund", {"evidence": [PHOTO] * 33}, ("e", "too_many", "/evidence")),
    ("refund", {"states": {"Tao Bao": "x"}}, ("e", "key_bad", "/states")),
    # What stops the clock
    (
        "ship48h",
        {"promise/text/zh": "付款后{hours}小时内发货;逾期赔付{pct}%。"},
        ("e", "stop_unnamed", "/promise/text/zh"),
    ),
    (
        "ship48h",
        {"promise/text/en": "Ships {hours} hours after payment, or {pct}% is paid."},
        ("e", "stop_unnamed", "/promise/text/en"),
    ),
    ("damage", {"clock/stop": "moon.full"}, ("e", "event_unknown", "/clock/stop")),
    ("ship48h", {"clock/start": "buyer.return_received"}, ("e", "nobody_starts", "/clock/start")),
    # The clock
    ("ship48h", {"promise": None}, ("e", "clock_unpromised", "/promise")),
    ("nextday", {"clock": None}, ("e", "promise_unclocked", "/clock")),
    ("ship48h", {"clock/pause/0/max": ""}, ("e", "pause_unbounded", "/clock/pause/0/max")),
    ("ship48h", {"clock/pause/0/max": "P9Y"}, ("e", "pause_unbounded", "/clock/pause/0/max")),
    ("ship48h", {"clock/pause/0/max": "P9D"}, ("w", "pause_long", "/clock/pause/0/max")),
    ("ship48h", {"clock/limit": "48h"}, ("e", "definition", "/clock/limit")),
    ("ship48h", {"clock/tz": "Mars/Base"}, ("e", "definition", "/clock/tz")),
    ("ship48h", {"promise/params": {"pct": 5}}, ("e", "definition", "/promise/text/zh")),
    (
        "ship48h",
        {"clock/calendar": "cn-nowhere@2026.1"},
        ("e", "calendar_unknown", "/clock/calendar"),
    ),
    (
        "ship48h",
        {"clock/calendar": "cn-workday@2026.1", "clock/limit": "P30D"},
        ("e", "calendar_gap", "/clock/calendar"),
    ),
    (
        "ship48h",
        {"clock/calendar": "cn-workday@2026.1"},
        ("w", "calendar_ends", "/clock/calendar"),
    ),
    # What nobody says
    (
        "ship48h",
        {"clock/pause/0/on": "buyer.return_received"},
        ("e", "nobody_pauses", "/clock/pause/0/on"),
    ),
    (
        "ship48h",
        {"clock/pause/0/until": "buyer.return_received"},
        ("e", "nobody_resumes", "/clock/pause/0/until"),
    ),
    (
        "ship48h",
        {"clock/void": ["buyer.return_received"]},
        ("w", "nobody_says", "/clock/void/0"),
    ),
    # Evidence
    ("refund", {"evidence": []}, ("e", "evidence_missing", "/evidence")),
    ("refund", {"evidence": [{"kind": "oath"}]}, ("e", "kind_unknown", "/evidence/0/kind")),
    (
        "handover",
        {"evidence/1/kind": "photo|oath"},
        ("e", "kind_unknown", "/evidence/1/kind"),
    ),
    ("refund", {"evidence/0/by": "device"}, ("e", "collector_missing", "/evidence/0/by")),
    ("handover", {"evidence/1/by": "system"}, ("e", "collector_missing", "/evidence/1/by")),
    ("refund", {"evidence/0/min": 0}, ("e", "evidence_count", "/evidence/0/min")),
    ("refund", {"evidence/0/source": "moon"}, ("e", "evidence_source", "/evidence/0/source")),
    ("handover", {"evidence/0/within": "soon"}, ("e", "span_bad", "/evidence/0/within")),
    ("refund", {"evidence/0/rule": "amount > 1"}, ("e", "rule_bad", "/evidence/0/rule")),
    (
        "refund",
        {"evidence/0/rule": "temp in 2000..8000"},
        ("e", "rule_quantity", "/evidence/0/rule"),
    ),
    ("refund", {"evidence/0/retain": "long"}, ("e", "retain_bad", "/evidence/0/retain")),
    ("refund", {"evidence/0/retain": "P2Y"}, ("w", "retain_short", "/evidence/0/retain")),
    ("refund", {"evidence/0/retain": "P35M"}, ("w", "retain_short", "/evidence/0/retain")),
    # Who
    ("refund", {"who/roles": []}, ("e", "role_missing", "/who/roles")),
    ("refund", {"who/roles": ["king"]}, ("e", "role_unknown", "/who/roles/0")),
    (
        "quality_check",
        {"who/roles": ["reviewer", "system"]},
        ("e", "grade_unsignable", "/who/roles/1"),
    ),
    ("refund", {"who/roles": ["carrier"]}, ("w", "grade_outside", "/who/roles/0")),
    ("refund", {"who/device_bound": True}, ("e", "device_ungraded", "/who/device_bound")),
    ("refund", {"who/certificates": ["x"]}, ("w", "certificate_outside", "/who/certificates/0")),
    (
        "refund",
        {"who/separation_from": ["refund"]},
        ("e", "separation_self", "/who/separation_from/0"),
    ),
    (
        "refund",
        {"who/separation_from": ["none"]},
        ("e", "action_unknown", "/who/separation_from/0"),
    ),
    ("refund", {"requires": ["none"]}, ("e", "action_unknown", "/requires/0")),
    ("quality_check", {"requires": ["device_release"]}, ("e", "requires_circle", "/requires")),
    ("refund", {"requires": ["refund"]}, ("e", "requires_circle", "/requires")),
    # The breach chain
    ("refund", {"breach": [POWER]}, ("e", "chain_endless", "/breach")),
    ("refund", {"breach/1/action": "none"}, ("e", "action_unknown", "/breach/1/action")),
    ("nextday", {"breach": []}, ("w", "chain_missing", "/breach")),
    ("refund", {"breach/0/due": ""}, ("e", "step_undue", "/breach/0/due")),
    ("refund", {"breach/0/due": "soon"}, ("e", "span_bad", "/breach/0/due")),
    ("refund", {"breach/0/to": "moon"}, ("e", "step_empty", "/breach/0/to")),
    ("refund", {"breach/1/holder": ""}, ("e", "step_empty", "/breach/1/holder")),
    ("ship48h", {"breach/0/amount": {}}, ("e", "amount_empty", "/breach/0/amount")),
    (
        "ship48h",
        {"breach/0/amount": {"permille": 50, "floor_fen": 2, "cap_fen": 1}},
        ("e", "amount_empty", "/breach/0/amount"),
    ),
    ("ship48h", {"breach/0/auto": True}, ("w", "auto_uncapped", "/breach/0/amount/cap_fen")),
    ("nextday", {"breach/0/amount/fixed_fen": 600}, ("e", "breach_unsaid", "/breach/0/amount")),
    ("ship48h", {"excuse/0/needs": []}, ("w", "excuse_unproven", "/excuse/0/needs")),
    ("ship48h", {"excuse/0/approve": "king"}, ("e", "role_unknown", "/excuse/0/approve")),
    # The duty
    ("refund", {"moves": "teleport"}, ("e", "move_unknown", "/moves")),
    ("refund", {"says": "moon.full"}, ("e", "event_unknown", "/says")),
    ("cold_handover", {"holds": None}, ("e", "holds_missing", "/holds")),
    ("cold_handover", {"deontic/type": "achievement"}, ("e", "holds_unasked", "/holds")),
    ("cold_handover", {"holds/low": 9000}, ("e", "holds_bad", "/holds")),
    ("cold_handover", {"holds/gap": "often"}, ("e", "span_bad", "/holds/gap")),
    ("cold_handover", {"evidence": [PHOTO]}, ("e", "series_missing", "/evidence")),
    ("outbound_review", {"measure/min_ms": 0}, ("e", "measure_bad", "/measure")),
    ("outbound_review", {"measure/end": "scan.first"}, ("e", "measure_bad", "/measure")),
    (
        "delivery",
        {"deontic/type": "prohibition", "moves": "ship"},
        ("e", "duty_conflict", "/deontic/type"),
    ),
    # What is shown and signed
    ("nextday", {"promise/shown_at": []}, ("w", "shown_nowhere", "/promise/shown_at")),
    ("refund", {"statement/zh": "{order} {moon}"}, ("e", "place_unknown", "/statement/zh")),
    ("refund", {"statement/en": "Paid back."}, ("w", "place_order", "/statement/en")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "changes", "finding"), REFUSALS, ids=[f"{c} {f[1]}" for c, _, f in REFUSALS]
)
def test_what_cannot_be_proven_is_refused(
    code: str, changes: dict[str, Any], finding: tuple[str, str, str]
) -> None:
    found = refused(code, changes)
    assert finding in found
    assert set(found) == {finding}, found


def test_a_stop_that_nobody_says_never_comes() -> None:
    rest = {code: action for code, action in ACTIONS.items() if code != "cold_handover"}
    changed = altered(
        "ship48h",
        {
            "clock/stop": "handover.scanned",
            "clock/stop_alt": [],
            "promise/text/zh": "付款后{hours}小时内交接,逾期赔{pct}%。",
            "promise/text/en": "Handed over within {hours} hours of payment, or {pct}% is paid.",
        },
    )
    assert lint.check(changed, lint.Around(actions=rest, now_ms=NOW_MS)) == ()
    rest.pop("handover")
    found = lint.check(changed, lint.Around(actions=rest, now_ms=NOW_MS))
    assert [f.code for f in found] == ["nobody_stops"]


def test_duties_conflict_only_where_an_order_falls_under_both() -> None:
    apart = {"deontic/type": "prohibition", "moves": "ship", "applies": {"presale": True}}
    plain = {code: one for code, one in ACTIONS.items() if code != "announced"}
    around = lint.Around(actions=plain, now_ms=NOW_MS)
    assert lint.check(altered("delivery", apart), around) == ()
    assert refused("delivery", apart)[0][1] == "duty_conflict", "what is sold ahead is both"
    assert refused("delivery", {**apart, "applies": {"channels": ["jd"]}})[0][1] == "duty_conflict"


def test_every_word_of_the_linter_is_said_by_a_test() -> None:
    tried = {finding[1] for _, _, finding in REFUSALS} | {"nobody_stops"}
    assert tried == set(findings.told())
    assert {told.check for told in findings.told().values()} == set(findings.CHECKS)


def test_shipped_actions_can_all_be_proven() -> None:
    for action in ACTIONS.values():
        assert lint.check(action, AROUND) == ()
        for lang in ("zh", "en"):
            said = sentence.plain(sentence.speak(action, lang, NAMES))
            assert "**" not in said
            assert action.name.pick(lang) in said


def test_the_sentence_says_who_what_and_by_when() -> None:
    review = ACTIONS["outbound_review"]
    who = msgspec.structs.replace(review.who, grade="A", device_bound=True)
    signed = msgspec.structs.replace(review, who=who)
    said = sentence.plain(sentence.speak(signed, "zh", NAMES))
    for words in (
        "复核员",
        "本人用通行密钥签署",
        "密钥不得离开设备",
        "剩余效期 ≥ 180 天",
        "不足 3 秒的须重做",
    ):
        assert words in said
    said = sentence.plain(sentence.speak(ACTIONS["ship48h"], "en", NAMES))
    for words in ("within 48 hours", "ccepted by the carrier", "5% of what was paid", "counsel"):
        assert words in said


# Reading and writing

_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


def changes_of(actions: list[Action]) -> st.SearchStrategy[Action]:
    """Actions whose texts, lists and numbers are anything that the shape allows."""

    def build(draw: Callable[[Any], Any]) -> Action:
        tree = msgspec.json.decode(reading.encode(draw(st.sampled_from(actions))))
        for name in ("moves", "says", "action"):
            if draw(st.booleans()):
                tree[name] = draw(_text)
        tree["legal"] = draw(st.lists(_text, max_size=3))
        tree["requires"] = draw(st.lists(_text, max_size=2))
        tree["states"] = draw(
            st.dictionaries(st.from_regex(r"[a-z0-9_]{1,4}", fullmatch=True), _text, max_size=2)
        )
        kinds = st.fixed_dictionaries(
            {"kind": st.sampled_from(["photo", "video", "a/b", "photo~1"])}
        )
        tree["evidence"] = draw(st.lists(kinds, max_size=4))
        if tree.get("clock"):
            levels = st.one_of(st.integers(1, 999), st.just("PT2H"))
            tree["clock"]["warn"] = draw(st.lists(levels, max_size=3))
            tree["clock"]["pause"] = draw(
                st.lists(
                    st.fixed_dictionaries({"on": _text, "until": _text, "max": _text}), max_size=2
                )
            )
        tree["version"] = draw(st.integers(1, 2**53 - 1))
        return msgspec.convert(tree, Action)

    return st.composite(build)()


@settings(max_examples=60, deadline=None)
@given(changes_of(list(ACTIONS.values())))
def test_an_action_is_read_back_as_it_was_written(action: Action) -> None:
    assert reading.read(reading.encode(action)) == action
    assert reading.parse(reading.write_yaml(action).encode()) == action


@settings(max_examples=60, deadline=None)
@given(changes_of([ACTIONS["ship48h"]]), changes_of([ACTIONS["ship48h"]]))
def test_a_difference_is_empty_exactly_when_nothing_differs(one: Action, other: Action) -> None:
    assert diff.compare(one, one, NAMES) == ()
    changes = diff.compare(one, other, NAMES)
    assert bool(changes) == (one != other)
    assert all(change.before_zh != "" and change.after_zh != "" for change in changes)


def test_an_order_of_evidence_is_a_difference() -> None:
    handover = ACTIONS["handover"]
    turned = msgspec.structs.replace(handover, evidence=handover.evidence[::-1])
    (change,) = diff.compare(handover, turned, NAMES)
    assert (change.field_en, change.kind) == ("evidence", "changed")


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b"action: x", ""),
        (b"[1]", ""),
        (b"action: x\naction: y", ""),
        (b"\xff", ""),
    ],
)
def test_what_is_no_action_is_told(raw: bytes, pointer: str) -> None:
    with pytest.raises(InputError) as told:
        reading.parse(raw)
    assert told.value.pointer == pointer


def test_the_place_of_a_wrong_field_is_told() -> None:
    raw = reading.write_yaml(ACTIONS["refund"]).replace("grade: B", "grade: Z")
    raw = raw.replace("{roles: [finance]}", "{roles: [finance], grade: Z}")
    with pytest.raises(InputError) as told:
        reading.parse(raw.encode())
    assert told.value.pointer == "/who/grade"


# The vocabulary


def test_every_kind_has_a_collector_with_words() -> None:
    for kind in catalogue.KINDS.values():
        assert kind.collectors
        assert set(kind.quantities) <= rules.QUANTITIES
        for names in kind.collectors.values():
            assert set(names) <= set(catalogue.COLLECTORS)
    assert set(EVENTS) >= catalogue.HEARD

    assert catalogue.collectors("photo|video", "device") == ("station_camera",)
    assert catalogue.collectors("photo|report", "device") == ()


@pytest.mark.parametrize(
    ("text", "days"), [("P3Y", 1095), ("P36M", 1095), ("P1095D", 1095), ("P156W", 1092)]
)
def test_keeping(text: str, days: int) -> None:
    assert spans.parse_keeping(text) == days
    for bad in ("P", "PT1H", "P0D", "P99Y", "3Y"):
        with pytest.raises(InputError):
            spans.parse_keeping(bad)
