"""Verify an evidence bundle offline, with the kernel alone, so that an appraiser can read it all.

Exit codes: 0 everything passed; 1 something failed; 2 passed, but the trust anchor came out of the
bundle itself.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from danshu.kernel import canonical, merkle, note
from danshu.kernel.errors import DanshuError, InputError, Refusal
from danshu.kernel.limits import BUNDLE_BYTES, BUNDLE_FILES

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSED, FAILED, OWN_TRUST = 0, 1, 2
COMMITMENT = b"danshu/vault/1\0"


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was checked: in which file, what, and how it came out."""

    file: str
    what: str
    passed: bool
    detail: str = ""


class Report(Struct, frozen=True, kw_only=True):
    """The outcome. `facts` are (type, when, who, leaf index) in the order of the stream."""

    order: str
    checks: tuple[Check, ...]
    facts: tuple[tuple[str, str, str, int], ...]
    trust: str  # outside | bundle

    @property
    def code(self) -> int:
        """The exit code."""
        if not self.checks or not all(c.passed for c in self.checks):
            return FAILED
        return PASSED if self.trust == "outside" else OWN_TRUST


class _Bundle:
    """The files of a bundle, read once, with what was found about them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.checks: list[Check] = []

    def say(self, file: str, what: str, passed: bool, detail: str = "") -> bool:
        self.checks.append(Check(file=file, what=what, passed=passed, detail=detail))
        return passed


def verify(source: IO[bytes], trusted: Sequence[str] = ()) -> Report:
    """Check a bundle against vkeys given from outside, or loudly against its own.

    Never raises for what is in the bundle: whatever is wrong with it becomes a failed check.
    """
    try:
        bundle = _Bundle(_read(source))
        manifest = _check_manifest(bundle)
    except (DanshuError, zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError) as error:
        bad = Check(file="manifest.json", what="包可读", passed=False, detail=str(error))
        return Report(order="", checks=(bad,), facts=(), trust="outside")
    trust = "outside" if trusted else "bundle"
    lines = (
        list(trusted) or bundle.files.get("trust/vkeys.txt", b"").decode(errors="replace").split()
    )
    facts: list[tuple[str, str, str, int]] = []
    try:
        keys = [note.parse_key(line) for line in lines]
        leaves = [leaf for book in manifest["books"] for leaf in _check_book(bundle, book, keys)]
        facts = _check_stream(bundle, str(manifest["order"]), leaves)
        _check_disclosed(bundle, leaves)
        if len(leaves) != manifest["facts"]:
            bundle.say("manifest.json", "事实条数", False, f"{len(leaves)} ≠ {manifest['facts']}")
    except (DanshuError, ValueError, KeyError, TypeError, IndexError) as error:
        bundle.say("manifest.json", "结构", False, f"{type(error).__name__}: {error}")
    return Report(
        order=str(manifest.get("order", "")),
        checks=tuple(bundle.checks),
        facts=tuple(facts),
        trust=trust,
    )


def _read(source: IO[bytes]) -> dict[str, bytes]:
    """Read a zip that cannot surprise: no doubled names, no paths that leave it, bounded."""
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
        names = [e.filename for e in entries]
        if len(names) != len(set(names)):
            raise InputError("bundle", "a file name stands twice in the zip")
        if len(names) > BUNDLE_FILES or sum(e.file_size for e in entries) > BUNDLE_BYTES:
            raise InputError("bundle", "the bundle is over its limits")
        for name in names:
            if name.startswith("/") or "\\" in name or ".." in name.split("/"):
                raise InputError("bundle", f"the path {name!r} leaves the bundle")
        return {e.filename: archive.read(e) for e in entries}


def _check_manifest(bundle: _Bundle) -> dict[str, Any]:
    manifest = json.loads(bundle.files["manifest.json"])
    if manifest.get("format") != "evb/1":
        raise InputError("bundle", f"unknown format {manifest.get('format')!r}")
    listed = {f["path"]: f for f in manifest["files"]}
    present = set(bundle.files) - {"manifest.json"}
    if set(listed) != present:
        odd = sorted(set(listed) ^ present)
        bundle.say("manifest.json", "清单与文件一致", False, "、".join(odd[:5]))
    for path in sorted(present & set(listed)):
        digest = hashlib.sha256(bundle.files[path]).hexdigest()
        bundle.say(path, "sha256 与清单一致", digest == listed[path]["sha256"], f"sha256sum {path}")
    return dict(manifest)


class _Leaf(Struct, frozen=True, kw_only=True):
    path: str
    index: int
    body: bytes


def _check_book(
    bundle: _Bundle, book: dict[str, Any], keys: Sequence[note.VerifierKey]
) -> list[_Leaf]:
    """Check one book: the checkpoint's signature, then each entry's place under it."""
    half = str(book["half"])
    path = f"books/{half}/checkpoint"
    raw = bundle.files[path]
    signed = note.parse(raw)
    verdict = note.verify(signed, keys)
    if isinstance(verdict, Refusal):
        bundle.say(path, "检查点签名", False, verdict.reason)
        return []
    checkpoint = note.parse_checkpoint(signed.text)
    is_log = any(v.key.name == checkpoint.origin == book["origin"] for v in verdict)
    bundle.say(path, "检查点签名", is_log, f"{checkpoint.origin} 共 {checkpoint.size} 条")
    leaves = []
    for index in book["entries"]:
        entry = f"books/{half}/entries/{index:012d}.json"
        proof_path = f"books/{half}/proofs/{index:012d}.tlog-proof"
        body = bundle.files[entry]
        proof = note.parse_proof(bundle.files[proof_path])
        same = proof.checkpoint == raw and proof.index == index
        bundle.say(proof_path, "证明对应本检查点", same)
        included = merkle.verify_inclusion(
            merkle.leaf_hash(body), index, checkpoint.size, list(proof.hashes), checkpoint.root
        )
        bundle.say(entry, "在日志中(RFC 6962)", included, f"第 {index} 条")
        leaves.append(_Leaf(path=entry, index=index, body=body))
    return leaves


def _check_stream(
    bundle: _Bundle, order: str, leaves: Sequence[_Leaf]
) -> list[tuple[str, str, str, int]]:
    """Check that the entries are the order's facts 1, 2, 3 … each naming the one before."""
    facts = []
    before = ""
    for seq, leaf in enumerate(leaves, 1):
        fact = canonical.decode(leaf.body)
        bundle.say(leaf.path, "规范字节", canonical.is_canonical(leaf.body))
        whole = fact["id"] == f"{order}/{seq}" and fact["seq"] == seq
        bundle.say(leaf.path, "属于本单且序号连续", whole, fact["id"])
        bundle.say(leaf.path, "接续前一事实", fact.get("prev", "") == before)
        before = merkle.leaf_hash(leaf.body).hex()
        facts.append((fact["type"], fact["occurred"], fact["actor"]["sub"], leaf.index))
    return facts


def _check_disclosed(bundle: _Bundle, leaves: Sequence[_Leaf]) -> None:
    """Check that the disclosed originals are what the first fact committed to."""
    if not leaves:
        return
    first = canonical.decode(leaves[0].body)
    committed = {e["kind"]: e["digest"] for e in first.get("evidence", ())}
    salt = bytes.fromhex(bundle.files.get("disclosed/salt.hex", b"").decode("ascii").strip())
    for kind, label in (("raw", b"raw"), ("receiver", b"person")):
        path = f"disclosed/{kind}"
        if path not in bundle.files:
            continue
        digest = hashlib.sha256(COMMITMENT + label + b"\0" + salt + bundle.files[path]).hexdigest()
        bundle.say(path, "与事实中的承诺摘要一致", digest == committed.get(kind))


def describe(report: Report) -> str:
    """Say the outcome in Chinese, a line each, so that a person can check by hand."""
    words = {
        PASSED: "全部通过",
        FAILED: "未通过",
        OWN_TRUST: "通过,但信任锚取自包内,请用 --trust 从外部核对",
    }
    lines = [f"证据包核验:{words[report.code]}", f"订单 {report.order}"]
    lines += [
        f"  {i}. {t}  {when}  {who}  日志第 {index} 条"
        for i, (t, when, who, index) in enumerate(report.facts, 1)
    ]
    lines += [f"✗ {c.file}:{c.what} {c.detail}" for c in report.checks if not c.passed]
    passed = sum(c.passed for c in report.checks)
    lines.append(
        f"检查 {len(report.checks)} 项,通过 {passed} 项。"
        f"链头为本单第 {len(report.facts)} 条事实;其后的事实不在本包证明之内。"
    )
    return "\n".join(lines)
