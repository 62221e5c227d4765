"""Orders as 抖店 and 微信小店 write them: integer 分, epoch seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.testing.baskets import cipher

if TYPE_CHECKING:
    import random

    from danshu.testing.baskets import Basket, Entry

_PICTURES: Final = "https://img.example.com/sku"
_TWO_DAYS_S: Final = 172_800


def douyin_order(rng: random.Random, basket: Basket) -> dict[str, object]:
    """`order.orderDetail`: being prepared (main_status 2); the first child has the parent's id.

    order_amount - promotion_amount + post_amount = pay_amount; promotion = shop + platform.
    """
    detail = {
        "shop_id": 99_000_317,
        "shop_name": "单枢示例小店",
        "order_id": f"6999{basket.ident:012d}000",
        "order_level": 2,
        **_douyin_state(basket),
        "order_expire_time": 1800,
        "cancel_reason": "",
        "buyer_words": basket.note,
        "seller_words": "",
        "seller_remark_stars": 0,
        "pay_type": 1,
        "channel_payment_no": f"42000099{basket.ident:020d}",
        "order_amount": basket.listed,
        "promotion_amount": basket.off + basket.platform,
        "promotion_shop_amount": basket.off,
        "promotion_platform_amount": basket.platform,
        "promotion_talent_amount": 0,
        "total_promotion_amount": basket.off + basket.platform,
        "pay_amount": basket.due,
        "post_amount": basket.postage,
        "post_origin_amount": basket.postage,
        "post_promotion_amount": 0,
        "modify_amount": 0,
        "tax_amount": 0,
        "packing_amount": 0,
        "shop_cost_amount": basket.off,
        "platform_cost_amount": basket.platform,
        "post_tel": "",
        "encrypt_post_tel": f"#{cipher(rng, 3)}#{cipher(rng, 30)}*0#1##",
        "mask_post_tel": f"1********{basket.phone_tail[-2:]}",
        "post_receiver": "",
        "encrypt_post_receiver": f"#{cipher(rng, 3)}#{cipher(rng, 30)}*0#1##",
        "mask_post_receiver": f"{basket.name[0]}*",
        "post_addr": {
            **_douyin_levels(basket),
            "detail": "",
            "encrypt_detail": f"#{cipher(rng, 3)}#{cipher(rng, 60)}*0#1##",
        },
        "mask_post_addr": {**_douyin_levels(basket), "detail": f"{basket.street[0]}**********"},
        "doudian_open_id": f"1@#{cipher(rng, 48)}",
        "logistics_info": [],
        "order_phase_list": [],
        "promise_info": "",
        "sku_order_list": [_douyin_child(n, e, basket) for n, e in enumerate(basket.entries)],
    }
    envelope = {"code": 10000, "msg": "success", "sub_code": "", "sub_msg": ""}
    data = {"shop_order_detail": detail}
    return {**envelope, "log_id": f"demo{basket.ident:012d}", "data": data}


def _douyin_state(basket: Basket) -> dict[str, object]:
    """Fields that parent and child share."""
    return {
        "biz": 2,
        "biz_desc": "小店",
        "order_type": 0,
        "order_type_desc": "普通订单",
        "trade_type": 0,
        "trade_type_desc": "普通",
        "order_status": 2,
        "order_status_desc": "备货中",
        "main_status": 2,
        "main_status_desc": "备货中",
        "create_time": basket.created_ms // 1000,
        "pay_time": basket.paid_ms // 1000,
        "update_time": basket.paid_ms // 1000 + 40,
        "finish_time": 0,
        "exp_ship_time": basket.paid_ms // 1000 + _TWO_DAYS_S,
        "appointment_ship_time": 0,
        "ship_time": 0,
        "b_type": 2,
        "b_type_desc": "抖音",
    }


def _douyin_levels(basket: Basket) -> dict[str, object]:
    place = basket.place
    whole = place.province == place.name
    return {
        "province": {"name": place.province, "id": place.code[:2]},
        "city": {"name": "市辖区" if whole else place.name, "id": place.code},
        "town": {"name": basket.county or place.name, "id": place.code[:4] + "99"},
        "street": {"name": "示例街道", "id": place.code[:4] + "99999"},
    }


def _douyin_child(n: int, entry: Entry, basket: Basket) -> dict[str, object]:
    product = 3_599_900_000_000_000_000 + entry.index
    return {
        "order_id": f"6999{basket.ident:012d}{n:03d}",
        "parent_order_id": f"6999{basket.ident:012d}000",
        "order_level": 3,
        **_douyin_state(basket),
        "product_id": product,
        "product_id_str": str(product),
        "product_name": entry.sku.name,
        "product_pic": f"{_PICTURES}/{product}.jpg",
        "sku_id": 1_799_900_000_000_000 + entry.index,
        "code": entry.sku.code,
        "out_sku_id": "0",
        "out_product_id": "0",
        "spec": [{"name": "规格", "value": entry.spec}],
        "goods_type": 0,
        "origin_amount": entry.price,
        "item_num": entry.quantity,
        "sum_amount": entry.listed,
        "order_amount": entry.listed,
        "promotion_amount": entry.off + entry.shop + entry.platform,
        "promotion_shop_amount": entry.off + entry.shop,
        "promotion_platform_amount": entry.platform,
        "promotion_talent_amount": 0,
        "pay_amount": entry.due,
        "post_amount": 0,
        "modify_amount": 0,
        "tax_amount": 0,
        "inventory_list": [
            {
                "warehouse_id": "0",
                "out_warehouse_id": "",
                "inventory_type": 1,
                "inventory_type_desc": "普通库存",
                "count": entry.quantity,
                "warehouse_type": 0,
            }
        ],
        "pre_sale_type": 0,
        "after_sale_info": {"after_sale_status": 0, "after_sale_type": 0, "refund_status": 0},
        "promise_info": "",
    }


def wechat_order(rng: random.Random, basket: Basket) -> dict[str, object]:
    """微信小店 `channels/ec/order/get`: paid (status 20), the receiver readable until dispatch.

    real_price is the SKU's whole price after discounts; order_price = Σ real_price + freight.
    Phones begin with 100, which no network hands out.
    """
    place = basket.place
    off = basket.off + basket.platform
    order = {
        "order_id": f"3799{basket.ident:012d}000",
        "openid": "o" + cipher(rng, 20).replace("/", "_").replace("+", "-").rstrip("="),
        "unionid": "",
        "status": 20,
        "create_time": basket.created_ms // 1000,
        "update_time": basket.paid_ms // 1000,
        "order_detail": {
            "product_infos": [_wechat_product(entry, basket) for entry in basket.entries],
            "price_info": {
                "product_price": basket.listed,
                "order_price": basket.due,
                "freight": basket.postage,
                "discounted_price": off,
                "is_discounted": off > 0,
                "original_order_price": basket.listed + basket.postage,
                "change_freight": 0,
                "is_change_freight": False,
            },
            "pay_info": {
                "payment_method": 1,
                "prepay_time": basket.created_ms // 1000,
                "pay_time": basket.paid_ms // 1000,
                "transaction_id": f"42000099{basket.ident:020d}",
            },
            "delivery_info": {
                "address_info": {
                    "user_name": basket.name,
                    "postal_code": "000000",
                    "province_name": place.province,
                    "city_name": place.name,
                    "county_name": basket.county or place.name,
                    "detail_info": f"示例街道{basket.street}",
                    "house_number": "",
                    "national_code": place.code,
                    "tel_number": f"1000000{basket.phone_tail}",
                    "virtual_order_tel_number": "",
                },
                "delivery_product_info": [],
                "deliver_method": 0,
                "ewaybill_order_code": cipher(rng, 24),
            },
            "ext_info": {"customer_notes": basket.note, "merchant_notes": ""},
        },
        "aftersale_detail": {"aftersale_order_list": [], "on_aftersale_order_cnt": 0},
    }
    return {"errcode": 0, "errmsg": "ok", "order": order}


def _wechat_product(entry: Entry, basket: Basket) -> dict[str, object]:
    product = f"1000099{entry.index:08d}"
    return {
        "product_id": product,
        "sku_id": f"{product}1",
        "sku_code": entry.sku.code,
        "out_product_id": "",
        "out_sku_id": "",
        "thumb_img": f"{_PICTURES}/{product}.jpg",
        "title": entry.sku.name,
        "sku_attrs": [{"attr_key": "规格", "attr_value": entry.spec}],
        "sku_cnt": entry.quantity,
        "market_price": entry.price,
        "sale_price": entry.price,
        "real_price": entry.due,
        "is_discounted": entry.due < entry.listed,
        "estimate_price": entry.due,
        "on_aftersale_sku_cnt": 0,
        "finish_aftersale_sku_cnt": 0,
        "delivery_deadline": basket.paid_ms // 1000 + _TWO_DAYS_S,
        "out_warehouse_id": "",
    }
