"""What third parties said of a bundle, true and forged: found by both verifiers alike."""

from __future__ import annotations

import datetime
import functools
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from danshu.faces import verify
from danshu.kernel.timestamp import write_request
from danshu.stories import forging
from danshu.testing import dossier
from danshu.testing.attesting import PaperPlatform, PaperTsa
from danshu.testing.sm2_tokens import Sm2Tsa
from danshu.testing.tsa import Tsa
from tests.conformance import test_forgeries as table

alone = table.alone  # the fixture
FILES = table.FILES
BOOK = f"books/{dossier.HALF}"
STAMP = f"{BOOK}/checkpoint.tsr"
NOTE = FILES[f"{BOOK}/checkpoint"]
AT = dossier.TSA.at
HOUR = datetime.timedelta(hours=1)
YEAR = datetime.timedelta(days=365)
AT_MS = dossier.NOW_MS + 3_600_000
RECEIPT = next(p for p in FILES if p.endswith(".jws"))
TOLD = json.loads(FILES[RECEIPT.replace(".jws", ".receipt.json")])


def crl(chain: PaperTsa | PaperPlatform, nth: int = 0) -> str:
    return f"trust/crls/{table.dossier._hex(chain.crls()[nth])}.crl"


def bundle(changed: dict[str, bytes], *left: str) -> bytes:
    """The bundle with other files, by somebody who has the log's key."""
    files = {path: data for path, data in {**FILES, **changed}.items() if path not in left}
    return forging.mend(files, signers=table.INSIDER)


def revoked(when: datetime.datetime, reason: x509.ReasonFlags | None) -> bytes:
    """The authority's list says that the signer's certificate was revoked."""
    serial = dossier.TSA.signer.serial_number
    made = dossier.TSA.crls({serial: (when, reason)})[0]
    path = f"trust/crls/{dossier._hex(made)}.crl"
    return bundle({path: made}, crl(dossier.TSA))


def signed(platform: PaperPlatform, **changed: str) -> bytes:
    """The receipt as this platform would sign it."""
    told = {name: TOLD[name] for name in ("digest", "evidence_no", "tx")}
    made = platform.receipt({**told, "alg": "sha256", "time": TOLD["at"], **changed})
    return bundle({RECEIPT: made})


def deposited(covered: int, root: str) -> bytes:
    """A deposit of another tree than this log's, with a true receipt."""
    return bundle(dossier.Dossier.deposit(table.DOSSIER, covered, table.DOSSIER.size, "p", root))


def swapped() -> bytes:
    """The proof of one deposit under the name of the other."""
    one, two = sorted(p for p in FILES if "/consistency/" in p)[-2:]
    return bundle({one: FILES[two], two: FILES[one]})


class StampingPlatform(PaperPlatform):
    """A platform that signs with the certificate of an authority."""

    def __init__(self) -> None:
        super().__init__(AT_MS)
        self.certificates = dossier.TSA.certificates
        self.sign = dossier.TSA.sign  # type: ignore[method-assign]


LATER = x509.ReasonFlags.cessation_of_operation
FORGERIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "over another checkpoint": (
        lambda: bundle({STAMP: dossier.TSA.stamp("sha256", NOTE + b"x")}), "stamp",
    ),
    "by the other digest": (
        lambda: bundle({STAMP: dossier.TSA.stamp("sm3", NOTE)}), "stamp",
    ),
    "after the certificate ended": (
        lambda: bundle({STAMP: dossier.TSA.stamp("sha256", NOTE, AT + YEAR)}), "stamp",
    ),
    "before it began": (
        lambda: bundle({STAMP: dossier.TSA.stamp("sha256", NOTE, AT - YEAR)}), "stamp",
    ),
    "by a chain of the same names": (
        lambda: bundle({STAMP: PaperTsa(AT_MS, 80).stamp("sha256", NOTE)}), "stamp",
    ),
    "by a certificate for something else": (
        lambda: bundle({STAMP: PaperTsa(
            AT_MS, purpose=ExtendedKeyUsageOID.CODE_SIGNING).stamp("sha256", NOTE)}), "stamp",
    ),
    "by a certificate for anything": (
        lambda: bundle({STAMP: PaperTsa(AT_MS, purpose=None).stamp("sha256", NOTE)}), "stamp",
    ),
    "revoked before": (lambda: revoked(AT - HOUR, LATER), "revocation"),
    "revoked after, its key stolen": (
        lambda: revoked(AT + HOUR, x509.ReasonFlags.key_compromise), "revocation",
    ),
    "revoked after, nobody says why": (lambda: revoked(AT + HOUR, None), "revocation"),
    "a list of somebody else's": (
        lambda: bundle(
            {f"trust/crls/{dossier._hex(PaperTsa(AT_MS, 80).crls()[0])}.crl":
             PaperTsa(AT_MS, 80).crls()[0]}, crl(dossier.TSA)), "revocation",
    ),
    "a list under another name": (
        lambda: bundle({f"trust/crls/{'0' * 64}.crl": dossier.TSA.crls()[0]}), "crl",
    ),
    "the proofs of deposits swapped": (swapped, "deposit"),
    "a deposit of a fork, before": (lambda: deposited(table.DOSSIER.size - 5, "0" * 64), "deposit"),
    "a deposit of a fork, at it": (lambda: deposited(table.DOSSIER.size, "0" * 64), "deposit"),
    "a deposit of a fork, after": (lambda: deposited(table.DOSSIER.size + 5, "0" * 64), "deposit"),
    "a receipt for another digest": (
        lambda: signed(dossier.PLATFORM, digest="0" * 64), "anchor",
    ),
    "a receipt of another number": (
        lambda: signed(dossier.PLATFORM, evidence_no="E-0"), "anchor",
    ),
    "a receipt of another time": (
        lambda: signed(dossier.PLATFORM, time="2026-09-20T15:13:20.000Z"), "anchor",
    ),
    "a receipt without its transaction": (lambda: signed(dossier.PLATFORM, tx=""), "anchor"),
    "a receipt by a chain of the same names": (
        lambda: signed(PaperPlatform(AT_MS, 90)), "anchor",
    ),
    "a receipt by who stamps": (lambda: signed(StampingPlatform()), "anchor"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_found(name: str, alone: ModuleType) -> None:
    make, wanted = FORGERIES[name]
    assert wanted in table.failed(make(), alone)


UNCOVERED: dict[str, tuple[Callable[[], bytes], tuple[str, ...], set[str]]] = {
    "no root": (lambda: table.WHOLE, dossier.VKEYS, {"stamp?", "anchor?"}),
    "no root of the platform": (
        lambda: table.WHOLE, (*dossier.VKEYS, dossier.TSA.root), {"anchor?"},
    ),
    "no key of the witness": (
        lambda: table.WHOLE, (dossier.VKEYS[0], *dossier.TRUST[2:]), {"witness?"},
    ),
    "no list": (lambda: bundle({}, crl(dossier.TSA)), dossier.TRUST, {"revocation?"}),
    "no list of the root's": (
        lambda: bundle({}, crl(dossier.TSA, 1)), dossier.TRUST, {"revocation?"},
    ),
    "no signed receipt": (lambda: bundle({}, RECEIPT), dossier.TRUST, {"anchor?"}),
    "no proof of a deposit": (
        lambda: bundle({}, next(p for p in FILES if f"/{table.DOSSIER.size}-" in p)),
        dossier.TRUST, {"deposit?"},
    ),
    "revoked later for no harm": (lambda: revoked(AT + HOUR, LATER), dossier.TRUST, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCOVERED)
def test_what_is_not_covered_is_named(name: str, alone: ModuleType) -> None:
    make, trust, wanted = UNCOVERED[name]
    made = make()
    assert table.failed(made, alone, trust) == wanted
    report = verify.verify(io.BytesIO(made), trust)
    assert report.code == (verify.PARTLY if wanted else verify.PASSED)
    told = [c.detail for c in report.checks if c.passed is None]
    assert all("--trust" in t or "包内没有" in t or "到该平台查验" in t for t in told), told


def test_a_list_from_outside_covers(alone: ModuleType) -> None:
    made = x509.load_der_x509_crl(dossier.TSA.crls()[0]).public_bytes(Encoding.PEM).decode()
    without = bundle({}, crl(dossier.TSA))
    assert table.failed(without, alone, (*dossier.TRUST, made)) == set()


def test_a_platforms_own_certificate_covers(alone: ModuleType) -> None:
    pinned = dossier.PLATFORM.signer.public_bytes(Encoding.PEM).decode()
    without = bundle({}, crl(dossier.PLATFORM), crl(dossier.PLATFORM, 1))
    assert "revocation?" in table.failed(without, alone)
    trust = (*dossier.VKEYS, dossier.TSA.root, pinned)
    assert table.failed(without, alone, trust) == set()


@functools.cache
def by_key(kind: str) -> tuple[str, bytes]:
    """The authority's root, and the bundle with its token, by a signer with such a key."""
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if kind == "P-384":
        key = ec.derive_private_key(5, ec.SECP384R1())
    else:
        key = rsa.generate_private_key(65537, int(kind))
    tsa = PaperTsa(AT_MS, 40, key=key)
    return tsa.root, bundle({STAMP: tsa.stamp("sha256", NOTE)})


@pytest.mark.parametrize("kind", ["P-384", "2048", "1024"])
def test_other_keys(kind: str, alone: ModuleType) -> None:
    """The keys that authorities have; RSA of 1,024 bits proves nothing any more."""
    root, made = by_key(kind)
    wanted = {"stamp"} if kind == "1024" else set()
    assert table.failed(made, alone, (*dossier.TRUST, root)) == wanted
    raw = forging.unpack(made)[STAMP]
    assert "stamp" in table.failed(
        bundle({STAMP: raw[:-3] + bytes((raw[-3] ^ 1,)) + raw[-2:]}), alone
    )


@table.NEEDS_OPENSSL
@pytest.mark.parametrize("fault", ["", "unsorted", "expired", "flipped"])
def test_tokens_of_openssl(fault: str, alone: ModuleType, tmp_path: Path) -> None:
    """Another program's tokens, true and false: its checks and ours say the same."""
    authority = Tsa(tmp_path)
    authority.fault = fault
    query = write_request("sha256", hashlib.sha256(NOTE).digest(), 7)
    made = bundle({STAMP: authority.answer(query)[1]})
    found = table.failed(made, alone, (*dossier.TRUST, authority.root.decode()))
    assert found == ({"stamp"} if fault in ("expired", "flipped") else {"revocation?"})


@table.NEEDS_OPENSSL
def test_sm2(alone: ModuleType, tmp_path: Path) -> None:
    """Tokens and receipts that an SM2 key signed are checked in plain integers, twice."""
    for purpose in ("tsa", "plain"):
        (tmp_path / purpose).mkdir()
    stamper, platform = (Sm2Tsa(tmp_path / p, purpose=p) for p in ("tsa", "plain"))
    now_ms = int((tmp_path / "plain" / "signer.pem").stat().st_mtime * 1000) + 2_000
    now = datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC).isoformat()
    raw = stamper.stamp("sm3", table.digest(NOTE), 7, now_ms)
    told = {**{n: TOLD[n] for n in ("digest", "evidence_no", "tx")}, "alg": "sha256", "time": now}
    claimed = json.dumps({**TOLD, "at": now}, sort_keys=True, separators=(",", ":")).encode()
    path = f"{BOOK}/checkpoint.sm3.tsr"
    receipt = RECEIPT.replace(".jws", ".receipt.json")
    made = {path: raw, RECEIPT: platform.receipt(told), receipt: claimed}
    roots = (stamper.root.decode(), platform.root.decode())
    trust = (*dossier.TRUST, *roots)
    assert table.failed(bundle(made), alone, trust) == {"revocation?"}  # openssl made no list
    report = verify.verify(io.BytesIO(bundle(made)), trust)
    found = {(c.file, c.check): c.passed for c in report.checks}
    assert found[path, "stamp"] is found[receipt, "anchor"] is True
    middle, end = raw.index(table.digest(NOTE)), len(raw) - 4
    for at in (middle, end):
        forged = raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]
        assert "stamp" in table.failed(bundle({**made, path: forged}), alone, trust)
    spoilt = platform.receipt({**told, "tx": "cd" * 32})
    assert "anchor" in table.failed(bundle({**made, RECEIPT: spoilt}), alone, trust)
