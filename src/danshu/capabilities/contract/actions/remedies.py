"""Whether what follows a breach comes to an end, falls due, and stands in the customer's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.contract.actions import catalogue
from danshu.capabilities.contract.actions.findings import Finding, find
from danshu.capabilities.contract.actions.spans import say_permille
from danshu.capabilities.contract.lint import parse_duration
from danshu.kernel.errors import InputError
from danshu.kernel.limits import AMOUNT_MINOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from danshu.capabilities.contract.actions.model import Action, Amount, Remedy


def check(action: Action, actions: Mapping[str, Action]) -> Iterator[Finding]:
    """Give what is wrong with the breach chain and with the excuses."""
    if action.promise and not action.breach:
        yield find("chain_missing", "/breach")
    for at, step in enumerate(action.breach):
        yield from _step(step, at, action, actions)
    ring = circle(action, actions, _owed)
    if ring:
        yield find("chain_endless", "/breach", value=" → ".join(ring))
    yield from _said(action)
    for at, excuse in enumerate(action.excuse):
        if not excuse.needs:
            yield find("excuse_unproven", f"/excuse/{at}/needs", value=excuse.ground[:64])
        if excuse.approve not in catalogue.ROLES:
            yield find("role_unknown", f"/excuse/{at}/approve", value=excuse.approve[:64])


def circle(
    action: Action, actions: Mapping[str, Action], leads: Callable[[Action], Sequence[str]]
) -> tuple[str, ...]:
    """Give the way from an action back to itself, as codes; empty when there is none."""
    known = {**actions, action.action: action}
    ways: list[tuple[str, ...]] = [(action.action,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for code in leads(known[way[-1]]):
            if code == action.action:
                return (*way, code)
            if code in known and code not in seen:
                seen.add(code)
                ways.append((*way, code))
    return ()


def _owed(action: Action) -> list[str]:
    """Give the actions that a breach of this one leads to."""
    return [step.action for step in action.breach if step.do == "power"]


def _step(
    step: Remedy, at: int, action: Action, actions: Mapping[str, Action]
) -> Iterator[Finding]:
    pointer = f"/breach/{at}"
    for name in ("due", "after"):
        text = getattr(step, name)
        try:
            if text:
                parse_duration(text, "")
        except InputError:
            yield find("span_bad", f"{pointer}/{name}", value=text[:64])
    if step.do != "power" and not step.due:
        yield find("step_undue", f"{pointer}/due", value=at + 1)
    if step.do == "compensate":
        if step.amount is None or not _makes_sense(step.amount):
            yield find("amount_empty", f"{pointer}/amount", value=at + 1)
        elif step.auto and step.amount.permille and not step.amount.cap_fen:
            yield find("auto_uncapped", f"{pointer}/amount/cap_fen")
    elif step.do == "notify":
        if step.to not in {**catalogue.PARTIES, **catalogue.ROLES}:
            yield find("step_empty", f"{pointer}/to", value=at + 1, zh="告知谁", en="who is told")
    else:
        if step.holder not in catalogue.PARTIES:
            yield find(
                "step_empty", f"{pointer}/holder", value=at + 1, zh="谁有权", en="whose power it is"
            )
        if step.action not in {*catalogue.POWERS, *actions, action.action}:
            yield find("action_unknown", f"{pointer}/action", value=step.action[:64])


def _makes_sense(amount: Amount) -> bool:
    parts = (amount.permille, amount.fixed_fen, amount.floor_fen, amount.cap_fen)
    if min(parts) < 0 or amount.permille > 1000 or max(parts) > AMOUNT_MINOR:
        return False
    if amount.cap_fen and amount.floor_fen > amount.cap_fen:
        return False
    return bool(amount.permille or amount.fixed_fen)


def _said(action: Action) -> Iterator[Finding]:
    """What a breach pays must stand in the words that the customer was shown."""
    shown = action.promise
    if shown is None:
        return
    for at, step in enumerate(action.breach):
        amount = step.amount
        if step.do != "compensate" or amount is None:
            continue
        for words in _sums(amount):
            for lang in ("zh", "en"):
                text = shown.text.pick(lang)
                text += shown.breach.pick(lang) if shown.breach else words[0]
                for name, value in shown.params.items():
                    text = text.replace(f"{{{name}}}", str(value))
                plain = text.replace(",", "").replace(" ", "").lower()
                if not any(word.replace(" ", "").lower() in plain for word in words):
                    yield find("breach_unsaid", f"/breach/{at}/amount", value=words[0])


def _sums(amount: Amount) -> Iterator[tuple[str, ...]]:
    """Give each sum in the ways in which a text may write it."""
    if amount.permille:
        yield (say_permille(amount.permille),)
    if amount.fixed_fen:
        yuan, fen = divmod(amount.fixed_fen, 100)
        number = f"{yuan}.{fen:02d}" if fen else f"{yuan}"
        yield (f"{number}元", f"{number} yuan", f"¥{number}", f"¥{yuan}.{fen:02d}")
