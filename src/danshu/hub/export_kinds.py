"""The kinds of jobs that make a file: how their questions are read, what their files are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub import asset_exports, exports, voucher_exports

if TYPE_CHECKING:
    from collections.abc import Callable

DECODERS: Final[dict[str, Callable[[bytes], Any]]] = {
    asset_exports.KIND: asset_exports.decode_question,
    exports.KIND: exports.decode_question,
    voucher_exports.KIND: voucher_exports.decode_question,
}
NAMES: Final = {
    asset_exports.KIND: "asset",
    exports.KIND: "orders",
    voucher_exports.KIND: "vouchers",
}
