"""Every story holds, on servers of its own; and a claim that fails is told as one."""

from __future__ import annotations

import pytest

from danshu.stories import telling
from danshu.stories.stage import Stage
from tests.flows import stories

stage = stories.stage


@pytest.mark.parametrize("story", stories.share(0), ids=lambda story: story.name)
def test_a_story_holds(story: telling.Story, stage: Stage) -> None:
    stories.check(story, stage)


def test_a_story_that_fails_or_claims_nothing_does_not_hold() -> None:
    voice = telling.Voice()
    assert not voice.holds
    voice.claim("true", True)
    assert voice.holds
    voice.claim("false", False, seen=3)
    assert not voice.holds
    assert voice.claims[-1].seen == "3"


def test_a_story_is_found_by_its_name() -> None:
    assert telling.find("first_order") == telling.STORIES[0]
    assert telling.find("nothing") is None
