"""The files of a bundle `evb/1` as a zip: manifest, the log's signature over it, fixed bytes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import re
import zipfile
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.data.verifier.words import WORDS
from danshu.hub.timeline_words import TOLD
from danshu.kernel import note
from danshu.kernel.sm3 import sm3
from danshu.ledger.edge import LogBroken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.ledger.signers import Signer

FORMAT: Final = "evb/1"
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16
# The stand-alone verifier is written in six modules and handed out as one file.
VERIFIER: Final = (
    "danshu.data.verifier.primitives",
    "danshu.data.verifier.tokens",
    "danshu.data.verifier.words",
    "danshu.data.verifier.standing",
    "danshu.data.verifier.checks",
    "danshu.data.verifier.reading",
)
_SUFFIXES: Final = {
    "application/json": "json",
    "application/pdf": "pdf",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "text/csv": "csv",
    "text/plain": "txt",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
_ROLES: Final = (
    ("books/*/checkpoint", "checkpoint"),
    ("books/*/checkpoint.cosigned", "cosignature"),
    ("books/*/consistency/", "consistency"),
    ("books/*/entries/", "fact"),
    ("books/*/heads/", "head"),
    ("books/*/keys/", "key"),
    ("books/*/stamped/", "checkpoint"),
    ("books/*/proofs/", "proof"),
    ("anchors/", "anchor"),
    ("contract/", "contract"),
    ("disclosed/", "original"),
    ("media/", "media"),
    ("signatures/", "signature"),
    ("statements/", "statement"),
    ("trust/", "trust"),
)
README: Final = """单枢证据包 evb/1

先看 存证摘要.pdf(或 .html):谁、在何时、做了什么,以及每一项能证明什么、不能证明什么。

核验(任选其一,信任锚请从包外取得,不要用包里的 trust/):
  python3 verify.py 本文件.zip --trust 公钥文件     只需 Python 3.8+ 标准库
  用浏览器打开 verify.html,拖入本文件               不联网
  danshu verify 本文件.zip --trust 公钥文件          单枢软件

手工核验:
1. sha256sum 每个文件,与 manifest.json 相比(sm3:openssl dgst -sm3);
2. manifest.note 与 books/*/checkpoint 是 C2SP 签名便笺(Ed25519);
   checkpoint.cosigned 是见证人的共同签名(C2SP tlog-cosignature 0x04);
3. books/*/proofs/*.tlog-proof 是 C2SP 收录证明,叶子 = SHA-256(0x00 ‖ 文件字节)(RFC 6962);
4. 每条事实的 prev 是前一条的叶子摘要,seq 从 1 连续;
5. heads/*.json 是日志对各单链头的承诺,*.map.json 证明本单在内:漏掉最后一条会被发现;
6. disclosed/ 中的原文,其承诺摘要在第一条事实的 evidence 里(disclosed/<序号>/ 则在第 <序号> 条,
   即改址的那一条;每个收件人各有各的盐,receiver 的名为 person,买家申请里的为 receiver):
   SHA-256("danshu/vault/1" ‖ 0x00 ‖ 名 ‖ 0x00 ‖ 盐 ‖ 原文);
7. statements/、signatures/、media/、contract/ 以 SHA-256 命名,事实里写着同样的摘要;
8. 签名是 WebAuthn:签的是 authenticatorData ‖ SHA-256(clientDataJSON),
   clientDataJSON 的 challenge 是陈述的 SHA-256;
9. 时间戳:openssl ts -verify -in checkpoint.tsr -data checkpoint -CAfile 根证书.pem;
   trust/crls/ 是盖戳时签发者的吊销列表:openssl crl -inform DER -text -in 文件;
10. anchors/*.json 是外部存证所代表的检查点(文件名是它的 SHA-256,也就是存进平台的摘要),
   consistency/ 证明那个检查点与本包的检查点是同一日志(RFC 6962);
   *.jws 是平台签署的回执(RFC 7515),没有它就凭 *.receipt.json 里的编号到平台查验。

能证明的:这些字节在检查点签署之前已在日志中,之后未改;有时间戳的,不晚于时间戳所记时间。
不能证明的:所述内容在采集之前是否真实;商家日志不是中立第三方,也不是区块链;
本包之后的事实不在证明之内。摘要是便于阅读的转述,以 entries/ 为准。
"""


@functools.cache
def verifier() -> bytes:
    """Give the stand-alone verifier: its modules behind one another, in one name space."""
    parts = []
    for at, name in enumerate(VERIFIER):
        *folders, module = name.split(".")[1:]
        path = resources.files("danshu").joinpath(*folders, f"{module}.py")
        text = path.read_text("utf-8")
        if at:  # what imports the other parts ends where the first section begins
            text = "\n\n" + text[text.index("# ── ") :]
        parts.append(text.rstrip("\n") + "\n")
    head, rest = parts[0].split("\nimport base64\n", 1)
    imports = (
        "import base64\nimport datetime\nimport functools\nimport hashlib\nimport json\n"
        "import re\nimport sys\nimport zipfile\n"
        "from collections.abc import Callable, Sequence\nfrom pathlib import Path\n"
        "from typing import IO, Any\n"
    )
    rest = rest[rest.index("\n# ── ") :]
    end = '\n\nif __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))\n'
    whole = head + "\n" + imports + rest + "".join(parts[1:]) + end
    return whole.encode()


@functools.cache
def page() -> bytes:
    """Give verify.html: the same checks in a browser, from disk, without a network."""
    text = (resources.files("danshu") / "data" / "verifier" / "verify.html").read_text("utf-8")
    titles = {kind: told.title.zh for kind, told in TOLD.items() if "/" not in kind}
    for mark, words in (("/*WORDS*/", WORDS), ("/*TITLES*/", titles)):
        before, _, after = text.split(mark)
        text = before + msgspec.json.encode(words).decode().replace("<", "\\u003c") + after
    return text.encode()


def suffix_of(media_type: str) -> str:
    """Give the ending of a file's name for its media type."""
    return _SUFFIXES.get(media_type.partition(";")[0].strip(), "bin")


def role_of(path: str) -> str:
    """Name what a file is for."""
    plain = re.sub(r"^books/[^/]+/", "books/*/", path)
    if path.endswith(".tsr"):
        return "timestamp"
    for start, role in _ROLES:
        if plain == start or (start.endswith("/") and plain.startswith(start)):
            return role
    return "reading"


def write(
    head: Mapping[str, Any], files: Mapping[str, bytes], origin: str, signers: Sequence[Signer]
) -> bytes:
    """Write the zip: names sorted, times fixed, media as they are, all else deflated.

    The log's key signs the manifest as `<origin>/bundle`, so that also what no proof covers (the
    summary, the verifier) cannot be changed by others; without a key at hand there is no signature.
    """
    listed = [
        {
            "bytes": len(data),
            "path": path,
            "role": role_of(path),
            "sha256": hashlib.sha256(data).hexdigest(),
            "sm3": sm3(data).hex(),
        }
        for path, data in sorted(files.items())
    ]
    manifest = msgspec.json.encode({**head, "files": listed, "format": FORMAT}, order="sorted")
    whole = {**files, "manifest.json": manifest}
    text = f"{FORMAT}\n{head['order']}\n{hashlib.sha256(manifest).hexdigest()}\n"
    name = f"{origin}/bundle"
    with contextlib.suppress(LogBroken):  # the key lies elsewhere: the verifier says so
        signatures = tuple([_sign(text, name, each) for each in signers])
        if signatures:
            whole["manifest.note"] = note.encode(note.Note(text=text, signatures=signatures))
    return pack(whole)


def _sign(text: str, name: str, signer: Signer) -> note.Signature:
    key = note.VerifierKey(name=name, kind=note.ED25519, public_key=signer.public_key)
    return note.sign(text, key, signer.sign)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Write files as a zip whose bytes depend on nothing else."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files.items()):
            info = zipfile.ZipInfo(path, _TIME)
            info.create_system, info.external_attr = _UNIX, _MODE
            stored = path.startswith("media/")
            archive.writestr(info, data, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
    return out.getvalue()
