"""SM2 signature verification (GB/T 32918.2-2016 §7) in plain integers.

Verification only: it handles no secret, so it need not run in constant time. A few milliseconds
a signature. Signing is for a licensed device or service, never for this code.
"""

from __future__ import annotations

from typing import Final

from danshu.kernel import der
from danshu.kernel.errors import InputError
from danshu.kernel.sm3 import sm3

USER_ID: Final = b"1234567812345678"
"""The signer's distinguishing id where none was agreed (GM/T 0009-2012 §10)."""
SIGNATURE_OIDS: Final = ("1.2.156.10197.1.501", "1.2.156.10197.1.301.1")
CURVE_OID: Final = "1.2.156.10197.1.301"

# GB/T 32918.5-2017, the recommended curve y² = x³ + ax + b over F_p
_P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A: Final = _P - 3
_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_GX: Final = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
_GY: Final = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

# Jacobian coordinates: x = X/Z², y = Y/Z³; Z = 0 is the point at infinity.
_Point = tuple[int, int, int]
_INFINITY: Final[_Point] = (1, 1, 0)
_BASE: Final[_Point] = (_GX, _GY, 1)


def verify(public_key: bytes, message: bytes, signature: bytes, user_id: bytes = USER_ID) -> bool:
    """Tell whether `signature` (DER of r and s) over `message` is of `public_key`, an uncompressed
    point of 65 bytes.

    ZA = SM3(len16(ID) ‖ ID ‖ a ‖ b ‖ Gx ‖ Gy ‖ x ‖ y), e = SM3(ZA ‖ message), t = r + s mod n ≠ 0,
    (x, y) = sG + tQ; it is good when (e + x) mod n = r.
    """
    try:
        r, s = (der.integer(item) for item in der.parts(der.read(signature)))
    except (InputError, ValueError):
        return False
    key = read_point(public_key)
    if key is None or not (0 < r < _N and 0 < s < _N) or len(user_id) > 0x1FFF:
        return False
    t = (r + s) % _N
    if t == 0:
        return False
    e = int.from_bytes(sm3(identity(key, user_id) + message), "big")
    x = _affine_x(_double_multiply(s, _BASE, t, (*key, 1)))
    return x is not None and (e + x) % _N == r


def identity(key: tuple[int, int], user_id: bytes = USER_ID) -> bytes:
    """Give ZA, the digest that binds a signature to the signer's id and key (§5.5)."""
    numbers = (_A, _B, _GX, _GY, *key)
    joined = b"".join(number.to_bytes(32, "big") for number in numbers)
    return sm3((len(user_id) * 8).to_bytes(2, "big") + user_id + joined)


def read_point(raw: bytes) -> tuple[int, int] | None:
    """Read an uncompressed point; None when the bytes are not a point of the curve."""
    if len(raw) != 65 or raw[0] != 4:
        return None
    x, y = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
    if x >= _P or y >= _P or (y * y - (x * x * x + _A * x + _B)) % _P:
        return None
    return x, y


def _double(a: _Point) -> _Point:
    x, y, z = a
    if not z:
        return _INFINITY
    yy, zz = y * y % _P, z * z % _P
    s = 4 * x * yy % _P
    m = 3 * (x - zz) * (x + zz) % _P  # a = -3
    x3 = (m * m - 2 * s) % _P
    return x3, (m * (s - x3) - 8 * yy * yy) % _P, 2 * y * z % _P


def _add(a: _Point, b: _Point) -> _Point:
    """Add two points; also right when they are equal, opposite or infinity."""
    if not a[2]:
        return b
    if not b[2]:
        return a
    (x1, y1, z1), (x2, y2, z2) = a, b
    zz1, zz2 = z1 * z1 % _P, z2 * z2 % _P
    u1, u2 = x1 * zz2 % _P, x2 * zz1 % _P
    s1, s2 = y1 * zz2 * z2 % _P, y2 * zz1 * z1 % _P
    h, r = (u2 - u1) % _P, (s2 - s1) % _P
    if not h:
        return _INFINITY if r else _double(a)
    hh = h * h % _P
    hhh, v = h * hh % _P, u1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * hhh) % _P, h * z1 * z2 % _P


def _double_multiply(a: int, p: _Point, b: int, q: _Point) -> _Point:
    """Compute a*P + b*Q in one walk over the bits of both (Shamir's trick)."""
    steps = (_INFINITY, p, q, _add(p, q))
    result = _INFINITY
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        result = _double(result)
        step = (a >> bit & 1) | (b >> bit & 1) << 1
        if step:
            result = _add(result, steps[step])
    return result


def _affine_x(point: _Point) -> int | None:
    if not point[2]:
        return None
    inverse = pow(point[2], -1, _P)
    return point[0] * inverse * inverse % _P


def read_public_key(spki: bytes) -> bytes | None:
    """Read the point (65 bytes) of a SubjectPublicKeyInfo in DER; None when it is no SM2 key."""
    try:
        algorithm, bits = der.parts(der.read(spki))
        named = der.parts(algorithm)
        curve = der.oid(named[1]) if len(named) > 1 else ""
        body = der.expect(bits, der.BIT_STRING).body
    except (InputError, ValueError):
        return None
    return body[1:] if curve == CURVE_OID and body[:1] == b"\0" else None
