"""The reference of policies names every field, effect and node with its labels."""

from __future__ import annotations

from danshu.capabilities.routing.policy import effects, fields, lint
from tests.tidy.tree import assert_none, document


def test_every_field_is_described_with_its_labels() -> None:
    page = document("policies.md")
    rows = [
        f"| `{f.path}` | {f.zh} | {f.en} |"
        for f in (*fields.CONTEXT, *fields.INTERCEPT, *fields.WAREHOUSE)
    ]
    rows += [f"`{value}` {zh}" for f in fields.WAREHOUSE for value, zh, _ in f.values]
    rows += [f"{n} {zh}" for n, zh, _ in (*fields.WEATHER, *fields.LEVELS)]
    assert_none([row for row in rows if row not in page])


def test_every_effect_and_node_is_described() -> None:
    page = document("policies.md")
    rows = [f"| `{name}` | {zh} | {en} |" for name, (zh, en) in effects.WORDS.items()]
    assert_none([row for row in (*rows, *[f"`{n}`" for n in lint.ALLOWED]) if row not in page])


def test_nothing_is_described_that_is_gone() -> None:
    all_ = (*fields.CONTEXT, *fields.INTERCEPT, *fields.WAREHOUSE)
    known = {f.path for f in all_} | set(effects.WORDS)
    known |= {"live", "canary", "retired", "approved"}
    lines = document("policies.md").splitlines()
    told = [line.split("`")[1] for line in lines if line.startswith("| `")]
    assert_none([name for name in told if name not in known])
