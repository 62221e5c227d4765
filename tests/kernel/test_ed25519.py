"""Ed25519: RFC 8032 §7.1, `cryptography` as the oracle, and what strictness refuses."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.kernel import ed25519

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493

# RFC 8032 §7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974"
        "d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8f"
        "b3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a44"
        "5e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"
        "0a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
        "454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb"
        "69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
]
SECRETS = st.binary(min_size=32, max_size=32)


def _oracle(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_rfc_8032(secret: str, public: str, message: str, signature: str) -> None:
    raw = [bytes.fromhex(text) for text in (secret, public, message, signature)]
    key = Ed25519PrivateKey.from_private_bytes(raw[0])
    assert key.public_key().public_bytes_raw() == raw[1]  # the vector itself is copied rightly
    assert key.sign(raw[2]) == raw[3]
    assert ed25519.verify(*raw[1:])


@given(SECRETS, st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_what_a_library_signs_verifies(secret: bytes, message: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert ed25519.verify(public, message, signature)
    assert not ed25519.verify(public, message + b"\0", signature)


@given(SECRETS, st.integers(0, 96 * 8 - 1))
@settings(max_examples=60, deadline=None)
def test_every_flipped_bit_is_refused_as_the_library_refuses_it(secret: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    whole = bytearray(key.public_key().public_bytes_raw() + key.sign(b"message"))
    whole[bit // 8] ^= 1 << bit % 8
    public, signature = bytes(whole[:32]), bytes(whole[32:])
    assert not ed25519.verify(public, b"message", signature)
    assert not _oracle(public, b"message", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
@settings(max_examples=30, deadline=None)
def test_random_bytes_are_refused_without_failing(public: bytes, signature: bytes) -> None:
    assert ed25519.verify(public, b"", signature) is False


def test_a_signature_cannot_be_changed_into_another_valid_one() -> None:
    _, public, message, signature = (bytes.fromhex(text) for text in VECTORS[1])
    s = int.from_bytes(signature[32:], "little")
    for changed in (s + L, s + 2 * L):
        assert not ed25519.verify(public, message, signature[:32] + changed.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "public",
    [
        (1).to_bytes(32, "little"),  # the neutral element
        (P - 1).to_bytes(32, "little"),  # order 2
        (0).to_bytes(32, "little"),  # order 4
        bytes.fromhex(
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
        ),  # order 8
    ],
    ids=["1", "2", "4", "8"],
)
def test_keys_of_small_order_are_refused(public: bytes) -> None:
    # With such a key, R = S*B with S = 0 fits every message whose hash is a multiple of its order.
    signature = (1).to_bytes(32, "little") + bytes(32)
    assert not any(ed25519.verify(public, bytes([n]), signature) for n in range(32))


@pytest.mark.parametrize(
    "point",
    [
        P.to_bytes(32, "little"),  # y = 0 written as p
        (P + 1).to_bytes(32, "little"),
        (1 | 1 << 255).to_bytes(32, "little"),  # x = 0 with the sign bit set
        (2).to_bytes(32, "little"),  # no point has this y
        b"\xff" * 32,
    ],
    ids=["p", "p+1", "minus-zero", "off-curve", "ones"],
)
def test_points_that_are_not_canonical_are_refused(point: bytes) -> None:
    _, public, message, signature = (bytes.fromhex(text) for text in VECTORS[1])
    assert not ed25519.verify(point, message, signature)
    assert not ed25519.verify(public, message, point + signature[32:])


@pytest.mark.parametrize(("key", "signature"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_other_lengths_are_refused(key: int, signature: int) -> None:
    assert not ed25519.verify(b"\1" * key, b"", b"\1" * signature)
