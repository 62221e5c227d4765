#!/usr/bin/env python3
"""单枢证据包 evb/1 独立核验程序:只用 Python 3.8+ 标准库,不联网,不需要单枢软件。

用法:python3 verify.py 证据包.zip [--trust 文件或目录]… [--json] [--all]
--trust 是取自包外的信任锚:公钥(vkey,一行一个)、时间戳机构与存证平台的根证书、吊销列表(PEM)、
此前留存的检查点。
退出码:0 全部通过;1 有不通过;2 通过,但有未核验的部分,或信任锚取自包内。
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# ── 一 密码学(只做验证,不含秘密):RFC 8032、FIPS 186-5、RFC 8017、GB/T 32905、32918 ──
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
# y² = x³ − 3x + b over F_p: p, b, order, base point; FIPS 186-5 and GB/T 32918.5
CURVES = {
    name: tuple(int(number, 16) for number in numbers.split())
    for name, numbers in {
        "P-256": "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        " 5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"
        " ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
        " 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        " 4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        "P-384": "ffffffffffffffffffffffffffffffffffffffffffffffff"
        "fffffffffffffffeffffffff0000000000000000ffffffff"
        " b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112"
        "0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef"
        " ffffffffffffffffffffffffffffffffffffffffffffffff"
        "c7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        " aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98"
        "59f741e082542a385502f25dbf55296c3a545e3872760ab7"
        " 3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c"
        "e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        "SM2": "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff"
        " 28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
        " fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"
        " 32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
        " bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
    }.items()
}
Point = Any  # a tuple of coordinates


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    try:
        return hashlib.new("sm3", data).digest()
    except ValueError:  # an OpenSSL without SM3
        return sm3_plain(data)


def sm3_plain(data: bytes) -> bytes:
    def rot(x: int, n: int) -> int:
        return (x << n % 32 | x >> (32 - n % 32)) & 0xFFFFFFFF

    iv = "7380166f4914b2b9172442d7da8a0600a96f30bc163138aae38dee4db0fb0e4e"
    v = [int(iv[i : i + 8], 16) for i in range(0, 64, 8)]
    data += b"\x80" + b"\0" * ((55 - len(data)) % 64) + (8 * len(data)).to_bytes(8, "big")
    for at in range(0, len(data), 64):
        w = [int.from_bytes(data[i : i + 4], "big") for i in range(at, at + 64, 4)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rot(w[j - 3], 15)
            w.append(x ^ rot(x, 15) ^ rot(x, 23) ^ rot(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):
            t = rot(0x79CC4519 if j < 16 else 0x7A879D8A, j)
            s = rot((rot(a, 12) + e + t) & 0xFFFFFFFF, 7)
            ff = a ^ b ^ c if j < 16 else a & b | a & c | b & c
            gg = e ^ f ^ g if j < 16 else e & f | ~e & g
            x = (ff + d + (s ^ rot(a, 12)) + (w[j] ^ w[j + 4])) & 0xFFFFFFFF
            y = (gg + h + s + w[j]) & 0xFFFFFFFF
            a, b, c, d, e, f, g, h = (
                x,
                a,
                rot(b, 9),
                c,
                y ^ rot(y, 9) ^ rot(y, 17),
                e,
                rot(f, 19),
                g,
            )
        v = [v[i] ^ n for i, n in enumerate((a, b, c, d, e, f, g, h))]
    return b"".join(x.to_bytes(4, "big") for x in v)


def times(n: int, point: Point, add: Callable[[Point, Point], Point], total: Point) -> Point:
    for bit in bin(n)[2:]:
        total = add(total, total)
        total = add(total, point) if bit == "1" else total
    return total


def ed_add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P


def ed_point(raw: bytes) -> Point:
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - xx) % P else x
    if len(raw) != 32 or y >= P or (x * x - xx) % P or (x == 0 and sign):
        raise ValueError("not a point of Ed25519")
    return (x, y, 1, x * y % P) if x & 1 == sign else (P - x, y, 1, (P - x) * y % P)


@functools.lru_cache(maxsize=256)
def ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032 §5.1.7: canonical points, S < L, no key of small order."""
    a, r = ed_point(key), ed_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    zero, base = (0, 1, 1, 0), ed_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    small = times(8, a, ed_add, zero)
    if len(signature) != 64 or s >= L or (small[0] == 0 and small[1] == small[2]):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y = times(s, base, ed_add, zero), ed_add(r, times(k, a, ed_add, zero))
    return not ((x[0] * y[2] - y[0] * x[2]) % P or (x[1] * y[2] - y[1] * x[2]) % P)


def ec_add(m: int, p: Point, q: Point) -> Point:
    """Add points modulo `m` in Jacobian coordinates; z = 0 is the neutral one."""
    if not p[2] or not q[2]:
        return q if not p[2] else p
    z1, z2 = p[2] * p[2] % m, q[2] * q[2] % m
    u1, u2 = p[0] * z2 % m, q[0] * z1 % m
    s1, s2 = p[1] * q[2] * z2 % m, q[1] * p[2] * z1 % m
    if (u1, s1) == (u2, s2):
        t, s = 3 * (p[0] - z1) * (p[0] + z1) % m, 4 * p[0] * p[1] * p[1] % m
        x = (t * t - 2 * s) % m
        return x, (t * (s - x) - 8 * pow(p[1], 4, m)) % m, 2 * p[1] * p[2] % m
    h, r = (u2 - u1) % m, s2 - s1
    x = (r * r - h * h * h - 2 * u1 * h * h) % m
    return x, (r * (u1 * h * h - x) - s1 * h * h * h) % m, h * p[2] * q[2] % m


def ec_sum(name: str, u: int, v: int, x: int, y: int) -> int:
    """x of u·G + v·(x, y); −1 when that is infinity or (x, y) lies off the curve."""
    m, b, _, gx, gy = CURVES[name]
    if max(x, y) >= m or (y * y - x**3 + 3 * x - b) % m:
        return -1
    add, zero = functools.partial(ec_add, m), (1, 1, 0)
    total = add(times(u, (gx, gy, 1), add, zero), times(v, (x, y, 1), add, zero))
    return total[0] * pow(total[2], -2, m) % m if total[2] else -1


@functools.lru_cache(maxsize=256)
def ecdsa(name: str, x: int, y: int, digest: bytes, pair: tuple[int, int]) -> bool:
    """FIPS 186-5 §6.4.2; `pair` is r and s."""
    (r, s), n = pair, CURVES[name][2]
    if not (0 < r < n and 0 < s < n):
        return False
    w, e = pow(s, -1, n), int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - n.bit_length())
    at = ec_sum(name, e * w % n, r * w % n, x, y)
    return at >= 0 and at % n == r


def p256(x: int, y: int, message: bytes, signature: bytes) -> bool:
    """ECDSA with SHA-256; the signature as strict DER."""
    return ecdsa("P-256", x, y, sha256(message), der_pair(signature))


@functools.lru_cache(maxsize=256)
def sm2(x: int, y: int, message: bytes, pair: tuple[int, int]) -> bool:
    """GB/T 32918.2 §7, with the usual id 1234567812345678 (GM/T 0009 §10)."""
    (r, s), (m, b, n, gx, gy) = pair, CURVES["SM2"]
    if not (0 < r < n and 0 < s < n) or (r + s) % n == 0:
        return False
    who = b"\0\x801234567812345678"
    za = sm3(who + b"".join(i.to_bytes(32, "big") for i in (m - 3, b, gx, gy, x, y)))
    at = ec_sum("SM2", s, (r + s) % n, x, y)
    return at >= 0 and (int.from_bytes(sm3(za + message), "big") + at) % n == r


def der_pair(raw: bytes) -> tuple[int, int]:
    size = raw[3]
    r, s = raw[4 : 4 + size], raw[6 + size :]
    both = b"".join(b"\x02%c" % len(n) + n for n in (r, s))
    if raw != b"\x30%c" % len(both) + both:
        raise ValueError("not an ECDSA signature in DER")
    for n in (r, s):
        if not n or n[0] & 128 or (len(n) > 1 and n[0] == 0 and not n[1] & 128):
            raise ValueError("not an ECDSA signature in DER")
    return int.from_bytes(r, "big"), int.from_bytes(s, "big")


PREFIXES = {
    "sha256": "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430",
    "sha512": "3051300d060960864801650304020305000440",
}


def rsa(n: int, e: int, message: bytes, signature: bytes, name: str = "sha256") -> bool:
    """RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2)."""
    size = (n.bit_length() + 7) // 8
    info = bytes.fromhex(PREFIXES[name]) + hashlib.new(name, message).digest()
    wanted = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    made = pow(int.from_bytes(signature, "big"), e, n).to_bytes(size, "big")
    return size >= 256 and len(signature) == size and made == wanted


def cose_item(raw: bytes, at: int) -> tuple[Any, int]:
    kind, n, at = raw[at] >> 5, raw[at] & 31, at + 1
    if 24 <= n <= 26:
        at, n = at + (1 << n - 24), int.from_bytes(raw[at : at + (1 << n - 24)], "big")
    if kind == 2 and at + n <= len(raw):
        return raw[at : at + n], at + n
    if kind > 1:
        raise ValueError("not a COSE key")
    return (-1 - n if kind else n), at


def by_cose(raw: bytes, message: bytes, signature: bytes) -> bool:
    """Verify by a COSE key (RFC 9052 §7): ES256 (-7), EdDSA (-8), RS256 (-257)."""
    key: dict[Any, Any] = {}
    at = 1
    for _ in range(raw[0] & 31 if raw[0] >> 5 == 5 else 0):
        name, at = cose_item(raw, at)
        key[name], at = cose_item(raw, at)
    if at != len(raw):
        raise ValueError("not a COSE key")
    number = {n: int.from_bytes(v, "big") for n, v in key.items() if isinstance(v, bytes)}
    if (key.get(1), key.get(3), key.get(-1)) == (2, -7, 1):
        return p256(number[-2], number[-3], message, signature)
    if (key.get(1), key.get(3), key.get(-1)) == (1, -8, 6):
        return ed25519(key[-2], message, signature)
    return (key.get(1), key.get(3)) == (3, -257) and rsa(number[-1], number[-2], message, signature)


# ── 二 日志:RFC 6962 §2.1 的树;C2SP signed-note、tlog-checkpoint、tlog-proof、cosignature ──
def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\0" + body)


def included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha256(b"\1" + p + r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    return 0 <= index < size and sn == 0 and r == root


def grown(old: int, size: int, old_root: bytes, root: bytes, proof: list[bytes]) -> bool:
    """RFC 9162 §2.1.4.2."""
    if old == size:
        return not proof and old_root == root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not 0 < old < size or not path:
        return False
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha256(b"\1" + c + fr), sha256(b"\1" + c + sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b"\1" + sr + c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (fr, sr) == (old_root, root)


def from_base64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("base64 in another form than its own")
    return raw


def from_base64url(text: str) -> bytes:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise ValueError("base64url in another form than its own")
    return raw


Keys = Any  # a dict: (name, key id) → type byte ‖ public key


def open_note(raw: bytes, keys: Keys) -> tuple[str, dict[str, tuple[int, int]], int]:
    """Open a signed note: its text, who of `keys` signed (name → type, Unix time), unknown lines.

    Raises ValueError when a known key's signature does not fit.
    """
    text, _, below = raw.decode().rpartition("\n\n")
    text, signers, unknown = text + "\n", {}, 0
    if not below.endswith("\n") or re.search("[\0-\x09\x0b-\x1f]", raw.decode()):
        raise ValueError("not a signed note")
    for line in below[:-1].split("\n"):
        dash, name, material = line.split(" ")
        made = from_base64(material)
        key, body, message = keys.get((name, made[:4])), made[4:], text.encode()
        if dash != "—" or not body:
            raise ValueError("not a signature line")
        if key is None:
            unknown += 1
            continue
        time_s = int.from_bytes(body[:8], "big") if key[0] == 4 else 0
        if key[0] == 4:
            message, body = b"cosignature/v1\ntime %d\n" % time_s + message, body[8:]
        if not ed25519(key[1:], message, body):
            raise ValueError("签名与正文不符:" + name)
        signers[name] = (key[0], time_s)
    return text, signers, unknown


def checkpoint(text: str) -> tuple[str, int, bytes]:
    origin, size, root = text.split("\n")[:3]
    if not re.fullmatch("0|[1-9][0-9]{0,18}", size) or len(from_base64(root)) != 32:
        raise ValueError("not a checkpoint")
    return origin, int(size), from_base64(root)


def read_proof(raw: bytes, head: str) -> tuple[int, list[bytes], bytes]:
    """A proof file: lines above the first empty line, the checkpoint below."""
    above, _, below = raw.partition(b"\n\n")
    lines = above.decode("ascii").split("\n")
    if head == "index " and lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise ValueError("not a proof")
    hashes = [from_base64(line) for line in lines[1:]]
    if not lines[0].startswith(head) or any(len(h) != 32 for h in hashes) or len(hashes) > 64:
        raise ValueError("not a proof")
    return int(lines[0][len(head) :]), hashes, below


def parse(raw: bytes) -> Any:
    """Read JSON strictly: no doubled keys, no floats (profile EVJ1 of RFC 8785)."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(found)) != len(found):
            raise ValueError("a doubled key")
        return dict(found)

    def refuse(text: str) -> Any:
        raise ValueError("not a whole number: " + text)

    return json.loads(
        raw.decode(), object_pairs_hook=pairs, parse_float=refuse, parse_constant=refuse
    )


def is_canonical(raw: bytes) -> bool:
    try:
        text = json.dumps(parse(raw), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return False
    return text.encode("utf-8", "surrogatepass") == raw
