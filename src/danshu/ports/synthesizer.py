"""Port `synthesizer`: text becomes speech, for calls by telephone and for who has no hands free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Send


class Synthesizer(Protocol):
    """One voice, on this machine or a far side's."""

    title: str
    title_en: str
    local: bool
    needs: tuple[str, ...]
    """Options and secrets without which it can't work; secrets end in `secret` or `key`."""

    async def speak(self, account: Account, send: Send, text: str, lang: str) -> tuple[str, bytes]:
        """Say a text: media type and sound. Raises NotAvailable where the voice can't be had."""
        ...
