"""What an original is, by its first bytes, and how large it may be; before anything decodes it.

Magic numbers are those of RFC 2083 (PNG), ISO 10918 (JPEG), RFC 3533 (Ogg), RFC 9639 (FLAC),
ISO/IEC 14496-12 (`ftyp`), RFC 8794 (EBML), ISO 32000 (PDF), Microsoft's RIFF and PKWARE's APPNOTE.
"""

from __future__ import annotations

from typing import Final

from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    ORIGINAL_EVENT_BYTES,
    ORIGINAL_PDF_BYTES,
    ORIGINAL_PICTURE_BYTES,
    ORIGINAL_SOUND_BYTES,
    ORIGINAL_TEXT_BYTES,
    ORIGINAL_WAVE_BYTES,
)

OCTETS: Final = "application/octet-stream"
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "audio/webm"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x93NUMPY", "application/x-npy"),
    (b"\x1f\x8b", "application/gzip"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-elf"),
)
_RIFF: Final = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/avi"}
_FTYP: Final = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic"}
# Names that mean the same bytes; the first is the one that is kept.
_SAME: Final = (
    ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"),
    ("audio/webm", "video/webm"),
    ("audio/mp4", "audio/m4a", "audio/x-m4a", "video/mp4", "audio/aac"),
    ("audio/ogg", "application/ogg", "audio/opus"),
    ("audio/mpeg", "audio/mp3"),
    ("image/jpeg", "image/jpg", "image/pjpeg"),
    ("application/zip", "application/x-npz", "application/x-zip-compressed"),
    ("audio/flac", "audio/x-flac"),
    ("image/heic", "image/heif"),
)
_NAMES: Final = {alias: names[0] for names in _SAME for alias in names}
_WORDS: Final = ("text/", "application/json")
_MP3_SYNC: Final = 0xE0


def sniff(body: bytes) -> str:
    """Tell what the bytes are; "" where they are none of what is known here."""
    for magic, kind in _MAGIC:
        if body.startswith(magic):
            return kind
    if body[:4] == b"RIFF":
        return _RIFF.get(body[8:12], "")
    if body[4:8] == b"ftyp":
        return _FTYP.get(body[8:12], "audio/mp4")
    if len(body) > 2 and body[0] == 0xFF and body[1] & _MP3_SYNC == _MP3_SYNC:
        return "audio/mpeg"
    return _sniff_words(body)


def _sniff_words(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return ""
    if any(ord(c) < 32 and c not in "\t\r\n\f" for c in text):
        return ""
    return "application/json" if text.lstrip()[:1] in ("{", "[") else "text/plain"


def settle(said: str, body: bytes) -> str:
    """Give the media type of an original of which this one was said.

    Raises InputError `empty_body`, `content_type` where the bytes are something else, or nothing
    that is known and nobody says what; `too_large`.
    """
    if not body:
        raise InputError("empty_body", "the original has no bytes")
    said = said.partition(";")[0].strip().lower()
    found = sniff(body)
    known = _NAMES.get(said, said)
    if known in ("", OCTETS):
        if not found:
            raise InputError("content_type", "say by Content-Type what the original is")
        kind = found
    elif found == known or _are_words(found, known):
        kind = said if said.endswith(("npz", "csv")) else known
    elif found and not _are_words(found, "text/plain"):
        raise InputError("content_type", f"the bytes are {found}, not {said}")
    elif known in _NAMES.values() or known in [k for _, k in _MAGIC] or known.startswith("text/"):
        raise InputError("content_type", f"the bytes are no {said}")
    else:
        kind = known
    limit = limit_bytes(kind)
    if len(body) > limit:
        raise InputError("too_large", f"an original of {kind} has at most {limit:,} bytes")
    return kind


def _are_words(found: str, said: str) -> bool:
    """Tell whether words were found where words may be: a vendor's own type may be any."""
    if not found.startswith(_WORDS):
        return False
    if found == "application/json":
        return said.startswith((*_WORDS, "application/vnd.")) or said.endswith("+json")
    return said.startswith(("text/", "application/vnd.")) and not said.endswith("json")


def limit_bytes(kind: str) -> int:
    """Give how many bytes an original of a media type may have."""
    family = kind.partition("/")[0]
    if family in ("audio", "video"):
        return ORIGINAL_SOUND_BYTES
    if family == "image":
        return ORIGINAL_PICTURE_BYTES
    if kind == "application/pdf":
        return ORIGINAL_PDF_BYTES
    if kind == "text/csv":
        return ORIGINAL_WAVE_BYTES
    if family == "text":
        return ORIGINAL_TEXT_BYTES
    return ORIGINAL_EVENT_BYTES if kind.endswith("json") else ORIGINAL_WAVE_BYTES


def fits(kind: str, patterns: tuple[str, ...]) -> int:
    """Tell how well a media type is one of those that a modality reads: 2 by name, 1 by family, 0
    not at all.
    """
    if kind in patterns or _NAMES.get(kind, kind) in patterns:
        return 2
    return int(kind.partition("/")[0] + "/*" in patterns)
