"""Money: integer minor units (分) of a currency, read and shared out without ever rounding."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import AMOUNT_MINOR, MONEY_CHARS

if TYPE_CHECKING:
    from collections.abc import Sequence

# ISO 4217: the currencies whose minor unit is not the hundredth.
_ZERO: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR: Final = "CLF UYW"
_DECIMALS: Final = {
    code: decimals
    for codes, decimals in ((_ZERO, 0), (_THREE, 3), (_FOUR, 4))
    for code in codes.split()
}
_DEFAULT_DECIMALS: Final = 2
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)


def minor_decimals(currency: str) -> int:
    """Tell how many decimals the minor unit of an ISO 4217 currency has; 2 where unlisted."""
    if not _CURRENCY.fullmatch(currency):
        raise InputError("money_currency", "not an ISO 4217 currency code", currency[:10])
    return _DECIMALS.get(currency, _DEFAULT_DECIMALS)


def parse_minor(amount: str | int | Decimal, currency: str) -> int:
    """Read an amount in major units exactly: "224.80" CNY -> 22480, 5 JPY -> 5.

    Decimals beyond the minor unit are refused unless they are zeros ("100.00" JPY is 100). Raises
    InputError `money` (not a plain decimal: exponent, NaN, full-width digits, separators, spaces),
    `money_precision`, `money_range` (beyond AMOUNT_MINOR) or `money_currency`.
    """
    decimals = minor_decimals(currency)
    if type(amount) is int:
        return _in_range(amount * 10**decimals)
    if isinstance(amount, Decimal):
        return _from_decimal(amount, decimals)
    if type(amount) is not str:
        raise InputError(
            "money", f"an amount is a text, an integer or a Decimal, not {amount!r:.40}"
        )
    found = _AMOUNT.fullmatch(amount) if len(amount) <= MONEY_CHARS else None
    if not found:
        raise InputError("money", "not a plain decimal number", amount[:MONEY_CHARS])
    sign, whole, fraction = found.groups(default="")
    kept, dropped = fraction[:decimals], fraction[decimals:]
    if dropped.strip("0"):
        raise InputError("money_precision", f"{currency} has {decimals} decimals", amount)
    minor = int(whole + kept.ljust(decimals, "0"))
    return _in_range(-minor if sign else minor)


def from_float(amount: float, currency: str) -> int:
    """Read a float by its shortest decimal form (`repr`), for sources that know no better.

    224.8 is 22480 fen, and 0.1 + 0.2 is refused as more precise than any money.
    """
    return parse_minor(repr(amount), currency)


def format_minor(minor: int, currency: str) -> str:
    """Write minor units as a decimal in major units: -5 CNY -> "-0.05", 100 JPY -> "100"."""
    decimals = minor_decimals(currency)
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    return ("-" if minor < 0 else "") + whole + (f".{fraction}" if fraction else "")


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` out by weight, exactly, by the largest remainder; ties go to the first.

    The shares sum to `total` and each is within one of its exact quota. A weight of zero gets
    nothing, unless all are zero: then all count alike. A negative total is shared as its opposite.
    Raises ProgramError on a negative weight, or when there is nobody to share with.
    """
    if any(weight < 0 for weight in weights):
        raise ProgramError("a share cannot have a negative weight")
    if not weights:
        if total:
            raise ProgramError(f"nobody to share {total} with")
        return []
    if total < 0:
        return [-share for share in apportion(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    parts = [divmod(total * weight, whole) for weight in weights]
    shares = [quotient for quotient, _ in parts]
    largest_first = sorted(range(len(parts)), key=lambda nth: -parts[nth][1])
    for nth in largest_first[: total - sum(shares)]:
        shares[nth] += 1
    return shares


def _from_decimal(amount: Decimal, decimals: int) -> int:
    # Digits and exponent are read as they stand: arithmetic would round to the context's precision.
    sign, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int):
        raise InputError("money", "not a finite number", str(amount))
    text = "".join(map(str, digits))
    if not text.strip("0"):
        return 0
    if amount.adjusted() > MONEY_CHARS or len(text) > MONEY_CHARS:
        raise InputError("money_range", "an amount of too many digits", text[:MONEY_CHARS])
    shift = exponent + decimals
    if shift < 0 and text[shift:].strip("0"):
        raise InputError("money_precision", f"the currency has {decimals} decimals", str(amount))
    minor = int(text[:shift] or "0") if shift < 0 else int(text) * 10**shift
    return _in_range(-minor if sign else minor)


def _in_range(minor: int) -> int:
    if not -AMOUNT_MINOR <= minor <= AMOUNT_MINOR:
        raise InputError("money_range", f"an amount beyond {AMOUNT_MINOR} minor units")
    return minor
