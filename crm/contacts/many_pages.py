"""What is done to people without a form: to everybody who is ticked in the list, or to one from their own page."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from starlette.responses import Response

from crm.contacts import followed, listing, many, queries, taken_back
from crm.contacts.drafts import NOBODY, tags_in
from crm.domain.language import gettext as _
from crm.domain.language import ngettext, plurals
from crm.domain.manner import numeral
from crm.domain.spans import count, short_day
from crm.errors import Invalid, NotFound
from crm.web.addresses import is_id, local_path
from crm.web.routing import Router, Visit

router = Router()

_TIER_NOW = {
    "key": plurals("{who} is now key.", "{who} are now key."),
    "regular": plurals("{who} is now regular.", "{who} are now regular."),
    "warm": plurals("{who} is now warm.", "{who} are now warm."),
    "none": plurals("{who} is now tier none.", "{who} are now tier none."),
}
"""Tier → what is said of whoever has it now."""

_Words: TypeAlias = tuple[tuple[str, str], tuple[str, str]]
"""What is said once something is as before: of everybody, and where some stay as they are, of the others."""
_TIERS_BACK: _Words = (
    plurals("The tier is as it was.", "The tiers are as they were."),
    plurals("The tier of the other is as it was.", "The tiers of the others are as they were."),
)
_OWNERS_BACK: _Words = (
    plurals("Everybody is looked after as before.", "Everybody is looked after as before."),
    plurals("The other is looked after as before.", "The others are looked after as before."),
)
_TAGS_BACK: _Words = (
    plurals("The tags are as they were.", "The tags are as they were."),
    plurals("The tags of the other are as they were.", "The tags of the others are as they were."),
)
_STAY = plurals(
    "{n} person has been changed since and stays as they are.",
    "{n} people have been changed since and stay as they are.",
)


# Everybody who is ticked


@router.action("/people/tier")
def set_tier(visit: Visit) -> Response:
    """Set the tier of everybody who is ticked."""
    tier = str(visit.form.get("tier", ""))
    return _to_many(
        visit,
        lambda ids: _set_tier(visit, ids, tier),
        _TIER_NOW.get(tier, _TIER_NOW["none"]),
        lambda ids: taken_back.to_tiers(visit.connection, visit.principal, ids, tier),
    )


@router.action("/people/tier/undo")
def set_tiers_back(visit: Visit) -> Response:
    """Give those named in the address who still have the tier they were given the one they had before."""
    back = taken_back.tiers_asked(visit.connection, visit.principal, visit.query)
    where = (visit.connection, visit.principal)

    def change() -> None:
        for tier, ids in back.to.items():
            many.set_tier(*where, ids, tier, visit.at)

    return _take_back(
        visit, back, _TIERS_BACK, lambda: followed.for_many(*where, back.everybody, visit.at, change)
    )


def _set_tier(visit: Visit, ids: list[int], tier: str) -> str:
    """Set it, and say who is in another zone by it."""
    where = (visit.connection, visit.principal, ids)
    return followed.for_many(*where, visit.at, lambda: many.set_tier(*where, tier, visit.at))


@router.action("/people/owner")
def set_owner(visit: Visit) -> Response:
    """Say who looks after everybody who is ticked."""
    sent = str(visit.form.get("owner", ""))
    owners = dict(listing.owners(visit.connection, visit.principal))
    if not is_id(sent) or int(sent) not in (NOBODY, *owners):
        sentence = _("Choose somebody on your team who can sign in, or nobody.")
        return visit.redirect(_onward(visit), sentence, kind="error")
    name = owners.get(int(sent))
    nobody = plurals("Nobody now looks after {who}.", "Nobody now looks after {who}.")
    somebody = plurals("{owner} now looks after {who}.", "{owner} now looks after {who}.")
    return _to_many(
        visit,
        lambda ids: many.set_owner(visit.connection, visit.principal, ids, int(sent), visit.at),
        somebody if name else nobody,
        lambda ids: taken_back.to_owners(visit.connection, visit.principal, ids, int(sent)),
        owner=name,
    )


@router.action("/people/owner/undo")
def set_owners_back(visit: Visit) -> Response:
    """Give those named in the address whom nobody else got since back to whoever looked after them before."""
    back = taken_back.owners_asked(visit.connection, visit.principal, visit.query)

    def change() -> None:
        for owner, ids in back.to.items():
            many.set_owner(visit.connection, visit.principal, ids, int(owner), visit.at)

    return _take_back(visit, back, _OWNERS_BACK, change)


@router.action("/people/tags")
def add_tags(visit: Visit) -> Response:
    """Give everybody who is ticked a tag, or take one away (``remove``)."""
    given = not visit.form.get("remove")
    try:
        tags = many.some_tags(tags_in(str(visit.form.get("tag", ""))))
    except Invalid as refusal:
        return visit.redirect(_onward(visit), refusal.sentence, kind="error")
    change = many.add_tags if given else many.remove_tags
    words = (
        plurals("{who} now has the tag.", "{who} now have the tag.")
        if given
        else plurals("{who} no longer has the tag.", "{who} no longer have the tag.")
    )
    return _to_many(
        visit,
        lambda ids: change(visit.connection, visit.principal, ids, tags, visit.at),
        words,
        lambda ids: taken_back.to_tags(visit.connection, visit.principal, ids, tags, given=given),
    )


@router.action("/people/tags/undo")
def set_tags_back(visit: Visit) -> Response:
    """Give the tags of the address to the people it names, or take them away again."""
    back = taken_back.tags_asked(visit.connection, visit.principal, visit.query)

    def change() -> None:
        for name, ids in back.to.items():
            make = many.add_tags if name.startswith(taken_back.GIVE) else many.remove_tags
            make(visit.connection, visit.principal, ids, [name[1:]], visit.at)

    return _take_back(visit, back, _TAGS_BACK, change)


@router.action("/people/archive")
def archive_many(visit: Visit) -> Response:
    """Put everybody who is ticked away."""
    return _to_many(
        visit,
        lambda ids: many.archive(visit.connection, visit.principal, ids, visit.at),
        plurals("{who} is archived.", "{who} are archived."),
        lambda ids: taken_back.to_present(visit.connection, visit.principal, ids, visit.at),
    )


@router.action("/people/archive/undo")
def bring_back(visit: Visit) -> Response:
    """Bring those named in the address back who are still archived as of then."""
    back = taken_back.present_asked(visit.connection, visit.principal, visit.query)
    return _take_back(visit, back, None, lambda: _bring_back(visit, back.everybody))


@router.action("/people/restore")
def restore_many(visit: Visit) -> Response:
    """Bring everybody who is ticked back."""
    ids = _ticked(visit)
    if not ids:
        return _nobody_ticked(visit)
    return visit.redirect(_onward(visit), _bring_back(visit, ids))


def _bring_back(visit: Visit, ids: list[int]) -> str:
    """Bring them back, and say who is, and who is not, since they died."""
    many.restore(visit.connection, visit.principal, ids, visit.at)
    died = queries.days_of_death(visit.connection, visit.principal, ids)
    back = [one for one in ids if one not in died]
    told = [_said(visit, back, plurals("{who} is back.", "{who} are back."), {})] if back else []
    if len(died) == 1:
        ((one, day),) = died.items()
        name = short(queries.contact_named(visit.connection, visit.principal, one)[1])
        sentence = _(
            "{name} died on {day} and stays out of the lists. If that day is a mistake, clear it in the form."
        )
        told.append(sentence.format(name=name, day=short_day(day, visit.today)))
    elif died:
        sentence = ngettext(
            "{n} person died and stays out of the lists.",
            "{n} people died and stay out of the lists.",
            len(died),
        )
        told.append(sentence.format(n=numeral(len(died))))
    return " ".join(told)


def _to_many(
    visit: Visit,
    change: Callable[[list[int]], str | None],
    words: tuple[str, str],
    undo: Callable[[list[int]], str | None] = lambda _ids: None,
    **values: str | None,
) -> Response:
    """Change everybody who is ticked and go back to the list; ``change`` may say what else followed.

    ``words`` are what is said of one person and of several, with ``values`` beside who they are.
    ``undo`` gives the address that takes it back, asked before the change.
    """
    ids = _ticked(visit)
    if not ids:
        return _nobody_ticked(visit)
    undo_url = undo(ids)
    followed = change(ids)
    told = " ".join(filter(None, (_said(visit, ids, words, values), followed)))
    return visit.redirect(_onward(visit), told, undo_url)


def _take_back(
    visit: Visit, back: taken_back.Back, words: _Words | None, change: Callable[[], str | None]
) -> Response:
    """Take a change back where nobody changed it since, and say how many stay as they are; ``change`` may say what else
    followed."""
    number = len(back.everybody)
    if not number:
        sentence = _("That has been changed again since, so it cannot be undone.")
        return visit.redirect(_onward(visit), sentence, kind="error")
    followed = change()
    told = [
        ngettext(*_STAY, back.stay).format(n=numeral(back.stay)) if back.stay else None,
        ngettext(*words[bool(back.stay)], number) if words else None,
        followed,
    ]
    onward = _onward(visit, f"/people/{back.everybody[0]}" if number == 1 else "/people")
    return visit.redirect(onward, " ".join(filter(None, told)))


def _ticked(visit: Visit) -> list[int]:
    """Everybody who is ticked, each once."""
    sent = [str(value) for value in visit.form.getlist("contact_ids")]
    if not all(map(is_id, sent)):
        raise NotFound
    return list(dict.fromkeys(map(int, sent)))


def _nobody_ticked(visit: Visit) -> Response:
    return visit.redirect(_onward(visit), _("You ticked nobody, so nothing has changed."), kind="error")


def _onward(visit: Visit, otherwise: str = "/people") -> str:
    return local_path(str(visit.form.get("next", "")), otherwise)


def _said(visit: Visit, ids: list[int], words: tuple[str, str], values: Mapping[str, str | None]) -> str:
    if len(ids) == 1:
        who = short(queries.contact_named(visit.connection, visit.principal, ids[0])[1])
    else:
        who = count(len(ids), "person", "people")
    return ngettext(*words, len(ids)).format(who=who, **values)


def short(name: str) -> str:
    """A name that fits a toast."""
    return name if len(name) <= 60 else f"{name[:59]}…"


# One person


@router.action("/people/{contact_id}/archive")
def archive_person(visit: Visit) -> Response:
    """Put one person away."""
    contact_id, where = visit.number("contact_id"), (visit.connection, visit.principal)
    is_here = taken_back.to_present(*where, [contact_id], visit.at) is not None
    many.archive(*where, [contact_id], visit.at)
    said = _("{name} is archived.").format(name=short(queries.contact_named(*where, contact_id)[1]))
    return visit.redirect("/people", said, f"/people/{contact_id}/restore" if is_here else None)


@router.action("/people/{contact_id}/restore")
def restore_person(visit: Visit) -> Response:
    """Bring one person back."""
    contact_id = visit.number("contact_id")
    return visit.redirect(f"/people/{contact_id}", _bring_back(visit, [contact_id]))


@router.action("/people/{contact_id}/tier")
def set_persons_tier(visit: Visit) -> Response:
    """Say how much one person matters."""
    contact_id, tier = visit.number("contact_id"), str(visit.form.get("tier", ""))
    where = (visit.connection, visit.principal)
    undo = taken_back.to_tiers(*where, [contact_id], tier)

    def change() -> None:
        many.set_tier(*where, [contact_id], tier, visit.at)

    moved = followed.for_one(*where, contact_id, visit.at, change) or _("Zone and score stay as they are.")
    return visit.redirect(f"/people/{contact_id}", f"{_('The tier is saved.')} {moved}", undo)
