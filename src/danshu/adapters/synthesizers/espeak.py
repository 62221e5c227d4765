"""The voice of espeak-ng, where that command is installed: plain and mechanical, without a network.

It is good enough to be understood by telephone; speech recognition does not understand it.
"""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Final

from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Send

_COMMAND: Final = "espeak-ng"
_VOICES: Final = {"zh": "cmn", "en": "en"}
_TIME_S: Final = 10.0
_WAV: Final = "audio/wav"


class Espeak:
    """The adapter."""

    title = "本机语音(espeak-ng)"
    title_en = "This machine's voice (espeak-ng)"
    local = True
    needs = ()

    async def speak(self, account: Account, send: Send, text: str, lang: str) -> tuple[str, bytes]:
        """Say a text. Raises NotAvailable where the command is not installed or fails."""
        command = shutil.which(_COMMAND)
        if command is None:
            raise NotAvailable("espeak-ng is not installed: apt-get install espeak-ng")
        child = await asyncio.create_subprocess_exec(
            command, "-v", _VOICES.get(lang, "cmn"), "--stdin", "--stdout",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            sound, _ = await asyncio.wait_for(child.communicate(text.encode()), _TIME_S)
        except TimeoutError as e:
            child.kill()
            raise NotAvailable("espeak-ng did not end") from e
        if child.returncode or not sound:
            raise NotAvailable(f"espeak-ng ended with {child.returncode}")
        return _WAV, sound
