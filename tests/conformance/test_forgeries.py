"""Forgeries of a bundle: each is found, by the kernel's verifier and by the stand-alone one.

`TAMPER_POSITIONS=200 pytest tests/conformance/test_forgeries.py` tries that many positions a file.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import random
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from danshu.faces import verify
from danshu.hub import bundle_files
from danshu.kernel.sm3 import sm3
from danshu.stories import forging
from danshu.testing import dossier

POSITIONS = int(os.environ.get("TAMPER_POSITIONS", "1"))
RENDERED = ("README.txt", "verify.py", "trust/vkeys.txt", "trust/tsa.pem")
INSIDER = (dossier.LOG,)
DOSSIER = dossier.Dossier(acts=1)
WHOLE = DOSSIER.bundle()
OTHER = DOSSIER.bundle(1)
FILES = forging.unpack(WHOLE)


NEEDS_OPENSSL = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the reference SM2 keys are openssl's"
)


def digest(note: bytes) -> bytes:
    return sm3(note)


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The verify.py of a bundle, as a module."""
    path = tmp_path_factory.mktemp("alone") / "verify.py"
    path.write_bytes(bundle_files.verifier())
    spec = importlib.util.spec_from_file_location("verify_alone", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_alone"] = module  # it looks itself up there
    spec.loader.exec_module(module)
    return module


def failed(bundle: bytes, alone: ModuleType, trust: tuple[str, ...] = dossier.TRUST) -> set[str]:
    """Verify with both; they must agree on every check. Gives what failed, and
    with a question mark what could not be checked (a witness that nobody vouches for)."""
    told = alone.verify(io.BytesIO(bundle), list(trust))
    report = verify.verify(io.BytesIO(bundle), list(trust))
    mine = [(c.file, c.check, c.passed) for c in report.checks]
    assert mine == [(c["file"], c["check"], c["passed"]) for c in told["checks"]]
    assert report.code == told["code"]
    assert (report.code == verify.FAILED) == any(c.passed is False for c in report.checks)
    unsure = {f"{c.check}?" for c in report.checks if c.passed is None}
    return unsure | {c.check for c in report.checks if c.passed is False}


def test_a_true_bundle_passes(alone: ModuleType) -> None:
    assert failed(WHOLE, alone) == set()
    assert failed(OTHER, alone) == set()
    assert verify.verify(io.BytesIO(WHOLE), dossier.TRUST).code == verify.PASSED
    assert DOSSIER.bundle() == WHOLE


def test_its_own_keys_are_named_as_such(alone: ModuleType) -> None:
    assert failed(WHOLE, alone, ()) == {"anchor?"}
    report = verify.verify(io.BytesIO(WHOLE))
    assert (report.code, report.trust) == (verify.PARTLY, "bundle")


def places(path: str) -> list[int]:
    size = len(FILES[path])
    chance = random.Random(path)
    return sorted({0, size - 1, *(chance.randrange(size) for _ in range(POSITIONS))})


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_changed_byte_is_found(path: str, alone: ModuleType) -> None:
    """Whoever has no key of the log changes nothing at all, the rendered files included."""
    for at in places(path)[-2:]:
        assert failed(forging.forge_byte(WHOLE, path, at), alone), at


@pytest.mark.parametrize("path", sorted(set(FILES) - {*RENDERED, "manifest.json", "manifest.note"}))
def test_an_insider_changes_no_evidence(path: str, alone: ModuleType) -> None:
    for at in places(path):
        found = failed(forging.forge_byte(WHOLE, path, at, INSIDER), alone)
        assert found - {"seal", "manifest"}, at


LAST = len(DOSSIER.orders[0].indexes)
FORGERIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "first act": (lambda: forging.leave_out(WHOLE, {1}, INSIDER), "chain"),
    "middle act": (lambda: forging.leave_out(WHOLE, {2}, INSIDER), "chain"),
    "last act": (lambda: forging.leave_out(WHOLE, {LAST}, INSIDER), "heads"),
    "truncated": (lambda: forging.leave_out(WHOLE, set(range(2, LAST + 1)), INSIDER), "heads"),
    "last act, by an outsider": (lambda: forging.leave_out(WHOLE, {LAST}), "seal"),
    "another order": (lambda: forging.swap(WHOLE, OTHER, INSIDER), "chain"),
    "replayed signature": (lambda: forging.replay(WHOLE, OTHER, INSIDER), "statement"),
    "doubled name": (lambda: forging.double(WHOLE, "manifest.json", b"{}"), "zip"),
    "doubled name, other case": (lambda: forging.double(WHOLE, "Readme.TXT", b"{}"), "zip"),
    "path that leaves": (lambda: forging.lead_out(WHOLE), "zip"),
    "absolute path": (lambda: forging.lead_out(WHOLE, "/etc/profile"), "zip"),
    "path with a drive": (lambda: forging.lead_out(WHOLE, "C:\\x"), "zip"),
    "stray file": (
        lambda: forging.mend({**FILES, "media/0.jpg": b"x"}, signers=INSIDER),
        "stray",
    ),
    "cut zip": (lambda: WHOLE[:-100], "zip"),
    "no zip": (lambda: b"x", "zip"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_found(name: str, alone: ModuleType) -> None:
    make, wanted = FORGERIES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile notices the doubled name too
        bundle = make()
    assert wanted in failed(bundle, alone)


ACTS: dict[str, tuple[dict[str, Any], str]] = {
    "true": ({}, ""),
    "another order": ({"order": "0"}, "statement"),
    "another action": ({"action": "refund"}, "statement"),
    "another person": ({"subject": "person:0"}, "statement"),
    "another clause": ({"definition": "0" * 64}, "statement"),
    "evidence that the fact has not": (
        {"evidence": [{"digest": "0" * 64, "kind": "photo", "size": 1}]},
        "statement",
    ),
    "signed after the log went on": (
        {"after": {"origin": dossier.ORIGIN, "root": "0" * 64, "size": 10_000}},
        "statement",
    ),
    "seen on a fork": (
        {"after": {"origin": dossier.ORIGIN, "root": "0" * 64, "size": 40}},
        "after",
    ),
    "nobody verified": ({"record": lambda p, s: p.sign(s, flags=1)}, "signature"),
    "nobody there": ({"record": lambda p, s: p.sign(s, flags=4)}, "signature"),
    "another statement": ({"record": lambda p, s: p.sign(s, challenge=b"\0" * 32)}, "signature"),
    "another key": ({"record": lambda _, s: _with_key(s)}, "key"),
}


def _with_key(statement: bytes) -> bytes:
    """Sign with a key of somebody else's under the credential that was registered."""
    record = json.loads(dossier.Passkey(secret=8).sign(statement))
    record["credential"] = DOSSIER.passkey.credential
    return json.dumps(record).encode()


@pytest.mark.parametrize("name", ACTS)
def test_an_insiders_false_act_is_found(name: str, alone: ModuleType) -> None:
    """The log holds a fact whose statement or signature is not what it should be."""
    forged, wanted = ACTS[name]
    made = dossier.Dossier(acts=0, forged=forged)
    found = failed(made.bundle(), alone)
    assert (wanted in found) if wanted else not found


def test_a_rolled_back_log_is_found(alone: ModuleType) -> None:
    """Who holds a newer checkpoint sees that the log of a bundle went back, or went elsewhere."""
    newest = DOSSIER.log.checkpoint(DOSSIER.size).decode()
    older = DOSSIER.bundle(size=DOSSIER.orders[0].indexes[-1] + 1)
    assert "known" in failed(older, alone, (*dossier.TRUST, newest))
    fork = dossier.Dossier(acts=1, noise=39)
    assert "known" in failed(fork.bundle(), alone, (*dossier.TRUST, newest))
    assert failed(WHOLE, alone, (*dossier.TRUST, newest)) == set()


def test_the_stand_alone_verifier_needs_nothing_else(tmp_path: Path) -> None:
    for name, data in (("v.py", bundle_files.verifier()), ("b.zip", WHOLE)):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "keys.txt").write_text("\n".join(dossier.TRUST))
    ask = [sys.executable, "-I", "-S", "v.py", "b.zip"]
    for more, code in ((["--trust", "keys.txt"], 0), ([], 2), (["--trust", "."], 1)):
        (tmp_path / "b.zip").write_bytes(WHOLE if code != 1 else OTHER[:-9])
        done = subprocess.run([*ask, *more], cwd=tmp_path, capture_output=True)
        assert done.returncode == code, done.stdout.decode() + done.stderr.decode()
        if code == 1:
            break
    assert "sha256sum" not in done.stderr.decode()
    text = subprocess.run([*ask, "--all"], cwd=tmp_path, capture_output=True).stdout.decode()
    assert "证据包核验" in text
