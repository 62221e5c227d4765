"""A person at a device, over HTTP as the console does it: a session, a passkey, signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.testing.authenticator import Authenticator

if TYPE_CHECKING:
    import httpx


class Signer:
    """Somebody with a session and a passkey that does not leave the device.

    A passkey belongs to a host with a name, so the client's address is `http://localhost:PORT`.
    """

    def __init__(self, client: httpx.AsyncClient, origin: str) -> None:
        self.client = client
        self.device = Authenticator(origin)
        self._headers = {"origin": origin}

    @property
    def headers(self) -> dict[str, str]:
        """What every write of this session carries."""
        return dict(self._headers)

    async def call(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Send a write, and repeat the token that came with the session."""
        headers = {**self._headers, **more.pop("headers", {})}
        answer = await self.client.post(path, json=body, headers=headers, **more)
        if "json" in answer.headers.get("content-type", ""):
            told = answer.json()
            if isinstance(told, dict) and "csrf" in told:
                self._headers["x-csrf-token"] = told["csrf"]
        return answer

    async def ask(self, path: str, body: Any = None) -> Any:
        """Send a write that must be taken, and give its answer. Raises httpx.HTTPStatusError."""
        answer = await self.call(path, body)
        answer.raise_for_status()
        return answer.json()

    async def enter(self, merchant: str, login: str, password: str) -> None:
        """Sign in by password."""
        body = {"tenant": merchant, "login": login, "password": password}
        (await self.call("/v1/session/password", body)).raise_for_status()

    async def register(self, name: str) -> None:
        """Add a passkey."""
        begun = await self.ask("/v1/people/me/passkeys/options")
        body = {"name": name, "credential": self.device.create(begun["options"])}
        (await self.call("/v1/people/me/passkeys", body)).raise_for_status()

    async def upload(self, path: str, media: str, body: bytes) -> None:
        """Send a file."""
        headers = {**self._headers, "content-type": media}
        (await self.client.post(path, content=body, headers=headers)).raise_for_status()
