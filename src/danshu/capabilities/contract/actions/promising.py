"""What an action promises: the promise definition of the same code and version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.contract import definitions, lint
from danshu.capabilities.contract.actions.sentence import read_chain
from danshu.capabilities.contract.model import Clause, Definition, Texts
from danshu.kernel import calendar

if TYPE_CHECKING:
    from danshu.capabilities.contract.actions.model import Action


def promise(action: Action) -> Definition | None:
    """Give the definition that orders pin; None when the action promises nothing to a customer.

    The words of the breach are those of the action, or those of its chain. Raises InputError where
    the promise could not be counted or understood (`lint.check`).
    """
    shown, clock = action.promise, action.clock
    if shown is None or clock is None:
        return None
    breach = shown.breach
    if breach is None:
        breach = Texts(zh=read_chain(action, "zh"), en=read_chain(action, "en"))
    definition = Definition(
        applies=action.applies,
        breach=breach,
        clock=clock,
        code=action.action,
        name=action.name,
        params=shown.params,
        perdurant=action.deontic.perdurant,
        text=shown.text,
        version=action.version,
    )
    lint.check(definition)
    return definition


def make_clause(action: Action, find: definitions.Find = calendar.load) -> Clause | None:
    """Make the promise ready for the hot path. Raises InputError as `promise` does."""
    definition = promise(action)
    return None if definition is None else definitions.prepare(definition, find)
