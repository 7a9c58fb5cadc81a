"""The team's channels: which are through a screen, and what else each is."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import Field
from starlette.responses import Response

from crm.contacts.drafts import one_line
from crm.domain.channels import Channel
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.log_sentences import short_label
from crm.domain.spans import join
from crm.domain.vocabulary import within
from crm.domain.zone_moves import upshot_sentence
from crm.errors import Invalid
from crm.interactions import channel_actions as actions
from crm.interactions.channel_actions import WAYS, way_of
from crm.interactions.queries import channels
from crm.web.forms import Errors, Form, fingerprint, read
from crm.web.routing import Router, Visit

router = Router()

WAY_WORDS = (
    ("written", N_("Written")),
    ("live", N_("Live, by voice or video")),
    ("in_person", N_("In person")),
    ("by_hand", N_("By hand")),
)
SIDES = (("digital", N_("Digital")), ("personal", N_("Personal")))
MEANWHILE = N_("Somebody else changed the channels in the meantime.")


class NewChannel(Form):
    """A channel of the team's own."""

    label: Annotated[str, Field(max_length=60)]
    side: Literal["digital", "personal"] = "personal"
    way: Literal["written", "live", "in_person", "by_hand"] = "live"


@router.page("/settings/channels")
def show(visit: Visit) -> Response:
    """Every channel with its marks."""
    return _page(visit, {}, {})


@router.action("/settings/channels", access="admin")
def save(visit: Visit) -> Response:
    """Give channels other marks; what is not sent, in the form or in the address of Undo, stays as it is."""
    known = channels(visit.connection, visit.principal)
    wanted, errors = _sent(visit, known)
    is_late = visit.form.get("seen", fingerprint(known)) != fingerprint(known)
    if errors or is_late:
        return _page(visit, visit.form, errors, meanwhile=_(MEANWHILE) if is_late else None)
    before, found = actions.change_marks(visit.connection, visit.principal, wanted, visit.at)
    if not before:
        return visit.redirect("/settings/channels", _("Nothing was changed."))
    changed = {one.key for one in before}
    said = join([_said(one) for one in wanted if one.key in changed])
    undo = urlencode([pair for one in before for pair in _fields(one)])
    return visit.redirect(
        "/settings/channels", f"{said}. {upshot_sentence(found)}", f"/settings/channels?{undo}"
    )


def _fields(one: Channel) -> list[tuple[str, str]]:
    return [(f"side.{one.key}", _side(one)), (f"way.{one.key}", way_of(one))]


def _side(one: Channel) -> str:
    return "digital" if one.digital else "personal"


def _said(one: Channel) -> str:
    way = within(_(dict(WAY_WORDS)[way_of(one)]).partition(",")[0])
    said = _("{channel} is now digital, {way}") if one.digital else _("{channel} is now personal, {way}")
    return said.format(channel=short_label(one), way=way)


def _sent(visit: Visit, known: Sequence[Channel]) -> tuple[list[Channel], dict[str, str]]:
    """Every channel with the marks that were chosen, and a sentence for each whose marks do not fit."""
    wanted, errors = [], {}
    for one in known:
        try:
            wanted.append(_marked(one, *_chosen(visit, one)))
        except Invalid as refusal:
            errors[f"way.{one.key}"] = refusal.sentence
    return wanted, errors


def _chosen(visit: Visit, one: Channel) -> tuple[str, str]:
    """The side and the way that were sent; what was not is as it is."""

    sent = visit.sent
    return str(sent.get(f"side.{one.key}") or _side(one)), str(sent.get(f"way.{one.key}") or way_of(one))


def _marked(one: Channel, side: str, way: str) -> Channel:
    if side not in ("digital", "personal") or way not in WAYS:
        raise Invalid(
            _("{channel}: choose digital or personal, and one from the list.").format(channel=_(one.label))
        )
    return actions.marked(one, side == "digital", way)


@router.action("/settings/channels/new", access="admin")
def add(visit: Visit) -> Response:
    """Add a channel of the team's own, as the form says or the address of Undo."""
    form = read(NewChannel, visit.sent)
    if isinstance(form, Errors):
        return _page(visit, visit.form, form.fields)
    label = one_line(form.label)
    if label is None:
        return _page(visit, visit.form, {"label": _("Give it a name.")})
    try:
        new = actions.add_channel(visit.connection, visit.principal, label, form.side == "digital", form.way)
    except Invalid as refusal:
        return _page(visit, visit.form, refusal.fields or {"side": refusal.sentence})
    words = _("{channel} is now a channel. You will find it under More when you log.").format(
        channel=new.label
    )
    return visit.redirect("/settings/channels", words, f"/settings/channels/{new.key}/remove")


@router.action("/settings/channels/{key}/remove", access="admin")
def remove(visit: Visit) -> Response:
    """Take away a channel of the team's own that was never used; Undo brings it back."""
    try:
        gone = actions.take_away(visit.connection, visit.principal, visit.text("key"))
    except Invalid as refusal:
        return visit.redirect("/settings/channels", refusal.sentence, kind="error")
    again = urlencode({"label": gone.label, "side": _side(gone), "way": way_of(gone)})
    said = _("{channel} is removed.").format(channel=gone.label)
    return visit.redirect("/settings/channels", said, f"/settings/channels/new?{again}")


def _page(
    visit: Visit, typed: Mapping[str, Any], errors: dict[str, str], *, meanwhile: str | None = None
) -> Response:
    """``meanwhile``: why what was chosen is shown again beside what is saved now."""
    known = channels(visit.connection, visit.principal)
    context = {
        "channels": [(one, *_chosen(visit, one)) for one in known],
        "saved": {one.key: _saved(one) for one in known if _differs(visit, one)} if meanwhile else {},
        "meanwhile": meanwhile,
        "unused": actions.unused(visit.connection, visit.principal) if visit.principal.may_administer else (),
        "seen": fingerprint(known),
        "typed": typed,
        "errors": errors,
        "sides": [(value, _(words)) for value, words in SIDES],
        "ways": [(value, _(words)) for value, words in WAY_WORDS],
    }
    status = 409 if meanwhile else 422 if errors else 200
    return visit.render("interactions/channels.html", context, active="team", status=status)


def _differs(visit: Visit, one: Channel) -> bool:
    return _chosen(visit, one) != (_side(one), way_of(one))


def _saved(one: Channel) -> str:
    side, way = _(dict(SIDES)[_side(one)]), _(dict(WAY_WORDS)[way_of(one)])
    return _("Saved now: {side}, {way}.").format(side=within(side), way=within(way))
