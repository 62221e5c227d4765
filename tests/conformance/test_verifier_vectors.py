"""What the stand-alone verifier stands on, by published vectors and beside the kernel."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from webauthn.helpers import encode_cbor

from danshu.data.verifier import primitives, reading
from danshu.kernel import canonical, ed25519, merkle
from danshu.kernel.limits import BUNDLE_BYTES, BUNDLE_FILES

# RFC 8032 §7.1: TEST 1 and TEST 2; GB/T 32905-2016 annex A; RFC 6979 A.2.5 (P-256, SHA-256).
ED25519 = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d9"
        "74d873e065224901555fb8821590a33bacc61e39701cf9"
        "b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f"
        "8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
        "1d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
)
SM3 = (
    (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
)
P256_X = 0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
P256_Y = 0x7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299
P256 = {
    b"sample": (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ),
    b"test": (
        "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
        "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
    ),
}


def der(r: str, s: str) -> bytes:
    parts = b""
    for number in (int(r, 16), int(s, 16)):
        raw = number.to_bytes(number.bit_length() // 8 + 1, "big")
        parts += b"\2" + bytes([len(raw)]) + raw
    return b"\x30" + bytes([len(parts)]) + parts


@pytest.mark.parametrize(("key", "message", "signature"), ED25519)
def test_ed25519(key: str, message: str, signature: str) -> None:
    told = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert primitives.ed25519(*told)
    assert not primitives.ed25519(told[0], told[1] + b"x", told[2])
    high = told[2][:32] + (int.from_bytes(told[2][32:], "little") + primitives.L).to_bytes(
        32, "little"
    )
    assert not primitives.ed25519(told[0], told[1], high)
    assert ed25519.verify(*told)


@pytest.mark.parametrize(("data", "digest"), SM3)
def test_sm3(data: bytes, digest: str) -> None:
    assert primitives.sm3_plain(data).hex() == primitives.sm3(data).hex() == digest


@pytest.mark.parametrize("message", P256)
def test_p256(message: bytes) -> None:
    signature = der(*P256[message])
    assert primitives.p256(P256_X, P256_Y, message, signature)
    assert not primitives.p256(P256_X, P256_Y, message + b"x", signature)
    assert not primitives.p256(P256_X, P256_Y + 1, message, signature)


@pytest.mark.parametrize("spoilt", [b"", b"\x30\x00", b"\x30\x06\x02\x01\x81\x02\x01\x01"])
def test_a_signature_is_strict_der(spoilt: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        primitives.p256(P256_X, P256_Y, b"sample", spoilt)


def test_cose_keys_of_every_algorithm() -> None:
    message = b"what was signed"
    es = ec.generate_private_key(ec.SECP256R1())
    at = es.public_key().public_numbers()
    cose = {1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")}
    signature = es.sign(message, ec.ECDSA(hashes.SHA256()))
    assert primitives.by_cose(encode_cbor(cose), message, signature)
    assert not primitives.by_cose(encode_cbor({**cose, 3: -257}), message, signature)
    rs = rsa.generate_private_key(65537, 2048)
    numbers = rs.public_key().public_numbers()
    key = encode_cbor({1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: b"\1\0\1"})
    made = rs.sign(message, padding.PKCS1v15(), hashes.SHA256())
    assert primitives.by_cose(key, message, made)
    assert not primitives.by_cose(key, message + b"x", made)
    ed, told, good = (bytes.fromhex(t) for t in ED25519[1])
    assert primitives.by_cose(encode_cbor({1: 1, 3: -8, -1: 6, -2: ed}), told, good)
    with pytest.raises(ValueError):
        primitives.by_cose(key + b"\0", message, made)


def test_trees_equal_the_kernels() -> None:
    leaves = [merkle.leaf_hash(b"%d" % n) for n in range(33)]

    def node_at(level: int, index: int) -> bytes:
        return merkle.root(leaves[index << level : (index + 1) << level])

    for size in range(1, 34):
        root = merkle.root(leaves[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node_at)
            assert primitives.included(leaves[index], index, size, proof, root)
            assert not primitives.included(leaves[index], index ^ 1, size, proof, root) or size == 1
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(old, size, node_at)
            roots = merkle.root(leaves[:old]), root
            assert primitives.grown(old, size, *roots, proof)
            assert not primitives.grown(old, size, root, roots[0], proof) or old == size
            assert not primitives.grown(old, size, *roots, [*proof, root])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.from_regex(r"[a-z0-9_]{1,4}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.dictionaries(st.from_regex(r"[a-z0-9_]{1,4}", fullmatch=True), json_values, max_size=4))
def test_canonical_bytes_equal_the_kernels(value: dict[str, object]) -> None:
    raw = canonical.encode(value)
    assert primitives.is_canonical(raw)
    assert primitives.is_canonical(raw + b" ") is canonical.is_canonical(raw + b" ") is False


@pytest.mark.parametrize("raw", [b'{"a":1.0}', b'{"a":1,"a":1}', b'{"a":NaN}', b'{"b":1,"a":1}'])
def test_what_is_not_canonical(raw: bytes) -> None:
    assert not primitives.is_canonical(raw)


def test_the_bounds_are_the_hubs() -> None:
    assert (reading.FILES_MAX, reading.BYTES_MAX) == (BUNDLE_FILES, BUNDLE_BYTES)
