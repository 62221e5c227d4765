"""Limits of associations: what is mined, and what a campaign may be."""

from __future__ import annotations

from typing import Final

# Goods that are compared with one another, the most frequent; SKUs of an order that says so
ASSOCIATION_ITEMS: Final = 400
ASSOCIATION_BASKET_SKUS: Final = 40
# Rules that are kept of one question; days that a rule may look ahead
ASSOCIATION_RULES: Final = 200
ASSOCIATION_WINDOW_D: Final = 180
# Campaigns of a merchant that run or are proposed; characters of what buyers are told
CAMPAIGNS: Final = 100
CAMPAIGN_TEXT_CHARS: Final = 300
# Buyers enrolled in one commit, and of one campaign
CAMPAIGN_ENROL: Final = 500
CAMPAIGN_BUYERS: Final = 1_000_000
# Seconds between two looks at a campaign that runs; notices sent in one look; seconds after which
# one that nobody takes counts as not reached
CAMPAIGN_LOOK_S: Final = 3_600
CAMPAIGN_TELL: Final = 100
CAMPAIGN_GIVE_UP_S: Final = 86_400
