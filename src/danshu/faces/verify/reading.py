"""Reading what is untrusted: zips, JSON, COSE keys."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from typing import IO, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from danshu.kernel import ed25519
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BUNDLE_BYTES, BUNDLE_FILES

_LEAVES: Final = re.compile(r"^/|\\|:|\0|(^|/)\.{0,2}(/|$)")
_COSE_RSA_BITS: Final = 2_048


def read_zip(source: IO[bytes]) -> dict[str, bytes]:
    """Read the files of a zip: no doubled names, no paths that leave it, bounded.

    Raises ValueError, zipfile.BadZipFile and what a broken zip makes zipfile raise.
    """
    with zipfile.ZipFile(source) as archive:
        listed = archive.infolist()
        names = [entry.filename for entry in listed]
        if len({name.lower() for name in names}) != len(names):
            raise ValueError("压缩包内有重名文件")
        if len(names) > BUNDLE_FILES or sum(e.file_size for e in listed) > BUNDLE_BYTES:
            raise ValueError("压缩包超出限制")
        if odd := [name for name in names if _LEAVES.search(name)]:
            raise ValueError(f"路径 {odd[0]!r} 越出证据包")
        return {name: archive.read(name) for name in names}


def parse(raw: bytes) -> Any:
    """Read JSON without doubled keys and without numbers that are not whole. Raises ValueError."""
    return json.loads(
        raw.decode(), object_pairs_hook=_join, parse_float=_refuse, parse_constant=_refuse
    )


def _join(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    joined = dict(pairs)
    if len(joined) < len(pairs):
        raise ValueError("a key stands there twice")
    return joined


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no whole number")


def from_base64(text: str) -> bytes:
    """Read base64 in its one form. Raises ValueError."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("base64 in another form than its own")
    return raw


def from_base64url(text: str) -> bytes:
    """Read base64url without padding in its one form. Raises ValueError."""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise ValueError("base64url in another form than its own")
    return raw


def has_signed(cose: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a COSE key (RFC 9052 §7) signed: ES256, EdDSA or RS256.

    Raises InputError for bytes that are no such key.
    """
    import cbor2  # late: a start must not wait for it

    try:
        key = cbor2.loads(cose)
    except cbor2.CBORDecodeError as error:
        raise InputError("cose", "not a COSE key") from error
    if not isinstance(key, dict) or cbor2.dumps(key) != cose:
        raise InputError("cose", "not a COSE key in its one form")
    kind = (key.get(1), key.get(3), key.get(-1))
    try:
        if kind == (2, -7, 1):
            x, y = (int.from_bytes(key[n], "big") for n in (-2, -3))
            point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
            point.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        elif kind == (1, -8, 6):
            return ed25519.verify(key[-2], message, signature)
        elif kind[:2] == (3, -257):
            n, e = (int.from_bytes(key[at], "big") for at in (-1, -2))
            public = rsa.RSAPublicNumbers(e, n).public_key()
            public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            return n.bit_length() >= _COSE_RSA_BITS
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True
