"""What files may be evidence of which kind, told by their first bytes, never by their name."""

from __future__ import annotations

from typing import Final

from danshu.capabilities.contract.actions.catalogue import KINDS
from danshu.kernel.errors import InputError

_IMAGES: Final = ("image/jpeg", "image/png", "image/webp")
_SOUNDS: Final = ("audio/wav", "audio/ogg", "audio/webm", "audio/mp4")
_VIDEOS: Final = ("video/mp4", "video/webm")
_TEXTS: Final = ("text/csv", "text/plain")
MEDIA: Final[dict[str, tuple[str, ...]]] = {
    "photo": _IMAGES,
    "video": _VIDEOS,
    "signature": ("image/png", "image/webp"),
    "temperature_series": ("text/csv",),
    "document": ("application/pdf", *_IMAGES),
    "report": ("application/pdf", *_IMAGES),
    "voice_sample": _SOUNDS,
    "carrier_trace": _TEXTS,
    "payment_receipt": ("application/pdf", *_IMAGES, *_TEXTS),
    "message": _TEXTS,
}


def check(kind: str, body: bytes) -> str:
    """Give the media type of a file of a kind. Raises InputError `bad_evidence`."""
    allowed = MEDIA.get(kind)
    if allowed is None:
        what = "is no file" if kind in KINDS else "is no kind of evidence"
        raise InputError("bad_evidence", f"{kind!r} {what}", "/kind")
    if not body:
        raise InputError("bad_evidence", "the file is empty")
    found = _sniff(body)
    for media in found:
        if media in allowed:
            return media
    raise InputError("bad_evidence", f"{kind}: {' or '.join(allowed)}, not {found[0]}")


def _sniff(body: bytes) -> tuple[str, ...]:
    """Tell what bytes are; a container may hold sound alone."""
    if body.startswith(b"\xff\xd8\xff"):
        return ("image/jpeg",)
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return ("image/png",)
    if body.startswith(b"%PDF-"):
        return ("application/pdf",)
    if body.startswith(b"OggS"):
        return ("audio/ogg",)
    if body.startswith(b"\x1a\x45\xdf\xa3"):
        return ("video/webm", "audio/webm")
    if body[4:8] == b"ftyp":
        return ("video/mp4", "audio/mp4")
    if body[:4] == b"RIFF":
        if body[8:12] == b"WEBP":
            return ("image/webp",)
        if body[8:12] == b"WAVE":
            return ("audio/wav",)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return ("application/octet-stream",)
    if "\0" in text:
        return ("application/octet-stream",)
    return ("text/csv", "text/plain")
