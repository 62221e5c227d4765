"""SM2 and SM3 against the standards' own vectors and against openssl."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.kernel import der, sm2
from danshu.kernel.sm3 import plain_sm3, sm3

# GB/T 32918.5-2017 annex A.2
KEY = bytes.fromhex(
    "04"
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
MESSAGE = b"message digest"


def signature(r: int, s: int) -> bytes:
    return der.write(der.SEQUENCE, der.write_integer(r), der.write_integer(s))


def test_the_standards_example() -> None:
    point = sm2.read_point(KEY)
    assert point is not None
    assert sm2.identity(point).hex().upper() == (
        "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
    )
    assert sm2.verify(KEY, MESSAGE, signature(R, S))


@pytest.mark.parametrize(
    ("key", "message", "raw", "user"),
    [
        (KEY, MESSAGE + b".", signature(R, S), sm2.USER_ID),
        (KEY, MESSAGE, signature(R, S), b"ALICE123@YAHOO.COM"),
        (KEY, MESSAGE, signature(R, S ^ 1), sm2.USER_ID),
        (KEY, MESSAGE, signature(R ^ 1, S), sm2.USER_ID),
        (KEY, MESSAGE, signature(R + N, S), sm2.USER_ID),
        (KEY, MESSAGE, signature(0, S), sm2.USER_ID),
        (KEY, MESSAGE, signature(R, 0), sm2.USER_ID),
        (KEY, MESSAGE, signature(R, N - R), sm2.USER_ID),  # t = 0
        (KEY, MESSAGE, signature(R, S) + b"\0", sm2.USER_ID),
        (KEY, MESSAGE, signature(R, S)[:-1], sm2.USER_ID),
        (KEY, MESSAGE, b"", sm2.USER_ID),
        (KEY[:-1] + bytes((KEY[-1] ^ 1,)), MESSAGE, signature(R, S), sm2.USER_ID),  # off the curve
        (KEY[1:], MESSAGE, signature(R, S), sm2.USER_ID),
        (b"\x04" + b"\xff" * 64, MESSAGE, signature(R, S), sm2.USER_ID),
    ],
)
def test_what_is_not_a_signature(key: bytes, message: bytes, raw: bytes, user: bytes) -> None:
    assert not sm2.verify(key, message, raw, user)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is the oracle")
def test_openssl_signs_we_verify(tmp_path: Path) -> None:
    def openssl(*words: str) -> bytes:
        done = subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, check=True)
        return done.stdout

    openssl("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", "key")
    spki = openssl("pkey", "-in", "key", "-pubout", "-outform", "DER")
    key = sm2.read_public_key(spki)
    assert key is not None
    for size in (0, 1, 63, 64, 1000):
        message = bytes(range(256))[:size] * 1
        (tmp_path / "message").write_bytes(message)
        options = ("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{sm2.USER_ID.decode()}")
        openssl("pkeyutl", "-sign", "-inkey", "key", *options, "-in", "message", "-out", "sig")
        raw = (tmp_path / "sig").read_bytes()
        assert sm2.verify(key, message, raw)
        assert not sm2.verify(key, message + b"x", raw)


@pytest.mark.parametrize(
    ("message", "digest"),
    [  # GB/T 32905-2016 annex A
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3(message: bytes, digest: str) -> None:
    assert plain_sm3(message).hex() == sm3(message).hex() == digest


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="OpenSSL without SM3")
@given(st.binary(max_size=200))
def test_sm3_is_that_of_openssl(message: bytes) -> None:
    assert plain_sm3(message) == hashlib.new("sm3", message).digest()
