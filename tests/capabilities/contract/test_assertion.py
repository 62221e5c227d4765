"""Signatures that must not count: each wrong one has a code of its own (evidence.md 2.1)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.contract.performing import assertion
from danshu.testing.authenticator import Authenticator

ORIGIN = "https://hub.example"
RP = "hub.example"
DIGEST = hashlib.sha256(b"the statement").digest()
OPTIONS = {"challenge": assertion.to_base64url(DIGEST), "rpId": RP}


def made(**wrong: Any) -> assertion.Assertion:
    device = Authenticator(ORIGIN)
    device.create({"challenge": "AA", "rp": {"id": RP}, "user": {"id": "AA"}})
    options = {**OPTIONS, **wrong.pop("options", {})}
    response = device.get(options, **{"counter": 7, **wrong})["response"]
    return assertion.take_apart(
        *(
            assertion.from_base64url(response[name])
            for name in ("clientDataJSON", "authenticatorData", "signature")
        )
    )


def expected(**other: Any) -> assertion.Expected:
    told = {
        "digest": DIGEST, "origin": ORIGIN, "rp_id": RP, "counter": 6, "device_bound": True,
    }  # fmt: skip
    return assertion.Expected(**{**told, **other})


def test_a_right_one_holds() -> None:
    assert assertion.check(made(), expected()) is None
    assert assertion.check(made(synced=True), expected(device_bound=False)) is None
    assert assertion.check(made(counter=0), expected(counter=0)) is None


WRONG = [
    ({"kind": "webauthn.create"}, "signature_type"),
    ({"options": {"challenge": assertion.to_base64url(b"other" * 7)}}, "wrong_statement"),
    ({"origin": "https://evil.example"}, "wrong_origin"),
    ({"cross_origin": True}, "wrong_origin"),
    ({"rp_id": "evil.example"}, "wrong_rp"),
    ({"present": False}, "user_absent"),
    ({"verified": False}, "user_unverified"),
    ({"synced": True}, "passkey_synced"),
    ({"counter": 6}, "counter_back"),
    ({"counter": 5}, "counter_back"),
    ({"counter": 0}, "counter_back"),
]


@pytest.mark.parametrize(("wrong", "code"), WRONG)
def test_a_wrong_one_is_refused_by_its_name(wrong: dict[str, Any], code: str) -> None:
    refusal = assertion.check(made(**wrong), expected())
    assert refusal is not None
    assert refusal.code == code
    assert refusal.reason
    assert refusal.reason_en


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_bytes_that_are_no_assertion_are_no_assertion(client: bytes, data: bytes) -> None:
    try:
        found = assertion.take_apart(client, data, b"")
    except ValueError:
        return
    assert assertion.check(found, expected()) is not None


@given(st.binary(max_size=200))
def test_base64url_comes_back(raw: bytes) -> None:
    assert assertion.from_base64url(assertion.to_base64url(raw)) == raw
    assert (
        assertion.from_base64url(assertion.to_base64url(raw) + "==") == raw
        if len(raw) % 3 == 1
        else True
    )
