"""A person's voice over HTTP: enrolled with consent, compared, withdrawn; each is a fact."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import pytest

from danshu.capabilities.voice.encoder import RATE_HZ
from danshu.kernel.limits import VOICE_ALIKE_PERMILLE, VOICE_BYTES
from tests.fixtures.hub import House
from tests.fixtures.people import Browser, seat
from tests.fixtures.voices import speak, wav
from tests.flows.test_people_records import audit, facts_of

VOICE = "/v1/people/me/voice"
WAV = {"content-type": "audio/wav"}


@pytest.fixture
def reviewer(house: House) -> Browser:
    seat(house.url, house.tenant, "R01", ("reviewer",))
    browser = Browser(house)
    browser.sign_in("R01")
    return browser


@pytest.fixture(scope="module")
def recording() -> bytes:
    return wav(speak(110, 0.95, 6.0))


def send(browser: Browser, path: str, body: bytes) -> Any:
    return browser.call("POST", path, content=body, headers=WAV)


def test_a_voice_is_enrolled_compared_and_withdrawn(
    house: House, reviewer: Browser, recording: bytes
) -> None:
    offered = reviewer.call("GET", VOICE).json()
    assert offered["enrolled"] == ""
    assert "不作为签名" in offered["consent"]
    sample = wav(speak(110, 0.95, 3.0, seed=5))
    assert send(reviewer, f"{VOICE}/compare", sample).json()["type"].endswith("no_voice")

    path = f"{VOICE}?consent={offered['consent_digest']}"
    assert send(reviewer, path, recording).status_code == 204
    assert reviewer.call("GET", VOICE).json()["enrolled"]
    same = send(reviewer, f"{VOICE}/compare", sample).json()
    other = send(reviewer, f"{VOICE}/compare", wav(speak(300, 1.25, 3.0, seed=6))).json()
    assert same["passed"]
    assert not other["passed"]
    assert same["score_permille"] > other["score_permille"]

    with psycopg.connect(house.url) as connection:
        (body,) = connection.execute("select print from voices").fetchone() or (b"",)
    assert len(body) == 4 * 256
    assert reviewer.call("DELETE", VOICE).status_code == 204
    assert reviewer.call("GET", VOICE).json()["enrolled"] == ""
    told = facts_of(house, "voice.")
    assert [t for t, _, _ in told] == ["voice.enrolled", "voice.withdrawn"]
    assert told[0][2]["consent"] == offered["consent_digest"]
    assert audit(house) == []


def test_a_sample_of_an_act_is_compared_and_the_comparison_is_evidence(
    house: House, recording: bytes
) -> None:
    seat(house.url, house.tenant, "A01", ("admin", "reviewer", "warehouse"))
    doer = Browser(house)
    doer.sign_in("A01")
    digest = doer.call("GET", VOICE).json()["consent_digest"]
    order = house.place(number="VOICE-1")["order"]
    acts = f"/v1/orders/{order}/acts"
    begun = doer.call("POST", acts, {"action": "return_inspection"})
    assert begun.status_code == 200, begun.text
    act = begun.json()["id"]
    files = f"{acts}/{act}/files?kind=voice_sample"
    assert send(doer, files, wav(speak(110, 0.95, 3.0, seed=7))).status_code == 200
    assert kinds(doer, f"{acts}/{act}") == [("voice_sample", "")]  # nobody's voice is enrolled

    assert send(doer, f"{VOICE}?consent={digest}", recording).status_code == 204
    assert send(doer, files, wav(speak(110, 0.95, 3.0, seed=8))).status_code == 200
    *_, (kind, score) = kinds(doer, f"{acts}/{act}")
    assert kind == "voice_report"
    assert int(score) > VOICE_ALIKE_PERMILLE


def kinds(browser: Browser, act: str) -> list[tuple[str, str]]:
    return [(i["kind"], i["value"]) for i in browser.call("GET", act).json()["items"]]


def test_a_voice_that_no_fact_speaks_of_is_found(house: House, reviewer: Browser) -> None:
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute(
            "insert into voices(tenant,person,print,salt,model,consent)"
            " select tenant, id, '\\x00', decode(repeat('00',16),'hex'), 'm', 'c' from people"
        )
    assert [line.split()[0] for line in audit(house)] == ["voice_differs"]


REFUSED = [
    ("not a file", b"RIFF", "bad_recording"),
    ("8 kHz", wav(np.zeros(8_000, np.float32), 8_000), "bad_recording"),
    ("silence", wav(np.zeros(6 * RATE_HZ, np.float32)), "too_little_speech"),
    ("a second", wav(speak(110, 0.95, 1.0)), "too_little_speech"),
    (
        "two people",
        wav(np.concatenate([speak(100, 0.9, 3.0), speak(300, 1.25, 3.0)])),
        "two_voices",
    ),
]


@pytest.mark.parametrize(("what", "body", "code"), REFUSED, ids=[r[0] for r in REFUSED])
def test_what_is_no_recording_of_one_person_is_refused(
    house: House, reviewer: Browser, what: str, body: bytes, code: str
) -> None:
    digest = reviewer.call("GET", VOICE).json()["consent_digest"]
    told = send(reviewer, f"{VOICE}?consent={digest}", body).json()
    assert told["type"].endswith(code), what
    assert facts_of(house, "voice.") == []


def test_nothing_is_enrolled_without_the_words_as_they_stand(
    reviewer: Browser, recording: bytes
) -> None:
    told = send(reviewer, f"{VOICE}?consent={'0' * 64}", recording).json()
    assert told["type"].endswith("consent_changed")
    huge = send(reviewer, f"{VOICE}?consent={'0' * 64}", b"x" * (VOICE_BYTES + 1))
    assert huge.status_code == 413
