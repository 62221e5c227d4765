"""An authority and a platform of paper: tokens, revocation lists and receipts from fixed keys.

The bytes are those of RFC 3161, RFC 5280 and RFC 7515, made without openssl or a network, so that
verifiers can be tried on many forgeries. What they sign proves nothing to anybody.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from danshu.kernel import der, timestamp
from danshu.kernel.sm3 import sm3

if TYPE_CHECKING:
    from collections.abc import Mapping

_TST_INFO: Final = der.write_oid("1.2.840.113549.1.9.16.1.4")
_SIGNED_DATA: Final = der.write_oid("1.2.840.113549.1.7.2")
_ES256: Final = der.write(der.SEQUENCE, der.write_oid("1.2.840.10045.4.3.2"))
_RSA: Final = der.write(der.SEQUENCE, der.write_oid("1.2.840.113549.1.1.1"), der.write(der.NULL))
_SHA256: Final = der.write(der.SEQUENCE, der.write_oid(timestamp.DIGESTS["sha256"]))
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_DAY: Final = datetime.timedelta(days=1)
_SIGNS: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class Chain:
    """A root, a certificate authority below it and a signer, of P-256 unless the signer's `key` is
    another (RSA or P-384), valid a year around `at_ms`. `purpose` is its extended key usage.
    """

    def __init__(
        self,
        secret: int,
        name: str,
        at_ms: int,
        purpose: x509.ObjectIdentifier | None,
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    ) -> None:
        self.at = _EPOCH + datetime.timedelta(milliseconds=at_ms)
        self._keys = [ec.derive_private_key(secret + n, ec.SECP256R1()) for n in range(2)]
        self._key = key or ec.derive_private_key(secret + 2, ec.SECP256R1())
        self._root = self._certify(0, f"{name}根", None, None)
        self._middle = self._certify(1, f"{name}中间", self._root, None)
        self.signer = self._certify(2, name, self._middle, purpose)
        self.root: Final = self._root.public_bytes(Encoding.PEM).decode()
        self.certificates = (self.signer, self._middle)

    def sign(self, message: bytes) -> bytes:
        """Sign with the signer's key: PKCS #1 v1.5, or DER of r and s."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(message, _SIGNS)

    def crls(
        self, revoked: Mapping[int, tuple[datetime.datetime, x509.ReasonFlags | None]] | None = None
    ) -> tuple[bytes, ...]:
        """Give the lists (DER) of both authorities; `revoked` are serials of the lower one's."""
        return (self._list(1, revoked or {}), self._list(0, {}))

    def _list(
        self,
        of: int,
        revoked: Mapping[int, tuple[datetime.datetime, x509.ReasonFlags | None]],
    ) -> bytes:
        issuer = (self._root, self._middle)[of].subject
        made = x509.CertificateRevocationListBuilder().issuer_name(issuer)
        made = made.last_update(self.at - _DAY).next_update(self.at + 7 * _DAY)
        for serial, (when, reason) in revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            made = made.add_revoked_certificate(entry.build())
        signed = made.sign(self._keys[of], hashes.SHA256(), ecdsa_deterministic=True)
        return signed.public_bytes(Encoding.DER)

    def _certify(
        self,
        nth: int,
        name: str,
        issuer: x509.Certificate | None,
        purpose: x509.ObjectIdentifier | None,
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key((*self._keys, self._key)[nth].public_key())
            .serial_number(1_000 + nth)
            .not_valid_before(self.at - 180 * _DAY)
            .not_valid_after(self.at + 180 * _DAY)
            .add_extension(x509.BasicConstraints(ca=nth < 2, path_length=None), critical=True)
        )
        if purpose is not None:
            built = built.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        above = self._keys[max(0, nth - 1)]
        return built.sign(above, hashes.SHA256(), ecdsa_deterministic=True)


class PaperTsa(Chain):
    """An authority that stamps at any time it is told."""

    def __init__(
        self,
        at_ms: int,
        secret: int = 40,
        purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.TIME_STAMPING,
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    ) -> None:
        super().__init__(secret, "示例时间戳", at_ms, purpose, key)

    def stamp(self, algorithm: str, data: bytes, at: datetime.datetime | None = None) -> bytes:
        """Give the TimeStampResp over `data`; `at` is genTime."""
        digest = sm3(data) if algorithm == "sm3" else hashlib.new(algorithm, data).digest()
        info = _write_info(algorithm, digest, at or self.at)
        raw = self.signer.public_bytes(Encoding.DER)
        named = der.write(der.SEQUENCE, der.write(der.OCTET_STRING, hashlib.sha256(raw).digest()))
        attributes = (
            _attribute("1.2.840.113549.1.9.3", _TST_INFO),
            _attribute(
                "1.2.840.113549.1.9.4",
                der.write(der.OCTET_STRING, hashlib.sha256(info).digest()),
            ),
            _attribute(
                "1.2.840.113549.1.9.16.2.47",
                der.write(der.SEQUENCE, der.write(der.SEQUENCE, named)),
            ),
        )
        signed = der.write(der.SET, *sorted(attributes))
        signer = der.write(
            der.SEQUENCE,
            der.write_integer(1),
            der.write(
                der.SEQUENCE,
                self.signer.issuer.public_bytes(),
                der.write_integer(self.signer.serial_number),
            ),
            _SHA256,
            bytes((der.context(0),)) + signed[1:],
            _RSA if isinstance(self._key, rsa.RSAPrivateKey) else _ES256,
            der.write(der.OCTET_STRING, self.sign(signed)),
        )
        inside = sorted(c.public_bytes(Encoding.DER) for c in self.certificates)
        content = der.write(
            der.SEQUENCE,
            der.write_integer(3),
            der.write(der.SET, _SHA256),
            der.write(
                der.SEQUENCE,
                _TST_INFO,
                der.write(der.context(0), der.write(der.OCTET_STRING, info)),
            ),
            der.write(der.context(0), *inside),
            der.write(der.SET, signer),
        )
        token = der.write(der.SEQUENCE, _SIGNED_DATA, der.write(der.context(0), content))
        return der.write(der.SEQUENCE, der.write(der.SEQUENCE, der.write_integer(0)), token)


class PaperPlatform(Chain):
    """A platform that signs receipts."""

    def __init__(self, at_ms: int, secret: int = 60) -> None:
        super().__init__(secret, "示例存证平台", at_ms, None)

    def receipt(self, told: Mapping[str, Any]) -> bytes:
        """Sign a receipt as JWS, ES256, with the signer's certificates."""
        chain = [base64.b64encode(c.public_bytes(Encoding.DER)).decode() for c in self.certificates]
        return sign_jws({"alg": "ES256", "x5c": chain}, told, self._sign_raw)

    def _sign_raw(self, message: bytes) -> bytes:
        return raw_pair(self.sign(message))


def raw_pair(signature: bytes) -> bytes:
    """Write a DER signature of 256 bits as r‖s (RFC 7518 §3.4)."""
    return b"".join(n.to_bytes(32, "big") for n in utils.decode_dss_signature(signature))


def sign_jws(head: Mapping[str, Any], told: Mapping[str, Any], sign: Any) -> bytes:
    """Write a JWS in its compact form."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(p, sort_keys=True).encode()).rstrip(b"=")
        for p in (head, told)
    ]
    message = b".".join(parts)
    return message + b"." + base64.urlsafe_b64encode(sign(message)).rstrip(b"=")


def _write_info(algorithm: str, digest: bytes, at: datetime.datetime) -> bytes:
    imprint = der.write(
        der.SEQUENCE,
        der.write(der.SEQUENCE, der.write_oid(timestamp.DIGESTS[algorithm])),
        der.write(der.OCTET_STRING, digest),
    )
    stamped = der.write(der.GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").encode())
    parts = (der.write_integer(1), der.write_oid("1.2.3.4.1"), imprint, der.write_integer(9))
    return der.write(der.SEQUENCE, *parts, stamped)


def _attribute(oid: str, value: bytes) -> bytes:
    return der.write(der.SEQUENCE, der.write_oid(oid), der.write(der.SET, value))
