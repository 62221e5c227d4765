"""A reference of Alipay's refunds (OpenAPI): proves the application's RSA2 signature, signs its
answers and notices with Alipay's key.

`trouble` are sub codes to answer next; `lose` counts answers lost after the money has moved;
`slow` leaves new refunds unfinished until `settle`.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked
from danshu.testing.wechat_pay import private_pem, public_pem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

APP_ID: Final = "2021000000000001"
_AT: Final = "2026-11-30 10:00:01"


@functools.cache
def app_key() -> rsa.RSAPrivateKey:
    """Make the application's key, once a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def alipay_key() -> rsa.RSAPrivateKey:
    """Make Alipay's key, once a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def account_secrets() -> dict[str, str]:
    """Give the secrets of the account."""
    return {
        "private_key": private_pem(app_key()),
        "alipay_public_key": public_pem(alipay_key()),
    }


def _sign(text: str) -> str:
    signed = alipay_key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signed).decode()


class Pay:
    """What the service knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.refunds: dict[str, dict[str, str]] = {}
        self.paid: dict[str, int] = {}  # payments by number in minor units; none: any amount
        self.trouble: list[str] = []
        self.lose = 0
        self.slow = False
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        form = asked.form
        if form.get("app_id") != APP_ID or not _is_signed(form):
            told = {
                "code": "40002",
                "msg": "Invalid Arguments",
                "sub_code": "isv.invalid-signature",
            }
            return far_side.tell({"error_response": told})
        name = form["method"].replace(".", "_") + "_response"
        with self._lock:
            if self.trouble:
                code = self.trouble.pop(0)
                told = {"code": "40004", "msg": "Business Failed", "sub_code": code}
                return _answer(name, told)
            content = json.loads(form["biz_content"])
            if form["method"] == "alipay.trade.refund":
                told = self._refund(content)
            else:
                told = self._query(content)
            if self.lose:
                self.lose -= 1
                return None
        return _answer(name, told)

    def _refund(self, content: dict[str, Any]) -> dict[str, str]:
        number = content["out_request_no"]
        known = self.refunds.get(number)
        base = {"code": "10000", "msg": "Success", "trade_no": "2026113022001400000000000001"}
        if known is None:
            total = self.paid.get(content["out_trade_no"])
            moved = sum(
                round(float(r["refund_amount"]) * 100)
                for r in self.refunds.values()
                if r["out_trade_no"] == content["out_trade_no"]
            )
            fen = round(float(content["refund_amount"]) * 100)
            if total is not None and moved + fen > total:
                return {
                    "code": "40004",
                    "msg": "Business Failed",
                    "sub_code": "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
                    "sub_msg": "退款金额超限",
                }
            self.refunds[number] = {
                "out_trade_no": content["out_trade_no"],
                "refund_amount": content["refund_amount"],
                "status": "" if self.slow else "REFUND_SUCCESS",
            }
        changed = "N" if known or self.slow else "Y"
        return base | {
            "out_trade_no": content["out_trade_no"],
            "fund_change": changed,
            "refund_fee": content["refund_amount"],
            **({"gmt_refund_pay": _AT} if changed == "Y" else {}),
        }

    def _query(self, content: dict[str, Any]) -> dict[str, str]:
        base = {"code": "10000", "msg": "Success"}
        found = self.refunds.get(content["out_request_no"])
        if found is None:
            return base
        told = base | {
            "trade_no": "2026113022001400000000000001",
            "out_trade_no": found["out_trade_no"],
            "out_request_no": content["out_request_no"],
            "refund_amount": found["refund_amount"],
        }
        if found["status"]:
            told |= {"refund_status": found["status"], "gmt_refund_pay": _AT}
        return told

    def settle(self, number: str) -> bytes:
        """End a refund that was unfinished; gives the body of the notice of it."""
        with self._lock:
            refund = self.refunds[number]
            refund["status"] = "REFUND_SUCCESS"
        return notice(
            {
                "notify_id": f"NT-{number}",
                "notify_type": "trade_status_sync",
                "app_id": APP_ID,
                "charset": "utf-8",
                "version": "1.0",
                "trade_no": "2026113022001400000000000001",
                "out_trade_no": refund["out_trade_no"],
                "out_biz_no": number,
                "trade_status": "TRADE_SUCCESS",
                "refund_fee": refund["refund_amount"],
                "gmt_refund": f"{_AT}.123",
            }
        )


def notice(fields: Mapping[str, str]) -> bytes:
    """Sign a notice."""
    text = "&".join(f"{k}={v}" for k, v in sorted(fields.items()) if v)
    return urlencode({**fields, "sign_type": "RSA2", "sign": _sign(text)}).encode()


def _answer(name: str, told: dict[str, str]) -> Answer:
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return Answer(body=f'{{"{name}":{text},"sign":"{_sign(text)}"}}'.encode())


def _is_signed(form: Mapping[str, str]) -> bool:
    text = "&".join(f"{k}={v}" for k, v in sorted(form.items()) if v and k != "sign")
    try:
        signature = base64.b64decode(form.get("sign", ""))
        key = app_key().public_key()
        key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


@contextlib.contextmanager
def serve() -> Iterator[Pay]:
    """Serve on a free port of this machine."""
    pay = Pay()
    with far_side.serve(pay.respond) as origin:
        pay.url = origin + "/gateway.do"
        yield pay
