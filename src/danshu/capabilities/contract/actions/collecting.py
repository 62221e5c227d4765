"""Whether the evidence that is asked for can be brought: kinds, collectors, rules, keeping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.contract.actions import catalogue, rules
from danshu.capabilities.contract.actions.findings import Finding, find
from danshu.capabilities.contract.actions.spans import LIMITATION_DAYS, parse_keeping, say
from danshu.capabilities.contract.lint import parse_duration
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ACTION_PIECES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.contract.actions.model import Action, Wanted

BY: Final = {
    "person": catalogue.Named(zh="人", en="a person"),
    "device": catalogue.Named(zh="设备", en="a device"),
    "system": catalogue.Named(zh="系统", en="a system"),
}


def check(action: Action) -> Iterator[Finding]:
    """Give what is in the way of each kind of evidence."""
    if not action.evidence and action.deontic.type != "prohibition":
        yield find("evidence_missing", "/evidence")
    for at, wanted in enumerate(action.evidence):
        pointer = f"/evidence/{at}"
        yield from _kind(wanted, pointer)
        yield from _spans(wanted, pointer)
        if wanted.rule:
            yield from _rule(wanted, pointer)
        if not 1 <= wanted.min <= ACTION_PIECES:
            yield find("evidence_count", f"{pointer}/min", value=ACTION_PIECES)
        if wanted.source and wanted.source not in catalogue.SOURCES:
            yield find("evidence_source", f"{pointer}/source", value=wanted.source[:64])


def _kind(wanted: Wanted, pointer: str) -> Iterator[Finding]:
    kinds = wanted.kind.split("|")
    unknown = [kind for kind in kinds if kind not in catalogue.KINDS]
    for kind in unknown:
        yield find("kind_unknown", f"{pointer}/kind", value=kind[:64])
    if unknown or catalogue.collectors(wanted.kind, wanted.by):
        return
    able = [by for by in BY if catalogue.collectors(wanted.kind, by)]
    by = BY.get(wanted.by, catalogue.Named(zh=wanted.by[:64], en=wanted.by[:64]))
    yield find(
        "collector_missing",
        f"{pointer}/by",
        zh="、".join(catalogue.KINDS[kind].zh for kind in kinds),
        en=", ".join(catalogue.KINDS[kind].en for kind in kinds),
        by_zh=by.zh,
        by_en=by.en,
        offer_zh="、".join(BY[each].zh for each in able) or "—",
        offer_en=" or ".join(BY[each].en for each in able) or "—",
    )


def _spans(wanted: Wanted, pointer: str) -> Iterator[Finding]:
    for name in ("within", "max_age"):
        text = getattr(wanted, name)
        if not text:
            continue
        try:
            parse_duration(text, "")
        except InputError:
            yield find("span_bad", f"{pointer}/{name}", value=text[:64])
    try:
        days = parse_keeping(wanted.retain)
    except InputError:
        yield find("retain_bad", f"{pointer}/retain", value=wanted.retain[:64])
        return
    if days < LIMITATION_DAYS:
        yield find(
            "retain_short",
            f"{pointer}/retain",
            zh=say(wanted.retain, "zh"),
            en=say(wanted.retain, "en"),
        )


def _rule(wanted: Wanted, pointer: str) -> Iterator[Finding]:
    try:
        rule = rules.parse(wanted.rule)
    except InputError:
        yield find("rule_bad", f"{pointer}/rule", value=wanted.rule[:64])
        return
    for code in wanted.kind.split("|"):
        kind = catalogue.KINDS.get(code)
        if kind and rule.quantity not in kind.quantities:
            yield find(
                "rule_quantity",
                f"{pointer}/rule",
                value=rule.quantity,
                kind_zh=kind.zh,
                kind_en=kind.en,
                offer=", ".join(kind.quantities),
            )
