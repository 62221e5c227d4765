"""The second share of the stories: as test_stories."""

from __future__ import annotations

import pytest

from danshu.stories import telling
from tests.flows import stories


@pytest.mark.parametrize("story", stories.share(1), ids=lambda story: story.name)
def test_a_story_holds(story: telling.Story, database: str) -> None:
    stories.check(story, database)
