"""Orders as Taobao, JD and 拼多多 write them: yuan in strings, Beijing wall time."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from danshu.testing.baskets import CHINA_TIME, cipher, wall_time, yuan

if TYPE_CHECKING:
    import random

    from danshu.testing.baskets import Basket, Entry

_PICTURES: Final = "https://img.example.com/item"
_DAY_MS: Final = 86_400_000
_SHOP: Final = "单枢示例旗舰店"


def taobao_trade(rng: random.Random, basket: Basket) -> dict[str, object]:
    """`taobao.trade.fullinfo.get`: a paid trade, receiver masked with an oaid beside it.

    total_fee = Σ price * num; payment = Σ divide_order_fee + post_fee.
    """
    tid = f"99{basket.ident:012d}4687"
    single = len(basket.entries) == 1
    orders = []
    for n, entry in enumerate(basket.entries):
        oid = tid if single else f"99{basket.ident:012d}{n + 1}{587 + n}"
        orders.append(_taobao_child(basket, entry, oid, single))
    place, whole = basket.place, basket.place.province == basket.place.name
    in_order = sum(entry.shop + entry.platform for entry in basket.entries)
    trade = {
        "orders": {"order": orders},
        "tid": tid,
        "tid_str": tid,
        "type": "fixed",
        "trade_from": rng.choice(("WAP", "WAP,WAP", "TAOBAO")),
        "status": "WAIT_SELLER_SEND_GOODS",
        "title": _SHOP,
        "seller_nick": _SHOP,
        "buyer_nick": f"{basket.name[0]}**",
        "buyer_open_uid": "AAH" + cipher(rng, 15).translate(_PLAIN),
        "oaid": cipher(rng, 42).translate(_PLAIN),
        "created": wall_time(basket.created_ms),
        "pay_time": wall_time(basket.paid_ms),
        "modified": wall_time(basket.paid_ms + 1_000),
        "consign_interval": 48,
        "num": sum(entry.quantity for entry in basket.entries) if single else 0,
        "price": yuan(basket.entries[0].price) if single else "0.00",
        "total_fee": yuan(basket.listed),
        "discount_fee": yuan(in_order),
        "adjust_fee": "0.00",
        "post_fee": yuan(basket.postage),
        "payment": yuan(basket.due),
        "received_payment": "0.00",
        "available_confirm_fee": yuan(basket.due),
        "has_post_fee": True,
        "cod_fee": "0.00",
        "cod_status": "NEW_CREATED",
        "point_fee": 0,
        "coupon_fee": 0,
        "alipay_no": f"{wall_time(basket.paid_ms)[:10].replace('-', '')}22001{basket.ident:015d}",
        "promotion_details": {"promotion_detail": _taobao_promotions(tid, in_order)},
        "receiver_name": f"{basket.name[0]}**",
        "receiver_mobile": f"*******{basket.phone_tail}",
        "receiver_phone": "",
        "receiver_state": place.province_short if whole else place.province,
        # places directly under a province come in the district only
        "receiver_city": "" if place.code[2:4] == "90" else place.name,
        "receiver_district": place.name if place.code[2:4] == "90" else basket.county,
        "receiver_town": "示例街道",
        "receiver_address": f"{basket.street[:3]}**号**单元",
        "receiver_zip": "000000",
        "shipping_type": "express",
        "has_buyer_message": bool(basket.note),
        "buyer_message": basket.note,
        "seller_memo": "",
        "seller_flag": 0,
        "is_part_consign": False,
        "is_daixiao": False,
        "buyer_rate": False,
        "seller_rate": False,
        "snapshot_url": f"o:{tid}_1",
    }
    envelope = {"trade": trade, "request_id": cipher(rng, 9).translate(_PLAIN)}
    return {"trade_fullinfo_get_response": envelope}


_PLAIN: Final = str.maketrans("", "", "+/=")


def _taobao_child(basket: Basket, entry: Entry, oid: str, single: bool) -> dict[str, object]:
    after = entry.listed - entry.off
    item = 999_000_000_000 + entry.index
    return {
        "adjust_fee": "0.00",
        "buyer_rate": False,
        "cid": 50_000_000 + entry.index // 10,
        "discount_fee": yuan(entry.off),
        "divide_order_fee": yuan(entry.due),
        "is_daixiao": False,
        "is_oversold": False,
        "num": entry.quantity,
        "num_iid": item,
        "oid": oid,
        "oid_str": oid,
        "order_from": "TAOBAO",
        "outer_iid": entry.sku.code,
        "outer_sku_id": entry.sku.code,
        "part_mjz_discount": yuan(entry.shop + entry.platform),
        # the platform adds the postage to a child that is alone in its trade
        "payment": yuan(basket.due if single else after),
        "pic_path": f"{_PICTURES}/{item}.jpg",
        "price": yuan(entry.price),
        "refund_status": "NO_REFUND",
        "seller_rate": False,
        "seller_type": "B",
        "shipper": "seller",
        "sku_id": f"{item}1",
        "sku_properties_name": f"规格:{entry.spec}",
        "snapshot_url": f"o:{oid}_1",
        "status": "WAIT_SELLER_SEND_GOODS",
        "store_code": "",
        "title": entry.sku.name,
        "total_fee": yuan(after),
    }


def _taobao_promotions(tid: str, in_order: int) -> list[dict[str, object]]:
    if not in_order:
        return []
    return [
        {
            "discount_fee": yuan(in_order),
            "id": int(tid),
            "promotion_desc": f"满减:省{yuan(in_order)}元",
            "promotion_id": "mjs-demo",
            "promotion_name": "满就减",
        }
    ]


def jd_order(rng: random.Random, basket: Basket) -> dict[str, object]:
    """JD POP's order query: state WAIT_SELLER_STOCK_OUT, name and address as ciphertext.

    orderSellerPrice = orderTotalPrice - sellerDiscount; orderPayment = that - coupons + freight.
    """
    order_id = f"999{basket.ident:012d}"
    place = basket.place
    whole = place.province == place.name
    mask = f"1{rng.randrange(3, 10)}{rng.randrange(10)}*******{basket.phone_tail[-1]}"
    hidden = rng.randbytes(35).hex()
    return {
        "orderId": order_id,
        "parentOrderId": "0",
        "directParentOrderId": "0",
        "venderId": "90000317",
        "orderType": "22",
        "orderState": "WAIT_SELLER_STOCK_OUT",
        "orderStateRemark": "等待出库",
        "payType": "4-在线支付",
        "pin": f"jd_demo{basket.ident:012d}",
        "orderSource": "移动端订单",
        "orderStartTime": wall_time(basket.created_ms),
        "paymentConfirmTime": wall_time(basket.paid_ms),
        "outBoundDate": "0001-01-01 00:00:00",
        "modified": wall_time(basket.paid_ms),
        "dataVersion": str(basket.paid_ms),
        "orderTotalPrice": yuan(basket.listed),
        "sellerDiscount": yuan(basket.off),
        "orderSellerPrice": yuan(basket.listed - basket.off),
        "orderPayment": yuan(basket.due),
        "freightPrice": yuan(basket.postage),
        "balanceUsed": "0.00",
        "couponDetailList": _jd_coupons(basket, order_id),
        "itemInfoList": [_jd_item(entry) for entry in basket.entries],
        "orderSign": "".join(rng.choices("01235", weights=(95, 2, 1, 1, 1), k=500)),
        "sendpayMap": json.dumps({"34": "3", "29": "1", "62": "1"}, separators=(",", ":")),
        "deliveryType": "任意时间",
        "storeId": "0",
        "storeOrder": "",
        "returnOrder": "0",
        "orderRemark": basket.note,
        "venderRemark": "",
        "flag": "",
        "invoiceInfo": "不需要开具发票",
        "vatInfo": [],
        "consigneeInfo": {
            "province": place.province_short,
            "provinceId": place.code[:2],
            "city": basket.county if whole else place.name,
            "cityId": place.code[:4],
            "county": "示例片区" if whole else basket.county,
            "countyId": "9990",
            "town": "" if whole else "示例街道",
            "townId": "0",
            "fullname": "AAS/" + cipher(rng, 48),
            "fullAddress": "AAS/" + cipher(rng, 144),
            "mobile": mask,
            "telephone": mask,
            "desen_mobile": hidden,
            "desen_telephone": hidden,
        },
    }


def _jd_coupons(basket: Basket, order_id: str) -> list[dict[str, object]]:
    """Coupons of one SKU carry its id, those of the whole order an empty one."""
    coupons: list[dict[str, object]] = [
        {
            "orderId": order_id,
            "skuId": f"999{entry.index:08d}001",
            "couponType": "28-闪购优惠",
            "couponPrice": yuan(entry.off),
        }
        for entry in basket.entries
        if entry.off
    ]
    in_order = sum(entry.shop for entry in basket.entries)
    for kind, amount in (("100-店铺优惠", in_order), ("41-京东券优惠", basket.platform)):
        if amount:
            entry = {"orderId": order_id, "skuId": "", "couponType": kind}
            coupons.append({**entry, "couponPrice": yuan(amount)})
    return coupons


def _jd_item(entry: Entry) -> dict[str, object]:
    ext = {"skuUuid": f"1012_{entry.index:021d}", "isVMI": 0, "newStoreId": "0", "cid": "13288"}
    return {
        "id": 999_000_000_000 + entry.index,
        "skuId": f"999{entry.index:08d}001",
        "wareId": f"999{entry.index:08d}00",
        "outerSkuId": entry.sku.code,
        "skuName": entry.sku.name,
        "jdPrice": yuan(entry.price),
        "itemTotal": str(entry.quantity),
        "productNo": entry.sku.code,
        "giftPoint": "0",
        "newStoreId": "0",
        "invoiceContentId": "",
        "itemExt": json.dumps(ext, separators=(",", ":")),
    }


def pdd_order(rng: random.Random, basket: Basket) -> dict[str, object]:
    """`pdd.order.information.get`: paid, grouped, waiting; `town` is the 区县.

    goods_amount = Σ price * count; pay_amount = goods_amount - discount_amount + postage.
    """
    day = datetime.fromtimestamp(basket.created_ms // 1000, CHINA_TIME).strftime("%y%m%d")
    place = basket.place
    order_info = {
        "order_sn": f"{day}-999{basket.ident:012d}",
        "order_status": 1,
        "confirm_status": 1,
        "refund_status": 1,
        "after_sales_status": 0,
        "group_status": 1,
        "risk_control_status": 0,
        "is_stock_out": 0,
        "created_time": wall_time(basket.created_ms),
        "pay_time": wall_time(basket.paid_ms),
        "confirm_time": wall_time(basket.paid_ms + 30_000),
        "updated_at": wall_time(basket.paid_ms + 30_000),
        "last_ship_time": wall_time(basket.paid_ms + 30_000 + 2 * _DAY_MS),
        "shipping_time": "",
        "receive_time": "",
        "delivery_one_day": 0,
        "pay_type": rng.choice(("WEIXIN", "ALIPAY")),
        "pay_no": f"42000099{basket.ident:020d}",
        "trade_type": 0,
        "is_pre_sale": 0,
        "step_order_info": None,
        "goods_amount": yuan(basket.listed),
        "order_change_amount": "0.00",
        "discount_amount": yuan(basket.off + basket.platform),
        "platform_discount": yuan(basket.platform),
        "seller_discount": yuan(basket.off),
        "capital_free_discount": "0.00",
        "postage": yuan(basket.postage),
        "pay_amount": yuan(basket.due),
        "service_fee_detail": [],
        "item_list": [_pdd_item(entry) for entry in basket.entries],
        "gift_list": [],
        "order_tag_list": [{"name": "delivery_one_day", "value": 0}],
        "order_depot_info": None,
        "country": "中国",
        "country_id": 0,
        "province": place.province,
        "province_id": int(place.code[:2]),
        "city": place.name,
        "city_id": int(place.code[:4]),
        "town": basket.county or place.name,
        "town_id": int(place.code),
        "address": "",
        "address_mask": f"{basket.street[:3]}***号***",
        "receiver_name": f"~{cipher(rng, 27)}~{cipher(rng, 22)}~0~",
        "receiver_name_mask": f"{basket.name[0]}*",
        "receiver_phone": f"${cipher(rng, 36)}${cipher(rng, 22)}$0$",
        "receiver_phone_mask": f"1**{'*' * 4}{basket.phone_tail}",
        "receiver_address": f"~{cipher(rng, 60)}~{cipher(rng, 31)}~0~",
        "receiver_address_mask": f"{basket.street[:3]}***号***",
        "tracking_number": "",
        "logistics_id": 0,
        "buyer_memo": basket.note,
        "remark": "",
        "remark_tag": 0,
        "remark_tag_name": "",
        "invoice_status": 0,
        "free_sf": 0,
    }
    envelope = {"order_info": order_info, "request_id": f"demo{basket.ident:012d}"}
    return {"order_info_get_response": envelope}


def _pdd_item(entry: Entry) -> dict[str, object]:
    goods = 999_000_000_000 + entry.index
    return {
        "goods_id": goods,
        "sku_id": goods * 10 + 1,
        "goods_name": entry.sku.name,
        "goods_spec": entry.spec.replace(" ", ","),
        "goods_price": yuan(entry.price),
        "goods_count": entry.quantity,
        "goods_img": f"{_PICTURES}/{goods}.jpg",
        "outer_goods_id": entry.sku.code,
        "outer_id": entry.sku.code,
    }
