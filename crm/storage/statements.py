"""Statements that are built once: building one in Python costs several times what running it does."""

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import ClauseElement, TextClause, bindparam, text

P = ParamSpec("P")
S = TypeVar("S")
SHAPES = 64
"""So many forms of one statement are kept."""


def built_once(build: Callable[P, S]) -> Callable[P, tuple[S, dict[str, Any]]]:
    """What ``build`` builds, with the values of a call: ``connection.execute(*name(...))``.

    Its plain parameters are values: ``build`` is given a placeholder for each, which takes its type from the column it
    is compared with and stands for a list behind ``in_``. It must not look at them, and None finds nothing. Parameters
    after ``*`` shape the statement, which is built once for each of what they are.
    """
    parameters = signature(build).parameters.values()
    names = [one.name for one in parameters if one.kind is not Parameter.KEYWORD_ONLY]

    @lru_cache(maxsize=SHAPES)
    def built(**shape: Any) -> S:
        return build(*(bindparam(name) for name in names), **shape)  # type: ignore[arg-type]

    @wraps(build)
    def asked(*values: Any, **shape: Any) -> tuple[S, dict[str, Any]]:
        return built(**shape), dict(zip(names, values, strict=True))

    return asked


_PLACEHOLDER = re.compile(r"\(__\[POSTCOMPILE_(\w+)\]\)|(?<!:):(\w+)(::\w+)?")


def spelled_out(statement: ClauseElement, dialect: Any) -> TextClause:
    """The statement as text, with its constants in it and placeholders for what has no value yet. ``dialect``: its class.

    For statements of ten thousands of letters that are kept: finding one in SQLAlchemy's own cache and handing over its
    hundreds of constants takes several times what running it for one person does.
    """
    compiled: Any = statement.compile(dialect=dialect(paramstyle="named"))

    def written(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        bind = compiled.binds[name]
        if bind.required:
            return f":{name}"
        return f"{compiled.render_literal_value(bind.effective_value, bind.type)}{found[3] or ''}"

    values = [bind for bind in compiled.binds.values() if bind.required]
    return text(_PLACEHOLDER.sub(written, str(compiled))).bindparams(*values)
