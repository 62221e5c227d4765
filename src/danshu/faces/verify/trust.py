"""What a bundle is judged by: keys, roots, revocation lists and checkpoints from outside."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, Final

from danshu.faces.verify.certificates import Certificate, Crl
from danshu.kernel import note
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VKEY: Final = re.compile(r"^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$", re.M)
_KEY_BYTES: Final = 32


def has_keys(text: str) -> bool:
    """Tell whether a text names the key of a log or a witness."""
    return _VKEY.search(text) is not None


class Opened:
    """A signed note that fits the known keys: text, signers by name (type, Unix time), and how many
    lines are of unknown keys.
    """

    def __init__(self, raw: bytes, keys: Sequence[note.VerifierKey]) -> None:
        """Open a note. Raises InputError when it is malformed or a known key's line is bad."""
        parsed = note.parse(raw)
        self.text = parsed.text
        self.signers: dict[str, tuple[int, int]] = {}
        self.unknown = len(parsed.signatures)
        found = note.verify(parsed, keys)
        if isinstance(found, Refusal):
            if found.code != "note_unknown":
                raise InputError("note", found.reason)
            return
        known = {(key.name, key.key_id) for key in keys}
        self.signers = {v.key.name: (v.key.kind, v.time_s or 0) for v in found}
        self.unknown = sum((s.name, s.key_id) not in known for s in parsed.signatures)

    def is_by_log(self, origin: str) -> bool:
        """Tell whether the log of that name signed."""
        return self.signers.get(origin, (0, 0))[0] == note.ED25519


class Trust:
    """Trust anchors, read from the texts that hold them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.keys = tuple(dict.fromkeys(key for text in texts for key in _read_keys(text)))
        self.roots = [Certificate(d) for t in texts for d in _read_pem(t, "CERTIFICATE")]
        self.crls = [Crl(d) for t in texts for d in _read_pem(t, "X509 CRL")]
        self.held = tuple(text.encode() for text in texts if "\n\n— " in text)

    def open(self, raw: bytes) -> Opened:
        """Open a note by these keys. Raises InputError."""
        return Opened(raw, self.keys)


def _read_keys(text: str) -> Iterator[note.VerifierKey]:
    """Give the keys; a log signs manifests too, under a name of its own."""
    for name, id_, body in _VKEY.findall(text):
        raw = base64.b64decode(body, validate=True)
        if len(raw) != _KEY_BYTES + 1:
            continue
        key = note.VerifierKey(name=name, kind=raw[0], public_key=raw[1:])
        if key.key_id.hex() == id_:
            yield key
        if raw[0] == note.ED25519:
            yield note.VerifierKey(name=f"{name}/bundle", kind=raw[0], public_key=raw[1:])


def _read_pem(text: str, label: str) -> list[bytes]:
    blocks: list[Any] = re.findall(f"-----BEGIN {label}-----([^-]+)-----END", text)
    return [base64.b64decode("".join(block.split()), validate=True) for block in blocks]
