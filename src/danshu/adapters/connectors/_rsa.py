"""RSA signatures (PKCS #1 v1.5 with SHA-256), as both large Chinese payment services ask.

Keys are PEM, or the bare base64 of the DER that the services' consoles hand out.
"""

from __future__ import annotations

import base64
import binascii
import functools
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from danshu.kernel.errors import InputError

_BITS_MIN: Final = 2048
BAD_KEY: Final = InputError("call_refused", "a key of the account can't be read as RSA")


def _read(text: str) -> bytes:
    """Give the bytes of a key; what stands around a PEM is not passed over."""
    data = text.strip().encode()
    if data.startswith(b"-----") != data.endswith(b"-----"):
        raise BAD_KEY
    return data


@functools.lru_cache(maxsize=256)
def _private(text: str) -> rsa.RSAPrivateKey:
    data = _read(text)
    try:
        if data.startswith(b"-----"):
            key = serialization.load_pem_private_key(data, None)
        else:
            key = serialization.load_der_private_key(base64.b64decode(data), None)
    except (ValueError, TypeError, binascii.Error) as error:
        raise BAD_KEY from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _BITS_MIN:
        raise BAD_KEY
    return key


@functools.lru_cache(maxsize=256)
def _public(text: str) -> rsa.RSAPublicKey:
    data = _read(text)
    key: object
    try:
        if data.startswith(b"-----BEGIN CERTIFICATE"):
            key = x509.load_pem_x509_certificate(data).public_key()
        elif data.startswith(b"-----"):
            key = serialization.load_pem_public_key(data)
        else:
            key = serialization.load_der_public_key(base64.b64decode(data))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BAD_KEY from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise BAD_KEY
    return key


def sign(private_key: str, message: bytes) -> str:
    """Sign; base64. Raises InputError `call_refused` for a key that is none."""
    signed = _private(private_key).sign(message, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signed).decode()


def proves(public_key: str, signature: str, message: bytes) -> bool:
    """Tell whether a base64 signature of a message is that of the key's owner."""
    try:
        raw = base64.b64decode(signature, validate=True)
        _public(public_key).verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
