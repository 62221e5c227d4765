"""Tokens that an SM2 key signed (GM/T 0033): neither the Rust client nor every OpenSSL reads them,
so signature and chain are checked here, by kernel/sm2.py and the certificates' own fields.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from danshu.kernel import der, sm2
from danshu.kernel.errors import InputError
from danshu.kernel.sm3 import sm3
from danshu.kernel.timestamp import OIDS
from danshu.ports.timestamp import StampRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.timestamp import Signer, Token

_CHAIN_MAX: Final = 8
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_TST_INFO: Final = der.write_oid("1.2.840.113549.1.9.16.1.4")


def check(token: Token, signer: Signer, roots: Sequence[x509.Certificate]) -> None:
    """Verify signature, signed attributes and the chain at genTime. Raises StampRefused."""
    inside = [x509.load_der_x509_certificate(raw) for raw in token.certificates]
    leaf = next((c for c in inside if _is_of(c, signer)), None)
    if leaf is None:
        raise StampRefused("signature", "the token holds no certificate of its signer")
    try:
        _check_attributes(token, signer, leaf)
    except InputError as error:
        raise StampRefused("signature", error.detail) from error
    point = _point(leaf)
    if point is None or not sm2.verify(point, signer.signed_attributes, signer.signature):
        raise StampRefused("signature", "the SM2 signature is not of the signer's key")
    _check_purpose(leaf)
    _check_chain(leaf, inside, roots, token.gen_us)


def _is_of(certificate: x509.Certificate, signer: Signer) -> bool:
    same = certificate.issuer.public_bytes() == signer.issuer
    return same and certificate.serial_number == signer.serial


def _digest(algorithm: str, data: bytes) -> bytes:
    if algorithm == "sm3":
        return sm3(data)
    if algorithm in OIDS.values():
        return hashlib.new(algorithm, data).digest()
    raise StampRefused("signature", f"digest algorithm {algorithm}")


def _check_attributes(token: Token, signer: Signer, leaf: x509.Certificate) -> None:
    """What was signed must be this content, and name this certificate (RFC 3161 §2.4.2)."""
    if not signer.signed_attributes:
        raise StampRefused("signature", "no signed attributes")
    found: dict[str, der.Item] = {}
    for attribute in der.parts(der.read(signer.signed_attributes), der.SET):
        kind, values = der.parts(attribute)
        found[der.oid(kind)] = der.parts(values, der.SET)[0]
    if {_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_CERTIFICATE_V2} - found.keys():
        raise StampRefused("signature", "a signed attribute is missing")
    if found[_CONTENT_TYPE].raw != _TST_INFO:
        raise StampRefused("signature", "the signed content is no TSTInfo")
    if found[_MESSAGE_DIGEST].body != _digest(signer.digest_algorithm, token.info):
        raise StampRefused("signature", "the signed digest is not that of the content")
    first = der.parts(der.parts(der.parts(found[_SIGNING_CERTIFICATE_V2])[0])[0])
    algorithm = "sha256"
    if first[0].tag == der.SEQUENCE:
        named = der.oid(der.parts(first[0])[0])
        algorithm, first = OIDS.get(named, named), first[1:]
    raw = leaf.public_bytes(Encoding.DER)
    if first[0].body != _digest(algorithm, raw):
        raise StampRefused("signature", "another certificate is named as the signer's")


def _check_purpose(leaf: x509.Certificate) -> None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise StampRefused("chain", "the signer's certificate has no extended key usage") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise StampRefused("chain", "the signer's certificate is not for time stamping alone")


def _check_chain(
    leaf: x509.Certificate,
    inside: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    gen_us: int,
) -> None:
    at = datetime.datetime.fromtimestamp(gen_us / 1_000_000, datetime.UTC)
    current = leaf
    for _ in range(_CHAIN_MAX):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            raise StampRefused("chain", f"{current.subject.rfc4514_string()}: not valid at genTime")
        if current in roots:
            return
        above = [c for c in (*roots, *inside) if c != current and _issued(c, current)]
        if not above:
            break
        current = above[0]
    raise StampRefused("chain", "no path from the signer to a root that was given")


def _issued(above: x509.Certificate, below: x509.Certificate) -> bool:
    if above.subject != below.issuer:
        return False
    try:
        if not above.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        return False
    if below.signature_algorithm_oid.dotted_string in sm2.SIGNATURE_OIDS:
        point = _point(above)
        return point is not None and sm2.verify(point, below.tbs_certificate_bytes, below.signature)
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _point(certificate: x509.Certificate) -> bytes | None:
    """Give the SM2 key of a certificate: cryptography does not know the curve."""
    parts = der.parts(der.read(certificate.tbs_certificate_bytes))
    skipped = 1 if parts[0].tag == der.context(0) else 0
    return sm2.read_public_key(parts[skipped + 5].raw)
