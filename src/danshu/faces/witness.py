"""A witness: a small server that cosigns the checkpoints of logs, and never two histories of one.

C2SP tlog-witness over HTTP, cosignatures of type 0x04 (tlog-cosignature). It knows logs by their
vkeys and remembers of each the last checkpoint that it cosigned, in a file of its own that is
durable before the answer leaves. It needs no database and nothing of a hub: run it elsewhere, by
somebody else; that is what it is worth.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from danshu.kernel import merkle, note
from danshu.kernel.errors import InputError, NotAvailable, ProgramError
from danshu.kernel.limits import WITNESS_BODY_BYTES, WITNESS_FORKS, WITNESS_LOGS
from danshu.kernel.note import COSIGNATURE, ED25519, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SIZE_TYPE: Final = "text/x.tlog.size"
PATH: Final = "/add-checkpoint"
_EVERY: Final = "/*"
_TEXT: Final = "text/plain; charset=utf-8"


class Answer(Struct, frozen=True, kw_only=True):
    """What the witness says: HTTP status, body, and the body's type."""

    status: int
    body: bytes
    kind: str = _TEXT


class Logs:
    """The logs that a witness takes, from a file with a vkey a line; `#` begins a comment.

    The name of a key is the origin of its log. A name that ends in `/*` stands for every origin
    below it: the books of one merchant, half-year after half-year.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = (0, 0)
        self._exact: dict[str, list[VerifierKey]] = {}
        self._below: dict[str, list[VerifierKey]] = {}
        self.read()

    def read(self) -> None:
        """Read the file again if it changed. Raises InputError for a line that is no vkey."""
        state = self._path.stat()
        seen = (state.st_mtime_ns, state.st_size)
        if seen == self._seen:
            return
        exact: dict[str, list[VerifierKey]] = {}
        below: dict[str, list[VerifierKey]] = {}
        for line in self._path.read_text().splitlines():
            text = line.partition("#")[0].strip()
            if not text:
                continue
            key = note.parse_key(text)
            if key.kind != ED25519:
                raise InputError("vkey", "a log's key is of type 0x01", text[:80])
            kept, name = exact, key.name
            if name.endswith(_EVERY):
                kept, name = below, name[:-1]
            kept.setdefault(name, []).append(key)
        self._exact, self._below, self._seen = exact, below, seen

    def keys_of(self, origin: str) -> tuple[VerifierKey, ...]:
        """Give the keys that may sign for an origin; none for a log that is not known."""
        keys = list(self._exact.get(origin, ()))
        for name, patterns in self._below.items():
            if origin.startswith(name) and len(origin) > len(name):
                keys += patterns
        return tuple(VerifierKey(name=origin, kind=ED25519, public_key=k.public_key) for k in keys)


class Witness:
    """One witness over one folder: its key, and a note for each log. Only one process may hold it.

    Raises NotAvailable when another process does.
    """

    def __init__(self, folder: Path, name: str, logs: Logs, clock_s: Callable[[], int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._logs = logs
        self._clock_s = clock_s
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise NotAvailable(f"another witness works in {folder}") from error
        self._secret = Ed25519PrivateKey.from_private_bytes(_read_seed(folder))
        public = self._secret.public_key().public_bytes_raw()
        self.key: Final = VerifierKey(name=name, kind=COSIGNATURE, public_key=public)
        if note.parse_key(self.key.encode()) != self.key:
            raise InputError("witness_name", "a witness's name has no spaces and no plus", name)

    def close(self) -> None:
        """Let another process hold the folder."""
        os.close(self._lock)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request (tlog-witness, "add-checkpoint"); durable before it returns."""
        try:
            growth = note.parse_growth(body)
            signed = note.parse(growth.checkpoint)
            checkpoint = note.parse_checkpoint(signed.text)
        except InputError as error:
            return _no(HTTPStatus.BAD_REQUEST, f"{error.code}: {error.detail}")
        with contextlib.suppress(OSError, InputError):  # a file that is being written: as before
            self._logs.read()
        keys = self._logs.keys_of(checkpoint.origin)
        if not keys:
            return _no(HTTPStatus.NOT_FOUND, "the log is not known")
        if not isinstance(note.verify(signed, keys, _check), tuple):
            return _no(HTTPStatus.FORBIDDEN, "no signature of a key that is trusted for this log")
        if growth.old_size > checkpoint.size:
            return _no(HTTPStatus.BAD_REQUEST, "the old size is above the checkpoint's")
        try:
            last = self._last(checkpoint.origin)
        except (InputError, OSError):
            return _no(HTTPStatus.INTERNAL_SERVER_ERROR, "what was cosigned can't be read")
        if growth.old_size != (last.size if last else 0):
            return _size(last)
        if last is not None and last.size == checkpoint.size and last.root != checkpoint.root:
            self._keep_fork(body)
            return _size(last)
        if not _grows(last, checkpoint, growth.hashes):
            self._keep_fork(body)
            return _no(HTTPStatus.UNPROCESSABLE_ENTITY, "the consistency proof does not verify")
        if last is None and len(list(self._folder.glob("*.note"))) >= WITNESS_LOGS:
            return _no(HTTPStatus.INSUFFICIENT_STORAGE, f"over {WITNESS_LOGS} logs")
        line = note.sign(signed.text, self.key, self._secret.sign, self._clock_s())
        cosigned = note.encode(note.Note(text=signed.text, signatures=(line,)))
        _replace(self._path(checkpoint.origin), cosigned)
        return Answer(status=HTTPStatus.OK, body=cosigned.rpartition(b"\n\n")[2])

    def monitor(self) -> Iterator[bytes]:
        """Give the last note that was cosigned of each log."""
        for path in sorted(self._folder.glob("*.note")):
            yield path.read_bytes()

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.note"

    def _last(self, origin: str) -> note.Checkpoint | None:
        """Read what was cosigned last of a log; InputError when the file is not our own note."""
        path = self._path(origin)
        if not path.exists():
            return None
        kept = note.parse(path.read_bytes())
        checkpoint = note.parse_checkpoint(kept.text)
        verdict = note.verify(kept, (self.key,), _check)
        if not isinstance(verdict, tuple) or checkpoint.origin != origin:
            raise InputError("witness_state", f"{path.name} is not what this witness cosigned")
        return checkpoint

    def _keep_fork(self, body: bytes) -> None:
        """Keep a request that shows a log's misbehaviour, a bounded number of them."""
        folder = self._folder / "forks"
        folder.mkdir(exist_ok=True)
        path = folder / f"{hashlib.sha256(body).hexdigest()}.txt"
        if not path.exists() and len(list(folder.iterdir())) < WITNESS_FORKS:
            _replace(path, body)


class Server:
    """The witness as an ASGI application; requests are settled one after the other."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(scope, receive)
            headers = [(b"content-type", answer.kind.encode()), (b"cache-control", b"no-store")]
            headers.append((b"content-length", b"%d" % len(answer.body)))
            start = {"type": "http.response.start", "status": answer.status, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        method, path = scope["method"], scope["path"]
        if path == "/vkey" and method == "GET":
            return Answer(status=HTTPStatus.OK, body=self._witness.key.encode().encode() + b"\n")
        if path == "/checkpoints" and method == "GET":
            return Answer(status=HTTPStatus.OK, body=b"\n".join(self._witness.monitor()))
        if path != PATH:
            return _no(HTTPStatus.NOT_FOUND, f"a witness answers POST {PATH}")
        if method != "POST":
            return _no(HTTPStatus.METHOD_NOT_ALLOWED, "POST")
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _no(HTTPStatus.BAD_REQUEST, "the request ended early")
            body += message.get("body", b"")
            if len(body) > WITNESS_BODY_BYTES:
                return _no(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {WITNESS_BODY_BYTES} bytes")
            if not message.get("more_body"):
                return self._witness.add_checkpoint(body)


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _grows(
    last: note.Checkpoint | None, checkpoint: note.Checkpoint, hashes: tuple[bytes, ...]
) -> bool:
    """Tell whether the proof leads from what was cosigned to the checkpoint; none from nothing."""
    if last is None or last.size == 0:
        return not hashes and (checkpoint.size > 0 or checkpoint.root == merkle.EMPTY_ROOT)
    return merkle.verify_consistency(last.size, checkpoint.size, last.root, checkpoint.root, hashes)


def _size(last: note.Checkpoint | None) -> Answer:
    size = last.size if last else 0
    return Answer(status=HTTPStatus.CONFLICT, body=b"%d\n" % size, kind=SIZE_TYPE)


def _no(status: HTTPStatus, reason: str) -> Answer:
    return Answer(status=status, body=reason.encode() + b"\n")


def _check(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _read_seed(folder: Path) -> bytes:
    """Read the witness's key, made on first use; it never leaves the folder."""
    path = folder / "key"
    if not path.exists():
        if list(folder.glob("*.note")):
            raise ProgramError(f"{folder} holds cosigned checkpoints and no key")
        _replace(path, secrets.token_bytes(32))
        path.chmod(0o600)
    seed = path.read_bytes()
    if len(seed) != 32:
        raise InputError("witness_key", f"{path} is not a key of 32 bytes")
    return seed


def _replace(path: Path, body: bytes) -> None:
    """Write a file whole or not at all, durably."""
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
