"""The session's cookie, and the proof that an unsafe request comes from our own page.

By https the cookie is `__Host-danshu` and Secure, so that no neighbouring host can set it; by plain
http (a demo on this machine) it is `danshu`.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from danshu.hub.sessions import Visitor
from danshu.kernel.errors import InputError
from danshu.kernel.limits import AGENT_CHARS, SESSION_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.hub.sessions import Session

SESSION: Final = "danshu"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({"same-origin", "none"})

FOREIGN: Final = InputError("foreign_origin", "this request does not come from our own page")
NO_TOKEN: Final = InputError("csrf", "repeat the session's token in X-CSRF-Token")


def is_secure(scope: Any, origin: str) -> bool:
    """Tell whether the browser speaks https, to us or to the proxy in front of us."""
    return scope.get("scheme") == "https" or origin.startswith("https://")


def read(scope: Any, origin: str, *, name: str = SESSION) -> str:
    """Read a cookie of ours; "" when there is none."""
    wanted = f"__Host-{name}" if is_secure(scope, origin) else name
    found = ""
    for key, value in scope["headers"]:
        if key == b"cookie":
            for part in value.decode("latin-1").split(";"):
                word, _, text = part.strip().partition("=")
                if word == wanted:
                    found = text
    return found


def write(
    scope: Any, origin: str, value: str, *, name: str = SESSION, age_s: int = SESSION_S
) -> str:
    """Write the header that sets a cookie, or with "" takes it away."""
    secure = is_secure(scope, origin)
    parts = [
        f"{'__Host-' if secure else ''}{name}={value}",
        "Path=/",
        f"Max-Age={age_s if value else 0}",
        "HttpOnly",
        "SameSite=Lax",
    ]
    return "; ".join([*parts, "Secure"] if secure else parts)


def header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str:
    """Read one header of a scope; "" when it is not there."""
    return next((v.decode("latin-1") for n, v in headers if n == wanted), "")


def check_origin(scope: Any, origin: str) -> None:
    """Refuse an unsafe request that another site's page sent. Raises InputError `foreign_origin`.

    Browsers send Origin with every unsafe request, and Sec-Fetch-Site with every one; a program
    that sends neither is no browser and carries nobody's cookie against their will.
    """
    if scope["method"] in _SAFE:
        return
    headers = scope["headers"]
    said = header(headers, b"origin")
    if said:
        scheme = "https" if is_secure(scope, origin) else "http"
        if said not in (origin, f"{scheme}://{header(headers, b'host')}"):
            raise FOREIGN
    elif header(headers, b"sec-fetch-site") not in ("", *_OURS):
        raise FOREIGN


def check_token(scope: Any, session: Session) -> None:
    """Refuse an unsafe request without the session's token. Raises InputError `csrf`."""
    if scope["method"] in _SAFE:
        return
    said = header(scope["headers"], b"x-csrf-token")
    if not hmac.compare_digest(said.encode("latin-1"), session.csrf.encode()):
        raise NO_TOKEN


def visitor(scope: Any) -> Visitor:
    """Tell where a request comes from."""
    client = scope.get("client")
    agent = header(scope["headers"], b"user-agent")
    printable = "".join(c for c in agent if c.isprintable())
    return Visitor(address=client[0] if client else "", agent=printable[:AGENT_CHARS])


def digest(text: str) -> bytes:
    """What the database keeps of a cookie's value."""
    return hashlib.sha256(text.encode()).digest()


def own_origin(scope: Any, origin: str) -> str:
    """Give where browsers find us: what was set, else what this request was sent to."""
    host = header(scope["headers"], b"host")
    return origin or f"{scope.get('scheme', 'http')}://{host}"
