"""The Jinja environment: where templates lie, and the few filters and functions every page may use."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
    pass_eval_context,
    select_autoescape,
)
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup

from crm.domain import language, manner
from crm.domain.language import gettext as _
from crm.domain.score import zone_word
from crm.domain.spans import capital, count, day_and_time, day_phrase, in_words, percent, short_day
from crm.domain.vocabulary import field_word, within, word
from crm.web import assets
from crm.web.script_words import script_words

CHANNEL_ICONS = {
    "email": "mail",
    "chat": "message-square",
    "sms": "smartphone",
    "social": "at-sign",
    "video": "video",
    "phone": "phone",
    "call": "phone",
    "meeting": "users",
    "lunch": "utensils",
    "visit": "map-pin",
    "event": "ticket",
    "note": "pen-line",
    "gift": "gift",
}


def templates_dir() -> Path:
    """The folder of templates: inside the installed package, else beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"


def _calendar_day(value: date | datetime, zone: tzinfo | None) -> date:
    if isinstance(value, datetime):
        return (value.astimezone(zone) if zone else value).date()
    return value


def day(value: date | datetime, today: date | None = None, zone: tzinfo | None = None) -> str:
    """``Thu 19 Nov``; the year is added unless it is that of ``today``. A moment is first moved to ``zone``."""
    return day_phrase(_calendar_day(value, zone), today)


def moment(value: datetime, today: date | None = None, zone: tzinfo | None = None) -> str:
    """``Thu 19 Nov, 12:30``, in ``zone`` if one is given."""
    return day_and_time(value.astimezone(zone) if zone else value, today)


def number_words(number: int, *, before_noun: bool = False) -> str:
    """``six``; figures from 13 on. Nought is ``none``, and before a noun ``no``."""
    if number == 0:
        return _("no") if before_noun else _("none")
    return in_words(number)


def count_words(number: int, noun: str, plural: str) -> str:
    """``six people``; figures from 13 on. Nought is ``no people``."""
    return count(number, noun, plural, words=True)


def initials(name: str) -> str:
    """Up to two capitals for a person's disc: first and last word, or the first letter alone."""
    letters = [word[0] for word in name.split() if word[0].isalpha()]
    ends = letters if len(letters) < 2 else [letters[0], letters[-1]]
    capitals = ((one.upper(), one) for one in ends)
    return "".join(large if len(large) == 1 else one for large, one in capitals) or "?"


def channel_icon_name(key: str, digital: bool) -> str:
    """The icon of a channel or act; a workspace's own channel gets the one of its sort."""
    return CHANNEL_ICONS.get(key, "globe" if digital else "handshake")


WORDS: dict[str, Callable[..., str]] = {
    "word": word,
    "zone_word": zone_word,
    "within": within,
    "field_word": field_word,
    "day": day,
    "moment": moment,
    "number_words": number_words,
    "numeral": manner.numeral,
    "clock": manner.clock_words,
    "weekday": manner.weekday_name,
    "month": manner.month_words,
    "month_name": manner.month_name,
    "short_day": short_day,
    "percent": percent,
}
"""Filters that say something in the language and manner of whoever reads."""


# The functions of Jinja's own "newstyle" do the same with two calls and a format for each sentence, of which most have no place.


@pass_eval_context
def _sentence(how: EvalContext, sentence: str, /, **values: object) -> str:
    return _filled_in(how, language.gettext(sentence), values)


@pass_eval_context
def _sentence_in(how: EvalContext, context: str, sentence: str, /, **values: object) -> str:
    return _filled_in(how, language.pgettext(context, sentence), values)


@pass_eval_context
def _counted(how: EvalContext, one: str, many: str, number: int, /, **values: object) -> str:
    return _filled_in(how, language.ngettext(one, many, number), {"num": number, **values})


def _filled_in(how: EvalContext, sentence: str, values: Mapping[str, object]) -> str:
    """With its values, escaped where the template is; ``%%`` is a percent sign."""
    said = Markup(sentence) if how.autoescape else sentence  # noqa: S704  a catalogue is as trusted as the source
    if not values and "%" not in sentence:
        return said
    return said % values


def _for_the_reader(words: Callable[..., str]) -> Callable[..., str]:
    """As a filter that needs the context: Jinja works out others of a constant once, as it compiles the template."""

    @pass_context
    def said(_context: Context, *what: Any, **how: Any) -> str:
        return words(*what, **how)

    return said


@cache
def environment() -> Environment:
    """The environment that renders every page and mail of the product; its templates are compiled once a process."""
    env = Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    env.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension brings it
    env.globals.update(_=_sentence, gettext=_sentence, ngettext=_counted, pgettext=_sentence_in)
    env.filters.update(initials=initials, capital=capital)
    env.filters.update({name: _for_the_reader(words) for name, words in WORDS.items()})
    env.globals.update(
        icon=assets.icon,
        asset=assets.load().url,
        channel_icon_name=channel_icon_name,
        flashes=(),
        reader=manner.reader,
        spoken=language.spoken,
        count_words=count_words,
        script_words=script_words,
    )
    return env
