"""A reference of services that speak: `POST /v1/audio/speech`; the words ride in its WAV."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Final

from danshu.testing import far_side, recordings
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

API_KEY: Final = "secret of the speaking service"


class VoiceDesk:
    """Where it answers, and what it was asked to say."""

    def __init__(self) -> None:
        self.url = ""
        self.said: list[str] = []

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        if asked.headers.get("authorization") != f"Bearer {API_KEY}":
            return tell({"error": {"message": "Incorrect API key provided"}}, 401)
        if asked.path != "/v1/audio/speech" or asked.method != "POST":
            return tell({"error": {"message": "Invalid URL"}}, 404)
        wish = json.loads(asked.body)
        if wish.get("response_format") != "wav" or not wish.get("voice"):
            return tell({"error": {"message": "voice and response_format are needed"}}, 400)
        self.said.append(wish["input"])
        return Answer(body=recordings.spoken(wish["input"]), type="audio/wav")


@contextlib.contextmanager
def serve() -> Iterator[VoiceDesk]:
    """Serve it on a port of this machine."""
    desk = VoiceDesk()
    with far_side.serve(desk.respond) as url:
        desk.url = url
        yield desk
