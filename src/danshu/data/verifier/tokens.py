"""Certificates, time-stamp tokens, revocation lists, signed receipts: a part of verify.py."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from danshu.data.verifier.primitives import (
    der_pair,
    ecdsa,
    from_base64,
    from_base64url,
    rsa,
    sm2,
    sm3,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# ── 三 证书(RFC 5280)、时间戳(RFC 3161)、吊销列表、签名回执(RFC 7515) ──
ALGORITHMS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "1.2.156.10197.1.401": "sm3",
    "1.3.14.3.2.26": "sha1",  # names a certificate in tokens of old, signs nothing
    "1.2.840.113549.1.1.1": "rsa",
    "1.2.840.113549.1.1.11": "rsa sha256",
    "1.2.840.113549.1.1.12": "rsa sha384",
    "1.2.840.113549.1.1.13": "rsa sha512",
    "1.2.840.10045.2.1": "ec",
    "1.2.840.10045.4.3.2": "ec sha256",
    "1.2.840.10045.4.3.3": "ec sha384",
    "1.2.840.10045.4.3.4": "ec sha512",
    "1.2.156.10197.1.501": "sm2 sm3",
    "1.2.156.10197.1.301.1": "sm2 sm3",
    "1.2.840.10045.3.1.7": "P-256",
    "1.3.132.0.34": "P-384",
    "1.2.156.10197.1.301": "SM2",
}
STAMPING = "300a06082b06010505070308"  # extendedKeyUsage: time stamping and nothing else
KINDS = ("1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4")  # SignedData, TSTInfo
LATER = (b"\0", b"\3", b"\4", b"\5")  # reasons that leave older tokens good (RFC 3161 §4)
Item = Any  # a tuple: tag, content, all bytes


class Unknown(Exception):
    """What this program can't check; another one may."""


def items(body: bytes) -> list[Item]:
    """Read DER strictly (X.690 §10)."""
    found, at = [], 0
    while at < len(body):
        tag, size, start = body[at], body[at + 1], at + 2
        if size > 127:
            start += size - 128
            raw = body[at + 2 : start]
            size = int.from_bytes(raw, "big")
            if not 1 <= len(raw) <= 4 or size < 128 or not raw[0]:
                raise ValueError("not DER")
        if start + size > len(body) or tag & 31 == 31:
            raise ValueError("not DER")
        found.append((tag, body[start : start + size], body[at : start + size]))
        at = start + size
    return found


def inside(item: Item, tag: int = 0x30) -> list[Item]:
    if item[0] != tag:
        raise ValueError("not DER of the form that was expected")
    return items(item[1])


def one(raw: bytes) -> Item:
    (item,) = items(raw)
    return item


def oid(item: Item) -> str:
    arcs: list[int] = []
    arc = 0
    for byte in item[1] if item[0] == 6 else b"":
        arc = arc << 7 | byte & 127
        if byte < 128:
            arcs, arc = [*arcs, arc], 0
    return ".".join(
        map(str, [min(arcs[0] // 40, 2), arcs[0] - 40 * min(arcs[0] // 40, 2), *arcs[1:]])
    )


def named(item: Item) -> str:
    """The name of an AlgorithmIdentifier."""
    told = oid(inside(item)[0])
    return ALGORITHMS.get(told, told)


def moment(item: Item) -> datetime.datetime:
    text = item[1].decode("ascii")
    text = ("20" if text[:2] < "50" else "19") + text if item[0] == 0x17 else text
    if item[0] not in (0x17, 0x18) or not re.fullmatch(r"\d{14}(\.\d{1,9})?Z", text, re.A):
        raise ValueError("not a time in UTC")
    micro = int((text[15:-1] + "000000")[:6]) if "." in text else 0
    told = datetime.datetime.strptime(text[:14] + "+0000", "%Y%m%d%H%M%S%z")
    return told.replace(microsecond=micro)


def instant(text: str) -> datetime.datetime:
    """RFC 3339, to the millisecond; older Pythons read fewer forms of it by themselves."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text, re.A)
    if not found:
        raise ValueError("not an instant")
    told = datetime.datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    return told + datetime.timedelta(milliseconds=int(float(found[2] or 0) * 1000 + 0.5))


def digest_by(name: str, data: bytes) -> bytes:
    if name not in ("sha1", "sha256", "sha384", "sha512", "sm3"):
        raise Unknown("摘要算法 " + name)
    return sm3(data) if name == "sm3" else hashlib.new(name, data).digest()


def extensions(item: Item) -> dict[str, tuple[bool, bytes]]:
    found = {}
    for each in inside(item):
        name, *rest = inside(each)
        found[oid(name)] = (rest[0][0] == 1 and rest[0][1] != b"\0", rest[-1][1])
    return found


class Certificate:
    """What is read of a certificate (RFC 5280 §4.1)."""

    def __init__(self, raw: bytes) -> None:
        tbs, outer, bits = inside(one(raw))
        parts = inside(tbs)
        parts = parts[1:] if parts[0][0] == 0xA0 else parts
        serial, inner, issuer, span, subject, key = parts[:6]
        self.raw, self.tbs, self.key = raw, tbs[2], inside(key)
        self.number, self.issuer, self.subject = serial[2], issuer[2], subject[2]
        self.begins, self.ends = map(moment, inside(span))
        self.algorithm, self.signature = named(inner), bits[1][1:]
        self.more = next((extensions(inside(p, 0xA3)[0]) for p in parts[6:] if p[0] == 0xA3), {})
        basic = items(self.more.get("2.5.29.19", (False, b"0\0"))[1])[0]
        usage = self.more.get("2.5.29.15", (False, b"\3\2\0\6"))[1]  # keyCertSign, cRLSign
        self.is_ca = basic[1][:3] == b"\1\1\xff" and bool(usage[3] & 4)
        if outer[2] != inner[2] or bits[1][:1] != b"\0":
            raise ValueError("a certificate that names two algorithms")

    def name(self) -> str:
        told = [inside(p)[1][1] for rdn in inside(one(self.subject)) for p in inside(rdn, 0x31)]
        return told[-1].decode("utf-8", "replace") if told else "?"

    def signed(self, algorithm: str, message: bytes, signature: bytes, raw: bool = False) -> bool:
        """Whether the key signed it. `algorithm`: kind and digest. `raw`: r‖s instead of DER."""
        kind, _, digest = algorithm.partition(" ")
        parts, bits = inside(self.key[0]), self.key[1][1][1:]
        mine = ALGORITHMS.get(oid(parts[0]), "?")
        if mine == "rsa" and kind == "rsa" and digest in ("sha256", "sha384", "sha512"):
            n, e = (int.from_bytes(p[1], "big") for p in inside(one(bits)))
            return rsa(n, e, message, signature, digest)
        curve = ALGORITHMS.get(oid(parts[1]), "?") if mine == "ec" else "?"
        if curve not in (("SM2",) if kind == "sm2" else ("P-256", "P-384")) or kind == "rsa":
            raise Unknown("签名算法 " + algorithm)
        half, rest = len(bits) // 2, bits[1:]
        x, y = int.from_bytes(rest[:half], "big"), int.from_bytes(rest[half:], "big")
        middle = len(signature) // 2
        ends = signature[:middle], signature[middle:]
        pair: Any = tuple(int.from_bytes(p, "big") for p in ends) if raw else der_pair(signature)
        if bits[:1] != b"\4":
            raise Unknown("压缩的公钥")
        if kind == "sm2":
            return sm2(x, y, message, pair)
        return ecdsa(curve, x, y, digest_by(digest, message), pair)


class Crl:
    """What is read of a revocation list (RFC 5280 §5.1)."""

    def __init__(self, raw: bytes) -> None:
        tbs, outer, bits = inside(one(raw))
        parts = inside(tbs)
        parts = parts[1:] if parts[0][0] == 2 else parts
        self.tbs, self.issuer, self.signature = tbs[2], parts[1][2], bits[1][1:]
        self.algorithm, self.this = named(parts[0]), moment(parts[2])
        rest = parts[3:]
        self.next = moment(rest.pop(0)) if rest and rest[0][0] in (0x17, 0x18) else None
        listed = inside(rest.pop(0)) if rest and rest[0][0] == 0x30 else []
        more = extensions(inside(rest[0], 0xA0)[0]) if rest else {}
        self.odd = any(critical for critical, _ in more.values())
        self.revoked = {}
        for each in listed:
            serial, at, *tail = inside(each)
            told = extensions(tail[0]) if tail else {}
            self.odd = self.odd or any(critical for critical, _ in told.values())
            reason = items(told["2.5.29.21"][1])[0][1] if "2.5.29.21" in told else b""
            self.revoked[serial[2]] = (moment(at), reason)
        if outer[2] != parts[0][2]:
            raise ValueError("a list that names two algorithms")


def climb(
    leaf: Certificate, given: Sequence[Certificate], roots: Sequence[Certificate], at: Any
) -> tuple[Any, str, list[Certificate]]:
    """Follow issuers from a certificate to a root from outside, as of a time."""
    path = [leaf]
    while len(path) < 9:
        here = path[-1]
        if not here.begins <= at <= here.ends:
            return False, f"{here.name()} 的证书当时不在有效期内", path
        if any(here.raw == r.raw for r in roots):
            return True, "", path
        others = [c for c in (*roots, *given) if c.subject == here.issuer and c.raw != here.raw]
        above = [
            c for c in others if c.is_ca and c.signed(here.algorithm, here.tbs, here.signature)
        ]
        if not others:
            return None, f"没有给出 {here.name()} 之上的根证书,用 --trust 给出(PEM)", path
        if not above:
            return False, f"{here.name()} 的证书不是其签发者签的", path
        path.append(above[0])
    return False, "证书链过长", path


def revoked(path: Sequence[Certificate], crls: Sequence[Crl], at: Any) -> tuple[Any, str]:
    """Whether any certificate below the root had been revoked, by lists that reach the time."""
    for below, here in enumerate(path[:-1]):
        above = path[below + 1]
        named_so = [c for c in crls if c.issuer == here.issuer and not c.odd]
        mine = [c for c in named_so if above.signed(c.algorithm, c.tbs, c.signature)]
        if named_so and not mine:
            return False, f"{here.name()} 的吊销列表不是其签发者签的"
        for crl in mine:
            when, reason = crl.revoked.get(here.number, (None, b""))
            if when and (when <= at or reason not in LATER):
                return False, f"{here.name()} 的证书已于 {when:%Y-%m-%d %H:%M:%S} 吊销"
        if not any(c.next and c.next >= at and c.this <= here.ends for c in mine):
            return None, f"没有 {here.name()} 当时的吊销列表,向其签发者索取,用 --trust 给出(PEM)"
    return True, f"{len(path) - 1} 张证书当时未吊销"


def answer(raw: bytes) -> Any:
    """Take a TimeStampResp apart: TSTInfo, its bytes, certificates, signer."""
    status, token = inside(one(raw))
    kind, content = inside(token)
    signed = inside(inside(content, 0xA0)[0])
    info_kind, wrapped = inside(signed[2])
    info = inside(wrapped, 0xA0)[0][1]
    if inside(status)[0][1] not in (b"\0", b"\1") or (oid(kind), oid(info_kind)) != KINDS:
        raise ValueError("没有授予时间戳")
    (signer,) = inside(signed[-1], 0x31)
    if signed[0][1] != b"\3" or inside(signer)[0][1] not in (b"\1", b"\3"):
        raise ValueError("不认识的版本")
    bodies = [c[2] for p in signed[3:] if p[0] == 0xA0 for c in items(p[1]) if c[0] == 0x30]
    return inside(one(info)), info, [Certificate(b) for b in bodies], inside(signer)


def signer_of(parts: Any, info: bytes, given: Sequence[Certificate]) -> tuple[Any, str]:
    """Find the signer's certificate; the signed attributes must name it and the content."""
    kind, inner = parts[3][0], named(parts[2])
    who = [p[2] for p in inside(parts[1])]
    leaf = next((c for c in given if who == [c.issuer, c.number]), None)
    if kind != 0xA0 or leaf is None:
        return None, "令牌里没有签名者的证书或所签的属性"
    found = {oid(inside(a)[0]): inside(a)[1][1] for a in items(parts[3][1])}
    old, new = (found.get("1.2.840.113549.1.9.16.2." + n) for n in ("12", "47"))
    first = inside(inside(items(new or old or b"")[0])[0])[0]
    told, name = inside(first), "sha256" if new else "sha1"
    if told[0][0] == 0x30:
        name, told = named(told[0]), told[1:]
    digest = items(found["1.2.840.113549.1.9.4"])[0][1]
    if oid(items(found["1.2.840.113549.1.9.3"])[0]) != KINDS[1] or digest != digest_by(inner, info):
        return None, "所签的不是这份内容"
    if told[0][1] != digest_by(name, leaf.raw):
        return None, "所签的属性指着另一张证书"
    return leaf, ""


def check_token(
    raw: bytes, data: bytes, wanted: str, roots: Sequence[Certificate], crls: Sequence[Crl]
) -> tuple[tuple[Any, str], Any]:
    """An RFC 3161 answer over `data`: the finding, and that of revocation, if it got so far."""
    told, info, given, parts = answer(raw)
    imprint, at = inside(told[2]), moment(told[4])
    when = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    if named(imprint[0]) != wanted or imprint[1][1] != digest_by(wanted, data):
        return (False, "时间戳盖的不是这个检查点"), None
    leaf, why = signer_of(parts, info, given)
    if leaf is None:
        return (False, why), None
    algorithm = named(parts[4])
    algorithm += " " + named(parts[2]) if algorithm == "rsa" else ""
    try:
        if not leaf.signed(algorithm, b"\x31" + parts[3][2][1:], parts[5][1]):
            return (False, "签名不成立"), None
        if leaf.more.get("2.5.29.37", (False, b"")) != (True, bytes.fromhex(STAMPING)):
            return (False, "签名者的证书不是专用于时间戳的"), None
        passed, why, path = climb(leaf, given, roots, at)
        about = revoked(path, crls, at) if passed else None
    except Unknown as error:
        return (None, f"{error},本程序不会验;所称时间 {when};用手工一栏的 openssl 命令"), None
    return (passed, why or f"{leaf.name()} 于 {when}"), about


def check_receipt(
    raw: bytes, wanted: dict[str, Any], roots: Sequence[Certificate], crls: Sequence[Crl]
) -> tuple[tuple[Any, str], Any]:
    """A receipt signed as JWS (RFC 7515) with its certificates (x5c): as `check_token`."""
    above, middle, below = raw.decode("ascii").split(".")
    head, told = (json.loads(from_base64url(p).decode()) for p in (above, middle))
    given = [Certificate(from_base64(c)) for c in head["x5c"]]
    algorithm = {"RS256": "rsa sha256", "ES256": "ec sha256", "SM2": "sm2 sm3"}.get(head["alg"], "")
    odd = [n for n in ("digest", "evidence_no", "tx") if told.get(n) != wanted[n]]
    odd += [] if instant(told["time"]) == instant(wanted["at"]) else ["time"]
    at = instant(told["time"])
    if odd or told.get("alg") != "sha256":
        return (False, "回执与平台所签的不同:" + "、".join(odd or ["alg"])), None
    try:
        message, signature = f"{above}.{middle}".encode(), from_base64url(below)
        if not given[0].signed(algorithm, message, signature, raw=True):
            return (False, "平台的签名不成立"), None
        if "2.5.29.37" in given[0].more:
            return (False, "签名者的证书不是用于回执的"), None
        passed, why, path = climb(given[0], given, roots, at)
        about = revoked(path, crls, at) if passed and len(path) > 1 else None
    except Unknown as error:
        return (None, f"{error},本程序不会验,请到该平台查验"), None
    return (
        passed,
        why or f"{given[0].name()} 于 {told['time']} 收存,编号 {told['evidence_no']}",
    ), about


def read_pem(text: str, label: str) -> list[bytes]:
    """The DER of every block of that kind."""
    found = re.findall(f"-----BEGIN {label}-----([^-]+)-----END {label}-----", text)
    return [base64.b64decode("".join(body.split())) for body in found]
