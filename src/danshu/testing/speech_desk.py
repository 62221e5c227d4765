"""References of services that hear: OpenAI's transcription over HTTP, FunASR's over a WebSocket.

Each hears with the model of the extra `speech` where it is there and `listen` says so; otherwise it
answers with the transcript that a recording carries, and calls itself `transcript`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import struct
import threading
from typing import TYPE_CHECKING, Any, Final, cast

from danshu.ports import registry
from danshu.ports.connector import Account
from danshu.testing import far_side, recordings
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.server import ServerConnection

    from danshu.ports.perceiver import Perceiver, Perception

API_KEY: Final = "secret of the transcription service"
SECRETS: Final = {"api_key": API_KEY}
OPTIONS: Final = {"model": "whisper-1"}
_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)"?')
_NAME: Final = re.compile(rb'name="([a-z_\[\]]+)"')
_BYTES_MS: Final = 32  # of PCM, 16 bits at 16 kHz


class Desk:
    """What the service hears with, what it was asked, and how it fails (`failing`: statuses)."""

    def __init__(self, *, listen: bool = False) -> None:
        self.url = ""
        self.listen = listen
        self.asked: list[dict[str, str]] = []
        self.failing: list[int] = []
        self.transcript = ""  # for sound that carries none, as chunks over a WebSocket
        self._lock = threading.Lock()

    def hear(self, wav: bytes, lang: str = "zh") -> tuple[str, list[dict[str, Any]]]:
        """Give the text and its segments as OpenAI's API has them."""
        said = recordings.transcript_of(wav) or self.transcript
        if said or not self.listen:
            seconds = max(0.1, len(wav) / 1000 / _BYTES_MS)
            probable = {"avg_logprob": -0.1, "no_speech_prob": 0.01, "compression_ratio": 1.0}
            return said, [{"id": 0, "start": 0.0, "end": seconds, "text": said, **probable}]
        told = self._listen(wav, lang)
        return told.text, [
            {
                "id": at,
                "start": piece.from_ms / 1000,
                "end": piece.to_ms / 1000,
                "text": piece.text,
                "avg_logprob": told.figures.get("logprob", 0.0),
                "no_speech_prob": 0.0,
                "compression_ratio": 1.0,
            }
            for at, piece in enumerate(told.pieces)
        ]

    def _listen(self, wav: bytes, lang: str) -> Perception:
        model = cast("Perceiver", registry.load("perceiver", "whisper"))
        hints: dict[str, object] = {"lang": lang}
        heard = model.perceive(Account(url=""), _nobody, wav, "audio/wav", hints)
        told: Perception = asyncio.run(cast("Any", heard))
        return told

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request of OpenAI's API."""
        if asked.headers.get("authorization") != f"Bearer {API_KEY}":
            return tell({"error": {"message": "Incorrect API key provided"}}, 401)
        if asked.path != "/v1/audio/transcriptions" or asked.method != "POST":
            return tell({"error": {"message": "Invalid URL"}}, 404)
        fields, wav = _read_form(asked)
        with self._lock:
            self.asked.append(fields)
            if self.failing:
                return tell({"error": {"message": "as it was told"}}, self.failing.pop(0))
        if not wav.startswith(b"RIFF"):
            return tell({"error": {"message": "Invalid file format."}}, 415)
        text, segments = self.hear(wav, fields.get("language", "zh"))
        if fields.get("response_format", "json") != "verbose_json":
            return tell({"text": text})
        seconds = len(wav) / 1000 / _BYTES_MS
        told = {"task": "transcribe", "language": "chinese", "duration": seconds, "text": text}
        return tell({**told, "segments": segments})

    def converse(self, socket: ServerConnection) -> None:
        """Hold one conversation of FunASR's: words while it hears, sentences at the end."""
        first = json.loads(socket.recv())
        self.asked.append({name: str(value) for name, value in first.items()})
        sound = bytearray()
        for message in socket:
            if isinstance(message, bytes):
                sound += message
                continue
            if not json.loads(message).get("is_speaking", True):
                break
        form = struct.pack("<HHIIHH", 1, 1, first["audio_fs"], first["audio_fs"] * 2, 2, 16)
        text, segments = self.hear(recordings.riff(form, bytes(sound)))
        mode = first["mode"]
        common = {"wav_name": first["wav_name"]}
        if mode == "2pass":
            live = {"mode": "2pass-online", "text": text[:4], "is_final": False, **common}
            socket.send(json.dumps(live, ensure_ascii=False))
        sentences = [
            {
                "text_seg": " ".join(each["text"]),
                "punc": "",
                "start": round(each["start"] * 1000),
                "end": round(each["end"] * 1000),
                "ts_list": [],
            }
            for each in segments
            if each["text"]
        ]
        final = {
            "mode": "offline" if mode == "offline" else "2pass-offline",
            "text": text,
            "is_final": True,
            "stamp_sents": sentences,
            **common,
        }
        socket.send(json.dumps(final, ensure_ascii=False))


async def _nobody(*_: object) -> Any:
    raise RuntimeError("a model on this machine asks nobody")


def _read_form(asked: Asked) -> tuple[dict[str, str], bytes]:
    """Read multipart/form-data (RFC 7578): fields, and the file."""
    found = _BOUNDARY.search(asked.headers.get("content-type", ""))
    fields: dict[str, str] = {}
    file = b""
    for part in asked.body.split(b"--" + found[1].encode()) if found else ():
        head, _, body = part.partition(b"\r\n\r\n")
        named = _NAME.search(head)
        if named is None:
            continue
        name = named[1].decode()
        if name == "file":
            file = body.removesuffix(b"\r\n")
        else:
            fields[name] = body.removesuffix(b"\r\n").decode()
    return fields, file


@contextlib.contextmanager
def serve(desk: Desk, port: int = 0) -> Iterator[Desk]:
    """Serve OpenAI's API on a port of this machine."""
    with far_side.serve(desk.respond, port) as url:
        desk.url = url
        yield desk


@contextlib.contextmanager
def serve_funasr(desk: Desk, port: int = 0) -> Iterator[Desk]:
    """Serve FunASR's WebSocket on a port of this machine."""
    from websockets.sync.server import serve as serve_sockets
    from websockets.typing import Subprotocol

    spoken = [Subprotocol("binary")]
    with serve_sockets(desk.converse, "127.0.0.1", port, subprotocols=spoken) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        desk.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        try:
            yield desk
        finally:
            server.shutdown()
            thread.join()
