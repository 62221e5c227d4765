"""Personal data as it is shown to who may not see it: enough to recognise, too little to use."""

from __future__ import annotations

from typing import Final

from danshu.ports.channel import Receiver

STARS: Final = "****"
_HEAD: Final = 3
_TAIL: Final = 4


def mask_phone(phone: str) -> str:
    """Show the first three and last four digits: 137****5620. Short numbers show nothing."""
    digits = phone.strip()
    if not digits:
        return ""
    if len(digits) <= _HEAD + _TAIL:
        return STARS
    return digits[:_HEAD] + STARS + digits[-_TAIL:]


def mask_name(name: str) -> str:
    """Show the first character; always two stars, so that the length is not told: 林**."""
    name = name.strip()
    return name[0] + "**" if name else ""


def mask_address(province: str, city: str, district: str) -> str:
    """Show the region down to the district: 上海市 浦东新区 ****."""
    words = [w.strip() for w in dict.fromkeys((province, city, district)) if w.strip()]
    return " ".join([*words, STARS])


def mask_receiver(
    receiver: Receiver, *, sees_name: bool, sees_phone: bool, sees_address: bool
) -> Receiver:
    """Give the receiver with everything masked that may not be seen; street and house go whole."""
    hides = not sees_address
    return Receiver(
        name=receiver.name if sees_name else mask_name(receiver.name),
        phone=receiver.phone if sees_phone else mask_phone(receiver.phone),
        country=receiver.country,
        province=receiver.province,
        city=receiver.city,
        district=receiver.district,
        street=STARS if hides and receiver.street else receiver.street,
        detail=STARS if hides and receiver.detail else receiver.detail,
        postcode=STARS if hides and receiver.postcode else receiver.postcode,
    )
