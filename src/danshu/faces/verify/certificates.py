"""Certificates and revocation lists (RFC 5280) as of a time, by `cryptography`; SM2 by the kernel.

A chain ends at a root from outside. "No such root was given" is something else than "this chain is
broken": the one is unchecked, the other a failure.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID
from msgspec import Struct

from danshu.kernel import der, sm2
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

CHAIN_MAX: Final = 8
_RSA_BITS: Final = 2_048
_RSA_ITSELF: Final = "1.2.840.113549.1.1.1"  # in a SignerInfo: the digest stands beside it
_RSA: Final = {
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_EC: Final = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_LATER: Final = (  # reasons that leave older tokens good (RFC 3161 §4)
    x509.ReasonFlags.unspecified,
    x509.ReasonFlags.affiliation_changed,
    x509.ReasonFlags.superseded,
    x509.ReasonFlags.cessation_of_operation,
)


class Unknown(Exception):
    """An algorithm that is not known here; another program may check it."""


class Finding(Struct, frozen=True):
    """How a check came out; `passed` None = it could not be made, `detail` says what is missing."""

    passed: bool | None
    detail: str


class Certificate:
    """A certificate and what is asked of it. Raises ValueError or InputError for bad bytes."""

    def __init__(self, raw: bytes) -> None:
        tbs, outer, _ = der.parts(der.read(raw))
        parts = der.parts(tbs)
        first = 1 if parts[0].tag == der.context(0) else 0
        if parts[first + 1].raw != outer.raw:
            raise InputError("certificate", "it names two algorithms")
        self.raw = raw
        self.inner = inner = x509.load_der_x509_certificate(raw)
        self.name = str(list(inner.subject)[-1].value) if len(inner.subject) else "?"
        self._key = parts[first + 5].raw
        self._extensions = inner.extensions

    @property
    def is_ca(self) -> bool:
        """Tell whether it may sign certificates."""
        try:
            basic = self._extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            return False
        try:
            usage = self._extensions.get_extension_for_class(x509.KeyUsage).value
        except x509.ExtensionNotFound:
            return basic.ca
        return basic.ca and usage.key_cert_sign

    @property
    def purposes(self) -> x509.Extension[x509.ExtendedKeyUsage] | None:
        """Give the extended key usage, if it has one."""
        try:
            return self._extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        except x509.ExtensionNotFound:
            return None

    @property
    def is_for_stamping(self) -> bool:
        """Tell whether it is critically for time stamping and nothing else (RFC 3161 §2.3)."""
        usage = self.purposes
        only = [ExtendedKeyUsageOID.TIME_STAMPING]
        return usage is not None and usage.critical and list(usage.value) == only

    def is_valid(self, at: datetime.datetime) -> bool:
        """Tell whether it is between its dates."""
        return self.inner.not_valid_before_utc <= at <= self.inner.not_valid_after_utc

    def has_signed(self, algorithm: str, message: bytes, signature: bytes, digest: str) -> bool:
        """Tell whether its key signed. `algorithm` is an OID; `digest` counts where that names
        none. Raises Unknown.
        """
        if algorithm in sm2.SIGNATURE_OIDS:
            point = sm2.read_public_key(self._key)
            if point is None:
                raise Unknown("签名算法 SM2 与公钥不符")
            return sm2.verify(point, message, signature)
        try:
            key = self.inner.public_key()
        except (UnsupportedAlgorithm, ValueError) as error:
            raise Unknown("公钥算法") from error
        named = _RSA.get(algorithm, digest if algorithm == _RSA_ITSELF else "")
        try:
            if isinstance(key, rsa.RSAPublicKey) and named in _HASHES:
                key.verify(signature, message, padding.PKCS1v15(), _HASHES[named])
                return key.key_size >= _RSA_BITS
            if isinstance(key, ec.EllipticCurvePublicKey) and algorithm in _EC:
                if not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
                    raise Unknown("曲线 " + key.curve.name)
                key.verify(signature, message, ec.ECDSA(_HASHES[_EC[algorithm]]))
                return True
        except InvalidSignature:
            return False
        raise Unknown("签名算法 " + algorithm)

    def has_signed_raw(self, kind: str, message: bytes, signature: bytes) -> bool:
        """Tell whether its key signed a JWS of `kind`. Raises Unknown."""
        if kind == "RS256":
            return self.has_signed("1.2.840.113549.1.1.11", message, signature, "")
        oid = {"ES256": "1.2.840.10045.4.3.2", "SM2": sm2.SIGNATURE_OIDS[0]}.get(kind)
        if oid is None:
            raise Unknown("签名算法 " + kind)
        half = len(signature) // 2
        r, s = (int.from_bytes(p, "big") for p in (signature[:half], signature[half:]))
        return self.has_signed(oid, message, utils.encode_dss_signature(r, s), "")

    def issued(self, below: Certificate) -> bool:
        """Tell whether this one's key signed that one. Raises Unknown."""
        inner = below.inner
        oid = inner.signature_algorithm_oid.dotted_string
        return self.has_signed(oid, inner.tbs_certificate_bytes, inner.signature, "")


class Crl:
    """A revocation list."""

    def __init__(self, raw: bytes) -> None:
        self.inner = inner = x509.load_der_x509_crl(raw)
        tbs, outer, _ = der.parts(der.read(raw))
        if outer.raw not in [item.raw for item in der.parts(tbs)[:2]]:
            raise InputError("crl", "it names two algorithms")
        marks = [inner.extensions, *(entry.extensions for entry in inner)]
        self.is_odd = any(each.critical for mark in marks for each in mark)

    def is_by(self, above: Certificate) -> bool:
        """Tell whether that key signed it. Raises Unknown."""
        oid = self.inner.signature_algorithm_oid.dotted_string
        return above.has_signed(oid, self.inner.tbs_certlist_bytes, self.inner.signature, "")

    def reaches(self, at: datetime.datetime, certificate: Certificate) -> bool:
        """Tell whether it speaks of that time; after its end a certificate may be left out."""
        until = self.inner.next_update_utc
        ends = certificate.inner.not_valid_after_utc
        return until is not None and until >= at and self.inner.last_update_utc <= ends

    def revokes(self, certificate: Certificate, at: datetime.datetime) -> str:
        """Say when it was revoked, if what was signed at that time is not good for that (RFC 3161
        §4: without a harmless reason nothing that the key ever signed is); else "".
        """
        entry = self.inner.get_revoked_certificate_by_serial_number(certificate.inner.serial_number)
        if entry is None:
            return ""
        try:
            reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        except x509.ExtensionNotFound:
            reason = None
        when = entry.revocation_date_utc
        return f"{when:%Y-%m-%d %H:%M:%S}" if when <= at or reason not in _LATER else ""


def climb(
    leaf: Certificate,
    given: Sequence[Certificate],
    roots: Sequence[Certificate],
    at: datetime.datetime,
) -> tuple[Finding, tuple[Certificate, ...]]:
    """Follow issuers from a certificate to a root, each of them valid then. Raises Unknown."""
    path = [leaf]
    while len(path) <= CHAIN_MAX:
        here = path[-1]
        if not here.is_valid(at):
            return Finding(False, f"{here.name} 的证书当时不在有效期内"), ()
        if any(root.raw == here.raw for root in roots):
            return Finding(True, ""), tuple(path)
        issuer = here.inner.issuer
        others = [c for c in (*roots, *given) if c.inner.subject == issuer and c.raw != here.raw]
        above = next((c for c in others if c.is_ca and c.issued(here)), None)
        if not others:
            told = f"没有给出 {here.name} 之上的根证书,用 --trust 给出(PEM)"
            return Finding(None, told), ()
        if above is None:
            return Finding(False, f"{here.name} 的证书不是其签发者签的"), ()
        path.append(above)
    return Finding(False, "证书链过长"), ()


def find_revoked(
    path: Sequence[Certificate], crls: Sequence[Crl], at: datetime.datetime
) -> Finding:
    """Look every certificate below the root up in its issuer's lists. Raises Unknown."""
    for here, above in itertools.pairwise(path):
        of_issuer = [c for c in crls if c.inner.issuer == here.inner.issuer and not c.is_odd]
        lists = [c for c in of_issuer if c.is_by(above)]
        if of_issuer and not lists:
            return Finding(False, f"{here.name} 的吊销列表不是其签发者签的")
        when = next(filter(None, (c.revokes(here, at) for c in lists)), "")
        if when:
            return Finding(False, f"{here.name} 的证书已于 {when} 吊销")
        if not any(c.reaches(at, here) for c in lists):
            told = f"没有 {here.name} 当时的吊销列表,向其签发者索取,用 --trust 给出(PEM)"
            return Finding(None, told)
    return Finding(True, f"{len(path) - 1} 张证书当时未吊销")
