"""Time-stamp tokens that an SM2 key signed, as GM/T 0033 has them.

`openssl ts` cannot sign with SM2, so SignedData (RFC 5652) is built here and `openssl pkeyutl`
signs its attributes. For tests: keys are made in a folder and thrown away with it.
"""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from danshu.kernel import der
from danshu.kernel.fact import rfc3339
from danshu.kernel.sm2 import SIGNATURE_OIDS, USER_ID
from danshu.kernel.sm3 import sm3
from danshu.kernel.timestamp import DIGESTS
from danshu.testing.attesting import raw_pair, sign_jws

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TST_INFO: Final = der.write_oid("1.2.840.113549.1.9.16.1.4")
_SM3: Final = der.write(der.SEQUENCE, der.write_oid(DIGESTS["sm3"]))
_POLICY: Final = "1.2.3.4.1"
_ID: Final = USER_ID.decode()
_EXTENSIONS: Final = """
[root]
basicConstraints = critical, CA:true
[tsa]
basicConstraints = critical, CA:false
extendedKeyUsage = critical, timeStamping
[plain]
basicConstraints = critical, CA:false
"""


class Sm2Tsa:
    """A root and a signer with SM2 keys; `root` is what vouches for it (PEM)."""

    def __init__(self, folder: Path, purpose: str = "tsa", days: int = 30) -> None:
        self._folder = folder
        (folder / "ext.cnf").write_text(_EXTENSIONS)
        for name in ("root", "signer"):
            self._openssl("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", f"{name}.key")
            self._openssl(
                *("req", "-new", "-key", f"{name}.key", "-sm3", "-subj", f"/CN=sm2 {name}"),
                *("-sigopt", f"distid:{_ID}", "-out", f"{name}.csr"),
            )
        given = ("-sm3", "-sigopt", f"distid:{_ID}", "-vfyopt", f"distid:{_ID}")
        self._openssl(
            *("x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-days", "3650"),
            *("-extfile", "ext.cnf", "-extensions", "root", "-out", "root.pem", *given),
        )
        self._openssl(
            *("x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key"),
            *("-set_serial", "7", "-days", str(days), "-extfile", "ext.cnf"),
            *("-extensions", purpose, "-out", "signer.pem", *given),
        )
        self.root = (folder / "root.pem").read_bytes()
        self._signer = x509.load_pem_x509_certificate((folder / "signer.pem").read_bytes())

    def stamp(self, algorithm: str, digest: bytes, nonce: int, now_ms: int) -> bytes:
        """Give a TimeStampResp over a digest."""
        info = _write_info(algorithm, digest, nonce, now_ms)
        raw = self._signer.public_bytes(Encoding.DER)
        attributes = [
            _attribute("1.2.840.113549.1.9.3", _TST_INFO),
            _attribute("1.2.840.113549.1.9.4", der.write(der.OCTET_STRING, sm3(info))),
            _attribute("1.2.840.113549.1.9.16.2.47", _write_signing_certificate(raw)),
        ]
        signed = der.write(der.SET, *sorted(attributes))
        signer = der.write(
            der.SEQUENCE,
            der.write_integer(1),
            der.write(
                der.SEQUENCE,
                self._signer.issuer.public_bytes(),
                der.write_integer(self._signer.serial_number),
            ),
            _SM3,
            bytes((der.context(0),)) + signed[1:],
            der.write(der.SEQUENCE, der.write_oid(SIGNATURE_OIDS[0])),
            der.write(der.OCTET_STRING, self._sign(signed)),
        )
        content = der.write(
            der.SEQUENCE,
            der.write_integer(3),
            der.write(der.SET, _SM3),
            der.write(
                der.SEQUENCE,
                _TST_INFO,
                der.write(der.context(0), der.write(der.OCTET_STRING, info)),
            ),
            der.write(der.context(0), raw),
            der.write(der.SET, signer),
        )
        token = der.write(
            der.SEQUENCE,
            der.write_oid("1.2.840.113549.1.7.2"),
            der.write(der.context(0), content),
        )
        granted = der.write(der.SEQUENCE, der.write_integer(0))
        return der.write(der.SEQUENCE, granted, token)

    def receipt(self, told: Mapping[str, Any]) -> bytes:
        """Sign a platform's receipt as JWS; `purpose` "plain" makes a signer that may."""
        chain = [base64.b64encode(self._signer.public_bytes(Encoding.DER)).decode()]
        return sign_jws({"alg": "SM2", "x5c": chain}, told, lambda m: raw_pair(self._sign(m)))

    def _sign(self, message: bytes) -> bytes:
        (self._folder / "message").write_bytes(message)
        self._openssl(
            *("pkeyutl", "-sign", "-inkey", "signer.key", "-rawin", "-digest", "sm3"),
            *("-pkeyopt", f"distid:{_ID}", "-in", "message", "-out", "signature"),
        )
        return (self._folder / "signature").read_bytes()

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._folder, capture_output=True, check=True)


def _write_info(algorithm: str, digest: bytes, nonce: int, now_ms: int) -> bytes:
    moment = rfc3339(now_ms // 1000 * 1000)
    stamped = "".join(c for c in moment[:19] if c.isdigit()) + "Z"
    return der.write(
        der.SEQUENCE,
        der.write_integer(1),
        der.write_oid(_POLICY),
        der.write(
            der.SEQUENCE,
            der.write(der.SEQUENCE, der.write_oid(DIGESTS[algorithm])),
            der.write(der.OCTET_STRING, digest),
        ),
        der.write_integer(42),
        der.write(der.GENERALIZED_TIME, stamped.encode()),
        der.write(der.SEQUENCE, der.write_integer(1)),
        der.write_integer(nonce),
    )


def _write_signing_certificate(raw: bytes) -> bytes:
    """Write SigningCertificateV2 (RFC 5035) with an SM3 digest of the certificate."""
    named = der.write(der.SEQUENCE, _SM3, der.write(der.OCTET_STRING, sm3(raw)))
    return der.write(der.SEQUENCE, der.write(der.SEQUENCE, named))


def _attribute(oid: str, value: bytes) -> bytes:
    return der.write(der.SEQUENCE, der.write_oid(oid), der.write(der.SET, value))
