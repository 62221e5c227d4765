"""What every answer says to browsers: whose scripts may run, who may frame it, what it may use."""

from __future__ import annotations

from typing import Any, Final

Header = tuple[bytes, bytes]


def policy(nonce: str = "", *, compiles: bool = False) -> bytes:
    """Give the Content-Security-Policy; a nonce lets the style elements of one page in, `compiles`
    lets its scripts compile WebAssembly.
    """
    script = "'self' 'wasm-unsafe-eval'" if compiles else "'self'"
    style = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return (
        f"default-src 'self'; script-src {script}; style-src {style}; "
        "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ).encode()


POLICY: Final = b"content-security-policy"
OTHERS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
)
HEADERS: Final[tuple[Header, ...]] = ((POLICY, policy()), *OTHERS)
_HSTS: Final[Header] = (b"strict-transport-security", b"max-age=31536000")
SECURE: Final[tuple[Header, ...]] = (*HEADERS, _HSTS)


def said(scope: Any, is_https: bool = False) -> tuple[Header, ...]:
    """Give the headers of an answer; over https also that it stays https."""
    return SECURE if is_https or scope.get("scheme") == "https" else HEADERS


def closing(send: Any) -> Any:
    """Wrap `send`: each answer is the last of its connection (RFC 9112 §9.6)."""

    async def send_last(message: Any) -> None:
        if message["type"] == "http.response.start":
            last = [h for h in message.get("headers", ()) if h[0].lower() != b"connection"]
            message = {**message, "headers": [*last, (b"connection", b"close")]}
        await send(message)

    return send_last


def sending(scope: Any, send: Any, is_https: bool = False) -> Any:
    """Wrap `send`: each answer gets the headers, unless its maker chose one by himself."""

    async def send_with(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            chosen = {name.lower() for name, _ in headers}
            headers += [h for h in said(scope, is_https) if h[0] not in chosen]
            message = {**message, "headers": headers}
        await send(message)

    return send_with
