"""Definitions: what is shipped, what is refused and where, what the digest covers."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from danshu.capabilities.contract import definitions, lint
from danshu.capabilities.contract.catalogue import EVENTS
from danshu.kernel import canonical, limits
from danshu.kernel.errors import InputError
from tests.capabilities.contract.build import a_clause, raw


def test_the_shipped_definitions() -> None:
    ship, nextday, damage, announced = definitions.shipped()
    assert (announced.platform, announced.definition.applies.announced) == (True, True)
    assert [c.definition.name.zh for c in (ship, nextday, damage)] == [
        "48小时发货",
        "次日达",
        "破损包赔",
    ]
    assert (ship.start, ship.stop, ship.limit_ms) == (
        "payment.confirmed",
        "carrier.accepted",
        48 * 3_600_000,
    )
    assert "waybill.created" in ship.stop_alt
    assert (nextday.stop, nextday.until_days, nextday.requested) == ("shipment.delivered", 1, True)
    assert (damage.start, damage.stop, damage.limit_ms) == (
        "buyer.damage_reported",
        "compensation.paid",
        24 * 3_600_000,
    )
    assert "48小时" in ship.text.zh
    assert "揽收" in ship.text.zh
    assert "{" not in ship.text.zh + ship.text.en + ship.breach.zh


def test_the_digest_is_of_the_canonical_bytes() -> None:
    for clause in definitions.shipped():
        body = definitions.encode(clause.definition)
        assert canonical.is_canonical(body)
        assert clause.digest == hashlib.sha256(body).hexdigest()
        assert clause.text_digest.zh == hashlib.sha256(clause.text.zh.encode()).hexdigest()
        assert definitions.read(body) == clause


def test_the_digest_sees_every_word_and_no_layout() -> None:
    plain = a_clause()
    again = definitions.load(b"# a comment\n" + raw() + b"\n\n")
    other = a_clause({"breach/en": "Compensation."})
    assert again.digest == plain.digest
    assert other.digest != plain.digest
    assert other.text_digest == plain.text_digest


def test_shares_become_permille() -> None:
    clock = json.loads(definitions.encode(a_clause().definition))["clock"]
    assert clock["warn"] == [700, 900, "PT2H"]


def test_the_definition_pins_the_calendar_by_its_digest() -> None:
    clause = a_clause({"clock/calendar": "cn-workday-0900-1800@2026.1"})
    named = clause.definition.clock.calendar
    assert clause.calendar is not None
    assert named == clause.calendar.reference
    assert named.startswith("cn-workday-0900-1800@2026.1#")
    body = definitions.encode(clause.definition)
    assert definitions.read(body) == clause
    digest = clause.calendar.digest
    with pytest.raises(InputError) as refused:
        definitions.read(body.replace(digest.encode(), digest[::-1].encode()))
    assert refused.value.pointer == "/clock/calendar"


def test_on_is_a_key_and_not_a_boolean() -> None:
    assert a_clause().pauses[0].on == "buyer.address_change_requested"
    with pytest.raises(InputError) as refused:
        definitions.load(raw().replace(b"all: true", b"all: yes"))
    assert refused.value.pointer == "/applies/all"


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("PT48H", 172_800_000),
        ("P2D", 172_800_000),
        ("P1W", 604_800_000),
        ("P1DT2H3M4S", 93_784_000),
        ("PT1S", 1_000),
    ],
)
def test_durations(text: str, ms: int) -> None:
    assert lint.parse_duration(text, "") == ms


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "48h", "P1M", "P1Y", "PT0S", "-PT1H", "PT1.5H", "P367D", "PT1H "],
)
def test_durations_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        lint.parse_duration(text, "/clock/limit")
    assert refused.value.pointer == "/clock/limit"


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"code": "Ship 48"}, "definition_code", "/code"),
    ({"version": 0}, "definition_version", "/version"),
    ({"version": 1.5}, "definition_shape", "/version"),
    ({"extra": 1}, "definition_shape", ""),
    ({"clock/stopp": "x"}, "definition_shape", "/clock"),
    ({"clock": None}, "definition_shape", ""),
    ({"name/zh": 48}, "definition_shape", "/name/zh"),
    ({"applies": {}}, "definition_applies", "/applies"),
    ({"applies": {"all": True, "presale": False}}, "definition_applies", "/applies"),
    (
        {"applies": {"channels": ["jd"], "channels_not": ["jd"]}},
        "definition_applies",
        "/applies/channels_not",
    ),
    ({"applies": {"regions": ["31", ""]}}, "definition_applies", "/applies/regions/1"),
    ({"clock/start": "moon.rose"}, "definition_event", "/clock/start"),
    ({"clock/stop": "moon.rose"}, "definition_event", "/clock/stop"),
    ({"clock/stop_alt": ["moon.rose"]}, "definition_event", "/clock/stop_alt/0"),
    ({"clock/stop_alt": ["carrier.accepted"]}, "definition_event", "/clock/stop_alt/0"),
    ({"clock/void": ["payment.confirmed"]}, "definition_event", "/clock/void/0"),
    ({"clock/pause/0/until": "moon.set"}, "definition_event", "/clock/pause/0/until"),
    ({"clock/precedence": ["a", "a"]}, "definition_source", "/clock/precedence/1"),
    ({"clock/precedence": ["A b"]}, "definition_source", "/clock/precedence/0"),
    ({"clock/limit": "PT0S"}, "definition_duration", "/clock/limit"),
    ({"clock/limit": "two days"}, "definition_duration", "/clock/limit"),
    ({"clock/limit": "P400D"}, "definition_duration", "/clock/limit"),
    ({"clock/limit": None}, "definition_limit", "/clock"),
    ({"clock/until": {"days": 1, "time": "23:59:59"}}, "definition_limit", "/clock"),
    (
        {"clock/limit": None, "clock/until": {"days": 1, "time": "24:00:00"}},
        "definition_time",
        "/clock/until/time",
    ),
    (
        {"clock/limit": None, "clock/until": {"days": -1, "time": "23:00:00"}},
        "definition_limit",
        "/clock/until/days",
    ),
    (
        {"clock/limit": None, "clock/until": {"days": 1, "time": "23:00:00"}},
        "definition_pause",
        "/clock/pause",
    ),
    (
        {
            "clock/limit": None,
            "clock/pause": None,
            "clock/calendar": "cn-workday-0900-1800@2026.1",
            "clock/until": {"days": 1, "time": "23:00:00"},
        },
        "definition_calendar",
        "/clock/calendar",
    ),
    ({"clock/calendar": "mars@2026"}, "definition_calendar", "/clock/calendar"),
    ({"clock/tz": "Asia/Nowhere"}, "definition_tz", "/clock/tz"),
    ({"clock/tz": "../../etc/passwd"}, "definition_tz", "/clock/tz"),
    ({"clock/pause/0/max": "PT0S"}, "definition_duration", "/clock/pause/0/max"),
    ({"clock/pause/0/max": None}, "definition_shape", "/clock/pause/0"),
    ({"clock/platform": "deliver_by"}, "definition_platform", "/clock/platform"),
    ({"clock/warn": [0.7, 1.0]}, "definition_warn", "/clock/warn/1"),
    ({"clock/warn": [0.7, -0.1]}, "definition_warn", "/clock/warn/1"),
    ({"clock/warn": [float("nan")]}, "definition_warn", "/clock/warn/0"),
    ({"clock/warn": [0.12345]}, "definition_warn", "/clock/warn/0"),
    ({"clock/warn": ["soon"]}, "definition_duration", "/clock/warn/0"),
    ({"clock/warn": [0.5] * 9}, "definition_warn", "/clock/warn"),
    ({"params": {}}, "definition_param", "/text/zh"),
    ({"params": {"Hours": 48, "hours": 48}}, "definition_param", "/params"),
    ({"breach/zh": "赔付{pct}%"}, "definition_param", "/breach/zh"),
    ({"text/zh": "  "}, "definition_text", "/text/zh"),
    ({"text/zh": "揽" * 2_001}, "definition_text", "/text/zh"),
    ({"text/zh": "付款后{hours}小时内发货"}, "definition_stop_unnamed", "/text/zh"),
    ({"text/en": "Ships within {hours} hours"}, "definition_stop_unnamed", "/text/en"),
]


@pytest.mark.parametrize(("changes", "code", "pointer"), REFUSED)
def test_refused(changes: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(InputError) as refused:
        definitions.load(raw(changes))
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "definition_shape"),
        (b"[1, 2]", "definition_shape"),
        (b"code: [", "definition_yaml"),
        (b"\xff\xfe\x00", "definition_yaml"),
        (b"code: \xff", "definition_yaml"),
        (b"!!python/object/apply:os.getcwd []", "definition_yaml"),
        (b"[" * 20_000, "definition_yaml"),
        (b"a: 1\na: 2\n", "definition_yaml"),
        (b"#" * (limits.DEFINITION_BYTES + 1), "definition_bytes"),
    ],
)
def test_refused_bytes(body: bytes, code: str) -> None:
    with pytest.raises(InputError) as refused:
        definitions.load(body)
    assert refused.value.code == code


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"[" * 5_000])
def test_stored_bytes_that_are_no_definition(body: bytes) -> None:
    with pytest.raises(InputError):
        definitions.read(body)


def test_stored_bytes_are_linted_again() -> None:
    body = definitions.encode(a_clause().definition).replace(b"PT48H", b"PT00H")
    with pytest.raises(InputError) as refused:
        definitions.read(body)
    assert refused.value.pointer == "/clock/limit"


def test_every_event_has_words_in_both_languages() -> None:
    for name, event in EVENTS.items():
        assert all(event.words_zh), name
        assert all(word == word.lower() and word for word in event.words_en), name
