"""In which order services look at an original, and how alike two of them saw it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.ports.perceiver import Perception

WHOLE: Final = 10_000
_SCOPES: Final = ("device", "device_class", "store")
_SAME: Final = 1_000


class Chain(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Services by id, the first asked first. `candidate` takes `share` hundredths of a percent of
    the originals and is followed by the others; in the `shadow` it answers nobody and is compared.
    `began` is the instant (RFC 3339) from which the candidate is judged.
    """

    services: tuple[str, ...] = ()
    candidate: str = ""
    share: int = 0
    shadow: bool = False
    began: str = ""


def pick(chain: Chain, digest: str) -> bool:
    """Tell whether the candidate has its turn at an original, by the original's own digest: the
    same bytes always go the same way.
    """
    return bool(chain.candidate) and int(digest[:8], 16) % WHOLE < chain.share


def order(chain: Chain, digest: str) -> tuple[str, ...]:
    """Give who is asked, one after another."""
    if not chain.candidate or chain.shadow or not pick(chain, digest):
        return chain.services
    return (chain.candidate, *[id_ for id_ in chain.services if id_ != chain.candidate])


def scopes(source: Mapping[str, object]) -> tuple[str, ...]:
    """Name the scopes of an original, the narrowest first: `device:D1`, `store:S1`…, and ""."""
    return (*[f"{name}:{source[name]}" for name in _SCOPES if source.get(name)], "")


def agree(one: Perception, other: Perception) -> int:
    """Tell in thousandths how alike two perceptions of one original are: words by the edits between
    them, figures by the share that lies within a twentieth of one another.
    """
    from rapidfuzz.distance import Indel  # not before something is compared

    told = []
    if one.text or other.text:
        told.append(Indel.normalized_similarity(_bare(one.text), _bare(other.text)))
    names = one.figures.keys() | other.figures.keys()
    if names:
        near = sum(_near(one.figures.get(name), other.figures.get(name)) for name in names)
        told.append(near / len(names))
    return round(_SAME * min(told)) if told else _SAME


def _bare(text: str) -> str:
    return "".join(_letters(text))


def _letters(text: str) -> Iterable[str]:
    return (letter for letter in text.lower() if letter.isalnum())


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return False
    return abs(one - other) <= 0.05 * max(abs(one), abs(other))
