"""The checks of a signature record that need no cryptography, each with a code of its own.

W3C Web Authentication level 3, section 7.2, and evidence.md 2.1: type, challenge, origin, RP,
user present and verified, whether the key may leave its device, whether the counter went on. The
signature itself is verified by a library (hub/signing.py), over the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.kernel.errors import Refusal

FLAG_PRESENT: Final = 0x01  # UP
FLAG_VERIFIED: Final = 0x04  # UV
FLAG_SYNCED: Final = 0x08  # BE: the key may be on other devices too
_HEAD_BYTES: Final = 37  # RP id hash, flags, counter


def _no(code: str, zh: str, en: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause=f"webauthn.{code}")


SHAPE: Final = _no("signature_shape", "签名数据读不懂", "The signature's data cannot be read")
TYPE: Final = _no(
    "signature_type", "这不是一次签署(webauthn.get)", "This is no assertion (webauthn.get)"
)
CHALLENGE: Final = _no(
    "wrong_statement",
    "签的不是这份陈述,请重新出示再签",
    "What was signed is not this statement: show it anew and sign",
)
ORIGIN: Final = _no(
    "wrong_origin", "签名来自别的网站,不收", "The signature was made on another site"
)
RP: Final = _no("wrong_rp", "签名用的是别的网站的通行密钥", "The passkey belongs to another site")
ABSENT: Final = _no("user_absent", "签署时没有人在场", "Nobody was there when it was signed")
UNVERIFIED: Final = _no(
    "user_unverified",
    "设备没有核验本人(指纹、面容或 PIN),请重新签署",
    "The device did not verify the person (finger, face or PIN): sign again",
)
SYNCED: Final = _no(
    "passkey_synced",
    "这项动作要用不离开设备的通行密钥;这把会同步到别的设备,换一把绑定设备的密钥再签",
    "This action asks for a passkey bound to its device; this one is synced: use another",
)
COUNTER: Final = _no(
    "counter_back",
    "通行密钥的计数倒退,可能被复制;移除它并登记一把新的",
    "The passkey's counter went back, it may have been copied: remove it, add a new one",
)
KEY: Final = _no(
    "key_differs", "公钥与登记的不符", "The public key is not the one that was registered"
)
REUSED: Final = _no(
    "challenge_used",
    "这份陈述已签过或已过期,请重新出示再签",
    "The statement was signed before or is too old: show it anew and sign",
)
UNKNOWN: Final = _no(
    "passkey_unknown",
    "这把通行密钥不在你名下,或已移除",
    "The passkey is not yours, or was removed",
)
BAD: Final = _no("signature_bad", "签名验不过", "The signature does not hold")
NO_PASSKEY: Final = _no(
    "no_passkey_yet",
    "这项动作要本人签署,你还没有通行密钥:先在「个人设置」登记一把",
    "This action asks for a signature and you have no passkey: add one in your settings",
)


class Assertion(Struct, frozen=True, kw_only=True):
    """An assertion taken apart. `client_data` and `authenticator_data` are the signed bytes."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    kind: str
    challenge: bytes
    origin: str
    cross_origin: bool
    rp_hash: bytes
    flags: int
    counter: int


class Expected(Struct, frozen=True, kw_only=True):
    """What must hold: the statement's digest, our origin and RP, the key, its last counter."""

    digest: bytes
    origin: str
    rp_id: str
    counter: int
    device_bound: bool


def from_base64url(text: object) -> bytes:
    """Read base64url, padded or not. Raises ValueError."""
    if not isinstance(text, str) or not text.isascii():
        raise ValueError("not base64url")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def to_base64url(raw: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def take_apart(client_data: bytes, authenticator_data: bytes, signature: bytes) -> Assertion:
    """Read an assertion's bytes. Raises ValueError when they are none."""
    if len(authenticator_data) < _HEAD_BYTES:
        raise ValueError("the authenticator data are too short")
    try:
        told: Any = msgspec.json.decode(client_data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("the client data are no JSON") from error
    if not isinstance(told, dict):
        raise ValueError("the client data are no object")
    return Assertion(
        client_data=client_data,
        authenticator_data=authenticator_data,
        signature=signature,
        kind=str(told.get("type", "")),
        challenge=from_base64url(told.get("challenge")),
        origin=str(told.get("origin", "")),
        cross_origin=told.get("crossOrigin", False) is not False,
        rp_hash=authenticator_data[:32],
        flags=authenticator_data[32],
        counter=int.from_bytes(authenticator_data[33:_HEAD_BYTES], "big"),
    )


def check(made: Assertion, expected: Expected) -> Refusal | None:
    """Say what is wrong with an assertion, by the first check that it fails; None when all hold."""
    if made.kind != "webauthn.get":
        return TYPE
    if made.challenge != expected.digest:
        return CHALLENGE
    if made.origin != expected.origin or made.cross_origin:
        return ORIGIN
    if made.rp_hash != hashlib.sha256(expected.rp_id.encode()).digest():
        return RP
    if not made.flags & FLAG_PRESENT:
        return ABSENT
    if not made.flags & FLAG_VERIFIED:
        return UNVERIFIED
    if expected.device_bound and made.flags & FLAG_SYNCED:
        return SYNCED
    # A counter of 0 on both sides is an authenticator without one (section 6.1.1).
    if (made.counter or expected.counter) and made.counter <= expected.counter:
        return COUNTER
    return None
