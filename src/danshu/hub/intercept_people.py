"""Who buys and who receives, as keyed hashes: what intercept rules count and lists compare.

Encrypted and masked receivers are compared within their shop alone, by the platform's own handle;
nothing is decrypted.
"""

from __future__ import annotations

import unicodedata
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from danshu.ports.channel import Receiver

BlockKind = Literal["buyer", "receiver", "address"]
_MASKS: Final = "*#$~"  # platforms' masks and ciphertexts


def hash_of(salt: bytes, kind: str, text: str) -> int:
    """Give the keyed hash of who is meant, 64 bits; 0 for nobody."""
    if not text:
        return 0
    digest = blake2b(f"{kind}/{text}".encode(), digest_size=8, key=salt).digest()
    return int.from_bytes(digest, "big", signed=True)


def buyer(channel: str, name: str) -> str:
    """Give who bought, in the words of the channel; "" where it does not say."""
    return f"{channel}/{name}" if name else ""


def receiver(channel: str, shop: str, told: Receiver) -> str:
    """Give who receives: by phone where it is plain, else by the platform's handle in its shop."""
    phone = squeeze(told.phone)
    if phone and phone.isascii() and not is_masked(phone):
        return f"phone/{phone[-11:]}"
    handle = told.token or told.cipher.get("phone", "") or phone
    return f"{channel}/{shop}/{handle}/{squeeze(told.name)}" if handle else ""


def address(told: Receiver) -> str:
    """Give where it goes, without spaces; "" where the address is masked or there is none."""
    text = squeeze(told.province + told.city + told.district + told.street + told.detail)
    return "" if not told.detail or is_masked(text) else text


def is_masked(text: str) -> bool:
    """Tell whether a platform has masked or encrypted a text."""
    return any(mark in text for mark in _MASKS)


def is_encrypted(told: Receiver) -> bool:
    """Tell whether the receiver is known to the platform alone."""
    return bool(told.token or told.cipher) or is_masked(told.phone) or is_masked(told.detail)


def squeeze(text: str) -> str:
    """Fold what looks alike: width, case, spaces, and the 86 before a phone."""
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return plain.removeprefix("+86").replace("-", "")
