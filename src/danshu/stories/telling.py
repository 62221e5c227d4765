"""The stories' registry, and how one is told: in plain words, with claims that are checked."""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from rich.console import Console

from danshu.stories.stage import Stage, open_stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Play = Callable[[Stage, "Voice"], Awaitable[None]]

_FAILED, _UNKNOWN = 1, 2


class Story(Struct, frozen=True, kw_only=True):
    """One story: its name on the command line, what it tells, how many servers it plays on."""

    name: str
    title: str
    module: str  # binds `play(stage, voice)`
    servers: int = 1


class Claim(Struct, frozen=True, kw_only=True):
    """Something that the story says is true, whether it was, and what was seen."""

    text: str
    holds: bool
    seen: str = ""


class Voice:
    """What a story says, in order: plain words, claims, places to look at."""

    def __init__(self, console: Console | None = None) -> None:
        self.lines: list[str] = []
        self.claims: list[Claim] = []
        self.look: list[str] = []
        self.figures: dict[str, Any] = {}
        self._console = console

    def say(self, text: str) -> None:
        """Tell what happens."""
        self.lines.append(text)
        self._print(text)

    def claim(self, text: str, holds: bool, seen: object = "") -> None:
        """Claim something that was just checked."""
        self.claims.append(Claim(text=text, holds=holds, seen=str(seen)))
        mark = "[green]✓[/green]" if holds else "[red]✗[/red]"
        self._print(f"  {mark} {text}" + (f" — 实见:{seen}" if seen != "" and not holds else ""))

    def point(self, text: str) -> None:
        """Name a place to look at."""
        self.look.append(text)
        self._print(f"  → {text}")

    @property
    def holds(self) -> bool:
        """Whether something was claimed and all of it is true."""
        return bool(self.claims) and all(c.holds for c in self.claims)

    def _print(self, text: str) -> None:
        if self._console:
            self._console.print(text, highlight=False)


STORIES: Final = (
    Story(
        name="first-order",
        title="一条淘宝消息成为一张有决策、有承诺、可证明的订单",
        module="danshu.stories.first_order",
    ),
    Story(
        name="oversell",
        title="256 位买家抢 5 件货,两台服务器,恰好卖出 5 件",
        module="danshu.stories.oversell",
        servers=2,
    ),
    Story(
        name="outbound-review",
        title="医疗器械出库:逐批核效期、拍照,复核员签署看到的那句话才能走",
        module="danshu.stories.outbound_review",
    ),
    Story(
        name="late-waybill",
        title="交接与运单差 37 分钟:揽收为准,两个时间都在;真违约的赔到分",
        module="danshu.stories.late_waybill",
    ),
    Story(
        name="court",
        title="鉴定人只用 Python 核验证据包,再找出每一种伪造",
        module="danshu.stories.court",
    ),
    Story(
        name="lockdown",
        title="三个仓封控:未开拣的订单自动重排到别的仓,无人值守,方案带下界",
        module="danshu.stories.lockdown",
    ),
    Story(
        name="rainstorm",
        title="暴雨预警一来,订单改由高架仓发:策略由一人画、另一人批,一键回滚",
        module="danshu.stories.rainstorm",
    ),
    Story(
        name="cold-chain",
        title="冷库采集断讯:没有人上报,冷藏订单一张不再进,已在的改派到别的仓",
        module="danshu.stories.cold_chain",
    ),
    Story(
        name="rider-window",
        title="骑手与承运服务双向协商时窗:择优、拒绝换次优、无人应答走默认、改期要消费者同意",
        module="danshu.stories.rider_window",
    ),
    Story(
        name="presale",
        title="药房社区团购预售:不写代码配出订单类型;定金冻结,不成团全退,误了尾款不退,分毫不差",
        module="danshu.stories.presale",
    ),
    Story(
        name="month-end",
        title="月末:三家平台与银行的账单入账,四方对账,两处差异说明原因,关账",
        module="danshu.stories.month_end",
    ),
    Story(
        name="parts",
        title="备件准时达:同一天,看不见拥堵与看得见拥堵;一张由人指定仓并签名",
        module="danshu.stories.parts",
    ),
    Story(
        name="missing-orders",
        title="平台推送丢了几条:几秒内查出漏单,一键补进来,没有一单来两次",
        module="danshu.stories.missing_orders",
    ),
    Story(
        name="paid-fanout",
        title="付款后风控、财务、物流同时被问:都同意才放行,一方拒绝其余撤销,一方不答按声明办",
        module="danshu.stories.paid_fanout",
    ),
    Story(
        name="voice-coffee",
        title="口述三杯冰美式加燕麦奶:听得准才成单,听着像的先问,静音和命令什么都下不了",
        module="danshu.stories.voice_coffee",
    ),
    Story(
        name="new-channel",
        title="没人听说过的平台当场开卖:插件一个文件,发货回传编织而成,单枢的文件一个字节不变",
        module="danshu.stories.new_channel",
    ),
    Story(
        name="customs-switch",
        title="报关行换一家:订单不停,坏的一家自己退回,两边账一张不少、一张不重",
        module="danshu.stories.customs_switch",
    ),
    Story(
        name="photo-po",
        title="拍下采购单:对到主数据才成单,复核员改一次就记住,图里的命令和像素炸弹什么都下不了",
        module="danshu.stories.photo_po",
    ),
    Story(
        name="machine-tool",
        title="主轴的波形:先学会正常,再认出外圈故障,按规程向供应商下维修工单,备件从自己的仓库出",
        module="danshu.stories.machine_tool",
    ),
    Story(
        name="oil-level",
        title="油位偏低不是需补油:摄像头与巡检员报来,按规程停机检修,谁喊补油都没有用",
        module="danshu.stories.oil_level",
    ),
    Story(
        name="leak",
        title="三人导出同一批订单,一份外流:打乱、改名、少一列,时刻的秒数仍说出是谁的",
        module="danshu.stories.leak",
    ),
    Story(
        name="dishwasher",
        title="买了洗碗机的人三十天内买清洁剂:找出规律,留对照组告知,有效的量出来,无效的自己停",
        module="danshu.stories.dishwasher",
    ),
    Story(
        name="seventeen-spellings",
        title="尺码不合适的 17 种写法是一个原因;说不清的留给人,教一次就认得",
        module="danshu.stories.seventeen_spellings",
    ),
    Story(
        name="finance-view",
        title="财务看得到毛利、拿得走汇总,拿不走原始明细;拒绝写明条款,限时的授权到期即止",
        module="danshu.stories.finance_view",
    ),
    Story(
        name="data-sale",
        title="一个数据资产登记权属、估成区间、上架、被订购、由第二人授权、交付、计费;洁净室只答汇总",
        module="danshu.stories.data_sale",
    ),
    Story(
        name="weekly-review",
        title="周会由账册写出:哪仓变好、哪仓变坏、哪条策略见效,句句有依据;越过护栏的实验自己停",
        module="danshu.stories.weekly_review",
    ),
    Story(
        name="hostile-agent",
        title="备注、品名、心愿、程序、外来技能都叫它全部批准:什么都没发生,一秒内停得下,老实的照办",
        module="danshu.stories.hostile_agent",
    ),
    Story(
        name="shortage",
        title="一个仓要断货:先看见,提案有证据,由人批准,车到货到;没有它会缺多少,重放说得出",
        module="danshu.stories.shortage",
    ),
)


def find(name: str) -> Story | None:
    """Find a story by its name (hyphen or underscore)."""
    return next((s for s in STORIES if s.name == name.replace("_", "-")), None)


def tell(story: Story, stage: Stage, voice: Voice) -> None:
    """Play a story on a stage that is set."""
    play: Play = importlib.import_module(story.module).play
    asyncio.run(_play(play, stage, voice))


async def _play(play: Play, stage: Stage, voice: Voice) -> None:
    await play(stage, voice)


def run(name: str, as_json: bool, listing: bool) -> int:
    """Play a story on the running or an embedded hub; without a name, list them."""
    if listing or not name:
        _list(as_json)
        return 0
    story = find(name)
    if story is None:
        known = ", ".join(s.name for s in STORIES)
        sys.stderr.write(f"danshu: no story {name!r}; there are: {known}\n")
        return _UNKNOWN
    voice = Voice(None if as_json else Console())
    voice.say(f"【{story.name}】{story.title}")
    started = time.monotonic()
    with open_stage(story.servers) as stage:
        tell(story, stage, voice)
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        report = {
            "story": story.name,
            "holds": voice.holds,
            "lines": voice.lines,
            "claims": [msgspec.to_builtins(c) for c in voice.claims],
            "look": voice.look,
            "figures": voice.figures,
            "seconds": seconds,
        }
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        kept = sum(c.holds for c in voice.claims)
        voice.say(f"{len(voice.claims)} 项断言,{kept} 项成立;用时 {seconds} 秒。")
    return 0 if voice.holds else _FAILED


def _list(as_json: bool) -> None:
    if as_json:
        listed = [{"story": s.name, "title": s.title} for s in STORIES]
        sys.stdout.write(msgspec.json.encode(listed).decode() + "\n")
        return
    console = Console()
    for story in STORIES:
        console.print(f"{story.name:<14} {story.title}", highlight=False)
