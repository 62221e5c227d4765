"""What each check is called, and how to repeat it by hand: words alone, no code. Every verifier
shows them.
"""

from __future__ import annotations

# ── 四 核验:每项写明哪个文件、核了什么、怎样手工复核 ──
WORDS = {
    "zip": ("压缩包可读", "unzip -l 看:无重名、无绝对路径、无 .."),
    "manifest": ("文件与清单一致", "sha256sum 与 openssl dgst -sm3,同 manifest.json 相比"),
    "seal": ("清单由日志密钥签署", "manifest.note 是 C2SP 签名便笺,第三行是清单的 SHA-256"),
    "checkpoint": ("检查点由日志密钥签署", "C2SP 签名便笺,Ed25519,公钥见信任锚"),
    "witness": ("见证人共同签名", "C2SP tlog-cosignature:前 8 字节是时间"),
    "known": ("接续此前留存的检查点", "同样大小则根相同;更大则看 consistency/"),
    "entry": ("在日志中", "叶子=SHA-256(00‖字节),沿 proofs/ 算到检查点的根(RFC 6962)"),
    "canonical": ("规范字节", "键有序、无空白、无浮点(RFC 8785)"),
    "chain": ("属于本单,序号与前一条相接", "seq 从 1 连续;prev 是前一条的叶子摘要"),
    "disclosed": ("原文与承诺摘要一致", "SHA-256(danshu/vault/1‖00‖名‖00‖盐‖原文)"),
    "contract": ("条款与事实所钉摘要一致", "sha256sum 文件,同文件名与事实相比"),
    "statement": ("陈述与事实一致", "sha256sum 陈述;对照动作、订单、主体、证据"),
    "signature": ("本人签署(WebAuthn)", "签的是 authenticatorData‖SHA-256(clientDataJSON)"),
    "key": ("公钥在签署前已登记给本人", "keys/ 中登记事实的叶子更靠前,公钥摘要相同"),
    "media": ("证据原件与事实所记摘要一致", "sha256sum 文件,同文件名与事实的 evidence 相比"),
    "after": ("陈述所见的检查点是本日志的前段", "consistency/ 是 RFC 6962 一致性证明"),
    "growth": ("较早的带戳检查点是本日志的前段", "consistency/ 是 RFC 6962 一致性证明"),
    "heads": ("链头承诺:日志说过本单共几条", "heads/ 中的映射证明,算到事实所记的根"),
    "stamp": (
        "可信时间戳(RFC 3161)",
        "openssl ts -verify -in X.tsr -data checkpoint -CAfile 根.pem",
    ),
    "crl": ("吊销列表与名称一致", "sha256sum 文件;openssl crl -inform DER -text"),
    "revocation": ("签名证书当时未吊销", "openssl crl -inform DER -text -in 列表,查证书序号与日期"),
    "deposit": ("外部存证的检查点与本日志一致", "sha256sum 同文件名;consistency/ 是一致性证明"),
    "anchor": ("外部存证回执由平台签署", "anchors/*.jws 是 JWS(RFC 7515);或凭编号到平台查验"),
    "summary": ("摘要与事实一致", "summary.json 的 acts 逐条对照 entries"),
    "stray": ("没有无人提及的文件", "每个文件都应由事实或清单提到"),
}
