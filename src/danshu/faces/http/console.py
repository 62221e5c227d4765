"""The console's files: read once at the start, and the same page for every path of a person.

Only names that were built are ever looked up, so that no path leads anywhere else. What stands
under `files/` is named by its content and never changes; the page itself carries a fresh nonce and
is never kept.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.faces.http import headers, problems
from danshu.faces.http.headers import Header

STATIC: Final = Path(__file__).resolve().parents[2] / "static"
INDEX: Final = "index.html"
NONCE: Final = b"__CSP_NONCE__"
_NONCE_BYTES: Final = 16
_FOREVER: Final = b"public, max-age=31536000, immutable"
_ASK_AGAIN: Final = b"no-cache"
_TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".map": b"application/json",
    ".mjs": b"text/javascript; charset=utf-8",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
    ".wasm": b"application/wasm",
    ".webmanifest": b"application/manifest+json",
    ".woff2": b"font/woff2",
}
# The editor of the policy canvas reads expressions with WebAssembly; no other page compiles any.
COMPILES: Final = "/policies/"
_ENCODINGS: Final = ((b"br", ".br"), (b"gzip", ".gz"))  # the best first
_HTML: Final[Header] = (b"content-type", _TYPES[".html"])
_PAGE: Final[tuple[Header, ...]] = (_HTML, (b"cache-control", b"no-store"))
_NOT_BUILT: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>控制台未构建 · 单枢</title></head><body><main>
<h1>控制台未构建 The console has not been built</h1>
<p>接口照常工作,文档在 <a href="/docs">/docs</a>。
The API works; it is described at <a href="/docs">/docs</a>.</p>
<p>在源码目录运行 <code>./danshu setup</code>(要能访问 npm 源,且未设 <code>DANSHU_SKIP_UI</code>),
再启动一次。 In the source tree run <code>./danshu setup</code>, with the npm registry in reach and
without <code>DANSHU_SKIP_UI</code>, and start again.</p>
</main></body></html>
""".encode()


class File(Struct, frozen=True, eq=False):
    """A built file: its bodies by encoding (b"" is the plain one) and what is said with each."""

    etag: bytes
    bodies: dict[bytes, tuple[bytes, tuple[Header, ...]]]


class Console:
    """The console as an ASGI function for GET and HEAD."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files = dict(_read(folder))
        page = folder / INDEX
        self._page = page.read_bytes().split(NONCE) if page.is_file() else None

    async def __call__(self, scope: Any, send: Any, is_https: bool = False) -> None:
        """Answer a file by its name, and the page for everything that is no file's name."""
        path = scope["path"]
        file = self._files.get(path)
        if file is not None:
            status, more, body = self._file(file, scope["headers"])
        elif path.startswith("/files/") or Path(path).suffix in _TYPES:
            status, more, body = _missing()
        elif self._page is None:
            status, more, body = 200, _PAGE, _NOT_BUILT
        else:
            nonce = secrets.token_urlsafe(_NONCE_BYTES)
            status, body = 200, nonce.encode().join(self._page)
            compiles = path.startswith(COMPILES)
            more = (*_PAGE, (headers.POLICY, headers.policy(nonce, compiles=compiles)))
        chosen = {name for name, _ in more}
        told = [*more, *[h for h in headers.said(scope, is_https) if h[0] not in chosen]]
        if status != 304:
            told.append((b"content-length", b"%d" % len(body)))
        if scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body})

    def _file(self, file: File, asked: Any) -> tuple[int, tuple[Header, ...], bytes]:
        accepted: set[bytes] = set()
        for name, value in asked:
            if name == b"if-none-match" and file.etag in value:
                return 304, file.bodies[b""][1], b""
            if name == b"accept-encoding":
                accepted = _accepted(value)
        for encoding, _ in _ENCODINGS:
            if encoding in accepted and encoding in file.bodies:
                body, more = file.bodies[encoding]
                return 200, more, body
        body, more = file.bodies[b""]
        return 200, more, body


def _accepted(value: bytes) -> set[bytes]:
    """Read Accept-Encoding: what is named, and not with q=0."""
    found = set()
    for part in value.lower().split(b","):
        word, _, weight = part.replace(b" ", b"").partition(b";q=")
        if weight.strip(b"0.") or not weight:
            found.add(word)
    return found


def _missing() -> tuple[int, tuple[Header, ...], bytes]:
    problem = problems.make("not_found", "the console has no such file; load the page again")
    kind = (b"content-type", problems.PROBLEM_JSON.encode())
    return 404, (kind, (b"cache-control", b"no-store")), msgspec.json.encode(problem)


def _read(folder: Path) -> list[tuple[str, File]]:
    """Read what was built, by path. Hidden files and the page itself are not among them."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in inside.parts)
        if path.suffix not in _TYPES or is_hidden or inside.name == INDEX or not path.is_file():
            continue
        body = path.read_bytes()
        etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
        keep = _FOREVER if inside.parts[0] == "files" else _ASK_AGAIN
        common = (
            (b"content-type", _TYPES[path.suffix]),
            (b"cache-control", keep),
            (b"etag", etag),
        )
        smaller = {
            encoding: path.with_name(path.name + suffix)
            for encoding, suffix in _ENCODINGS
            if path.with_name(path.name + suffix).is_file()
        }
        vary = ((b"vary", b"accept-encoding"),) if smaller else ()
        bodies = {b"": (body, (*common, *vary))}
        for encoding, other in smaller.items():
            more = (*common, *vary, (b"content-encoding", encoding))
            bodies[encoding] = (other.read_bytes(), more)
        found.append((f"/{inside.as_posix()}", File(etag, bodies)))
    return found
