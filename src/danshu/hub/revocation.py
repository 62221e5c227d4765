"""Revocation lists, fetched when a certificate signs for us: who checks later needs no network.

A list (RFC 5280 §5) is taken from where the certificate names it, within CRL_BYTES and
CRL_TIMEOUT_S, kept if its issuer signed it, and used until its nextUpdate. OCSP is not asked: an
authority that names no list leaves revocation unchecked, and a bundle says so.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
import psycopg
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from danshu.hub import outside
from danshu.kernel import der, sm2, timestamp
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.limits import CRL_BYTES, CRL_RETRY_S, CRL_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Connection = psycopg.AsyncConnection[Any]
_log = logging.getLogger("danshu.stamp")
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICRO: Final = datetime.timedelta(microseconds=1)
_CURRENT: Final = "select 1 from crls where url=%s and next_us > %s limit 1"
_ADD: Final = (
    "insert into crls(url,digest,this_us,next_us,body) values (%s,%s,%s,%s,%s)"
    " on conflict do nothing"
)
# The first list that reaches the moment: a list that comes later changes no bundle.
_FIND: Final = (
    "select body from crls where url = any(%s) and next_us >= %s order by this_us, fetched limit 1"
)
_failed_s: dict[str, float] = {}  # when an address failed, by this process's clock


class List(Struct, frozen=True):
    """A list that was fetched: thisUpdate and nextUpdate, epoch microseconds; its DER."""

    this_us: int
    next_us: int
    body: bytes


def read_token(raw: bytes) -> list[x509.Certificate]:
    """Give the certificates in a TimeStampResp; [] when it can't be read."""
    try:
        token = timestamp.read_answer(raw).token
        return [x509.load_der_x509_certificate(c) for c in token.certificates] if token else []
    except (InputError, ValueError):
        return []


def read_receipt(jws: bytes) -> list[x509.Certificate]:
    """Give the certificates in a signed receipt (x5c); [] when it can't be read."""
    head = jws.partition(b".")[0]
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
        return [x509.load_der_x509_certificate(base64.b64decode(c)) for c in told["x5c"]]
    except (ValueError, KeyError, TypeError):
        return []


async def fetch_due(
    connection: Connection,
    certificates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now_us: int,
) -> int:
    """Fetch the lists that these certificates name and that are not here, or are over; give how
    many came. A failure is logged, and the address left alone for CRL_RETRY_S.
    """
    wanted: dict[str, x509.Certificate] = {}
    for certificate in certificates:
        for url in _addresses(certificate)[:1]:
            known = await (await connection.execute(_CURRENT, (url, now_us))).fetchone()
            if known is None and time.monotonic() - _failed_s.get(url, -CRL_RETRY_S) >= CRL_RETRY_S:
                wanted[url] = certificate
    if not wanted:
        return 0
    async with outside.client() as web:
        found = await asyncio.gather(*[_fetch(web, url) for url in wanted])
    came = 0
    for (url, certificate), raw in zip(wanted.items(), found, strict=True):
        taken = _read(raw, certificate, [*certificates, *roots]) if raw else None
        if taken is None:
            _failed_s[url] = time.monotonic()
            continue
        row = (url, hashlib.sha256(taken.body).digest(), taken.this_us, taken.next_us, taken.body)
        await connection.execute(_ADD, row)
        came += 1
    return came


async def find(
    connection: Connection, certificates: Iterable[x509.Certificate], at_us: int
) -> list[bytes]:
    """Give the lists (DER) that reach a moment, those of these certificates' issuers."""
    found = []
    for certificate in certificates:
        urls = _addresses(certificate)
        row = await (await connection.execute(_FIND, (urls, at_us))).fetchone() if urls else None
        found += [bytes(row[0])] if row else []
    return found


def _addresses(certificate: x509.Certificate) -> list[str]:
    """Give where its issuer's list is, as far as that is http."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    names = [name.value for point in points for name in point.full_name or ()]
    return [n for n in names if isinstance(n, str) and n.startswith(("http://", "https://"))]


async def _fetch(web: httpx.AsyncClient, url: str) -> bytes:
    """Fetch a list; b"" for whatever goes wrong. Lists are public and signed, so http will do."""
    try:
        async with asyncio.timeout(CRL_TIMEOUT_S), web.stream("GET", url) as answer:
            raw = b""
            async for part in answer.aiter_bytes():
                raw += part
                if len(raw) > CRL_BYTES:
                    raise InputError("too_large", f"more than {CRL_BYTES} bytes")
            if answer.status_code == httpx.codes.OK:
                return raw
            _log.warning("revocation list %s: HTTP %s", url, answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, DanshuError) as error:
        _log.warning("revocation list %s: %r", url, error)
    return b""


def _read(
    raw: bytes, certificate: x509.Certificate, signers: Sequence[x509.Certificate]
) -> List | None:
    """Read a list that the certificate's issuer signed; None for anything else."""
    load = x509.load_pem_x509_crl if raw.startswith(b"-----") else x509.load_der_x509_crl
    try:
        crl = load(raw)
    except ValueError as error:
        _log.warning("revocation list: %s", error)
        return None
    above = [c for c in signers if c.subject == certificate.issuer == crl.issuer]
    if crl.next_update_utc is None or not any(_is_by(crl, c) for c in above):
        _log.warning("revocation list of %s: not its issuer's", certificate.issuer)
        return None
    return List(
        (crl.last_update_utc - _EPOCH) // _MICRO,
        (crl.next_update_utc - _EPOCH) // _MICRO,
        crl.public_bytes(Encoding.DER),
    )


def _is_by(crl: x509.CertificateRevocationList, above: x509.Certificate) -> bool:
    if crl.signature_algorithm_oid.dotted_string in sm2.SIGNATURE_OIDS:
        parts = der.parts(der.read(above.tbs_certificate_bytes))
        first = 1 if parts[0].tag == der.context(0) else 0
        point = sm2.read_public_key(parts[first + 5].raw)
        return point is not None and sm2.verify(point, crl.tbs_certlist_bytes, crl.signature)
    try:
        return crl.is_signature_valid(above.public_key())  # type: ignore[arg-type]  # any it knows
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
