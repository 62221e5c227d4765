"""Who may do an action and what is missing: a table of refusals, each with its clause."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.contract.actions.model import (
    Action,
    Deontic,
    Doers,
    Measure,
    Wanted,
)
from danshu.capabilities.contract.model import Applies, Texts
from danshu.capabilities.contract.performing import decide, evidence, gs1, series
from danshu.capabilities.contract.performing import statement as statements
from danshu.capabilities.contract.performing.model import Doer, Goods, Item, PastAct
from danshu.kernel import canonical
from danshu.kernel.errors import InputError

NOW = 1_795_345_200_000  # 2026-11-22T11:00:00Z
MINUTE = 60_000
ME, YOU = "person:me", "person:you"
GOODS = (Goods(sku="A", name="甲", quantity=2, lines=(1,)),)
ACTION = Action(
    action="review",
    version=3,
    name=Texts(zh="复核", en="Review"),
    deontic=Deontic(type="achievement"),
    applies=Applies(all=True),
    who=Doers(
        roles=("reviewer",), grade="A", separation_from=("pick",), certificates=("执业药师",)
    ),
    statement=Texts(zh="已核对 {order} 的 {goods},{lots}", en="{order}: {goods}, {lots}"),
    evidence=(
        Wanted(kind="expiry_scan", per="lot", by="device", rule="expiry >= P180D"),
        Wanted(kind="photo|video", min=2, max_age="PT5M"),
        Wanted(kind="waybill_no", min=1, by="system", source="tms"),
    ),
    measure=Measure(start="scan.first", end="sign", min_ms=3_000),
    requires=("check",),
)
DOER = Doer(sub=ME, roles=("reviewer",), grade="A", certificates=("执业药师",))
PAST = (PastAct(action="check", sub=YOU), PastAct(action="pick", sub=YOU))


def item(kind: str, no: int = 1, **more: Any) -> Item:
    made = {"kind": kind, "no": no, "digest": "d" * 64, "size": 1, "at_ms": NOW - MINUTE, **more}
    return Item(**made)


ITEMS = (
    item("expiry_scan", by="device", sku="A", lot="L1", expiry="2028-01-01"),
    item("photo", 2),
    item("video", 3),
    item("waybill_no", 4, by="system", source="tms", value="SF1"),
)


def codes(refusals: Any) -> list[tuple[str, str]]:
    return [(r.code, r.clause) for r in refusals]


def may(doer: Doer = DOER, past: Any = PAST, action: Action = ACTION, **more: Any) -> Any:
    return codes(decide.may(action, doer, past, **{"applies": True, **more}))


def lacks(items: Any = ITEMS, *, grade: str = "A", now: int = NOW, **more: Any) -> Any:
    action = replace(ACTION, **more)
    return codes(
        decide.complete(action, DOER, items, GOODS, grade=grade, began_ms=NOW - MINUTE, now_ms=now)
    )


def test_who_brings_all_may() -> None:
    assert may() == []
    assert lacks() == []


WHO = [
    ({"doer": replace(DOER, roles=("service",))}, "role_may_not", "who/roles"),
    ({"doer": replace(DOER, grade="B")}, "no_passkey_yet", "who/grade"),
    ({"doer": replace(DOER, grade="C")}, "grade_too_weak", "who/grade"),
    ({"doer": replace(DOER, certificates=())}, "certificate_missing", "who/certificates"),
    ({"past": (*PAST, PastAct(action="pick", sub=ME))}, "same_person", "who/separation_from"),
    (
        {"past": (*PAST, PastAct(action="pick", sub="x", delegated_by=ME))},
        "same_person",
        "who/separation_from",
    ),
    (
        {"doer": replace(DOER, delegated_by=YOU, lent=("reviewer",))},
        "same_person",
        "who/separation_from",
    ),
    ({"past": PAST[1:]}, "required_first", "requires"),
    ({"past": (replace(PAST[0], undone=True),)}, "required_first", "requires"),
    ({"past": (replace(PAST[0], fulfilment=2),), "fulfilment": 1}, "required_first", "requires"),
    ({"past": (*PAST, PastAct(action="review", sub=YOU))}, "done_already", "deontic/type"),
    ({"applies": False}, "not_for_this_order", "applies"),
    (
        {"action": replace(ACTION, deontic=Deontic(type="prohibition"))},
        "prohibited",
        "deontic/type",
    ),
]


@pytest.mark.parametrize(("wrong", "code", "place"), WHO, ids=lambda v: v if type(v) is str else "")
def test_who_may_not(wrong: dict[str, Any], code: str, place: str) -> None:
    assert may(**wrong) == [(code, f"review@3/{place}")]


def test_what_was_undone_may_be_done_anew_and_a_lent_role_will_do() -> None:
    past = (*PAST, PastAct(action="review", sub=YOU, undone=True))
    assert may(past=past) == []
    lent = replace(DOER, roles=("service",), delegated_by="person:boss", lent=("reviewer",))
    assert may(doer=lent) == []


WHAT = [
    (ITEMS[1:], "evidence_missing", 0),
    ((replace(ITEMS[0], lot=""), *ITEMS[1:]), "evidence_missing", 0),
    ((replace(ITEMS[0], sku="B"), *ITEMS[1:]), "evidence_missing", 0),
    ((replace(ITEMS[0], expiry="2027-01-01"), *ITEMS[1:]), "evidence_rule", 0),
    ((replace(ITEMS[0], expiry=""), *ITEMS[1:]), "evidence_unproven", 0),
    ((*ITEMS[:2], ITEMS[3]), "evidence_missing", 1),
]


@pytest.mark.parametrize(("items", "code", "at"), WHAT)
def test_what_is_missing(items: Any, code: str, at: int) -> None:
    assert lacks(items) == [(code, f"review@3/evidence/{at}")]


def test_a_person_s_word_is_no_device_and_no_system() -> None:
    typed = (replace(ITEMS[0], by="person"), *ITEMS[1:])
    assert [c for c, _ in lacks(typed)] == ["evidence_source", "evidence_missing"]
    other = (*ITEMS[:3], replace(ITEMS[3], source="wms"))
    assert [c for c, _ in lacks(other)] == ["evidence_source", "evidence_missing"]


def test_old_evidence_does_not_count_and_a_claim_makes_it_older_only() -> None:
    old = (*ITEMS[:2], replace(ITEMS[2], at_ms=NOW - 6 * MINUTE), ITEMS[3])
    assert [c for c, _ in lacks(old)] == ["evidence_old", "evidence_missing"]
    claimed = (*ITEMS[:2], replace(ITEMS[2], device_ms=NOW - 6 * MINUTE), ITEMS[3])
    assert [c for c, _ in lacks(claimed)] == ["evidence_old", "evidence_missing"]
    newer = (*ITEMS[:2], replace(ITEMS[2], device_ms=NOW + MINUTE), ITEMS[3])
    assert lacks(newer) == []
    again = (*old, replace(ITEMS[2], no=9))
    assert lacks(again) == []  # taken anew: the old one is no hindrance


def test_a_signature_is_asked_for_and_pace_counts_by_the_server_s_clock() -> None:
    assert lacks(grade="B") == [("grade_too_weak", "review@3/who/grade")]
    quick = (replace(ITEMS[0], at_ms=NOW - 2_999), *ITEMS[1:])
    assert lacks(quick) == [("too_fast", "review@3/measure")]
    # A device that claims an earlier scan makes nothing slower where a person signs,
    backdated = (replace(quick[0], device_ms=NOW - MINUTE), *ITEMS[1:])
    assert lacks(backdated) == [("too_fast", "review@3/measure")]
    # and does where the fact says that its clock is a device's.
    word = replace(ACTION.who, grade="B")
    assert lacks(backdated, grade="B", who=word) == []


def test_each_lot_that_was_seen_needs_its_own() -> None:
    two = Wanted(kind="expiry_scan", per="lot", by="device", min=2)
    one_lot = (ITEMS[0], replace(ITEMS[0], lot="L2"), *ITEMS[1:])
    found = decide.complete(
        replace(ACTION, evidence=(two,)), DOER, one_lot, GOODS, grade="A",
        began_ms=0, now_ms=NOW,
    )  # fmt: skip
    assert [r.code for r in found] == ["evidence_missing", "evidence_missing"]
    assert "L1" in found[0].reason
    assert "L2" in found[1].reason


def test_a_series_is_held_to_both_of_its_ends_and_its_gap() -> None:
    warm = Wanted(kind="temperature_series", by="device", rule="temp in 2000..8000")
    gap = Wanted(kind="temperature_series", by="device", rule="gap <= PT2M")
    raw = (
        b"time,temp\n2026-11-22T10:00:00Z,2.5\n2026-11-22T10:01:00Z,8.01\n2026-11-22T10:04:00Z,4\n"
    )
    samples = series.read(raw)
    made = item(
        "temperature_series",
        by="device",
        low=min(s.value for s in samples),
        high=max(s.value for s in samples),
        gap_ms=series.longest_gap_ms(samples),
    )
    for wanted, code in ((warm, "evidence_rule"), (gap, "evidence_rule")):
        action = replace(ACTION, evidence=(wanted,))
        assert [r.code for r in evidence.missing(action, [made], GOODS, NOW)] == [code]
        empty = replace(made, low=None, high=None, gap_ms=None)
        found = evidence.missing(action, [empty], GOODS, NOW)
        assert [r.code for r in found] == ["evidence_unproven"]


@pytest.mark.parametrize("raw", [b"", b"time,temp\n", b"\xff\xfe", b"a,b\nc,d\n", b"2026,1\n1,2"])
def test_what_is_no_series(raw: bytes) -> None:
    with pytest.raises(InputError) as caught:
        series.read(raw)
    assert caught.value.code == "bad_series"


GS1 = [
    ("(01)09506000134352(17)280630(10)ABC-1", ("09506000134352", "ABC-1", "2028-06-30")),
    ("]d20109506000134352172806301020A\x1d21SER", ("09506000134352", "20A", "2028-06-30")),
    ("0109506000134352\x1d10L1\x1d17280600", ("09506000134352", "L1", "2028-06-30")),
    ("0195060001343521", None),
    ("6901234567892", None),
    ("", None),
    ("(10)L1(17)280630", None),
]


@pytest.mark.parametrize(("code", "told"), GS1)
def test_gs1_codes(code: str, told: Any) -> None:
    found = gs1.read(code, 2026)
    assert (found and (found.gtin, found.lot, found.expiry)) == told


@pytest.mark.parametrize("day", ["281301", "280631", "000000", "abcdef"])
def test_a_date_that_is_none_is_an_error(day: str) -> None:
    with pytest.raises(ValueError, match="GS1 date"):
        gs1.read(f"(01)09506000134352(17){day}", 2026)


@given(st.text(max_size=60))
def test_any_scanned_text_is_read_or_refused(code: str) -> None:
    with contextlib.suppress(ValueError):
        found = gs1.read(code, 2026)
        assert found is None or found.gtin


@given(st.text(max_size=40), st.text(max_size=40))
def test_figures_are_put_in_once(order: str, goods: str) -> None:
    shown = statements.render("{order}|{goods}|{lots}", {"order": order, "goods": goods}, "zh")
    assert shown == f"{order or '无'}|{goods or '无'}|无"


def test_the_statement_is_canonical_and_names_what_was_shown() -> None:
    raw = statements.write(
        ACTION,
        definition="e" * 64,
        after=statements.After(origin="log", root="0" * 64, size=7),
        body={"fulfilment": 1},
        evidence=ITEMS,
        order="o-1",
        salt=b"\x01" * 16,
        shown="句子",
        subject=ME,
    )
    assert canonical.is_canonical(raw)
    read = canonical.decode(raw)
    assert sorted(read) == [
        "action", "after", "body", "definition", "evidence", "order", "salt", "shown", "subject",
        "version",
    ]  # fmt: skip
    assert read["after"] == {"origin": "log", "root": "0" * 64, "size": 7}
    assert read["evidence"][0] == {"digest": "d" * 64, "kind": "expiry_scan", "size": 1}
    assert len(statements.digest(raw)) == 32


def test_a_statement_has_an_end() -> None:
    with pytest.raises(InputError) as caught:
        statements.render("{goods}", {"goods": "甲" * 5_000}, "zh")
    assert caught.value.code == "statement_long"
