"""Rules as TOML: ``rules.toml``, and the text of one rule. Reading names the line of every fault."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.rule_data import DEEPEST, Data, RuleFault, rule_data
from crm.domain.rules import Rule

HEAD = "# The rules of In Person in their order. What each word means: docs/rules.md.\n"
INDENT = "    "
WIDTH = 100
DOTS_LIMIT = 20_000
"""Far more than honest rules have: a name of many parts is read in a time that grows with their square."""
_QUOTED_OR_NOTE = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|#.*")
_RULE = r"(?:rule|\"rule\"|'rule')"
_HEADER = re.compile(rf"^\s*\[\[\s*{_RULE}\s*\]\]")
_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")


class NotToml(ValueError):
    """The text is no TOML; its words say why, ``line`` where, 0 if they do or it cannot be told."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


@dataclass(frozen=True)
class Entry:
    """One ``[[rule]]`` as it was read. ``first`` is the number of its first line, 0 where that cannot be told."""

    data: Any
    number: int
    first: int
    lines: tuple[str, ...]

    def where(self, fault: RuleFault) -> str:
        """The place of a fault in words: "line 14", or "rule 3"."""
        line = self.line_of(fault)
        return _("line {line}").format(line=line) if line else _("rule {number}").format(number=self.number)

    def line_of(self, fault: RuleFault) -> int:
        """The line of a fault, as near as can be told; 0 where not even the rule's can."""
        if not self.first:
            return 0
        named = rf"[\"']?{re.escape(fault.field)}[\"']?"
        field = re.compile(rf"^\s*(?:{named}\s*[.=]|\[\s*{_RULE}\s*\.\s*{named}\s*[.\]])")
        start = next((place for place, line in enumerate(self.lines) if field.match(line)), 0)
        if fault.word:
            word = re.compile(rf"(?<![\w-]){re.escape(fault.word)}(?![\w-])")
            start = next(
                (place for place in range(start, len(self.lines)) if word.search(self.lines[place])), start
            )
        return self.first + start


def write_rules(rules: Iterable[tuple[Rule, bool]]) -> str:
    """The rules, each with whether it is on, as ``rules.toml``."""
    return "\n".join([HEAD, *(write_rule(rule, enabled) for rule, enabled in rules)])


def write_rule(rule: Rule, enabled: bool) -> str:
    """One rule as a ``[[rule]]`` table."""
    data = rule_data(rule)
    fields: Data = {"key": rule.key, "name": data.pop("name"), "enabled": enabled, **data}
    return "[[rule]]\n" + "".join(
        f"{name} = {_written(value, 0, len(name) + 3)}\n" for name, value in fields.items()
    )


def read_entries(text: str) -> list[Entry]:
    """Every rule of a file, not yet understood; raises NotToml."""
    data = _loaded(text)
    lines = text.splitlines()
    for name in data:
        if name != "rule":
            said = _("A file of rules has no “{name}”; each rule begins with [[rule]].")
            raise NotToml(said.format(name=name[:40]), _line_of(name, lines))
    listed = data.get("rule", [])
    listed = listed if isinstance(listed, list) else [listed]
    heads = [place for place, line in enumerate(lines) if _HEADER.match(line)]
    if len(heads) != len(listed):
        return [Entry(data, number, 0, ()) for number, data in enumerate(listed, 1)]
    return list(_entries(listed, heads, lines))


def _loaded(text: str) -> Data:
    if text.count(".") > DOTS_LIMIT:
        raise NotToml(
            _("It contains more than {n} dots, which no list of rules does.").format(n=numeral(DOTS_LIMIT))
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        place = _PLACE.search(str(fault))
        said = _PLACE.sub("", str(fault))[:200]
        told = _("This is not valid TOML: {fault}.").format(fault=said)
        raise NotToml(told, int(place[1]) if place else 0) from None
    except RecursionError:
        told = _("It is nested too deeply. Write conditions at most {n} deep.").format(n=DEEPEST)
        raise NotToml(told, _deepest_line(text)) from None
    except ValueError:
        raise NotToml(_("This is not valid TOML: it contains a number that is too long.")) from None


def _line_of(name: str, lines: list[str]) -> int:
    """The first line that gives this name to a table or a value of the whole file; 0 where none is seen to."""
    named = re.compile(rf"^\s*\[*\s*[\"']?{re.escape(name)}[\"']?\s*[.=\]]")
    return next((number for number, line in enumerate(lines, 1) if named.match(line)), 0)


def _deepest_line(text: str) -> int:
    """The first line within more brackets than conditions may have; 0 for none."""
    depth = 0
    for line, words in enumerate(text.splitlines(), 1):
        for sign in _QUOTED_OR_NOTE.sub("", words):
            depth += (sign in "[{") - (sign in "]}")
            if depth > 2 * DEEPEST:
                return line
    return 0


def _entries(listed: list[Any], heads: list[int], lines: list[str]) -> Iterator[Entry]:
    for number, (data, start, end) in enumerate(zip(listed, heads, [*heads[1:], len(lines)], strict=True), 1):
        yield Entry(data, number, start + 1, tuple(lines[start:end]))


def _written(value: Any, depth: int, used: int) -> str:
    """A TOML value; lists that are too long for one line take one for each item."""
    flat = _flat(value)
    is_short = used + len(INDENT) * depth + len(flat) <= WIDTH
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        if name in ("all", "any", "not") and not (is_short and name == "not"):
            return f"{{ {name} = {_written(inner, depth, WIDTH)} }}"
    if not isinstance(value, list) or (is_short and used < WIDTH):
        return flat
    pad = INDENT * (depth + 1)
    items = "".join(f"{pad}{_written(item, depth + 1, 0)},\n" for item in value)
    return f"[\n{items}{INDENT * depth}]"


def _flat(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case list():
            return f"[{', '.join(map(_flat, value))}]"
        case dict():
            return f"{{ {', '.join(f'{name} = {_flat(one)}' for name, one in value.items())} }}"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'
