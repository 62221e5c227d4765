"""The life of a proposal, driven by whoever may ask anything at any time."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from danshu.capabilities.agent import autonomy, decide, evolve, facts, noes
from danshu.capabilities.agent.model import (
    LEVELS,
    Autonomy,
    Lived,
    Nature,
    Outcome,
    Proposal,
    Spent,
    Standing,
    Terms,
)
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Actor

PEOPLE = [Actor(sub=f"person:{n}", role="planner", grade="B", key=f"s{n}") for n in range(4)]
KEY = Actor(sub="person:1", role="admin", grade="C", key="k1")  # a key that calls itself a person
ROBOT = Actor(sub="agent", role="system")
WAYS = ("reversible", "partly", "irreversible")
LATER = 10_000


def terms(**changes: Any) -> Terms:
    made: dict[str, Any] = {
        "title_zh": "搬",
        "title_en": "move",
        "parameters": '{"quantity":1}',
        "low_fen": 1,
        "mid_fen": 2,
        "high_fen": 3,
        "cost_fen": 50,
        "lost_fen": 60,
        "expires_ms": LATER,
        "cites": ("stock:a",),
        "evidence": "00",
    }
    return Terms(**(made | changes))


def make(origin: Any = "skill", actor: Actor = ROBOT) -> Proposal:
    said = facts.ProposalMade(
        action="move", key="a", loose=False, origin=origin, skill="m", terms=terms(), version=1
    )
    return evolve.begin(uuid.UUID(int=1), said, actor, 1)


class Life(RuleBasedStateMachine):
    """Everybody asks for everything; a shadow keeps who wrote and who approved what stands."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 10
        self.standing = Standing()
        self.nature = Nature(reversibility="reversible", sensitivity=1)
        self.spent = Spent()
        self.one = make()
        self.wrote: set[str] = {"skill:m"}
        self.yes: list[str] = []
        self.begun: list[bool] = []

    def say(self, said: Any, actor: Actor) -> Any:
        if said is not None and not isinstance(said, Refusal):
            self.one = evolve.evolve(self.one, said, actor, self.now)
        return said

    @rule(who=st.integers(0, 3), by_key=st.booleans())
    def begin_anew(self, who: int, by_key: bool) -> None:
        if self.one.is_open or self.one.state == "done":
            return
        actor = KEY if by_key else PEOPLE[who]
        origin = "key" if by_key else "person"
        self.one = make(origin, actor)
        self.wrote = {decide.author(actor)}
        self.yes, self.begun = [], []
        self.now = 10

    @rule(way=st.sampled_from(WAYS), sensitivity=st.integers(1, 3))
    def is_of_another_nature(self, way: Any, sensitivity: int) -> None:
        self.nature = Nature(reversibility=way, sensitivity=sensitivity)

    @rule(level=st.sampled_from(LEVELS), day=st.sampled_from([0, 60, 10_000]))
    def rules_change(self, level: Any, day: int) -> None:
        rules = Autonomy(level=level, day_fen=day, none_up_to_fen=100, one_up_to_fen=200)
        self.standing = replace(self.standing, autonomy={"move": rules})

    @rule(stopped=st.booleans(), dry=st.booleans())
    def switch(self, stopped: bool, dry: bool) -> None:
        self.standing = replace(self.standing, stopped=stopped, dry=dry)

    @rule(n=st.integers(1, 9))
    def change_quantity(self, n: int) -> None:
        actor = PEOPLE[n % 4]
        told = terms(parameters=f'{{"quantity":{n}}}', cost_fen=50 * n)
        if not isinstance(self.say(decide.change(self.one, told, self.now), actor), Refusal):
            self.wrote.add(actor.sub)
            self.yes = []

    @rule(n=st.integers(1, 3), expires=st.sampled_from([LATER, LATER + 4_000_000]))
    def look_again(self, n: int, expires: int) -> None:
        before = self.one
        said = self.say(
            decide.renew(self.one, terms(parameters=f'{{"quantity":{n}}}', expires_ms=expires), 2),
            ROBOT,
        )
        if isinstance(said, facts.ProposalRenewed):
            assert not before.changed_by
            if before.terms.parameters != self.one.terms.parameters:
                self.yes = []
                assert not self.one.approvals

    @rule(who=st.integers(0, 3), by_key=st.booleans())
    def approve(self, who: int, by_key: bool) -> None:
        actor = KEY if by_key else PEOPLE[who]
        before = self.one
        said = self.say(
            decide.approve(self.one, self.nature, self.standing, self.spent, actor, "", self.now),
            actor,
        )
        if isinstance(said, Refusal):
            return
        rules = self.standing.of("move")
        needed = autonomy.needed(before, self.nature, rules, self.spent)[0]
        assert not self.standing.stopped
        assert rules.level != "observe"
        assert decide.author(actor) not in self.wrote
        assert decide.author(actor) not in self.yes
        self.yes.append(decide.author(actor))
        if by_key:
            assert before.origin == "skill"
            assert needed <= 1
        if self.one.state == "approved":
            assert len(self.yes) >= max(1, needed)

    @rule()
    def begin(self) -> None:
        before = self.one
        said = self.say(
            decide.begin(self.one, self.nature, self.standing, self.spent, "2026-11-30", self.now),
            ROBOT,
        )
        if isinstance(said, Refusal):
            return
        rules = self.standing.of("move")
        assert not self.standing.stopped
        assert self.now < before.terms.expires_ms
        assert rules.level in ("approve", "automatic")
        if before.state == "waiting":
            assert rules.level == "automatic"
            assert self.nature.reversibility != "irreversible"
            assert before.origin == "skill"
            assert not before.changed_by
            assert before.terms.exposed_fen <= rules.day_fen - self.spent.fen
        else:
            assert self.yes
        assert isinstance(said, facts.ProposalRehearsed) == self.standing.dry
        if isinstance(said, facts.ProposalBegun):
            self.begun.append(said.automatic)
            fen = said.fen
            self.spent = Spent(fen=self.spent.fen + fen, count=self.spent.count + said.automatic)

    @rule(ok=st.booleans())
    def end(self, ok: bool) -> None:
        if ok:
            self.say(decide.perform(self.one, "{}", 1, self.now), ROBOT)
        else:
            self.say(decide.fail(self.one, "gone", ""), ROBOT)

    @rule(fen=st.integers(-9, 9))
    def measure(self, fen: int) -> None:
        told = Outcome(
            low_fen=fen, mid_fen=fen, high_fen=fen, method="m", counted=1, text_zh="", text_en=""
        )
        self.say(decide.measure(self.one, told), ROBOT)

    @rule(ok=st.booleans())
    def take_back(self, ok: bool) -> None:
        if isinstance(self.say(decide.unroll(self.one, "why"), PEOPLE[0]), Refusal):
            return
        said = decide.unrolled(self.one, 1) if ok else decide.keep(self.one, "gone", "")
        self.say(said, ROBOT)
        assert self.one.state == ("rolled_back" if ok else self.one.state)
        assert (self.one.outcome is not None) == (self.one.state == "measured") or ok

    @rule(who=st.integers(0, 3))
    def refuse_or_withdraw(self, who: int) -> None:
        actor = PEOPLE[who]
        said = self.say(decide.withdraw(self.one, "why", actor), actor)
        if not isinstance(said, Refusal):
            assert actor.sub in self.wrote
        elif who == 0:
            self.say(decide.refuse(self.one, "why"), actor)

    @rule(ms=st.integers(1, LATER))
    def time_passes(self, ms: int) -> None:
        self.now += ms
        self.say(decide.expire(self.one, self.now), ROBOT)

    @invariant()
    def holds(self) -> None:
        """It is begun once, and approved by people who wrote none of it, each once."""
        assert len(self.begun) <= 1
        approvers = [given.by for given in self.one.approvals]
        assert len(set(approvers)) == len(approvers)
        assert not set(approvers) & set(self.one.authors)
        assert set(self.one.authors) == self.wrote


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase


def approve(one: Proposal, actor: Actor, **standing: Any) -> Any:
    nature = Nature(reversibility="irreversible", sensitivity=3)
    return decide.approve(one, nature, Standing(**standing), Spent(), actor, "", 10)


@pytest.mark.parametrize(
    ("origin", "by", "actor", "no"),
    [
        ("person", PEOPLE[0], PEOPLE[0], noes.OWN),
        ("key", KEY, KEY, noes.OWN),
        ("key", KEY, replace(KEY, key="k2"), noes.NOT_A_PERSON),
        ("skill", ROBOT, KEY, noes.NOT_A_PERSON),  # two approvals are two people's
        ("person", PEOPLE[0], PEOPLE[1], None),
        ("key", KEY, PEOPLE[1], None),  # the key only calls itself by that person's name
    ],
)
def test_who_approves(origin: Any, by: Actor, actor: Actor, no: Any) -> None:
    """Never its author, and no key where people are asked."""
    said = approve(make(origin, by), actor)
    assert said == no if no else isinstance(said, facts.ProposalApproved)


def test_two_are_two() -> None:
    """The second approval is another person's."""
    one = make()
    said = approve(one, PEOPLE[0])
    assert (said.needed, said.enough) == (2, False)
    one = evolve.evolve(one, said, PEOPLE[0], 11)
    assert one.state == "waiting"
    assert approve(one, PEOPLE[0]) == noes.TWICE
    again = replace(PEOPLE[0], key="another-session")
    assert approve(one, again) == noes.TWICE
    said = approve(one, PEOPLE[1])
    assert said.enough
    assert evolve.evolve(one, said, PEOPLE[1], 12).state == "approved"


def test_stopped_and_observed() -> None:
    """A stopped agent takes no approval; what is only observed takes none; proposing is adopted."""
    assert approve(make(), PEOPLE[0], stopped=True) == noes.STOPPED
    only = {"move": Autonomy(level="observe")}
    assert approve(make(), PEOPLE[0], autonomy=only) == noes.OBSERVED
    nature = Nature(reversibility="reversible", sensitivity=1)
    standing = Standing(autonomy={"move": Autonomy(level="propose")})
    said = decide.approve(make(), nature, standing, Spent(), PEOPLE[0], "", 10)
    assert isinstance(said, facts.ProposalAdopted)
    after = evolve.evolve(make(), said, PEOPLE[0], 10)
    assert decide.begin(after, nature, standing, Spent(), "", 10) == noes.OVER


def test_standing_follows_from_facts() -> None:
    """Set, lowered, stopped, let go, rehearsing: each is a fact, and the last word holds."""
    wish = Autonomy(level="approve", day_fen=7)
    nature = Nature(reversibility="reversible", sensitivity=1)
    said = decide.set_autonomy("move", wish, nature, Standing(), [], "why")
    assert isinstance(said, facts.AutonomySet)
    after = evolve.stand(Standing(), said, PEOPLE[2], 5)
    assert (after.of("move").day_fen, after.of("move").set_by) == (7, PEOPLE[2].sub)
    assert after.of("other") == Autonomy()
    lost = [Lived(expected_low_fen=1, expected_fen=2, real_fen=-8)]
    fell = decide.lower("move", after, lost)
    assert fell is not None
    after = evolve.stand(after, fell, ROBOT, 9)
    rules = after.of("move")
    assert (rules.level, rules.lowered, rules.since_ms) == ("propose", "loss", 9)
    assert decide.resume(after, "why") is None
    stopped = evolve.stand(after, facts.AgentStopped(note=""), PEOPLE[1], 11)
    assert (stopped.stopped, stopped.stopped_by, stopped.stopped_ms) == (True, PEOPLE[1].sub, 11)
    assert decide.stop(stopped, "") is None
    assert evolve.stand(stopped, facts.AgentResumed(reason="w"), PEOPLE[1], 12) == after
    assert evolve.stand(after, facts.AgentRehearsing(on=True), PEOPLE[1], 12).dry


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"cost_fen": 40}, True),
        ({"title_zh": "搬货"}, True),
        ({"cost_fen": 61}, False),  # more is at stake than was approved
        ({"parameters": '{"quantity":2}'}, False),
    ],
)
def test_approvals_hold_for_what_was_approved(changes: Any, kept: bool) -> None:
    """A skill that looks again does not get more out of an approval than was given."""
    one = make()
    one = evolve.evolve(one, approve(one, PEOPLE[0]), PEOPLE[0], 11)
    said = decide.renew(one, terms(**changes), 2)
    assert isinstance(said, facts.ProposalRenewed)
    assert (evolve.evolve(one, said, ROBOT, 12).approvals != ()) == kept
