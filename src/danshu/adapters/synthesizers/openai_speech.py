"""A voice behind `POST /v1/audio/speech`, as OpenAI and many servers in the house speak it.

Asks for WAV. Source: the OpenAI API reference, "Create speech".
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Send

_WAV: Final = "audio/wav"
_RIFF: Final = b"RIFF"


class OpenAiSpeech:
    """The adapter. Options: `model`, `voice`; the secret `api_key`."""

    title = "OpenAI 兼容语音合成"
    title_en = "OpenAI-compatible speech"
    local = False
    needs = ("model", "voice", "api_key")

    async def speak(self, account: Account, send: Send, text: str, lang: str) -> tuple[str, bytes]:
        """Say a text. Raises NotAvailable where no WAV comes back."""
        asked = {
            "model": account.options.get("model", ""),
            "voice": account.options.get("voice", ""),
            "input": text,
            "response_format": "wav",
        }
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {account.secrets.get('api_key', '')}",
        }
        url = f"{account.url.rstrip('/')}/v1/audio/speech"
        answer = await send("POST", url, headers, msgspec.json.encode(asked))
        if answer.status != HTTPStatus.OK or not answer.body.startswith(_RIFF):
            raise NotAvailable(f"the voice answered {answer.status}")
        return _WAV, answer.body
