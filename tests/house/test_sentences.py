"""Sentences for people: each is gathered for the catalogues, and nothing else is called as their translation is."""

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from tools.texts import KEYWORDS, of_python

ROOT = Path(__file__).resolve().parents[2]
Scope = ast.FunctionDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def covered(source: str) -> list[int]:
    """The lines that call ``_`` where it is a local name."""
    scopes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Scope)]
    return sorted({line for scope in scopes if _is_kept(scope) for line in _called(scope)})


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """Everything in the scope, but not in those within it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, Scope):
            yield node
            yield from _inside(node)


def _is_kept(scope: ast.AST) -> bool:
    named = [node for node in _inside(scope) if isinstance(node, ast.Name | ast.arg)]
    return any(
        node.arg == "_" if isinstance(node, ast.arg) else node.id == "_" and isinstance(node.ctx, ast.Store)
        for node in named
    )


def _called(scope: ast.AST) -> Iterator[int]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield node.lineno


def test_a_thrown_away_value_is_seen() -> None:
    """The net has a mesh that holds."""
    assert covered("def f():\n    a, _ = g()\n    return _('Hello')") == [3]
    assert covered("f = [_('Hello') for _ in g()]") == [1]
    assert covered("def f():\n    a = [b for b, _ in g()]\n    return _('Hello')") == []


def test_no_sentence_is_said_by_a_value() -> None:
    """Nowhere in the product."""
    found = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / "crm").rglob("*.py"))
        if (lines := covered(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_sentences_within_sentences_are_gathered() -> None:
    """Within an f-string, within another call, and a noun beside its plural."""
    source = (
        b"""f"{_('At most')} {count(2, 'day', 'days')}"; _(WORDS.get(key, N_("Other " "words"))); _(key)"""
    )
    found = of_python(BytesIO(source), KEYWORDS.keys(), (), {})
    assert sorted((name, texts) for _, name, texts, _ in found if texts != (None,)) == [
        ("N_", ("Other words",)),
        ("_", ("At most",)),
        ("count", (None, "day", "days")),
    ]
