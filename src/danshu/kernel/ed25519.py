"""Ed25519 verification (RFC 8032 §5.1.7) in plain integers, for a verifier that trusts no library.

Verification only: it handles no secret, so it need not run in constant time. About 4 ms a
signature; servers pass a faster check wherever one is asked for.
"""

from __future__ import annotations

from hashlib import sha512
from typing import Final

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)

# Extended homogeneous coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x * y = T/Z (RFC 8032 §5.1.4).
_Point = tuple[int, int, int, int]
_NEUTRAL: Final[_Point] = (0, 1, 1, 0)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (64 bytes) over `message` is of `public_key` (32 bytes).

    Strict: both points must be canonical, S below the group order (else a signature could be
    changed into another valid one), and the key not of small order (else one signature could
    fit several messages). The equation is checked without the cofactor, as OpenSSL does.
    """
    if len(public_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    r_bytes, s = signature[:32], int.from_bytes(signature[32:], "little")
    key = _decode(public_key)
    if s >= _L or key is None or _decode(r_bytes) is None or _is_small(key):
        return False
    digest = sha512(r_bytes + public_key + message).digest()
    k = int.from_bytes(digest, "little") % _L
    x, y, z, t = key
    return _encode(_double_multiply(s, _BASE, k, (_P - x, y, z, _P - t))) == r_bytes


def _add(a: _Point, b: _Point) -> _Point:
    """Add two points (RFC 8032 §5.1.4); also right when they are equal."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % _P
    f = (y1 + x1) * (y2 + x2) % _P
    g = 2 * t1 * t2 * _D % _P
    h = 2 * z1 * z2 % _P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(a: _Point) -> _Point:
    x, y, z, _ = a
    xx, yy = x * x % _P, y * y % _P
    h = xx + yy
    e = h - (x + y) ** 2
    g = xx - yy
    f = 2 * z * z + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double_multiply(a: int, p: _Point, b: int, q: _Point) -> _Point:
    """Compute a*P + b*Q in one walk over the bits of both (Shamir's trick)."""
    steps = (_NEUTRAL, p, q, _add(p, q))
    result = _NEUTRAL
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        result = _double(result)
        step = (a >> bit & 1) | (b >> bit & 1) << 1
        if step:
            result = _add(result, steps[step])
    return result


def _decode(raw: bytes) -> _Point | None:
    """Read a point (RFC 8032 §5.1.3); None when the bytes are not the canonical form of one."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= _P:
        return None
    xx = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(xx, (_P + 3) // 8, _P)
    if (x * x - xx) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - xx) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _encode(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(32, "little")


def _is_small(point: _Point) -> bool:
    """Tell whether eight times the point is the neutral element."""
    x, y, z, _ = _double(_double(_double(point)))
    return x == 0 and y == z


def _base() -> _Point:
    point = _decode((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert point is not None
    return point


_BASE: Final = _base()
