"""Classification, pure: recognisers, columns, JSON, scrubbing, rules, lineage, drift."""

from __future__ import annotations

import pytest

from danshu.capabilities.classification import checks, columns, drift, nested, rules
from danshu.capabilities.classification.masks import mask
from danshu.capabilities.classification.model import Held
from danshu.capabilities.classification.propagation import Carried, Edge, propagate
from danshu.capabilities.classification.scrubbing import TOKENS, scrub
from danshu.capabilities.classification.texts import find
from tests.fixtures import classification_cases as cases
from tests.fixtures import classification_page as page


def kinds(text: str) -> list[str]:
    return [span.klass for span in find(text)]


def test_held_out_texts_are_read() -> None:
    scores = cases.score(cases.read(held_out=True))
    whole = cases.total(scores)
    assert min(whole.precision, whole.recall) >= 0.95, whole
    for klass in ("resident_id", "mobile", "bank_card", "address", "email", "uscc", "landline"):
        assert min(scores[klass].precision, scores[klass].recall) >= 0.95, klass


def test_full_width_signs_are_read_as_plain_ones() -> None:
    wide = str.maketrans(",:;()", "\uff0c\uff1a\uff1b\uff08\uff09")
    plain = cases.read(held_out=False)
    assert cases.score([(text.translate(wide), want) for text, want in plain]) == cases.score(plain)


def test_texts_that_were_looked_at_are_read() -> None:
    whole = cases.total(cases.score(cases.read(held_out=False)))
    assert min(whole.precision, whole.recall) >= 0.98, whole


def test_generated_numbers_are_found_and_near_misses_are_not() -> None:
    for klass, found in cases.score(cases.generate(page.SEED, page.EACH)).items():
        assert found.recall == 1, (klass, found)
        assert found.precision >= 0.95, (klass, found)


def test_the_page_says_what_is() -> None:
    text = page.PAGE.read_text("utf-8")
    again = page.put(text, page.make())
    assert text == again, "run: python -m tests.fixtures.classification_page"


@pytest.mark.parametrize(
    ("right", "wrong", "check"),
    [
        ("110105199003070025", "110105199003070021", checks.is_resident_id),
        ("110105199003070025", "110105199002300025", checks.is_resident_id),
        ("91330106MA27XYUP48", "91330106MA27XYUP49", checks.is_credit_code),
        ("726123456", "726123457", checks.is_organisation_code),
        ("LSVAM4187C2184847", "LSVAM4187C2184848", checks.is_vin),
        ("6228480034567891237", "6228480034567891238", checks.is_card),
    ],
)
def test_a_wrong_check_digit_is_rejected(right: str, wrong: str, check: object) -> None:
    assert callable(check)
    if check is checks.is_card:
        right = next(right[:-1] + d for d in "0123456789" if checks.is_luhn(right[:-1] + d))
        wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    assert check(right)
    assert not check(wrong)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("１３８００１３８０００", ["mobile"]),
        ("幺三八零零幺三八零零零", ["mobile"]),
        ("138****1234", ["mobile"]),
        ("李**", ["name"]),
        ("收件人李*明,手机*******1234", ["name", "mobile"]),
        ("复印纸 500张*5包", []),
        ("SKU-13812345678-红", []),
        ("电池 13800138000 毫安", []),
        ("12:30:45", []),
        ("", []),
    ],
)
def test_spellings(text: str, found: list[str]) -> None:
    assert kinds(text) == found


def test_what_is_masked_is_known_as_masked() -> None:
    assert [s.masked for s in find("机主 138****1234 或 13812345678")] == [True, False]


def test_the_same_value_has_the_same_token() -> None:
    told = scrub("打13812345678,不通打 139 0013 8000,再不行打138-1234-5678")
    assert told.text == "打【手机】,不通打 【手机2】,再不行打【手机】"
    assert told.found == {"mobile": 3}
    assert scrub("打13812345678", keep=("mobile",)).text == "打13812345678"
    assert find(told.text) == ()  # what was scrubbed is clean


def test_every_class_found_has_a_level_and_a_token() -> None:
    assert TOKENS.keys() <= rules.classes().keys()
    assert {klass for _, want in cases.read(held_out=False) for *_, klass in want} <= TOKENS.keys()


@pytest.mark.parametrize(
    ("name", "values", "klass"),
    [
        ("phone", ["13812345678", "13900138000", None], "mobile"),
        ("buyerMobile", [], "mobile"),
        ("联系电话", ["13812345678"], "mobile"),
        ("shouji", ["13812345678"], "mobile"),
        ("receiver_name", ["王伟", "张敏", "李娜"], "name"),
        ("sku_name", ["水杯", "王老吉"], ""),
        ("title", ["洗衣液", "黄桃", "方便面", "白糖"], ""),
        ("occurred", [1_700_000_000_000] * 9, ""),
        ("stream", ["019aa9d3-6b80-7000-8000-000000000003"] * 9, ""),
        ("buyer", ["0f3a9c1d22e4b567"] * 3, "pseudonym"),
        ("x1", ["110105199003070025", "310115198512124322"] * 3, "resident_id"),
        ("id_no", ["110105490307001"] * 9, "resident_id"),
        ("remark", ["放门口", "麻烦打13812345678", "快点"], "mobile"),
    ],
)
def test_columns(name: str, values: list[object], klass: str) -> None:
    held = columns.look(name, values)
    assert (held.klass if held.confidence >= 500 else "") == klass
    assert "13812345678" not in held.example
    assert "1990" not in held.example


def test_a_name_that_the_values_deny_is_not_believed() -> None:
    assert columns.look("id_no", ["12345"] * 8).confidence < 500


def test_json_is_read_path_by_path() -> None:
    document = {
        "receiver": {"name": "王伟", "phone": "138****5678"},
        "ext": '{"memo": "QQ:87654321"}',
        "lines": [{"title": "水杯"}],
        "13812345678": 1,
    }
    found = nested.look_at([document] * 3, 100, 100)
    told = {path: held.klass for path, held in found.items()}
    assert told == {
        "*": "",
        "ext.memo": "qq",
        "lines[].title": "",
        "receiver.name": "name",
        "receiver.phone": "mobile",
    }
    assert found["receiver.phone"].counts[0].masked == 3
    assert found["ext.memo"].is_text
    assert len(nested.look_at([document], 2, 100)) == 2


@pytest.mark.parametrize(
    ("path", "klass"),
    [
        ("receiver.name", "name"),
        ("ShippingAddress.Name", "name"),
        ("town.name", ""),
        ("spec[].name", ""),
        ("consigneeInfo.countyId", ""),
        ("couponDetailList[].orderId", ""),
        ("order.buyer_note", ""),
        ("name", "name"),
    ],
)
def test_a_name_is_somebodys_beside_a_person_alone(path: str, klass: str) -> None:
    *around, last = path.replace("[]", "").split(".")
    assert columns.name_class(last, around[-1] if around else "") == klass


def test_what_stands_together_is_raised() -> None:
    assert rules.level_of("name") == 2
    assert rules.levels_of({"name", "mobile"}) == {"name": 3, "mobile": 3}
    assert rules.levels_of({"name", "email"})["name"] == 2
    assert rules.levels_of({"sms_code"})["sms_code"] == 3
    assert rules.levels_of({"sms_code", "account"})["sms_code"] == 4
    assert rules.level_of("") == 1


def test_counting_lowers_only_where_people_are_proven() -> None:
    assert rules.lower(3, ["mobile"], 4) == 3
    assert rules.lower(3, ["mobile"], 5) == 2
    assert rules.lower(1, [], 99) == 1
    assert rules.lower(4, ["biometric"], 99) == 4


def test_levels_go_down_the_lineage() -> None:
    a, b, c, d = (("source:a", "phone"), ("x", "phone"), ("y", "phone"), ("z", "n"))
    edges = [
        Edge(source=b, target=c),
        Edge(source=a, target=b),
        Edge(source=c, target=b),
        Edge(source=a, target=d, people=9),
    ]
    told = propagate({a: Carried(level=3, classes=("mobile",)), c: Carried(level=1)}, edges)
    assert {place: told[place].level for place in (a, b, c, d)} == {a: 3, b: 3, c: 3, d: 2}
    assert told[b].came_from == a
    assert told[c].classes == ("mobile",)


def looked(*texts: str) -> Held:
    return columns.look("note", texts)


def test_drift_is_what_was_not_there() -> None:
    clean, some, more = (
        looked(*["好"] * 9),
        looked(*["好"] * 18, "打13812345678"),
        looked(*["好"] * 6, *["打13812345678"] * 3),
    )
    assert drift.compare(clean, some).kind == "new_class"
    assert drift.compare(some, more).kind == "spread"
    assert drift.compare(more, some).kind == ""
    assert drift.compare(None, some).kind == "new_field"
    assert drift.compare(None, clean).kind == ""


def test_examples_show_no_value() -> None:
    assert mask("mobile", "13812345678") == "138********"
    assert mask("", "我是王大,打13812345678") == "…【手机】…"
