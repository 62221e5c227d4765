"""Who receives, as a keyed hash that tells nobody who: the same receiver has the same one.

A receiver in the clear is compared by name, phone and address, folded so that spellings of one
place agree. One that the platform gave encrypted (oaid, ciphertexts) is compared by the platform's
own handle, within that channel and shop alone, and never decrypted. What is masked without a handle
is compared with nobody.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

from danshu.hub.search import fold

_NOISE: Final = re.compile(r"[\W_]+")
_SUFFIX: Final = re.compile(r"(特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|省|市|区|县)$")
_MASK: Final = "*"
_PHONE_DIGITS: Final = 11


class _Receiver(Struct, frozen=True):
    name: str = ""
    phone: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    detail: str = ""
    token: str = ""
    cipher: dict[str, str] = {}


_decode: Final = msgspec.json.Decoder(_Receiver).decode


def key_of(salt: bytes, channel: str, shop: str, person: bytes) -> int | None:
    """Give the 64-bit hash of a vault's receiver; None where it can't be compared."""
    r = _decode(person)
    if r.token or r.cipher:
        handle = r.token or "\0".join(f"{k}\1{v}" for k, v in sorted(r.cipher.items()))
        return _hash(salt, f"e\0{channel}\0{shop}\0{handle}")
    parts = (r.name, r.phone, r.street, r.detail)
    if _MASK in "".join(parts) or not (r.name and r.phone and r.detail):
        return None
    phone = re.sub(r"\D", "", fold(r.phone))[-_PHONE_DIGITS:]
    if not phone:
        return None
    region = [_place(p) for p in (r.province, r.city, r.district)]
    address = "".join([*dict.fromkeys(region), _plain(r.street), _plain(r.detail)])
    return _hash(salt, "\0".join(("p", _plain(r.name), phone, address)))


def _place(name: str) -> str:
    """A place with or without its suffix is one place: 浙江 and 浙江省, 北京 and 北京市."""
    plain = _plain(name)
    return _SUFFIX.sub("", plain) or plain


def _plain(text: str) -> str:
    return _NOISE.sub("", fold(text))


def _hash(salt: bytes, text: str) -> int:
    digest = blake2b(text.encode(), digest_size=8, key=salt, person=b"receiver").digest()
    return int.from_bytes(digest, "big", signed=True)
