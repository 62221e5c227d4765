"""Scans, ends and interruptions of work on the floor, as pure decisions."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.floor import decide, facts
from danshu.capabilities.floor.model import Item, Scan, Work, label_of, needs_review
from danshu.capabilities.stock.model import Storage
from danshu.kernel.errors import InputError, Refusal

MILK = Item(sku="MY-1", name="奶粉", barcode="0690123456789", quantity=4)
SPOON = Item(sku="MY-2", name="勺", quantity=1)
ID = uuid.UUID("019aa9d3-6b80-7000-8000-0000000a1f3a")


@pytest.mark.parametrize(
    ("code", "item"),
    [
        ("0690123456789", MILK),
        ("690123456789", MILK),  # the scanner writes a UPC-A
        ("my-1", MILK),
        ("MY-2", SPOON),
    ],
)
def test_a_code_names_goods(code: str, item: Item) -> None:
    assert decide.count([MILK, SPOON], code, 1) == item


@pytest.mark.parametrize("code", ["", "0", "000", "9", "6901234567890", "MY-3"])
def test_another_code_names_none_and_says_what_is_expected(code: str) -> None:
    told = decide.count([MILK, SPOON], code, 1)
    assert isinstance(told, Refusal)
    assert told.code == "wrong_code"
    assert "奶粉(0690123456789)" in told.reason
    assert "MY-2" in told.reason


def test_goods_without_a_bar_code_are_not_named_by_nothing() -> None:
    assert not decide.is_code_of(SPOON, "")


@given(
    quantities=st.lists(st.integers(1, 50), min_size=1, max_size=6),
    scans=st.lists(st.tuples(st.integers(0, 7), st.integers(1, 9)), max_size=60),
)
def test_scans_never_count_past_the_quantity_and_all_that_fits_counts(
    quantities: list[int], scans: list[tuple[int, int]]
) -> None:
    items = [Item(sku=f"S-{i}", name=f"货{i}", quantity=q) for i, q in enumerate(quantities)]
    for which, units in scans:
        told = decide.count(items, f"s-{which}", units)
        fits = which < len(items) and items[which].scanned + units <= items[which].quantity
        assert isinstance(told, Item) == fits
        if isinstance(told, Item):
            items[which] = replace(told, scanned=told.scanned + units)
    assert all(0 <= n.scanned <= n.quantity for n in items)
    whole = all(n.scanned == n.quantity for n in items)
    assert (decide.missing(items) is None) == whole


def test_two_lots_of_one_bar_code_are_filled_one_after_the_other() -> None:
    first = replace(MILK, scanned=4)
    second = Item(sku="MY-9", name="奶粉 赠品", barcode=MILK.barcode, quantity=1)
    assert decide.count([first, second], MILK.barcode, 1) == second
    full = decide.count([first, replace(second, scanned=1)], MILK.barcode, 1)
    assert isinstance(full, Refusal)
    assert full.code == "enough"


def test_a_waybill_is_the_one_on_record_and_never_a_code_of_goods() -> None:
    assert decide.read_waybill([MILK], "", "SF1") == "SF1"
    assert decide.read_waybill([MILK], "SF1", "sf1") == "SF1"
    for expected, code, refused in (
        ("SF1", "SF2", "wrong_waybill"),
        ("", "0690123456789", "goods_code"),
    ):
        told = decide.read_waybill([MILK], expected, code)
        assert isinstance(told, Refusal)
        assert told.code == refused


def test_the_end_of_work_counts_right_and_wrong_readings() -> None:
    scans = [
        Scan(no=1, at="", code="x", quantity=1),
        Scan(no=2, at="", code="MY-1", quantity=3, sku="MY-1"),
        Scan(no=3, at="", code="MY-1", quantity=1, sku="MY-1"),
    ]
    same: dict[str, Any] = {
        "fulfilment": 1,
        "warehouse": "W",
        "scans": scans,
        "photos": 2,
        "began_ms": 1_000_000_000_000,
        "now_ms": 1_000_000_041_000,
        "device_ms": 0,
    }
    picked = decide.finish(Work.PICK, **same)
    assert isinstance(picked, facts.FulfilmentWorked)
    assert (picked.scans, picked.units, picked.wrong) == (2, 4, 1)
    assert (picked.duration_ms, picked.device_ended) == (41_000, "")
    reviewed = decide.finish(Work.REVIEW, **same)
    assert isinstance(reviewed, facts.FulfilmentReviewed)
    assert reviewed.photos == 2


@pytest.mark.parametrize("kind", ["short", "damaged"])
def test_a_stop_names_goods_of_the_order_and_fewer_than_all(kind: str) -> None:
    where: dict[str, Any] = {
        "fulfilment": 1,
        "warehouse": "W",
        "items": [MILK, SPOON],
        "detail": "",
    }
    told = decide.stop(Work.PICK, kind, **where, sku="MY-1", found=3)
    assert (told.expected, told.found, told.sku) == (4, 3, "MY-1")
    for sku, found, code in (("MY-3", 0, "unknown_sku"), ("MY-1", 4, "quantity")):
        with pytest.raises(InputError) as error:
            decide.stop(Work.PICK, kind, **where, sku=sku, found=found)
        assert error.value.code == code


def test_a_call_for_help_names_no_goods() -> None:
    told = decide.stop(
        Work.PACK,
        "help",
        fulfilment=1,
        warehouse="W",
        items=[MILK],
        sku="whatever",
        found=9,
        detail="",
    )
    assert (told.sku, told.expected, told.found) == ("", 0, 0)


@pytest.mark.parametrize(
    ("number", "label"),
    [
        ("990-0000100-0000018", "00018-1F3A-2"),
        ("T1", "T1-1F3A-2"),
        ("单号", "1F3A-2"),
        ("<script>", "cript-1F3A-2"),
    ],
)
def test_a_label_is_plain_enough_for_every_scanner(number: str, label: str) -> None:
    assert label_of(number, ID, 2) == label


@given(number=st.text(max_size=40), fulfilment=st.integers(1, 10_000))
def test_a_label_is_ascii_and_short(number: str, fulfilment: int) -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]{3,16}", label_of(number, ID, fulfilment))


def test_licensed_and_dangerous_goods_need_a_review() -> None:
    assert [s.name for s in Storage if needs_review(int(s))] == ["LICENSED", "DANGEROUS"]
