"""Object storage that speaks as much of the S3 REST API as an archive needs: PUT, GET with ranges,
HEAD, DELETE of objects by path style, signed by AWS Signature Version 4.

It verifies each signature and each digest of a body, so that whoever can talk to it talks to real
ones in the same words. Objects are in memory. Sources: Amazon S3 API Reference, "PutObject",
"GetObject"; "Authenticating Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCESS_KEY: Final = "AKIDEXAMPLE"
SECRET_KEY: Final = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION: Final = "cn-test-1"
BUCKET: Final = "danshu-archive"
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d+)")


class Store:
    """A running store: its address, its objects by key, how many requests were refused, and
    whether it is out of order (503).
    """

    def __init__(self) -> None:
        self.url = ""
        self.objects: dict[str, bytes] = {}
        self.refused = 0
        self.is_down = False

    def archive_url(self, prefix: str = "prod") -> str:
        """Give the URL by which the adapter opens it."""
        query = urllib.parse.urlencode(
            {"endpoint": self.url, "region": REGION, "style": "path"}, safe=":/"
        )
        return f"s3://{BUCKET}/{prefix}?{query}"


def _sign(secret: str, day: str, region: str, text: str) -> str:
    key = f"AWS4{secret}".encode()
    for word in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


class _Handler(BaseHTTPRequestHandler):
    store: Store
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        self.store.refused += 1
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _is_signed(self, body: bytes) -> bool:
        """Make the canonical request again and compare (SigV4, "Create a canonical request")."""
        found = _AUTHORIZATION.fullmatch(self.headers.get("authorization", ""))
        if found is None or found[1] != ACCESS_KEY or found[3] != REGION:
            return False
        digest = self.headers.get("x-amz-content-sha256", "")
        if digest != hashlib.sha256(body).hexdigest():
            return False
        parts = urllib.parse.urlsplit(self.path)
        query = "&".join(sorted(filter(None, parts.query.split("&"))))
        names = found[4].split(";")
        headers = "".join(f"{n}:{' '.join(self.headers.get(n, '').split())}\n" for n in names)
        canonical = "\n".join((self.command, parts.path, query, headers, found[4], digest))
        scope = f"{found[2]}/{found[3]}/s3/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", self.headers.get("x-amz-date", ""), scope, hashed))
        return hmac.compare_digest(_sign(SECRET_KEY, found[2], found[3], text), found[5])

    def _take(self) -> tuple[str, bytes] | None:
        """Give key and body of a good request; None when it was answered already."""
        body = self._body()
        bucket, _, key = urllib.parse.unquote(self.path.partition("?")[0])[1:].partition("/")
        if self.store.is_down:
            self._refuse(503, "SlowDown")
        elif not self._is_signed(body):
            self._refuse(403, "SignatureDoesNotMatch")
        elif bucket != BUCKET:
            self._refuse(404, "NoSuchBucket")
        else:
            return key, body
        return None

    def do_PUT(self) -> None:
        """PutObject."""
        if (taken := self._take()) is None:
            return
        key, body = taken
        sent = self.headers.get("x-amz-checksum-sha256", "")
        if sent and base64.b64decode(sent) != hashlib.sha256(body).digest():
            return self._refuse(400, "BadDigest")
        self.store.objects[key] = body
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return self._answer(200, ETag=f'"{etag}"')

    def do_GET(self) -> None:
        """GetObject, whole or a range."""
        if (taken := self._take()) is None:
            return
        whole = self.store.objects.get(taken[0])
        if whole is None:
            return self._refuse(404, "NoSuchKey")
        asked = _RANGE.fullmatch(self.headers.get("range", ""))
        if asked is None:
            return self._answer(200, whole)
        start, end = int(asked[1]), min(int(asked[2]), len(whole) - 1)
        span = f"bytes {start}-{end}/{len(whole)}"
        return self._answer(206, whole[start : end + 1], Content_Range=span)

    def do_HEAD(self) -> None:
        """HeadObject."""
        if (taken := self._take()) is None:
            return
        whole = self.store.objects.get(taken[0])
        if whole is None:
            return self._answer(404)
        return self._answer(200, Content_Length=str(len(whole)))

    def do_DELETE(self) -> None:
        """DeleteObject."""
        if (taken := self._take()) is not None:
            self.store.objects.pop(taken[0], None)
            self._answer(204)


@contextlib.contextmanager
def serve() -> Iterator[Store]:
    """Run a store on loopback until the end of the block."""
    store = Store()
    handler = type("Handler", (_Handler,), {"store": store})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
