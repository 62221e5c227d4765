"""Every story holds, on servers of its own; and a claim that fails is told as one."""

from __future__ import annotations

import pytest

from danshu.stories import telling
from danshu.stories.stage import open_stage


@pytest.mark.parametrize("story", telling.STORIES, ids=lambda story: story.name)
def test_a_story_holds(story: telling.Story, database: str) -> None:
    voice = telling.Voice()
    with open_stage(story.servers, url=database) as stage:
        assert len(stage.servers) == story.servers
        telling.tell(story, stage, voice)
    assert [claim for claim in voice.claims if not claim.holds] == []
    assert len(voice.claims) > 8
    assert voice.holds
    assert voice.look


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
