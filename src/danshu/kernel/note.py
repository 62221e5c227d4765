"""Signed notes and what is written as one: checkpoints, cosignatures, proof files (C2SP).

signed-note, tlog-checkpoint, tlog-cosignature (Ed25519, type 0x04) and tlog-proof, all @v1.
Reading is strict and keeps the exact bytes: a signature covers bytes, not meanings. Signing asks a
callable, so that keys may live in a file, an HSM or a card.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

from danshu.kernel import ed25519
from danshu.kernel.errors import InputError, ProgramError, Refusal
from danshu.kernel.limits import NOTE_BYTES, NOTE_SIGNATURES, PROOF_HASHES
from danshu.kernel.merkle import HASH_BYTES

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
KEY_ID_BYTES: Final = 4

Sign = Callable[[bytes], bytes]
"""Signs a message with Ed25519: 64 bytes."""
Check = Callable[[bytes, bytes, bytes], bool]
"""Tells whether (public key, message, signature) is a good Ed25519 signature."""

_DASH: Final = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_TIME_BYTES: Final = 8
_TIME_MAX_S: Final = 2**63 - 1
_PRIVATE: Final = "PRIVATE+KEY+"
_PROOF: Final = "c2sp.org/tlog-proof@v1"


class VerifierKey(Struct, frozen=True, kw_only=True):
    """Who may sign, and how: name, signature type (ED25519 or COSIGNATURE), 32-byte public key."""

    name: str
    kind: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name ‖ LF ‖ type ‖ public key)."""
        seed = self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key
        return sha256(seed).digest()[:KEY_ID_BYTES]

    def encode(self) -> str:
        """Write the key as a vkey: `name+hex key id+base64(type ‖ public key)`."""
        material = _to_base64(bytes([self.kind]) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{material}"


class Signature(Struct, frozen=True, kw_only=True):
    """One signature line: name, 4-byte key id, and what the key's type puts behind it."""

    name: str
    key_id: bytes
    signature: bytes


class Note(Struct, frozen=True, kw_only=True):
    """A text (with its final newline) and the signatures under it, verified or not."""

    text: str
    signatures: tuple[Signature, ...]


class Verified(Struct, frozen=True, kw_only=True):
    """A known key whose signature is good; `time_s` (Unix) is when a cosigner says it signed."""

    key: VerifierKey
    time_s: int | None = None


class Checkpoint(Struct, frozen=True, kw_only=True):
    """The head of a log: its origin, size in leaves, root hash; we write no extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Write the text of the note to sign; ProgramError when it could not be read again."""
        lines = (self.origin, str(self.size), _to_base64(self.root), *self.extensions)
        text = "".join(f"{line}\n" for line in lines)
        try:
            again = parse_checkpoint(text)
        except InputError as error:
            raise ProgramError(f"not a checkpoint: {error}") from error
        if again != self:
            raise ProgramError("not a checkpoint: a line holds a newline")
        return text


class Proof(Struct, frozen=True, kw_only=True):
    """A `.tlog-proof` file: leaf `index`, its inclusion proof, and the note of a checkpoint.

    `extra` is not authenticated by anything.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


class Growth(Struct, frozen=True, kw_only=True):
    """A consistency file, the body of tlog-witness add-checkpoint: `old_size` to a checkpoint."""

    old_size: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


def parse_key(vkey: str) -> VerifierKey:
    """Read a vkey of type ED25519 or COSIGNATURE; InputError `vkey` when anything is off."""
    name, _, rest = vkey.partition("+")
    key_id, _, material = rest.partition("+")
    raw = _from_base64(material, "vkey")
    if not _is_name(name) or len(raw) != 1 + ed25519.KEY_BYTES:
        raise InputError("vkey", "not a verifier key", vkey[:80])
    key = VerifierKey(name=name, kind=raw[0], public_key=raw[1:])
    if key.kind not in (ED25519, COSIGNATURE):
        raise InputError("vkey", f"signature type {key.kind} is not known", vkey[:80])
    if key.key_id.hex() != key_id:
        raise InputError("vkey", f"the key id should be {key.key_id.hex()}", vkey[:80])
    return key


def encode_secret(key: VerifierKey, seed: bytes) -> str:
    """Write a secret key as Go's sumdb/note does: `PRIVATE+KEY+name+id+base64(type ‖ seed)`."""
    return f"{_PRIVATE}{key.name}+{key.key_id.hex()}+{_to_base64(bytes([key.kind]) + seed)}"


def parse_secret(skey: str) -> tuple[str, bytes, int, bytes]:
    """Read a secret key as (name, key id, type, 32-byte seed); InputError `skey` otherwise.

    The key id cannot be checked here: that needs the public key, which whoever signs derives.
    """
    name, _, rest = skey.removeprefix(_PRIVATE).partition("+")
    key_id, _, material = rest.partition("+")
    raw = _from_base64(material, "skey")
    named = skey.startswith(_PRIVATE) and _is_name(name) and _KEY_ID.fullmatch(key_id)
    if not named or len(raw) != 1 + ed25519.KEY_BYTES or raw[0] not in (ED25519, COSIGNATURE):
        raise InputError("skey", "not a secret key")  # never repeat it in a message
    return name, bytes.fromhex(key_id), raw[0], raw[1:]


def sign(text: str, key: VerifierKey, sign_with: Sign, time_s: int = 0) -> Signature:
    """Sign a note's text with `key`; a COSIGNATURE key also states `time_s`, Unix seconds.

    Raises ProgramError when the text is not the text of a note.
    """
    _checked_text(text)
    if key.kind == ED25519:
        made = sign_with(text.encode())
    else:
        made = time_s.to_bytes(_TIME_BYTES, "big") + sign_with(_cosigned(text, time_s))
    return Signature(name=key.name, key_id=key.key_id, signature=made)


def encode(note: Note) -> bytes:
    """Write a note; ProgramError when it could not be read again."""
    _checked_text(note.text)
    if not note.signatures:
        raise ProgramError("a note needs a signature")
    lines = [
        f"{_DASH}{each.name} {_to_base64(each.key_id + each.signature)}\n"
        for each in note.signatures
    ]
    raw = (note.text + "\n" + "".join(lines)).encode()
    if parse(raw) != note:
        raise ProgramError("a signature's name or length is not that of a note")
    return raw


def parse(raw: bytes) -> Note:
    """Read a note strictly, verifying nothing yet; InputError `note` when it is not one."""
    if len(raw) > NOTE_BYTES:
        raise InputError("note", f"{len(raw)} bytes, the limit is {NOTE_BYTES}")
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        raise InputError("note", f"not UTF-8: {error}") from error
    if _CONTROL.search(whole):
        raise InputError("note", "a control character")
    text, blank, below = whole.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise InputError("note", "no signatures below the last empty line")
    lines = below[:-1].split("\n")
    if len(lines) > NOTE_SIGNATURES:
        raise InputError("note", f"over {NOTE_SIGNATURES} signatures")
    return Note(text=text + "\n", signatures=tuple(map(_parse_signature, lines)))


def verify(
    note: Note, keys: Sequence[VerifierKey], check: Check = ed25519.verify
) -> tuple[Verified, ...] | Refusal:
    """Verify every signature by a known key; give those keys, each once, in the note's order.

    Unknown keys are ignored. One bad signature by a known key refuses the whole note, and so does
    a note without any known key.
    """
    known = {(key.name, key.key_id): key for key in keys}
    good: dict[VerifierKey, Verified] = {}
    for each in note.signatures:
        key = known.get((each.name, each.key_id))
        if key is None:
            continue
        verified = _verify_one(note.text, each, key, check)
        if verified is None:
            return Refusal(
                code="note_signature",
                reason=f"{key.name} 的签名与正文不符",
                reason_en=f"the signature of {key.name} does not fit the text",
                clause="c2sp.org/signed-note",
            )
        good.setdefault(key, verified)
    if not good:
        return Refusal(
            code="note_unknown",
            reason="没有任何一个签名来自受信任的密钥",
            reason_en="no signature is of a trusted key",
            clause="c2sp.org/signed-note",
        )
    return tuple(good.values())


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note as a checkpoint; InputError `checkpoint` when it is not one."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or _CONTROL.search(text):
        raise InputError("checkpoint", "not at least three lines, none of them empty")
    origin, size, root, *extensions = lines[:-1]
    root_hash = _from_base64(root, "checkpoint")
    if len(root_hash) != HASH_BYTES:
        raise InputError("checkpoint", f"a root hash of {len(root_hash)} bytes")
    return Checkpoint(
        origin=origin,
        size=_number(size, "checkpoint"),
        root=root_hash,
        extensions=tuple(extensions),
    )


def encode_proof(proof: Proof) -> bytes:
    """Write a `.tlog-proof` file."""
    lines = [_PROOF, f"index {proof.index}", *map(_to_base64, proof.hashes), "", ""]
    if proof.extra is not None:
        lines.insert(1, f"extra {_to_base64(proof.extra)}")
    return "\n".join(lines).encode() + proof.checkpoint


def parse_proof(raw: bytes) -> Proof:
    """Read a `.tlog-proof` file; InputError `tlog_proof` when it is not one.

    The checkpoint stays as it is: give it to `parse`, `verify` and `parse_checkpoint`.
    """
    lines, checkpoint = _cut(raw, "tlog_proof")
    extra = None
    if lines[0] != _PROOF:
        raise InputError("tlog_proof", f"the first line is not {_PROOF}")
    del lines[0]
    if lines and lines[0].startswith("extra "):
        extra = _from_base64(lines.pop(0).removeprefix("extra "), "tlog_proof")
    index, hashes = _read_hashes(lines, "index ", "tlog_proof")
    return Proof(index=index, hashes=hashes, checkpoint=checkpoint, extra=extra)


def encode_growth(growth: Growth) -> bytes:
    """Write a consistency file: `old N`, base64 hashes, an empty line, the checkpoint."""
    lines = [f"old {growth.old_size}", *map(_to_base64, growth.hashes), "", ""]
    return "\n".join(lines).encode() + growth.checkpoint


def parse_growth(raw: bytes) -> Growth:
    """Read a consistency file; InputError `tlog_consistency` when it is not one."""
    lines, checkpoint = _cut(raw, "tlog_consistency")
    old_size, hashes = _read_hashes(lines, "old ", "tlog_consistency")
    return Growth(old_size=old_size, hashes=hashes, checkpoint=checkpoint)


def _verify_one(text: str, each: Signature, key: VerifierKey, check: Check) -> Verified | None:
    if key.kind == ED25519:
        return Verified(key=key) if check(key.public_key, text.encode(), each.signature) else None
    time_s = int.from_bytes(each.signature[:_TIME_BYTES], "big")
    good = time_s <= _TIME_MAX_S and check(
        key.public_key, _cosigned(text, time_s), each.signature[_TIME_BYTES:]
    )
    return Verified(key=key, time_s=time_s) if good else None


def _cosigned(text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def _parse_signature(line: str) -> Signature:
    name, space, material = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _is_name(name):
        raise InputError("note", "not a signature line", line[:80])
    raw = _from_base64(material, "note")
    if len(raw) <= KEY_ID_BYTES:
        raise InputError("note", "a signature of no bytes", line[:80])
    return Signature(name=name, key_id=raw[:KEY_ID_BYTES], signature=raw[KEY_ID_BYTES:])


def _checked_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ProgramError("the text of a note ends with a newline and holds no other control")


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


def _cut(raw: bytes, code: str) -> tuple[list[str], bytes]:
    """Cut a proof file at its first empty line: the lines above it, the checkpoint below it."""
    head, blank, checkpoint = raw.partition(b"\n\n")
    if len(raw) > NOTE_BYTES or not blank or not head.isascii():
        raise InputError(code, "no checkpoint below an empty line")
    return head.decode().split("\n"), checkpoint


def _read_hashes(lines: list[str], label: str, code: str) -> tuple[int, tuple[bytes, ...]]:
    if not lines or not lines[0].startswith(label) or len(lines) > PROOF_HASHES + 1:
        raise InputError(code, f"no line '{label}N' with at most {PROOF_HASHES} hashes below it")
    hashes = tuple(_from_base64(line, code) for line in lines[1:])
    if any(len(each) != HASH_BYTES for each in hashes):
        raise InputError(code, f"a hash is not {HASH_BYTES} bytes")
    return _number(lines[0].removeprefix(label), code), hashes


def _number(text: str, code: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > _TIME_MAX_S:
        raise InputError(code, "not a decimal number without leading zeros", text[:20])
    return int(text)


def _to_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _from_base64(text: str, code: str) -> bytes:
    """Read base64 in the one form that encoding gives: padded, no stray bits, no line breaks."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(code, f"not base64: {error}") from error
    if _to_base64(raw) != text:
        raise InputError(code, "base64 in another form than its own")
    return raw
