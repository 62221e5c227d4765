"""What the proofs of a bundle are for the law, and what each of them does not show.

The wording of articles comes from copies of the texts, not from the official site: every citation
is marked 待法务核对 until counsel has confirmed it. Nothing is claimed beyond the evidence: no
区块链存证 without a transaction id, no neutrality of the merchant's own log or time stamps.
"""

from __future__ import annotations

from typing import Any, Final

UNCHECKED: Final = "（待法务核对）"


def law_rows(sheet: dict[str, Any]) -> list[dict[str, str]]:
    """Map the four conditions of art. 13, and those of art. 5, 6 and 8, to proofs and limits."""
    signed = [s for s in sheet["signed"] if s["key"]]
    synced = sum(s["synced"] for s in signed)
    none = "本包没有本人签署的动作，此项不适用"
    keys = (
        f"{len(signed)} 项动作由登记在先的公钥签署:keys/ 中登记事实的位置早于签署，私钥不在服务器"
        if signed
        else none
    )
    control = (
        f"每次签署都验证了本人（UP、UV）；{len(signed) - synced} 项用不可同步的密钥（BE=0）"
        + (f"，{synced} 项用可同步的密钥（BE=1）" if synced else "")
        if signed
        else none
    )
    sealed = "签名摘要写在事实里，事实在日志中，检查点由日志密钥签署" + _others(sheet)
    content = "签署的 challenge 是陈述的摘要；陈述含所示文本、条款摘要、证据摘要"
    return [
        _row("第十三条（一）签名制作数据专有", keys, "不证明登记时的实名核验，那是外部记录"),
        _row(
            "第十三条（二）仅由签名人控制",
            control,
            "UV 是指纹、面容或 PIN 之一，不能单凭此称「指纹签署」；不排除胁迫",
        ),
        _row(
            "第十三条（三）签名改动可发现",
            sealed if signed else none,
            "不证明检查点签署之前的改动" + _time_limit(sheet),
        ),
        _row(
            "第十三条（四）内容和形式改动可发现",
            content if signed else none,
            "不证明内容在采集之前真实",
        ),
        _row("第五条 原件", "文件摘要在日志中，可随时调取、逐字节核对", "不证明形成之前的情形"),
        _row(
            "第六条 保存",
            "发送、接收与记录时间、主体写在事实里",
            "occurred 是主体所称时间,time 是服务器时间",
        ),
        _row(
            "第八条 真实性的考虑因素",
            "生成、储存、保持完整的方法公开，可独立核验",
            "系统可靠性由鉴定另行判断",
        ),
    ]


def _row(article: str, proof: str, limit: str) -> dict[str, str]:
    return {"article": f"《电子签名法》{article}{UNCHECKED}", "limit": limit, "proof": proof}


def _others(sheet: dict[str, Any]) -> str:
    told = sheet["standing"]
    neutral = [t for t in told["tokens"] if not t["own"]]
    parts = []
    if neutral:
        parts.append(f"{len(neutral)} 个第三方时间戳")
    if told["witnesses"]:
        parts.append(f"{len(told['witnesses'])} 个见证人共同签名")
    return "，另有" + "、".join(parts) if parts else ""


def _time_limit(sheet: dict[str, Any]) -> str:
    neutral = [t for t in sheet["standing"]["tokens"] if not t["own"]]
    return "" if neutral else ";没有第三方时间戳，检查点何时签署只有商家自己说"


def limits_of(sheet: dict[str, Any]) -> list[str]:
    """Say who else speaks for the log, and what that does not show, each exactly."""
    told, out = sheet["standing"], []
    for token in told["tokens"]:
        kind = (
            "自建时间戳（不中立，对他人不构成证明）" if token["own"] else "第三方时间戳（RFC 3161）"
        )
        out.append(
            f"{kind}:{token['authority']},{token['algorithm']},{token['time']},{token['accuracy']};"
            "证明检查点不晚于此时存在"
        )
    if not told["tokens"]:
        out.append("没有时间戳：各时间由服务器或设备所称，只证明先后与未改，不证明具体时刻。")
    if told["witnesses"]:
        out.append(
            f"见证人：{'、'.join(told['witnesses'])}。证明日志对见证人没有两个版本;"
            "见证人是否中立须另行查明。"
        )
    else:
        out.append("没有见证人：不排除商家向不同的人出示不同的日志。")
    for anchor in told["anchors"]:
        chain = f"区块链存证，交易编号 {anchor['tx']}" if anchor["tx"] else "平台存证，未上链"
        out.append(f"{chain}:{anchor['adapter']},存证编号 {anchor['no']},期间 {anchor['period']}")
    if not told["anchors"]:
        out.append("没有外部存证：本日志由商家自建，不是中立第三方，也不是区块链。")
    if sheet["heads"]:
        out.append("链头承诺：日志在所示时刻说过本单共几条事实，少一条即可发现。")
    else:
        out.append("没有链头承诺：不排除略去了本单最后的事实。")
    for gone in sheet["erased"]:
        out.append(
            f"第 {gone['seq']} 条记录：个人信息已依请求删除（{gone['basis']}），摘要与证明仍有效。"
        )
    missing = [a for a in sheet["absent"] if a["reason"] == "not_kept"]
    if missing:
        out.append(f"{len(missing)} 件材料只有摘要，原件未附。")
    out.append("事实证明谁在何时说了什么、凭什么证据；所说是否属实，不在证明之内。")
    return out
