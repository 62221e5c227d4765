"""Who must approve: a table of value, reversibility, sensitivity; how levels are earned and lost.

Independence is lost by a test that may be looked at after every proposal without being fooled by
looking often: a bet against "at most `regret_bound` of them are regretted" whose stake has grown
twentyfold refutes it with an error of at most 1 in 20 over all time (Ville's inequality; Waudby-
Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 2024).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.agent.model import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.agent.model import (
        Autonomy,
        Level,
        Lived,
        Nature,
        Proposal,
        Reversibility,
        Spent,
    )

AUTOMATIC: Final = 0
TWO: Final = 2
# People asked by reversibility and sensitivity: for a small, a middling and a large sum.
TABLE: Final[dict[tuple[Reversibility, int], tuple[int, int, int]]] = {
    ("reversible", 1): (0, 0, 1),
    ("reversible", 2): (0, 1, 2),
    ("reversible", 3): (1, 1, 2),
    ("partly", 1): (0, 1, 2),
    ("partly", 2): (1, 1, 2),
    ("partly", 3): (1, 2, 2),
    ("irreversible", 1): (1, 1, 2),
    ("irreversible", 2): (1, 1, 2),
    ("irreversible", 3): (2, 2, 2),
}
_REFUTED: Final = 20.0
_STAKES: Final = (0.2, 0.4, 0.6, 0.8)


def band(fen: int, rules: Autonomy) -> int:
    """Give 0 for a small sum, 1 for a middling one, 2 for a large one."""
    return (fen > rules.none_up_to_fen) + (fen > max(rules.one_up_to_fen, rules.none_up_to_fen))


def approvers(nature: Nature, at_stake_fen: int, rules: Autonomy) -> int:
    """Give how many people must approve by the table alone: 0, 1 or 2."""
    return TABLE[nature.reversibility, nature.sensitivity][band(at_stake_fen, rules)]


def needed(proposal: Proposal, nature: Nature, rules: Autonomy, spent: Spent) -> tuple[int, str]:
    """Give how many people must approve a proposal now, and why it is not automatic ("" = it is).

    What a person, a key or a loose skill says of its own proposal's value is not taken for small:
    it counts as middling at least, and asks for one person at least.
    """
    terms = proposal.terms
    people = approvers(nature, terms.at_stake_fen, rules)
    why = "value"
    if proposal.origin != "skill" or proposal.loose or proposal.changed_by:
        people = max(people, 1, approvers(nature, rules.none_up_to_fen + 1, rules))
        why = "origin"
    elif nature.reversibility == "irreversible":
        why = "irreversible"
    elif terms.mid_fen < 0 or terms.low_fen < -rules.none_up_to_fen:
        people, why = max(people, 1), "loses"
    if people > AUTOMATIC:
        return people, why
    if rules.level != "automatic":
        return 1, "level"
    if is_over(terms.exposed_fen, rules, spent):
        return 1, "budget"
    return AUTOMATIC, ""


def is_over(fen: int, rules: Autonomy, spent: Spent) -> bool:
    """Tell whether one more act is above what a day allows."""
    return spent.fen + fen > rules.day_fen or spent.count + 1 > rules.day_count


def is_regretted(one: Lived) -> bool:
    """Tell whether it lost money, or brought less than the low end of what was expected."""
    return one.real_fen < 0 or one.real_fen < one.expected_low_fen


def refute(lived: Sequence[Lived], bound: int) -> float:
    """Give how many times its stake a bet against "at most `bound` thousandths are regretted" won.

    At 20 it is refuted. The stakes of four bets, each a share of the most that may be staked, are
    averaged, so that neither a small nor a large excess goes unseen.
    """
    share = min(max(bound, 1), 999) / 1000
    bets = [1.0] * len(_STAKES)
    best = 1.0
    for one in lived:
        step = float(is_regretted(one)) - share
        bets = [b * (1 + s / share * step) for b, s in zip(bets, _STAKES, strict=True)]
        best = max(best, sum(bets) / len(bets))
    return best


def why_lower(lived: Sequence[Lived], rules: Autonomy) -> str:
    """Say why a level is lost: `regret` where the test says so, `loss` where one act lost more
    than a day's budget; "" = it is kept.
    """
    if rules.level in ("observe", "propose"):
        return ""
    if any(one.real_fen < -max(rules.day_fen, 1) for one in lived):
        return "loss"
    return "regret" if refute(lived, rules.regret_bound) >= _REFUTED else ""


def lower(level: Level) -> Level:
    """Give the next level down."""
    return LEVELS[max(LEVELS.index(level) - 1, 0)]


def why_not_raise(
    wanted: Level, nature: Nature, rules: Autonomy, lived: Sequence[Lived]
) -> tuple[str, int]:
    """Say why a level is not earned, and how many proposals that rests on; "" = it is.

    People approve each act up to `approve`, so that level is theirs to give; `automatic` is earned
    one step from `approve`, by accepted and measured proposals since the level was last lowered.
    """
    n = len(lived)
    if LEVELS.index(wanted) > LEVELS.index(rules.level) + 1:
        return "one_step", n
    if wanted != "automatic" or rules.level == "automatic":
        return "", n
    if nature.reversibility == "irreversible":
        return "irreversible", n
    if n < rules.earned:
        return "too_few", n
    if 1000 * sum(map(is_regretted, lived)) > rules.regret_bound * n:
        return "regretted", n
    if sum(one.real_fen for one in lived) < 0:
        return "lost", n
    return "", n
