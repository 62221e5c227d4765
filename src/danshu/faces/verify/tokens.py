"""RFC 3161 tokens and signed receipts of evidence platforms (JWS, RFC 7515)."""

from __future__ import annotations

import base64
import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.faces.verify.certificates import Certificate, Finding, Unknown, climb, find_revoked
from danshu.kernel import der, fact, timestamp
from danshu.kernel.errors import InputError
from danshu.kernel.sm3 import sm3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.faces.verify.trust import Trust

    Found = tuple[Finding, Finding | None]

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_CERTIFICATE_OF_OLD: Final = "1.2.840.113549.1.9.16.2.12"  # RFC 2634: by SHA-1
_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"  # RFC 5035
_TST_INFO: Final = der.write_oid("1.2.840.113549.1.9.16.1.4")
_PLAIN: Final = ("sha1", "sha256", "sha384", "sha512")


def check_token(raw: bytes, data: bytes, algorithm: str, trust: Trust) -> Found:
    """Check an answer over `data`: imprint, signature, purpose, chain at genTime; and whether a
    certificate had been revoked, if it came that far. Raises for bytes that are no answer.
    """
    answer = timestamp.read_answer(raw)
    token = answer.token
    if answer.status not in timestamp.GRANTED or token is None or len(token.signers) != 1:
        raise InputError("timestamp", "no token was granted")
    given = [Certificate(each) for each in token.certificates]
    signer = token.signers[0]
    at = _EPOCH + datetime.timedelta(microseconds=token.gen_us)
    if token.algorithm != algorithm or token.digest != _digest(algorithm, data):
        return Finding(False, "时间戳盖的不是这个检查点"), None
    leaf = next((c for c in given if _is_of(c, signer)), None)
    if leaf is None or not signer.signed_attributes:
        return Finding(False, "令牌里没有签名者的证书或所签的属性"), None
    try:
        if why := _find_odd(token, signer, leaf):
            return Finding(False, why), None
        if not leaf.has_signed(
            signer.signature_algorithm,
            signer.signed_attributes,
            signer.signature,
            signer.digest_algorithm,
        ):
            return Finding(False, "签名不成立"), None
        if not leaf.is_for_stamping:
            return Finding(False, "签名者的证书不是专用于时间戳的"), None
        return _follow(leaf, given, trust, at, f"{at:%Y-%m-%d %H:%M:%S} UTC")
    except Unknown as error:
        told = f"{error},本程序不会验;所称时间 {at:%Y-%m-%d %H:%M:%S} UTC"
        return Finding(None, told + ";用手工一栏的 openssl 命令"), None


def check_receipt(raw: bytes, told: dict[str, Any], trust: Trust) -> Found:
    """Check a platform's signed receipt against what the bundle says of it (digest, evidence_no,
    tx, at). Raises for bytes that are no receipt.
    """
    above, middle, below = raw.split(b".")
    head, said = (msgspec.json.decode(_from_url(part)) for part in (above, middle))
    given = [Certificate(base64.b64decode(each, validate=True)) for each in head["x5c"]]
    at_ms = fact.epoch_ms(said["time"])
    odd = [name for name in ("digest", "evidence_no", "tx") if said.get(name) != told[name]]
    odd += [] if at_ms == fact.epoch_ms(told["at"]) else ["time"]
    if odd or said.get("alg") != "sha256":
        return Finding(False, "回执与平台所签的不同:" + "、".join(odd or ["alg"])), None
    leaf, signature = given[0], _from_url(below)
    at = _EPOCH + datetime.timedelta(milliseconds=at_ms)
    try:
        if not leaf.has_signed_raw(head["alg"], above + b"." + middle, signature):
            return Finding(False, "平台的签名不成立"), None
        if leaf.purposes is not None:
            return Finding(False, "签名者的证书不是用于回执的"), None
        word = f"{said['time']} 收存,编号 {said['evidence_no']}"
        found, about = _follow(leaf, given, trust, at, word)
    except Unknown as error:
        return Finding(None, f"{error},本程序不会验,请到该平台查验"), None
    pinned = any(leaf.raw == root.raw for root in trust.roots)
    return found, None if pinned else about


def _follow(
    leaf: Certificate,
    given: Sequence[Certificate],
    trust: Trust,
    at: datetime.datetime,
    word: str,
) -> Found:
    found, path = climb(leaf, given, trust.roots, at)
    if not found.passed:
        return found, None
    return Finding(True, f"{leaf.name} 于 {word}"), find_revoked(path, trust.crls, at)


def _is_of(certificate: Certificate, signer: timestamp.Signer) -> bool:
    inner = certificate.inner
    return (inner.issuer.public_bytes(), inner.serial_number) == (signer.issuer, signer.serial)


def _find_odd(token: timestamp.Token, signer: timestamp.Signer, leaf: Certificate) -> str:
    """Say what the signed attributes name that is not this content or this certificate."""
    found: dict[str, der.Item] = {}
    for attribute in der.parts(der.read(signer.signed_attributes), der.SET):
        kind, values = der.parts(attribute)
        found[der.oid(kind)] = der.parts(values, der.SET)[0]
    digest = _digest(signer.digest_algorithm, token.info)
    if found[_CONTENT_TYPE].raw != _TST_INFO or found[_MESSAGE_DIGEST].body != digest:
        return "所签的不是这份内容"
    algorithm = "sha256" if _CERTIFICATE in found else "sha1"
    named = der.parts(found.get(_CERTIFICATE) or found[_CERTIFICATE_OF_OLD])[0]
    first, *rest = der.parts(der.parts(named)[0])
    if first.tag == der.SEQUENCE:
        oid = der.oid(der.parts(first)[0])
        algorithm, first = timestamp.OIDS.get(oid, oid), rest[0]
    same = first.body == _digest(algorithm, leaf.raw)
    return "" if same else "所签的属性指着另一张证书"


def _digest(algorithm: str, data: bytes) -> bytes:
    if algorithm == "sm3":
        return sm3(data)
    if algorithm not in _PLAIN:
        raise Unknown("摘要算法 " + algorithm)
    return hashlib.new(algorithm, data).digest()


def _from_url(part: bytes) -> bytes:
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
