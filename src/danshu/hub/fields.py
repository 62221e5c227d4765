"""Fields that several inputs share, with their bounds."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from danshu.kernel.limits import AMOUNT_MINOR, SKU_CHARS

# No control characters: PostgreSQL stores no U+0000, and the others only hide things. Python's `$`
# would let a final line break through, `(?![\s\S])` does not, and reads the same in ECMA-262.
PLAIN: Final = r"^[^\x00-\x1f\x7f]*(?![\s\S])"

Code = Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=PLAIN)]
Word = Annotated[str, Meta(max_length=64, pattern=PLAIN)]
Label = Annotated[str, Meta(max_length=500, pattern=PLAIN)]
Minor = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR, description="minor units: 分 for CNY")]
