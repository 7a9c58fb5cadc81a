"""One's own settings."""

from typing import Any

from starlette.responses import Response

from crm.accounts import actions, queries, schedules, written
from crm.accounts.forms import PasswordChange, Preferences, Profile
from crm.accounts.passes import passes_of
from crm.accounts.passwords import hashed
from crm.accounts.proof import password_hash_of, proven, require_still
from crm.domain.budgets import LARGEST_BUDGET
from crm.domain.language import gettext as _
from crm.domain.language import ngettext
from crm.domain.manner import day_name, write_for
from crm.domain.places.whereabouts import whereabouts
from crm.errors import Conflict
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()


@router.page("/settings")
def settings(visit: Visit) -> Response:
    """Name, time zone, city, colours; for those with a plan also the room in their week and their mail."""
    person = visit.user
    values = {name: getattr(person, name) for name in Preferences.model_fields if hasattr(person, name)}
    values["nudge_time"] = f"{person.nudge_minute // 60:02d}:{person.nudge_minute % 60:02d}"
    values["also_me"] = "\n".join(queries.own_words(visit.connection, visit.principal)[person.id][2:])
    values |= person.written or {}
    values["theme"] = visit.request.cookies.get("theme", "auto")
    return _page(visit, values, {})


def _page(visit: Visit, values: Any, errors: dict[str, str]) -> Response:
    context = {
        "values": values,
        "errors": errors,
        "zones": queries.zone_choices(str(values.get("time_zone") or "")),
        "most": LARGEST_BUDGET,
        "weekdays": [(number, day_name(number)) for number in range(7)],
        "written": written.fields(
            visit.at, visit.principal.user_zone, queries.team_written(visit.connection, visit.principal)
        ),
        "city_hint": _city_hint(str(values.get("city") or ""), str(values.get("country") or "")),
        "has_mail": bool(visit.settings.smtp_url),
        "is_held": schedules.is_held(visit.connection),
        "coming": _coming(visit),
    }
    return visit.render("accounts/settings.html", context, active="team", status=422 if errors else 200)


def _coming(visit: Visit) -> str:
    """When their next weekly mail goes out; empty where none does."""
    principal = visit.principal
    gets_mail = schedules.gets_mail(visit.settings, principal, visit.user)
    if not gets_mail or schedules.is_held(visit.connection):
        return ""
    due_at = schedules.coming(visit.connection, principal, visit.at)
    return schedules.due_words(due_at, principal, visit.at)


def _city_hint(city: str, country: str) -> str:
    """Which place is meant by the city, and what to write where another one is."""
    if not city:
        return _(
            "Lunches are suggested with people in your city, and nothing on your country’s public holidays."
        )
    place = whereabouts(city, country)
    if place.city is None:
        return _("We do not know this city. Enter the nearest larger one, or add the country.")
    if not place.others:
        return _("Taken as {city}.").format(city=place.city.words)
    said = ngettext(
        "Taken as {city}, the largest; there is another. Add the country if you mean one of them.",
        "Taken as {city}, the largest; there are {n} others. Add the country if you mean one of them.",
        place.others,
    )
    return said.format(city=place.city.words, n=place.others)


@router.action("/settings", access="viewer")
def save(visit: Visit) -> Response:
    """Keep them."""
    form = forms.read(Preferences if visit.principal.may_edit else Profile, visit.form)
    if isinstance(form, forms.Errors):
        return _page(visit, form.typed, form.fields)
    actions.save_profile(visit.connection, visit.principal, form, visit.at)
    write_for(queries.manner_of(visit.connection, visit.principal.workspace_id, visit.principal.user_id))
    response = visit.redirect("/settings", message=_("Your settings are saved."))
    if form.theme == "auto":
        response.delete_cookie("theme", path="/", samesite="lax")
    else:
        # The theme's switch in the header reads and writes this cookie, too.
        response.set_cookie("theme", form.theme, max_age=31_536_000, path="/", samesite="lax")
    return response


@router.action("/settings/password", access="viewer", own_transactions=True)
def change_password(visit: Visit) -> Response:
    """A new password signs every other device out."""
    signed_in = visit.signed_in
    assert signed_in is not None
    form = forms.read(PasswordChange, visit.form)
    if isinstance(form, forms.Errors):
        return _password_page(visit, form.fields)
    try:
        message, link = _replace_password(visit, form, signed_in.token_hash)
    except Conflict as refusal:
        return _password_page(visit, refusal.fields)
    return visit.redirect("/settings", message=message, link=link)


def _replace_password(visit: Visit, form: PasswordChange, keep: str) -> tuple[str, str | None]:
    """Store it; returns what to say, and where one sees what lets programs in with no password and goes on doing so."""
    known = proven(visit, form.current_password)
    password_hash = hashed(form.password)
    with visit.database.write() as connection:
        require_still(connection, known)
        actions.set_password(
            connection,
            visit.user.workspace_id,
            visit.user.id,
            password_hash,
            visit.at,
            keep=keep,
        )
        passes = passes_of(connection, visit.user.workspace_id, visit.user.id)
    return passes.beside_new(had_password=known.password_hash is not None), passes.page


@router.page("/settings/password")
def password(visit: Visit) -> Response:
    """The form for it."""
    return _password_page(visit, {})


def _password_page(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.database.read() as connection:
        passes = passes_of(connection, visit.user.workspace_id, visit.user.id)
        has_password = password_hash_of(connection, visit) is not None
    context = {"errors": errors, "passes": passes, "has_password": has_password}
    return visit.render("accounts/password.html", context, active="team", status=422 if errors else 200)
