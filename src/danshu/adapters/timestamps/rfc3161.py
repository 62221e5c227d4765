"""RFC 3161 over HTTP: a digest goes out with a nonce, and nothing comes back unverified.

Status, imprint, nonce and policy are compared here. Signature and chain are verified at genTime by
rfc3161-client; an answer that it can't read though it is valid (certificates that are not sorted as
DER sorts a set, granted with modifications) goes to `openssl ts -verify`; one that an SM2 key
signed is verified by kernel/sm2.py. Revocation is not looked up here: the hub keeps the lists that
the certificates name (hub/revocation.py), and whoever relies on a token reads them.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx
import rfc3161_client
from cryptography import x509
from rfc3161_client.errors import VerificationError

from danshu.adapters.timestamps import _sm2
from danshu.kernel import sm2
from danshu.kernel.errors import InputError
from danshu.kernel.limits import STAMP_BYTES
from danshu.kernel.timestamp import BAD_ALGORITHM, GRANTED, Token, read_answer, write_request
from danshu.ports.timestamp import Authority, Stamp, StampRefused

_ASK: Final = "application/timestamp-query"
_OPENSSL_S: Final = 10


class Rfc3161:
    """Asks authorities that speak RFC 3161 over HTTP (§3.4)."""

    name: Final = "rfc3161"
    title: Final = "RFC 3161"

    def stamp(
        self, authority: Authority, algorithm: str, digest: bytes, nonce: int, timeout_s: float
    ) -> Stamp:
        """Have a digest stamped, and verify the answer. Raises StampRefused."""
        query = write_request(algorithm, digest, nonce, authority.policy)
        raw = _post(authority.url, query, timeout_s)
        return _check(raw, algorithm, digest, authority.roots, nonce, authority.policy)

    def verify(
        self, token: bytes, algorithm: str, digest: bytes, roots: bytes, nonce: int | None = None
    ) -> Stamp:
        """Verify a stored answer. Raises StampRefused."""
        return _check(token, algorithm, digest, roots, nonce, "")


def _post(url: str, query: bytes, timeout_s: float) -> bytes:
    """Send the request; the answer is read up to STAMP_BYTES, redirects are not followed."""
    try:
        with (
            httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=query, headers={"content-type": _ASK}) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise StampRefused("http_status", f"HTTP {response.status_code}")
            raw = b""
            end_s = time.monotonic() + timeout_s  # httpx counts the time of each read only
            for chunk in response.iter_bytes():
                raw += chunk
                if len(raw) > STAMP_BYTES:
                    raise StampRefused("too_large", f"more than {STAMP_BYTES} bytes")
                if time.monotonic() > end_s:
                    raise StampRefused("unreachable", "the answer takes too long")
            return raw
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StampRefused("unreachable", f"{type(error).__name__}: {error}") from error


def _check(
    raw: bytes, algorithm: str, digest: bytes, roots: bytes, nonce: int | None, policy: str
) -> Stamp:
    try:
        answer = read_answer(raw)
    except (InputError, IndexError, ValueError) as error:
        raise StampRefused("unreadable", str(error)) from error
    token = answer.token
    if answer.status not in GRANTED or token is None:
        code = "algorithm" if BAD_ALGORITHM in answer.failures else "rejected"
        raise StampRefused(code, f"status {answer.status} {answer.failures} {answer.text}".strip())
    if (token.algorithm, token.digest) != (algorithm, digest):
        raise StampRefused("imprint", f"the token is over another digest ({token.algorithm})")
    if nonce is not None and token.nonce != nonce:
        raise StampRefused("nonce", "the token answers another question")
    if policy and token.policy != policy:
        raise StampRefused("policy", f"the token is under policy {token.policy}")
    checked, signer = _verify(raw, answer.status, token, digest, roots)
    return Stamp(
        algorithm=algorithm,
        digest=digest,
        gen_us=token.gen_us,
        accuracy_us=token.accuracy_us,
        serial=str(token.serial),
        policy=token.policy,
        signer=signer,
        checked=checked,
        token=raw,
    )


def _verify(raw: bytes, status: int, token: Token, digest: bytes, roots: bytes) -> tuple[str, str]:
    """Verify signature and chain at genTime; gives who verified, and the signer's subject."""
    try:
        anchors = x509.load_pem_x509_certificates(roots) if roots.strip() else []
    except ValueError as error:
        raise StampRefused("no_roots", "the root certificates can't be read") from error
    if not anchors:
        raise StampRefused("no_roots", "no root certificate vouches for this authority")
    if len(token.signers) != 1:
        raise StampRefused("signature", f"{len(token.signers)} signers where one is due")
    signer = token.signers[0]
    subject = _subject(token)
    if signer.signature_algorithm in sm2.SIGNATURE_OIDS:
        try:
            _sm2.check(token, signer, anchors)
        except (InputError, ValueError, IndexError) as error:
            raise StampRefused("signature", str(error)) from error
        return "danshu", subject
    if status == 0:  # it takes plain "granted" only
        try:
            response = rfc3161_client.decode_timestamp_response(raw)
            rfc3161_client.VerifierBuilder(roots=list(anchors)).build().verify(response, digest)
            return "rfc3161-client", subject
        except VerificationError as error:
            raise StampRefused("chain", str(error)) from error
        except ValueError:
            pass  # it can't read some answers that are valid: openssl decides
    _verify_by_openssl(raw, digest, roots, token.gen_us)
    return "openssl", subject


def _verify_by_openssl(raw: bytes, digest: bytes, roots: bytes, gen_us: int) -> None:
    command = shutil.which("openssl")
    if command is None:
        raise StampRefused("no_verifier", "only the openssl command could read this answer")
    with tempfile.TemporaryDirectory(prefix="danshu-tsr-") as folder:
        answer, anchors = Path(folder, "answer.tsr"), Path(folder, "roots.pem")
        answer.write_bytes(raw)
        anchors.write_bytes(roots)
        words = ["-digest", digest.hex(), "-in", str(answer), "-CAfile", str(anchors)]
        try:
            done = subprocess.run(
                [command, "ts", "-verify", *words, "-attime", str(gen_us // 1_000_000)],
                capture_output=True,
                timeout=_OPENSSL_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StampRefused("no_verifier", f"openssl: {error}") from error
    if done.returncode != 0 or b"Verification: OK" not in done.stdout:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise StampRefused("chain", f"openssl: {told[-1] if told else done.returncode}")


def _subject(token: Token) -> str:
    signer = token.signers[0]
    for raw in token.certificates:
        try:
            certificate = x509.load_der_x509_certificate(raw)
        except ValueError:
            continue
        if (certificate.issuer.public_bytes(), certificate.serial_number) == (
            signer.issuer,
            signer.serial,
        ):
            return certificate.subject.rfc4514_string()
    return ""
