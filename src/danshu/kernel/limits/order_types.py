"""Limits of order types and of the groups that buy by them."""

from __future__ import annotations

from typing import Final

ORDER_TYPE_BYTES: Final = 32_768
ORDER_TYPE_STAGES: Final = 8
ORDER_TYPE_PARTS: Final = 500
ORDER_TYPE_DAYS: Final = 366
ORDER_TYPE_VERSIONS: Final = 500
ORDER_TYPE_DRAFTS: Final = 50
# Groups of one merchant that are open at once; how long after a group closed it is decided, so that
# what was placed in time has been committed
ORDER_GROUPS: Final = 2_000
GROUP_SETTLE_MS: Final = 2_000
