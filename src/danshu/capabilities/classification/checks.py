"""Check digits, and the few public tables that numbers are held against."""

from __future__ import annotations

from typing import Final

_RESIDENT_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z
_CREDIT_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))
_CODE_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_VIN_VALUES: Final = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ0123456789",
        (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9, *range(10)),
        strict=True,
    )
)
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
PROVINCES: Final = frozenset(
    str(first * 10 + n)
    for first, numbers in {
        1: (1, 2, 3, 4, 5),
        2: (1, 2, 3),
        3: (1, 2, 3, 4, 5, 6, 7),
        4: (1, 2, 3, 4, 5, 6),
        5: (0, 1, 2, 3, 4),
        6: (1, 2, 3, 4, 5),
        7: (1,),
        8: (1, 2, 3),
    }.items()
    for n in numbers
)
"""First two digits of GB/T 2260; 83 is a residence permit of Taiwan people."""
MOBILE: Final = frozenset(
    [f"13{n}" for n in range(10)]
    + [f"14{n}" for n in (0, 1, 4, 5, 6, 7, 8, 9)]
    + [f"15{n}" for n in (0, 1, 2, 3, 5, 6, 7, 8, 9)]
    + [f"16{n}" for n in (2, 5, 6, 7)]
    + [f"17{n}" for n in range(9)]
    + [f"18{n}" for n in range(10)]
    + [f"19{n}" for n in (0, 1, 2, 3, 5, 6, 7, 8, 9)]
)
"""Segments of mobile numbers in use, by their first three digits."""
CARDS: Final = (
    ("62", 16, 19),  # UnionPay
    ("60", 16, 19),  # older cards of Chinese banks, Discover
    ("4", 16, 16),  # Visa
    ("51", 16, 16),
    ("52", 16, 16),
    ("53", 16, 16),
    ("54", 16, 16),
    ("55", 16, 16),  # Mastercard
    ("35", 16, 16),  # JCB
    ("34", 15, 15),
    ("37", 15, 15),  # American Express
    ("30", 14, 14),
    ("36", 14, 14),  # Diners
)
"""Public ranges of issuers: first digits, least and most digits. ISO/IEC 7812."""


def is_resident_id(number: str) -> bool:
    """Tell whether 18 characters are a resident's identity number: GB 11643, ISO 7064 mod 11-2."""
    if len(number) != 18 or not number[:17].isdecimal() or number[:2] not in PROVINCES:
        return False
    total = sum(int(d) * w for d, w in zip(number, _RESIDENT_WEIGHTS, strict=False))
    return is_date(number[6:14]) and "10X98765432"[total % 11] == number[17].upper()


def is_old_resident_id(number: str) -> bool:
    """Tell whether 15 digits may be an identity number of before 1999; it has no check digit."""
    return len(number) == 15 and number[:2] in PROVINCES and is_date("19" + number[6:12])


def is_date(digits: str) -> bool:
    """Tell whether eight digits YYYYMMDD are a day from 1900 to 2049."""
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    if not (1900 <= year < 2050 and 1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month - 1]):
        return False
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return not (month == 2 and day == 29 and not is_leap)


def is_luhn(digits: str) -> bool:
    """Tell whether the last digit is right: ISO/IEC 7812-1 annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        n = int(digit) << (place & 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Tell whether digits are a bank card's: an issuer's range, its length, Luhn."""
    fits = any(digits.startswith(bin_) and low <= len(digits) <= high for bin_, low, high in CARDS)
    return fits and is_luhn(digits)


def is_credit_code(code: str) -> bool:
    """Tell whether 18 characters are a unified social credit code: GB 32100, mod 31."""
    if len(code) != 18 or any(sign not in _CREDIT_SIGNS for sign in code):
        return False
    if code[0] not in "159ANY" or not code[2:8].isdecimal() or code[2:4] not in PROVINCES:
        return False
    total = sum(_CREDIT_SIGNS.index(s) * w for s, w in zip(code, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT_SIGNS[-total % 31] == code[17]


def is_organisation_code(code: str) -> bool:
    """Tell whether nine characters, without the dash, are an organisation code: GB 11714."""
    if len(code) != 9 or not code.isalnum() or not code.isascii():
        return False
    total = sum(int(s, 36) * w for s, w in zip(code, _CODE_WEIGHTS, strict=False))
    return "0X987654321"[total % 11] == code[8]


def is_vin(code: str) -> bool:
    """Tell whether 17 characters are a vehicle's number: GB 16735, ninth is the check digit."""
    if len(code) != 17 or any(sign not in _VIN_VALUES for sign in code):
        return False
    total = sum(_VIN_VALUES[s] * w for s, w in zip(code, _VIN_WEIGHTS, strict=True))
    return "0123456789X"[total % 11] == code[8] and not code.isdecimal()
