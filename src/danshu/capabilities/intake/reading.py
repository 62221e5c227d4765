"""Tokens become an order: clause by clause, each word by what it does to what was read so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.intake import fixing, goods, places, refusing
from danshu.capabilities.intake.lines import SURE_ENOUGH, Part, of_kind, pick
from danshu.capabilities.intake.state import Reading
from danshu.capabilities.intake.tokens import Token
from danshu.kernel.limits import SAID_TOKENS
from danshu.ports.modality import Intent

if TYPE_CHECKING:
    from danshu.capabilities.intake.finding import Match

_NOT_NOW: Final = ("if", "hearsay")
_ADDING: Final = frozenset("加换")  # how names of options begin
_LEADING: Final = ("to", "receiver", "number", "note", "phone")

NAME_TAGS: Final = frozenset({"name"})


class Reader(Reading):
    """Reads a text, clause by clause."""

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
        for line in list(self.lines):  # words that only sound like goods, and nobody counted
            match = line.match
            loose = line.quantity is None and not line.specs
            if loose and match and not match.exact and match.choices[0].sure < SURE_ENOUGH:
                self.lines.remove(line)
                self.unexplained.append((line.start, line.end))
        if self.waiting is None:
            return
        if self.lines:
            self.lost.append((self.waiting.start, self.waiting.end))
        else:
            goods.begin_line(self, Token(self.waiting.start, self.waiting.end, NAME_TAGS), None)
        self.waiting = None

    def _clause(self, clause: list[Token]) -> None:
        if not clause:
            return
        if len(clause) > SAID_TOKENS:  # nobody speaks like this
            self.lost.append((clause[0].start, clause[-1].end))
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
        left = fixing.fix(self, clause)
        self._read_clause(clause if left is None else left)

    def _read_clause(self, clause: list[Token]) -> None:
        """Read a clause that orders."""
        self._walk(places.read(self, clause))

    def _is_apart(self, clause: list[Token]) -> bool:
        """Tell whether a clause tells, asks or supposes, and so orders nothing."""
        if any(t.has(*_NOT_NOW) for t in clause):
            self.ignored = True
        if self.ignored:
            return True
        whether = any(t.has("whether") for t in clause) and not any(t.has("qty") for t in clause)
        if whether or any(t.has("ask") for t in clause):
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
                refusing.read_note(self, token, following)
                return
            if token.has("no"):
                n += refusing.refuse(self, token, clause[:n], following)
            elif token.has("name"):
                self._name(token, clause[:n], following)
            elif token.has("spec") and goods.is_spec(self, token, following):
                goods.keep_spec(self, token, clause[:n], following)
            elif token.has("qty"):
                self._quantity(token, clause[:n], following)
            elif token.has("one"):
                self._measure_alone(token, clause[:n], following)
            elif token.has("rest"):
                goods.read_rest(self, token, clause[:n], following)
            else:
                self._word(token, clause[:n], following)
            n += 1

    def _word(self, token: Token, before: list[Token], following: list[Token]) -> None:
        if token.has("time"):
            self.due = (token.value, token.start, token.end)
        elif token.has("phone", "called"):
            self._reach(token)
        elif token.has("table"):
            self.remarks.append(Part(self.said(token.start, token.end), token.start, token.end))
        elif token.has("money"):
            refusing.read_total(self, token, before)
        elif token.has("adjust"):
            goods.modify_line(
                self,
                Part(self.said(token.start, token.end), token.start, token.end),
                before,
                following,
            )
        elif token.has("spec", "size"):
            goods.keep_spec(self, token, before, following)
        elif token.has("state", "repair"):
            refusing.read_trouble(self, token, before)
        elif token.has("same"):
            self.intent = Intent.REPEAT
        elif token.has("drop", "cancel") and not token.has("fill"):
            refusing.drop(self, token, before)

    def _reach(self, token: Token) -> None:
        """Keep who receives and their telephone; 电话 alone is a word, not a number."""
        if isinstance(token.value, str):
            kind = "phone" if token.has("phone") else "receiver"
            if kind == "phone" or kind not in self.named:
                self.named[kind] = (token.value, token.start, token.end)

    def _name(self, token: Token, before: list[Token], following: list[Token]) -> None:
        match: Match = token.value
        adding = bool(before) and before[-1].has("add", "want", "and")
        adding = adding or self.text[token.start] in _ADDING
        options = of_kind(self.lexicon, match, "option")
        bought = of_kind(self.lexicon, match, "sku")
        if (
            options
            and not bought
            and not match.exact
            and not adding
            and options[0].sure < SURE_ENOUGH
        ):
            goods.read_rest(self, token, before, following)
        elif options and goods.means_option(self, bool(bought), adding):
            best, listed = pick(self.lexicon, options)
            entry = self.lexicon.entries[(best or options[0]).entry]
            sure = (best or options[0]).sure if best else min(options[0].sure, SURE_ENOUGH - 1)
            said = self.said(token.start, token.end)
            part = Part(said, token.start, token.end, entry.code, sure, listed)
            goods.modify_line(self, part, before, following)
        elif bought:
            goods.name_goods(self, token)
        else:
            places.match(self, token)

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
            if before[-1].has("want", "instead"):
                fixing.settle(self, last)
        elif goods.goods_follow(self, following):
            self._wait(token)
        elif open_lines:
            open_lines[-1].count(token.value, token.start, token.end)
        elif last is not None:
            fixing.count_again(self, token, before, following)
        elif self.mentioned is not None and not following:
            goods.name_goods(self, Token(token.start, token.end, NAME_TAGS, self.mentioned))
            self.lines[-1].count(token.value, token.start, token.end)
        elif (start := goods.find_unknown(self, before, token)) is not None:
            goods.begin_line(self, Token(start, token.start, NAME_TAGS), None)
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
        if (led or not before) and goods.goods_follow(self, following[:3]) and self.waiting is None:
            self.waiting = token
