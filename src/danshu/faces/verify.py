"""Verify an evidence bundle offline, with the kernel's own trees, notes and canonical bytes.

The checks are those of the bundle's own verify.py (danshu/data/verifier/checks.py); what they stand
on is the kernel here and plain Python there, so that neither has to be believed alone. Exit codes:
0 everything passed; 1 something failed; 2 passed, but a part could not be checked, or the trust
anchor came out of the bundle itself.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from danshu.data.verifier import checks, primitives, reading
from danshu.kernel import canonical, merkle, note
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PASSED, FAILED, PARTLY = 0, 1, 2
OWN_TRUST = PARTLY


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was checked: in which file, what, how it came out (None = unchecked)."""

    file: str
    check: str
    what: str
    by_hand: str
    passed: bool | None
    detail: str = ""


class Report(Struct, frozen=True, kw_only=True):
    """The outcome. `facts` are (type, when, who, leaf index) in the order of the stream."""

    order: str
    checks: tuple[Check, ...]
    facts: tuple[tuple[str, str, str, int], ...]
    trust: str  # outside | bundle
    code: int


class Kernel:
    """What the checks stand on, by the kernel; see primitives.py for what each gives."""

    sha256 = staticmethod(primitives.sha256)
    sm3 = staticmethod(primitives.sm3)
    from_base64 = staticmethod(primitives.from_base64)
    from_base64url = staticmethod(primitives.from_base64url)
    by_cose = staticmethod(primitives.by_cose)
    leaf_hash = staticmethod(merkle.leaf_hash)
    included = staticmethod(merkle.verify_inclusion)
    parse = staticmethod(primitives.parse)
    is_canonical = staticmethod(canonical.is_canonical)

    @staticmethod
    def grown(old: int, size: int, old_root: bytes, root: bytes, proof: list[bytes]) -> bool:
        """Tell whether a tree only grew (RFC 6962 §2.1.2)."""
        return merkle.verify_consistency(old, size, old_root, root, proof)

    @staticmethod
    def open_note(
        raw: bytes, keys: dict[tuple[str, bytes], bytes]
    ) -> tuple[str, dict[str, tuple[int, int]], int]:
        """Open a signed note: text, signers (type, Unix time), lines of unknown keys."""
        parsed = note.parse(raw)
        known = [
            note.VerifierKey(name=name, kind=key[0], public_key=key[1:])
            for (name, _), key in keys.items()
        ]
        ids = {(key.name, key.key_id) for key in known}
        verified = note.verify(parsed, known)
        if isinstance(verified, Refusal):
            if verified.code == "note_unknown":
                return parsed.text, {}, len(parsed.signatures)
            raise InputError("note", verified.reason)
        unknown = sum((s.name, s.key_id) not in ids for s in parsed.signatures)
        return parsed.text, {v.key.name: (v.key.kind, v.time_s or 0) for v in verified}, unknown

    @staticmethod
    def checkpoint(text: str) -> tuple[str, int, bytes]:
        """Read a checkpoint: origin, size, root."""
        read = note.parse_checkpoint(text)
        return read.origin, read.size, read.root

    @staticmethod
    def read_proof(raw: bytes, head: str) -> tuple[int, list[bytes], bytes]:
        """Read a proof file: its number, its hashes, the checkpoint below."""
        if head == "index ":
            proof = note.parse_proof(raw)
            return proof.index, list(proof.hashes), proof.checkpoint
        growth = note.parse_growth(raw)
        return growth.old_size, list(growth.hashes), growth.checkpoint


def verify(
    source: IO[bytes],
    trusted: Sequence[str] = (),
    stamp: Callable[..., Any] = reading.stamp_by_openssl,
) -> Report:
    """Check a bundle by anchors from outside (texts of vkeys, PEM roots, checkpoints held), or
    loudly by its own.

    Never raises for what is in the bundle: whatever is wrong with it becomes a failed check.
    """
    told = reading.verify(source, trusted, Kernel, stamp)
    return Report(
        order=told["order"],
        checks=tuple([_check(**c) for c in told["checks"]]),
        facts=tuple([tuple(f) for f in told["facts"]]),
        trust=told["trust"],
        code=told["code"],
    )


def _check(check: str, file: str, passed: bool | None, detail: str) -> Check:
    what, by_hand = checks.WORDS[check]
    return Check(check=check, file=file, passed=passed, detail=detail, what=what, by_hand=by_hand)


def describe(report: Report, every: bool = False) -> str:
    """Say the outcome in Chinese, so that a person can check each line by hand."""
    told = msgspec.to_builtins(report)
    return reading.describe(told, every)


def read_anchors(places: Sequence[Path]) -> list[str]:
    """Read the texts of trust anchors from files and folders."""
    return reading.read_anchors([str(place) for place in places])
