"""A reference of WeChat Pay's refunds (API v3): proves the merchant's signature with the merchant's
certificate's key, signs its answers and notices with its own, seals notices.

`trouble` are answers to give next instead; `lose` counts answers lost after the money has moved;
`slow` leaves new refunds in process until `settle` says how they ended.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator

MCHID: Final = "1900000109"
SERIAL: Final = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
PLATFORM: Final = "PUB_KEY_ID_0114232134912410000000000000"
V3_KEY: Final = "0123456789abcdef0123456789abcdef"
_PATH: Final = "/v3/refund/domestic/refunds"
_PAIR: Final = re.compile(r'(\w+)="([^"]*)"')


@functools.cache
def merchant_key() -> rsa.RSAPrivateKey:
    """Make the merchant's key, once a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def platform_key() -> rsa.RSAPrivateKey:
    """Make the platform's key, once a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """Write a private key as PEM (PKCS #8)."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """Write the public key of a key as PEM."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def options() -> dict[str, str]:
    """Give the options of the account."""
    return {"mchid": MCHID, "serial_no": SERIAL, "platform_serial": PLATFORM}


def account_secrets() -> dict[str, str]:
    """Give the secrets of the account."""
    return {
        "private_key": private_pem(merchant_key()),
        "platform_public_key": public_pem(platform_key()),
        "api_v3_key": V3_KEY,
    }


class Pay:
    """What the service knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.refunds: dict[str, dict[str, Any]] = {}
        self.trouble: list[Answer] = []
        self.lose = 0
        self.slow = False
        self.clock_s = 0  # by which it signs answers; 0 is now
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        if not _is_signed(asked):
            return self.sign({"code": "SIGN_ERROR", "message": "签名错误"}, 401)
        with self._lock:
            if self.trouble:
                return self.trouble.pop(0)
            if asked.path == _PATH and asked.method == "POST":
                told, status = self._refund(json.loads(asked.body))
            elif asked.path.startswith(_PATH + "/") and asked.method == "GET":
                found = self.refunds.get(asked.path.rpartition("/")[2])
                told, status = (
                    found or {"code": "RESOURCE_NOT_EXISTS", "message": "退款单不存在"},
                    200,
                )
                status = 200 if found else 404
            else:
                return self.sign({"code": "NOT_FOUND", "message": "no such path"}, 404)
            if self.lose:
                self.lose -= 1
                return None
        return self.sign(told, status)

    def _refund(self, told: dict[str, Any]) -> tuple[dict[str, Any], int]:
        number, amount = told["out_refund_no"], told["amount"]
        known = self.refunds.get(number)
        if known is not None:
            if known["amount"]["refund"] != amount["refund"]:
                return {"code": "INVALID_REQUEST", "message": "订单金额或退款金额与之前不一致"}, 400
            return known, 200
        paid_back = sum(
            r["amount"]["refund"]
            for r in self.refunds.values()
            if r["out_trade_no"] == told["out_trade_no"] and r["status"] != "CLOSED"
        )
        if paid_back + amount["refund"] > amount["total"]:
            return {"code": "NOT_ENOUGH", "message": "基本账户余额不足,或退款金额超过订单金额"}, 403
        self.refunds[number] = {
            "refund_id": f"5030000000{len(self.refunds) + 1:06d}",
            "out_refund_no": number,
            "transaction_id": "4200000000202611300000000001",
            "out_trade_no": told["out_trade_no"],
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": "2026-11-30T10:00:00+08:00",
            "success_time": "2026-11-30T10:00:01+08:00",
            "status": "PROCESSING" if self.slow else "SUCCESS",
            "amount": {**amount, "payer_total": amount["total"], "payer_refund": amount["refund"]},
        }
        return self.refunds[number], 200

    def sign(self, told: dict[str, Any], status: int = 200) -> Answer:
        """Sign an answer."""
        body = json.dumps(told, ensure_ascii=False).encode()
        return Answer(status=status, body=body, headers=signed_headers(body, self.clock_s))

    def settle(self, number: str, status: str, at_s: int = 0) -> tuple[dict[str, str], bytes]:
        """End a refund that was in process; gives headers and body of the notice of it."""
        with self._lock:
            refund = self.refunds[number]
            refund["status"] = status
        result = {k: v for k, v in refund.items() if k != "status"} | {
            "mchid": MCHID,
            "refund_status": status,
        }
        nonce, about = secrets.token_hex(6), "refund"
        plain = json.dumps(result, ensure_ascii=False).encode()
        sealed = AESGCM(V3_KEY.encode()).encrypt(nonce.encode(), plain, about.encode())
        notice = {
            "id": f"EV-{number}-{status}",
            "create_time": "2026-11-30T10:00:02+08:00",
            "resource_type": "encrypt-resource",
            "event_type": "REFUND.SUCCESS" if status == "SUCCESS" else "REFUND.ABNORMAL",
            "summary": "退款成功",
            "resource": {
                "original_type": "refund",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": about,
                "nonce": nonce,
            },
        }
        body = json.dumps(notice, ensure_ascii=False).encode()
        return signed_headers(body, at_s) | {"content-type": "application/json"}, body


def signed_headers(body: bytes, at_s: int = 0) -> dict[str, str]:
    """Sign as the platform does: `at_s` 0 is now."""
    stamp, nonce = str(at_s or int(time.time())), secrets.token_hex(16)
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    signed = platform_key().sign(text, padding.PKCS1v15(), hashes.SHA256())
    return {
        "wechatpay-timestamp": stamp,
        "wechatpay-nonce": nonce,
        "wechatpay-serial": PLATFORM,
        "wechatpay-signature": base64.b64encode(signed).decode(),
    }


def _is_signed(asked: Asked) -> bool:
    scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
    given = dict(_PAIR.findall(rest))
    if scheme != "WECHATPAY2-SHA256-RSA2048" or given.get("mchid") != MCHID:
        return False
    if given.get("serial_no") != SERIAL:
        return False
    lines = (asked.method, asked.target, given.get("timestamp", ""), given.get("nonce_str", ""))
    text = "".join(f"{line}\n" for line in lines).encode() + asked.body + b"\n"
    try:
        signature = base64.b64decode(given.get("signature", ""))
        merchant_key().public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


@contextlib.contextmanager
def serve() -> Iterator[Pay]:
    """Serve on a free port of this machine."""
    pay = Pay()
    with far_side.serve(pay.respond) as pay.url:
        yield pay
