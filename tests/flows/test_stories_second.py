"""The second share of the stories: as test_stories."""

from __future__ import annotations

import pytest

from danshu.stories import telling
from danshu.stories.stage import Stage
from tests.flows import stories

stage = stories.stage


@pytest.mark.parametrize("story", stories.share(1), ids=lambda story: story.name)
def test_a_story_holds(story: telling.Story, stage: Stage) -> None:
    stories.check(story, stage)
