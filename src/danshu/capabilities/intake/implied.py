"""What an order requires though nobody said so: rules over goods, options and words, each named on
what it adds (加燕麦奶: 冷链 2–8 ℃, R-112). A merchant's rules stand beside the shipped ones.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.intake.plain import key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A trailing newline is none of a code: `$` would let it pass.
_CODE: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?![\s\S])"
_WORDS: Final = r"^[^\u0000-\u001f\u007f]*(?![\s\S])"
_Words = Annotated[str, Meta(max_length=200, pattern=_WORDS)]


class ImpliedRule(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A rule. `match` is a word in the name of goods or of an option (`goods`), a word of the
    original (`said`), or a code (`sku`, `option`); `requires` what follows: cold_2_8, frozen,
    fragile, dangerous, prescription, licensed, invoice, or a word of the merchant's own.

    `source` names the text that it comes from, `verified_by` who laid it beside that text.
    """

    code: Annotated[str, Meta(pattern=_CODE)]
    when: Literal["goods", "said", "sku", "option"]
    match: Annotated[str, Meta(min_length=1, max_length=64, pattern=_WORDS)]
    requires: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_]{0,31}(?![\s\S])")]
    title: _Words = ""
    source: _Words = ""
    verified_by: Annotated[str, Meta(max_length=64, pattern=_WORDS)] = ""
    active: bool = True


class Requirement(Struct, frozen=True, kw_only=True):
    """Something that an order requires, by which rule, and the goods or words that it hangs on."""

    requires: str
    rule: str
    said: str


@cache
def shipped() -> tuple[ImpliedRule, ...]:
    """Give the rules that come with the hub (data/intake/implied.yaml)."""
    raw = (files("danshu") / "data" / "intake" / "implied.yaml").read_bytes()
    return msgspec.yaml.decode(raw, type=tuple[ImpliedRule, ...])


def merge(own: Iterable[ImpliedRule]) -> tuple[ImpliedRule, ...]:
    """Put a merchant's rules beside the shipped ones; of one code the merchant's counts."""
    rules = {r.code: r for r in shipped()} | {r.code: r for r in own}
    return tuple([rules[code] for code in sorted(rules)])


def imply(
    rules: Iterable[ImpliedRule],
    goods: Mapping[str, str],
    options: Mapping[str, str],
    text: str,
) -> tuple[Requirement, ...]:
    """Give what an order requires, each once, by the first rule that says so.

    `goods` and `options` are codes and names of what is ordered; rules that are off say nothing.
    """
    found: dict[str, Requirement] = {}
    words = key(text)
    names = [(name, key(name)) for name in (*goods.values(), *options.values())]
    for rule in rules:
        if rule.active and rule.requires not in found:
            said = _hangs_on(rule, goods, options, names, words)
            if said:
                found[rule.requires] = Requirement(
                    requires=rule.requires, rule=rule.code, said=said
                )
    return tuple(found.values())


def _hangs_on(
    rule: ImpliedRule,
    goods: Mapping[str, str],
    options: Mapping[str, str],
    names: list[tuple[str, str]],
    words: str,
) -> str:
    if rule.when == "sku":
        return goods.get(rule.match, "")
    if rule.when == "option":
        return options.get(rule.match, "")
    wanted = key(rule.match)
    if not wanted:
        return ""
    if rule.when == "said":
        return rule.match if wanted in words else ""
    return next((name for name, folded in names if wanted in folded), "")
