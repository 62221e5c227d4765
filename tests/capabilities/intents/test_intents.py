"""The intent graph: its Turtle, what a merchant may add, and that no classifier and no speaker can
bring about what a regulation forbids.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.intake.folding import fold
from danshu.capabilities.intents import checking, comparing, deciding, merging, turtle, wording
from danshu.capabilities.intents.deciding import Index, decide
from danshu.capabilities.intents.model import (
    IntentAction,
    IntentGraph,
    IntentRegulation,
    IntentSymptom,
)
from danshu.kernel.errors import InputError

SHIPPED = turtle.shipped()
INDEX = deciding.build(SHIPPED)
SYMPTOMS = [s.code for s in SHIPPED.symptoms]
ACTIONS = [a.code for a in SHIPPED.actions]
EQUIPMENT = [e.code for e in SHIPPED.equipment]
FORBIDDING = [r for r in SHIPPED.regulations if r.forbids]
codes = st.sampled_from([*SYMPTOMS, *ACTIONS, "", "补油", "oil", "top_up_oil"])


def compiled(own: IntentGraph) -> Index:
    return deciding.build(merging.merge(SHIPPED, own))


def test_the_accident_of_the_oil_level_has_one_answer_and_it_is_no_refill() -> None:
    told = decide(INDEX, "transformer", ["oil_low"])
    assert [a.code for a in told.actions] == ["stop_and_overhaul"]
    assert (told.regulation, told.contradiction, told.verified) == ("Q/SP-2025-07", "", True)
    assert "top_up_oil" in told.forbids
    asked = decide(INDEX, "transformer", ["oil_low"], ["top_up_oil"])
    assert (asked.contradiction, asked.action) == ("asked_forbidden", "stop_and_overhaul")
    links = [(s.origin, s.link, s.target) for s in told.why]
    assert ("oil_low", "governed_by", "Q-SP-2025-07") in links
    assert ("Q-SP-2025-07", "forbids", "top_up_oil") in links


@given(
    st.sampled_from([*EQUIPMENT, "", "锅炉"]),
    st.lists(codes, max_size=20),
    st.lists(codes, max_size=6),
)
def test_whatever_a_classifier_or_speaker_says_nothing_forbidden_is_answered(
    equipment: str, symptoms: list[str], asked: list[str]
) -> None:
    told = decide(INDEX, equipment, symptoms, asked)
    offered = {a.code for a in (*told.actions, *told.candidates)}
    assert not offered & set(told.forbids)
    if "oil_low" in symptoms[:16]:
        assert "top_up_oil" not in offered
        assert len(symptoms) > 16 or "top_up_oil" in told.forbids or not told.actions
    if told.actions:
        # only an action that a regulation of one of these symptoms requires is ever taken
        required = {s.target for s in told.why if s.link == "requires"}
        assert {a.code for a in told.actions} <= required
    elif not told.contradiction:
        pytest.fail("no action and nobody to decide")


@given(
    st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(SYMPTOMS), max_size=3, unique=True),
    st.booleans(),
)
def test_no_graph_of_a_merchant_lifts_what_is_shipped_as_forbidden(
    requires: list[str], symptoms: list[str], replacing: bool
) -> None:
    mine = IntentRegulation(
        code="own", number="OWN", title="自有规程", requires=tuple(requires),
        replaces=tuple([r.code for r in SHIPPED.regulations]) if replacing else (),
    )  # fmt: skip
    own = IntentGraph(
        regulations=(mine,),
        symptoms=tuple([IntentSymptom(code=s, regulations=("own",)) for s in symptoms]),
    )
    index = compiled(own)
    for (equipment, symptom), was in INDEX.answers.items():
        now = decide(index, equipment, [symptom])
        assert set(was.forbids) <= set(now.forbids)
        assert not {a.code for a in (*now.actions, *now.candidates)} & set(was.forbids)


def test_turtle_is_read_as_it_was_written_and_nothing_unknown_is_lost() -> None:
    assert turtle.read(turtle.write(SHIPPED)) == turtle.read(turtle.write(turtle.read(
        turtle.write(SHIPPED)
    )))  # fmt: skip
    assert comparing.compare(SHIPPED, turtle.read(turtle.write(SHIPPED))) == ()
    odd = IntentSymptom(
        code="奇", title='引号"和\\与\n换行'.replace("\n", " "), regulations=("leak",)
    )
    own = IntentGraph(symptoms=(odd,))
    assert turtle.read(turtle.write(own)) == own
    head = "@prefix k: <urn:danshu:intent#> . @prefix s: <urn:danshu:intent:symptom:> . "
    for text, code in [
        ("this is no turtle", "turtle"),
        (head + "s:a a k:Symptom ; k:mood 'x' .", "turtle_unknown"),
        (head + "s:a a k:Action .", "turtle_unknown"),
        (head + "s:a k:governedBy <urn:danshu:intent:regulation:leak> .", "turtle_unknown"),
        (head + "s:a a k:Symptom ; k:governedBy <urn:danshu:intent:action:x> .", "turtle_unknown"),
        (head + "s:a a k:Symptom ; k:label 'x'@fr .", "turtle_unknown"),
        (head + "[] a k:Symptom .", "turtle_unknown"),
        (head + "s:a a k:Symptom ; k:label s:a .", "turtle_unknown"),
        (head + "s:a a k:Symptom ; k:spelling s:a .", "turtle_unknown"),
        (head + "s:a a k:Symptom ; k:governedBy [] .", "turtle_unknown"),
    ]:
        with pytest.raises(InputError) as caught:
            turtle.read(text)
        assert caught.value.code == code, text


def test_several_symptoms_agree_or_a_person_decides() -> None:
    def why(equipment: str, *symptoms: str) -> str:
        return decide(INDEX, equipment, symptoms).contradiction

    assert why("hydraulic_station", "oil_low", "pressure_low") == ""
    assert why("transformer", "oil_low", "oil_hot") == "actions_contradict"
    assert why("spindle", "outer_race_fault", "unbalance") == "several_actions"
    assert why("spindle", "oil_low") == "no_regulation"
    assert why("boiler", "oil_low") == "unknown_equipment"
    assert why("transformer", "melancholy") == "unknown_symptom"
    assert why("transformer") == "no_symptom"
    assert why("transformer", *[f"s{i}" for i in range(17)]) == "too_many"
    unsure = decide(INDEX, "boiler", ["oil_low"], ["top_up_oil"])
    assert "top_up_oil" in unsure.forbids
    one = IntentRegulation(code="x", number="X", requires=("top_up_oil",))
    own = IntentGraph(
        regulations=(one,), symptoms=(IntentSymptom(code="oil_low", regulations=("x",)),)
    )
    assert decide(compiled(own), "transformer", ["oil_low"]).contradiction == "required_forbidden"


@pytest.mark.parametrize(
    ("words", "symptoms", "wanted"),
    [
        ("变压器油位偏低，赶紧补点油", ["oil_low"], ["top_up_oil"]),
        ("主变 油位 过低,先补一下油吧", ["oil_low"], ["top_up_oil"]),
        ("油位低,千万别补油", ["oil_low"], []),
        ("没有漏油,就是有怪声", ["noise"], []),
        ("把压力调高,压力上不去", ["pressure_low"], ["raise_pressure"]),
        ("OIL LEVEL LOW", ["oil_low"], []),
        ("今天天气不错", [], []),
    ],
)
def test_words_name_what_they_spell(words: str, symptoms: list[str], wanted: list[str]) -> None:
    found = wording.spot(SHIPPED, words, fold)
    assert [w.code for w in found if w.kind == "symptom" and not w.denied] == symptoms
    assert [w.code for w in found if w.kind == "action" and not w.denied] == wanted


def test_what_sounds_alike_is_a_candidate_and_no_more() -> None:
    assert wording.spot(SHIPPED, "变压器游位偏滴", fold)[0].kind == "equipment"
    assert [n.code for n in wording.near(SHIPPED, "变压器游位偏滴", fold)] == ["oil_low"]
    assert wording.near(SHIPPED, "今天天气不错", fold) == ()


def test_findings_name_the_shape_and_the_node() -> None:
    regulation = IntentRegulation(code="new", number="Q/SP-2025-07", requires=())
    own = IntentGraph(
        symptoms=(
            IntentSymptom(code="murky", title="油液浑浊"),
            IntentSymptom(code="oil_low", regulations=("own",)),
            IntentSymptom(code="twin", title="漏油", regulations=("leak",)),
        ),
        regulations=(
            regulation,
            IntentRegulation(
                code="own", number="OWN", requires=("top_up_oil",), replaces=("Q-SP-2025-07",)
            ),
            IntentRegulation(code="leak", number="other", requires=("top_up_oil",)),
        ),
        actions=(IntentAction(code="top_up_oil", level=1), IntentAction(code="bare")),
    )
    told = checking.check(own)
    found = {(f.code, f.node) for f in told}
    assert found >= {
        ("symptom_regulation", "murky"),
        ("regulation_requires", "new"),
        ("number_taken", "new"),
        ("required_and_forbidden", "own"),
        ("spelling_taken", "twin"),
        ("shipped_number", "leak"),
        ("shipped_requires", "leak"),
        ("shipped_level", "top_up_oil"),
        ("action_label", "bare"),
        ("action_level", "bare"),
        ("action_release", "bare"),
    }
    assert all(f.detail for f in told)
    assert merging.merge(SHIPPED, own).actions[0].level == SHIPPED.actions[0].level
    circle = IntentGraph(
        regulations=(
            replace(regulation, replaces=("b",)),
            replace(regulation, code="b", replaces=("new",)),
        )
    )
    assert {f.node for f in merging.lint(SHIPPED, circle) if f.code == "replaces_circle"} == {
        "new",
        "b",
    }


def test_the_shipped_graph_has_no_finding_and_each_answer_says_one_thing() -> None:
    assert checking.check(IntentGraph()) == ()
    assert {a.contradiction for a in INDEX.answers.values()} == {""}
    assert FORBIDDING


def test_a_graph_that_would_give_too_many_rules_is_refused() -> None:
    linked = tuple([f"r{n}" for n in range(32)])
    own = IntentGraph(
        symptoms=tuple([IntentSymptom(code=f"s{n}", regulations=linked) for n in range(60)])
    )
    assert "too_many_rules" in {f.code for f in merging.lint(SHIPPED, own)}
    with pytest.raises(InputError, match="rules"):
        compiled(own)
