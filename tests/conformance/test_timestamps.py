"""Port `timestamp`: honest answers by both digests, every lie of the reference authority."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from rfc3161_client import decode_timestamp_response

from danshu.kernel.sm3 import sm3
from danshu.kernel.timestamp import read_answer
from danshu.ports import registry
from danshu.ports.timestamp import ALGORITHMS, Authority, Stamp, StampRefused, Timestamp
from danshu.testing.sm2_tokens import Sm2Tsa
from danshu.testing.tsa import OTHER_POLICY, POLICY, Tsa, open_tsa, order

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the reference authority is `openssl ts`"
)
NOTE = b"danshu/small/2026h2\n1\n...\n"
DIGESTS = {"sha256": hashlib.sha256(NOTE).digest(), "sm3": sm3(NOTE)}
NONCE = 0x7FFF_FFFF_FFFF_FF01


@pytest.fixture(scope="module")
def adapter() -> Timestamp:
    return cast("Timestamp", registry.load("timestamp", "rfc3161"))


@pytest.fixture(scope="module")
def served() -> Iterator[Tsa]:
    with open_tsa() as tsa:
        yield tsa


@pytest.fixture
def tsa(served: Tsa) -> Iterator[Tsa]:
    served.fault = ""
    yield served
    served.fault = ""


def ask(
    adapter: Timestamp, tsa: Tsa, algorithm: str = "sha256", policy: str = "", timeout_s: float = 20
) -> Stamp:
    authority = Authority(url=tsa.url, roots=tsa.root, policy=policy)
    return adapter.stamp(authority, algorithm, DIGESTS[algorithm], NONCE, timeout_s)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_honest_answer(adapter: Timestamp, tsa: Tsa, algorithm: str) -> None:
    stamp = ask(adapter, tsa, algorithm)
    assert (stamp.algorithm, stamp.digest) == (algorithm, DIGESTS[algorithm])
    assert stamp.checked == "rfc3161-client"
    assert (stamp.policy, stamp.accuracy_us) == (POLICY, 1_500_000)
    assert "自建时间戳" in stamp.signer
    again = adapter.verify(stamp.token, algorithm, DIGESTS[algorithm], tsa.root)
    assert again == stamp


def test_the_policy_that_was_asked_for(adapter: Timestamp, tsa: Tsa) -> None:
    assert ask(adapter, tsa, policy=OTHER_POLICY).policy == OTHER_POLICY


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_valid_answer_that_the_client_cannot_read(
    adapter: Timestamp, tsa: Tsa, algorithm: str
) -> None:
    tsa.fault = "unsorted"
    stamp = ask(adapter, tsa, algorithm)
    with pytest.raises(ValueError):
        decode_timestamp_response(stamp.token)
    assert stamp.checked == "openssl"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("nonce", "nonce"),
        ("imprint", "imprint"),
        ("policy", "policy"),
        ("expired", "chain"),
        ("flipped", "chain"),
        ("500", "http_status"),
        ("redirect", "http_status"),
        ("garbage", "unreadable"),
        ("huge", "too_large"),
        ("rejected", "rejected"),
    ],
)
def test_a_lie_is_refused(adapter: Timestamp, tsa: Tsa, fault: str, code: str) -> None:
    tsa.fault = fault
    with pytest.raises(StampRefused) as refused:
        ask(adapter, tsa, policy=OTHER_POLICY if fault == "policy" else "")
    assert refused.value.code == code


def test_an_authority_that_does_not_know_sm3(adapter: Timestamp, tsa: Tsa) -> None:
    tsa.fault = "no_sm3"
    assert ask(adapter, tsa).algorithm == "sha256"
    with pytest.raises(StampRefused) as refused:
        ask(adapter, tsa, "sm3")
    assert refused.value.code == "algorithm"


def test_an_authority_that_takes_too_long(adapter: Timestamp, tsa: Tsa) -> None:
    tsa.fault = "slow"
    with pytest.raises(StampRefused) as refused:
        ask(adapter, tsa, timeout_s=0.2)
    assert refused.value.code == "unreachable"
    tsa.hold.set()


def test_the_root_comes_from_outside(adapter: Timestamp, tsa: Tsa) -> None:
    stamp = ask(adapter, tsa)
    digest = DIGESTS["sha256"]
    with pytest.raises(StampRefused) as refused:
        adapter.verify(stamp.token, "sha256", digest, b"")
    assert refused.value.code == "no_roots"
    with open_tsa() as other, pytest.raises(StampRefused) as refused:
        adapter.verify(stamp.token, "sha256", digest, other.root)
    assert refused.value.code == "chain"


@pytest.mark.parametrize("fault", ["", "unsorted"])
def test_no_byte_of_what_was_signed_can_change(adapter: Timestamp, tsa: Tsa, fault: str) -> None:
    tsa.fault = fault
    raw = ask(adapter, tsa).token
    token = read_answer(raw).token
    assert token is not None
    start = raw.index(token.info)
    for at in range(start, start + len(token.info), 29 if fault else 7):
        forged = raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]
        with pytest.raises(StampRefused):
            adapter.verify(forged, "sha256", DIGESTS["sha256"], tsa.root, NONCE)


def test_the_order_of_certificates_is_signed_by_nobody(adapter: Timestamp, tsa: Tsa) -> None:
    raw = ask(adapter, tsa).token
    mixed = order(raw, reverse=True)
    assert mixed != raw
    for each in (raw, mixed):
        assert adapter.verify(each, "sha256", DIGESTS["sha256"], tsa.root, NONCE).token == each


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_sm2_key_signed(adapter: Timestamp, tmp_path: Path, algorithm: str) -> None:
    authority = Sm2Tsa(tmp_path)
    now_ms = authority_valid_ms(tmp_path)
    digest = DIGESTS[algorithm]
    raw = authority.stamp(algorithm, digest, NONCE, now_ms)
    stamp = adapter.verify(raw, algorithm, digest, authority.root, NONCE)
    assert (stamp.checked, stamp.signer, stamp.gen_us) == (
        "danshu", "CN=sm2 signer", now_ms // 1000 * 1_000_000,
    )  # fmt: skip
    token = read_answer(raw).token
    assert token is not None
    (signer,) = token.signers
    for part in (token.info, signer.signed_attributes[2:], signer.signature):
        at = raw.index(part) + len(part) - 3
        forged = raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]
        with pytest.raises(StampRefused):
            adapter.verify(forged, algorithm, digest, authority.root)
    for wrong_ms in (now_ms - 86_400_000, now_ms + 40 * 86_400_000):
        late = authority.stamp(algorithm, digest, NONCE, wrong_ms)
        with pytest.raises(StampRefused) as refused:
            adapter.verify(late, algorithm, digest, authority.root)
        assert refused.value.code == "chain"


def test_an_sm2_key_that_is_for_something_else(adapter: Timestamp, tmp_path: Path) -> None:
    authority = Sm2Tsa(tmp_path, purpose="plain")
    raw = authority.stamp("sm3", DIGESTS["sm3"], NONCE, authority_valid_ms(tmp_path))
    with pytest.raises(StampRefused) as refused:
        adapter.verify(raw, "sm3", DIGESTS["sm3"], authority.root)
    assert refused.value.code == "chain"


def authority_valid_ms(folder: Path) -> int:
    """A moment at which the certificates, just made, are valid."""
    return int((folder / "signer.pem").stat().st_mtime * 1000) + 2_000
