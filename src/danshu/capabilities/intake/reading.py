"""Tokens become an order: clause by clause, each word by what it does to what was read so far."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from danshu.capabilities.intake import fixing, naming, places
from danshu.capabilities.intake.finding import Choice, Match
from danshu.capabilities.intake.lines import SURE_ENOUGH, Line, Part, of_kind, pick
from danshu.capabilities.intake.tokens import Token
from danshu.kernel.limits import SAID_LINES
from danshu.ports.modality import Intent

if TYPE_CHECKING:
    from danshu.capabilities.intake.phrases import Lexicon

_NOT_NOW: Final = ("if", "hearsay")
_LEADING: Final = ("to", "receiver", "number", "note", "phone")
_TOTALS: Final = frozenset({"一共", "总共", "共计", "合计", "总计", "共", "总"})
_AMOUNT: Final = re.compile(r"\d+(?:\.\d{1,2})?")
_BOTH: Final = 900  # how sure two names make that are both of the same goods
_NAME_TAGS: Final = frozenset({"name"})


class Reader:
    """What was read of a text so far."""

    def __init__(self, lexicon: Lexicon, text: str) -> None:
        self.lexicon = lexicon
        self.text = text
        self.lines: list[Line] = []
        self.mentioned: Match | None = None
        self.intent = Intent.ORDER
        self.remarks: list[Part] = []
        self.named: dict[str, tuple[str, int, int]] = {}  # receiver, phone, number, address
        self.matched: dict[str, tuple[tuple[Choice, ...], int, int]] = {}  # store, customer…
        self.due: tuple[int, int, int] | None = None
        self.total: tuple[int, int, int] | None = None
        self.unexplained: list[tuple[int, int]] = []
        self.lost: list[tuple[int, int]] = []  # quantities that belong to nothing
        self.waiting: Token | None = None  # a quantity before its goods
        self.ahead: list[Part] = []  # options said before their goods
        self.ahead_specs: list[str] = []
        self.ahead_near: list[str] = []
        self.fixing = False
        self.negated = False
        self.ignored = False
        self.asked = False
        self.griped = False
        self.commanded = False
        self.symptoms: list[tuple[str, str, int, int]] = []
        self.repairing = False
        self.clause_from = 0
        self.fresh = False

    def read(self, tokens: list[Token]) -> None:
        """Read all tokens."""
        clause: list[Token] = []
        for token in tokens:
            if token.has("colon") and clause and clause[-1].has(*_LEADING):
                continue
            if token.has("mark"):
                self._clause(clause)
                clause = []
                if token.has("stop"):
                    self._stop()
            else:
                clause.append(token)
        self._clause(clause)
        self._finish()

    def _stop(self) -> None:
        self.fixing = self.ignored = False

    def _finish(self) -> None:
        if self.waiting is not None:
            self.lost.append((self.waiting.start, self.waiting.end))
            self.waiting = None

    def _clause(self, clause: list[Token]) -> None:
        if not clause:
            return
        self.clause_from = len(self.lines)
        if any(t.has("command") for t in clause):
            self.commanded = True
            return
        if any(t.has("gripe") for t in clause):
            self.griped = True
            return
        if self._is_apart(clause):
            self._mention(clause)
            return
        if fixing.fix(self, clause):
            return
        self.read_clause(clause)

    def read_clause(self, clause: list[Token]) -> None:
        """Read a clause that orders."""
        self._walk(places.read(self, clause))

    def _is_apart(self, clause: list[Token]) -> bool:
        """Tell whether a clause tells, asks or supposes, and so orders nothing."""
        if any(t.has(*_NOT_NOW) for t in clause):
            self.ignored = True
        if self.ignored:
            return True
        if any(t.has("ask") for t in clause):
            self.asked = True
            return True
        past = [n for n, t in enumerate(clause) if t.has("past")]
        return bool(past) and not any(t.has("same", "add", "cancel") for t in clause)

    def _mention(self, clause: list[Token]) -> None:
        for t in clause:
            if t.has("name") and of_kind(self.lexicon, t.value, "sku"):
                self.mentioned = t.value

    # What each token does.

    def _walk(self, clause: list[Token]) -> None:
        n = 0
        while n < len(clause):
            token = clause[n]
            following = clause[n + 1 :]
            if token.has("note"):
                self._note(token, following)
                return
            if token.has("no"):
                n += self._refuse(token, clause[:n], following)
            elif token.has("name"):
                self._name(token, clause[:n], following)
            elif token.has("spec") and self._is_spec(token, following):
                self._spec(token, clause[:n], following)
            elif token.has("qty"):
                self._quantity(token, clause[:n], following)
            elif token.has("one"):
                self._measure_alone(token, clause[:n], following)
            elif token.has("rest"):
                self._rest(token, clause[:n], following)
            else:
                self._word(token, clause[:n], following)
            n += 1

    def _word(self, token: Token, before: list[Token], following: list[Token]) -> None:
        if token.has("time"):
            self.due = (token.value, token.start, token.end)
        elif token.has("phone"):
            if not isinstance(token.value, str):
                return
            self.named["phone"] = (token.value, token.start, token.end)
        elif token.has("called"):
            self.named.setdefault("receiver", (token.value, token.start, token.end))
        elif token.has("money"):
            self._money(token, before)
        elif token.has("adjust"):
            self._modify(
                Part(self.said(token.start, token.end), token.start, token.end), before, following
            )
        elif token.has("spec", "size"):
            self._spec(token, before, following)
        elif token.has("state", "repair"):
            self._trouble(token, before)
        elif token.has("same"):
            self.intent = Intent.REPEAT
        elif token.has("drop", "cancel") and not token.has("fill"):
            self._drop(token, before)
        elif token.has("each"):
            self.fresh = False

    def said(self, start: int, end: int) -> str:
        """Give the words of a stretch."""
        return self.text[start:end]

    def _note(self, token: Token, following: list[Token]) -> None:
        if following:
            start, end = following[0].start, following[-1].end
            self.remarks.append(Part(self.said(start, end).strip(), start, end))

    def _money(self, token: Token, before: list[Token]) -> None:
        """Keep what the text says the whole costs; the price of a unit is the price list's."""
        led = [self.said(t.start, t.end) for t in before[-2:]]
        if not token.value.startswith("总价") and _TOTALS.isdisjoint(led):
            return
        found = _AMOUNT.search(token.value)
        if found:
            self.total = (int(Fraction(found[0]) * 100), token.start, token.end)

    def _is_spec(self, token: Token, following: list[Token]) -> bool:
        """Tell whether a measure describes goods beside it (500ml) rather than counts them."""
        if not token.has("qty"):
            return True
        spec = naming.spell_spec(self.said(token.start, token.end))
        entries = self.lexicon.entries
        beside = [t.value for t in following[:2] if t.has("name")]
        if len(self.lines) > self.clause_from and self.lines[-1].match is not None:
            beside.append(self.lines[-1].match)
        return any(spec in entries[c.entry].specs for m in beside for c in m.choices)

    def _spec(self, token: Token, before: list[Token], following: list[Token]) -> None:
        said = self.said(token.start, token.end)
        if (
            before
            and before[-1].has("name", "spec", "size", "rest")
            and len(self.lines) > self.clause_from
        ):
            self.lines[-1].specs.append(said)
        elif self._item_follows(following):
            self.ahead_specs.append(said)
        elif self.lines:
            self.lines[-1].specs.append(said)
        else:
            self.ahead_specs.append(said)

    def _trouble(self, token: Token, before: list[Token]) -> None:
        if token.has("repair"):
            self.repairing = True
            return
        start = token.start
        if before and before[-1].has("rest") and before[-1].end == start:
            start = before[-1].start
            self.unexplained = [u for u in self.unexplained if u[0] != start]
        self.symptoms.append(("", self.said(start, token.end), start, token.end))

    def _drop(self, token: Token, before: list[Token]) -> None:
        """Take back: goods that stand before the word, else all that was said, else an order."""
        named = [t for t in before if t.has("name") and of_kind(self.lexicon, t.value, "sku")]
        if named:
            for t in named:
                self.remove(t.value)
        elif self.lines:
            self.lines.clear()
            self.remarks.clear()
            self.intent = Intent.NONE
        else:
            self.intent = Intent.CANCEL
        self.waiting = None

    def remove(self, match: Match) -> bool:
        """Take the lines of the goods named out again."""
        wanted = {c.entry for c in match.choices}
        kept = [x for x in self.lines if x.match is None or x.match.choices[0].entry not in wanted]
        removed = len(kept) < len(self.lines)
        self.lines = kept
        return removed

    def _refuse(self, token: Token, before: list[Token], following: list[Token]) -> int:
        """Read what is not wanted: a line is taken back, anything else is a remark. Gives the
        number of tokens that belong to it.
        """
        n = 0
        while n < len(following) and not following[n].has(
            "and", "want", "qty", "time", "to", "no", "fix", "add", "note", "phone"
        ):
            n += 1
            if following[n - 1].has("name", "adjust") and not (
                n < len(following) and following[n].has("rest")
            ):
                break
        if n == 0:
            if before and before[-1].has("rest"):  # 糖少放点
                start = before[-1].start
                self.unexplained = [u for u in self.unexplained if u[0] != start]
                self.remarks.append(Part(self.said(start, token.end), start, token.end))
            return 0
        thing = following[0]
        if thing.has("name") and thing.value.exact and of_kind(self.lexicon, thing.value, "sku"):
            optional = of_kind(self.lexicon, thing.value, "option")
            if self.remove(thing.value) or not optional:
                return n
        start, end = token.start, following[n - 1].end
        while n > 1 and following[n - 1].has("fill"):
            n -= 1
            end = following[n - 1].end
        part = Part(self.said(start, end), start, end)
        if len(self.lines) > self.clause_from:
            self.lines[-1].parts.append(part)
        else:
            self.remarks.append(part)
        return n

    def _name(self, token: Token, before: list[Token], following: list[Token]) -> None:
        match: Match = token.value
        adding = bool(before) and before[-1].has("add", "want", "and")
        options = of_kind(self.lexicon, match, "option")
        goods = of_kind(self.lexicon, match, "sku")
        if options and self._means_option(bool(goods), adding):
            best, listed = pick(self.lexicon, options)
            entry = self.lexicon.entries[(best or options[0]).entry]
            sure = (best or options[0]).sure if best else min(options[0].sure, SURE_ENOUGH - 1)
            said = self.said(token.start, token.end)
            part = Part(said, token.start, token.end, entry.code, sure, listed)
            self._modify(part, before, following)
        elif goods:
            self._goods(token)
        else:
            places.match(self, token)

    def modify(self, token: Token, line: Line) -> None:
        """Put an option that a correction names on a line."""
        options = of_kind(self.lexicon, token.value, "option")
        best, listed = pick(self.lexicon, options)
        if options:
            chosen = best or options[0]
            sure = chosen.sure if best else min(chosen.sure, SURE_ENOUGH - 1)
            code = self.lexicon.entries[chosen.entry].code
            said = self.said(token.start, token.end)
            line.parts.append(Part(said, token.start, token.end, code, sure, listed))

    def _means_option(self, goods: bool, adding: bool) -> bool:
        return not goods or (adding and self.waiting is None and bool(self.lines))

    def _merge(self, token: Token) -> bool:
        """Let names side by side be one (黄瓜味 乐事薯片) where some goods have both."""
        if len(self.lines) <= self.clause_from or self.waiting is not None:
            return False
        line = self.lines[-1]
        between = self.said(line.end, token.start).strip(" 的")
        if line.match is None or (between and between not in line.specs):
            return False
        if line.quantity is not None and line.quantity_at[0] >= line.end:
            return False
        both = {c.entry for c in line.match.choices} & {c.entry for c in token.value.choices}
        if not both:
            return False
        choices = tuple([Choice(e, _BOTH, "part") for e in sorted(both)])
        line.match = Match(line.start, token.end, choices)
        line.end = token.end
        return True

    def _goods(self, token: Token) -> None:
        if self._merge(token):
            return
        if len(self.lines) >= SAID_LINES:
            self.unexplained.append((token.start, token.end))
            return
        self._item(token, token.value)

    def _item(self, token: Token, match: Match | None) -> None:
        """Begin a line with all that was said ahead of its goods."""
        line = Line(token.start, token.end, match)
        line.parts, self.ahead = self.ahead, []
        line.specs, self.ahead_specs = self.ahead_specs, []
        line.near, self.ahead_near = self.ahead_near, []
        if self.waiting is not None:
            line.count(self.waiting.value, self.waiting.start, self.waiting.end)
            self.waiting = None
        self.lines.append(line)

    def _modify(self, part: Part, before: list[Token], following: list[Token]) -> None:
        """Put an option or remark on its line: the one before, or the one that follows."""
        in_clause = len(self.lines) > self.clause_from
        everywhere = any(t.has("all", "each") for t in before)
        if everywhere and self.lines:
            for line in self.lines:
                line.parts.append(part)
        elif in_clause or (self.lines and not self._item_follows(following)):
            self.lines[-1].parts.append(part)
        else:
            self.ahead.append(part)

    def _item_follows(self, following: list[Token]) -> bool:
        for t in following:
            if t.has("name"):
                return bool(of_kind(self.lexicon, t.value, "sku"))
            if t.has("rest"):
                return True
        return False

    def _quantity(self, token: Token, before: list[Token], following: list[Token]) -> None:
        each = any(t.has("each") for t in before)
        open_lines = [x for x in self.lines if x.quantity is None]
        last = self.lines[-1] if self.lines else None
        in_clause = len(self.lines) > self.clause_from
        if each and open_lines:
            for line in open_lines:
                line.count(token.value, token.start, token.end)
        elif in_clause and last is not None and last.quantity is None:
            last.count(token.value, token.start, token.end)
        elif self._item_follows(following):
            self._wait(token)
        elif open_lines:
            open_lines[-1].count(token.value, token.start, token.end)
        elif last is not None:
            fixing.count_again(self, token, before, following)
        elif self.mentioned is not None and not following:
            self._goods(Token(token.start, token.end, _NAME_TAGS, self.mentioned))
            self.lines[-1].count(token.value, token.start, token.end)
        else:
            self._wait(token)

    def _wait(self, token: Token) -> None:
        if self.waiting is not None:
            self.lost.append((self.waiting.start, self.waiting.end))
        self.waiting = token

    def _measure_alone(self, token: Token, before: list[Token], following: list[Token]) -> None:
        """来杯冰美式: one, where a verb stands before and goods behind."""
        led = bool(before) and before[-1].has("want", "add", "fill", "and")
        if (led or not before) and self._item_follows(following[:3]) and self.waiting is None:
            self.waiting = token

    def _rest(self, token: Token, before: list[Token], following: list[Token]) -> None:
        """Unknown words: goods that are not known, beside a quantity; else unexplained."""
        words = self.said(token.start, token.end)
        if following and following[0].has("state") and following[0].start == token.end:
            return
        beside = self.waiting is not None or (
            bool(following) and following[0].has("qty") and len(words) > 1
        )
        if self._beside_goods(token, before, following):
            return
        if beside and not (self._item_follows([t for t in following if not t.has("rest")])):
            self._item(token, None)
        else:
            self.unexplained.append((token.start, token.end))

    def _beside_goods(self, token: Token, before: list[Token], following: list[Token]) -> bool:
        """Keep words that touch goods or their specification: they tell which are meant."""
        words = self.said(token.start, token.end)
        after = before[-1] if before and before[-1].end == token.start else None
        ahead = following[0] if following and following[0].start == token.end else None
        in_clause = len(self.lines) > self.clause_from
        if after is not None and in_clause and self._describes(after):
            self.lines[-1].near.append(words)
            return True
        if ahead is not None and ahead.has("name") and self._describes(ahead):
            self.ahead_near.append(words)
            return True
        if self.ahead_specs or (ahead is not None and ahead.has("spec")):
            self._item(token, None)
            self.lines[-1].near.append(words)
            return True
        return False

    def _describes(self, token: Token) -> bool:
        if token.has("name"):
            return bool(of_kind(self.lexicon, token.value, "sku"))
        return token.has("spec")
