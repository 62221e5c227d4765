"""A reference time-stamping authority that speaks RFC 3161 over HTTP, and lies when told to.

Its certificates name revocation lists, which it serves (RFC 5280 §5) and changes on demand.
The answers are made by `openssl ts -reply` under a CA of its own, so this is 自建(不中立): it
proves nothing to others. `fault` chooses how it fails; "" is honest.
"""

from __future__ import annotations

import contextlib
import datetime
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from danshu.kernel import der
from danshu.kernel.errors import NotAvailable
from danshu.kernel.timestamp import read_answer
from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

POLICY: Final = "1.2.3.4.1"
OTHER_POLICY: Final = "1.2.3.4.2"
FAULTS: Final = (
    "nonce", "imprint", "expired", "unsorted", "slow", "500", "redirect", "garbage", "huge",
    "rejected", "no_sm3", "policy", "flipped", "no_crl", "bad_crl",
)  # fmt: skip
LISTS: Final = ("/root.crl", "/middle.crl")
_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_BODY_MAX: Final = 4_096
_CONFIG: Final = """
[tsa]
default_tsa = {name}
[{name}]
serial = {folder}/serial
signer_cert = {folder}/{name}.pem
certs = {folder}/chain.pem
signer_key = {folder}/key.pem
signer_digest = sha256
default_policy = {policy}
other_policies = {other}
digests = {digests}
accuracy = secs:1, millisecs:500
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
_REJECTION: Final = der.write(
    der.SEQUENCE,
    der.write(
        der.SEQUENCE,
        der.write_integer(2),
        der.write(der.SEQUENCE, der.write(der.UTF8_STRING, b"not today")),
        der.write(der.BIT_STRING, b"\x05\x20"),  # badRequest (2)
    ),
)


class Tsa:
    """What the authority knows. `asked` counts requests, `listed` those for revocation lists;
    `hold` is awaited while it is `slow`. `base` is where it serves; "" = no lists.
    """

    def __init__(self, folder: Path, base: str = "") -> None:
        self.url = f"{base}/tsr"
        self.listed = 0
        self.fault = ""
        self.asked = 0
        self.hold = threading.Event()
        self.roots = folder / "roots"
        self._folder = folder
        self._lock = threading.Lock()
        self.chain = Chain(folder, base)
        self.root = self.chain.root
        self._revoked: dict[int, tuple[datetime.datetime, x509.ReasonFlags | None]] = {}

    def revoke(
        self, at: datetime.datetime, reason: x509.ReasonFlags | None = None, serial: int = 0
    ) -> None:
        """Revoke the signer's certificate (or another by its serial) as of a time."""
        self._revoked[serial or self.chain.signer.serial_number] = (at, reason)

    def crl(self, path: str) -> bytes:
        """Give a list (DER) by its path; b"" for what is none."""
        with self._lock:
            self.listed += 1
        if self.fault == "no_crl" or path not in LISTS:
            return b""
        nth = LISTS.index(path)
        raw = self.chain.write_list(nth, self._revoked if nth else {})
        return raw[:-1] + bytes((raw[-1] ^ 1,)) if self.fault == "bad_crl" else raw

    def answer(self, query: bytes) -> tuple[int, bytes]:
        """Give the HTTP status and body for a request."""
        with self._lock:
            self.asked += 1
        if self.fault == "slow":
            self.hold.wait()
        if self.fault in ("500", "redirect"):
            return (500, b"out of order") if self.fault == "500" else (302, b"")
        if self.fault == "garbage":
            return 200, b"<html>captive portal</html>"
        if self.fault == "huge":
            return 200, b"\0" * 1_000_000
        if self.fault == "rejected":
            return 200, _REJECTION
        if self.fault in ("nonce", "imprint", "policy"):
            query = _spoil(query, self.fault)
        return 200, self._shape(self._reply(query))

    def _reply(self, query: bytes) -> bytes:
        name = "expired" if self.fault == "expired" else "tsa"
        digests = "sha256" if self.fault == "no_sm3" else "sha256, sm3"
        with self._lock, tempfile.TemporaryDirectory(dir=self._folder) as work:
            paths = [Path(work, part) for part in ("query.tsq", "reply.tsr", "tsa.cnf")]
            asked, made, config = paths
            asked.write_bytes(query)
            config.write_text(
                _CONFIG.format(
                    name=name,
                    folder=self._folder,
                    policy=POLICY,
                    other=OTHER_POLICY,
                    digests=digests,
                )
            )
            words = ["-config", config, "-queryfile", asked, "-out", made]
            try:
                subprocess.run(
                    ["openssl", "ts", "-reply", *map(str, words)], capture_output=True, check=True
                )
            except FileNotFoundError as error:
                raise NotAvailable("the openssl command is not here") from error
            return made.read_bytes()

    def _shape(self, raw: bytes) -> bytes:
        raw = order(raw, reverse=self.fault == "unsorted")
        if self.fault == "flipped":
            return raw[:-9] + bytes((raw[-9] ^ 1,)) + raw[-8:]
        return raw


def order(raw: bytes, *, reverse: bool) -> bytes:
    """Put the certificates of an answer into the order that DER demands, or into the other one;
    openssl leaves them as they come, and no signature covers it.
    """
    token = read_answer(raw).token
    if token is None:
        return raw
    ordered = sorted(token.certificates, reverse=reverse)
    return raw.replace(b"".join(token.certificates), b"".join(ordered))


def _spoil(query: bytes, part: str) -> bytes:
    """Change the last byte of the nonce, the digest or the policy of a request."""
    fields = der.parts(der.read(query))
    tags = {"nonce": der.INTEGER, "policy": der.OID, "imprint": der.SEQUENCE}
    target = [f for f in fields if f.tag == tags[part]][-1:]
    for field in target:
        query = query.replace(field.raw, field.raw[:-1] + bytes((field.raw[-1] ^ 3,)))
    return query


class Chain:
    """A root, an intermediate and two signers, one of them expired; `root` is PEM."""

    def __init__(self, folder: Path, base: str) -> None:
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        self._now, self._base = now, base
        ago, soon = now - datetime.timedelta(days=40), now + datetime.timedelta(days=3650)
        root_key, middle_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        self._keys = (root_key, middle_key)
        root = self._certify("示例根 Root", root_key, None, root_key, (ago, soon))
        middle = self._certify("示例中间 CA", middle_key, root, root_key, (ago, soon))
        self._issuers = (root, middle)
        ended = now - datetime.timedelta(days=10)
        for name, span in {"expired": (ago, ended), "tsa": (ago, soon)}.items():
            self.signer = self._certify(
                "自建时间戳 TSA", key, middle, middle_key, span, is_signer=True
            )
            _write(folder / f"{name}.pem", self.signer)
        _write(folder / "chain.pem", middle)
        (folder / "serial").write_text("01")
        (folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / "roots").mkdir()
        self.root = _write(folder / "roots" / "root.pem", root)

    def write_list(
        self,
        nth: int,
        revoked: Mapping[int, tuple[datetime.datetime, x509.ReasonFlags | None]],
    ) -> bytes:
        """Give the list (DER) of the root (0) or the intermediate (1), good for a week."""
        day = datetime.timedelta(days=1)
        made = x509.CertificateRevocationListBuilder().issuer_name(self._issuers[nth].subject)
        made = made.last_update(self._now - day).next_update(self._now + 7 * day)
        for serial, (when, reason) in revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            made = made.add_revoked_certificate(entry.build())
        signed = made.sign(self._keys[nth], hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)

    def _certify(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: x509.Certificate | None,
        signing: ec.EllipticCurvePrivateKey,
        span: tuple[datetime.datetime, datetime.datetime],
        *,
        is_signer: bool = False,
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(span[0])
            .not_valid_after(span[1])
            .add_extension(x509.BasicConstraints(ca=not is_signer, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(above, critical=False)
        )
        if is_signer:
            stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(stamping, critical=True)
        if issuer and self._base:
            builder = builder.add_extension(_point(self._base + LISTS[is_signer]), critical=False)
        return builder.sign(signing, hashes.SHA256())


def _point(url: str) -> x509.CRLDistributionPoints:
    named = [x509.UniformResourceIdentifier(url)]
    return x509.CRLDistributionPoints([x509.DistributionPoint(named, None, None, None)])


def _write(path: Path, certificate: x509.Certificate) -> bytes:
    raw = certificate.public_bytes(serialization.Encoding.PEM)
    path.write_bytes(raw)
    return raw


def _respond(tsa: Tsa, asked: Asked) -> Answer:
    """Answer a time-stamp query, or with a revocation list."""
    if asked.method == "GET":
        body = tsa.crl(asked.target)
        return Answer(status=200 if body else 404, body=body, type="application/pkix-crl")
    if asked.headers.get("content-type") != _QUERY:
        return Answer(status=415, type=_REPLY)
    status, body = tsa.answer(asked.body[:_BODY_MAX])
    location = tsa.url if status == 302 else ""
    return Answer(status=status, body=body, type=_REPLY, location=location)


@contextlib.contextmanager
def open_tsa(port: int = 0) -> Iterator[Tsa]:
    """Serve an authority on this machine; `root` is what vouches for it (PEM)."""
    with (
        tempfile.TemporaryDirectory(prefix="danshu-tsa-") as folder,
        far_side.serve(lambda asked: _respond(tsa, asked), port) as origin,
    ):
        tsa = Tsa(Path(folder), origin)
        try:
            yield tsa
        finally:
            tsa.hold.set()


def run(port: int = 8421) -> None:
    """Serve until interrupted, and say what to start a hub with."""
    with open_tsa(port) as tsa:
        sys.stdout.write(f"DANSHU_TSA_URLS={tsa.url} DANSHU_TSA_ROOTS={tsa.roots}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    run()
