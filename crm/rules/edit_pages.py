"""Changing rules on their pages: the sentence editor with its preview, and what can be done to a rule as a whole."""

from dataclasses import replace

from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.domain.prose import flagged_sentence
from crm.domain.rule_check import findings
from crm.domain.rule_data import allowed_tiers
from crm.domain.rules import Rule
from crm.errors import Conflict, Invalid
from crm.rules import actions, begun, editor
from crm.rules.backtest_view import drawn
from crm.rules.preview import flagged_number
from crm.rules.rule_page import Shown, rule_page
from crm.rules.states import RuleState, rule_states, state_of
from crm.rules.words import unheard
from crm.storage.stored_metrics import current
from crm.web.addresses import is_id
from crm.web.routing import Router, Visit

router = Router()


@router.page("/rules/new", fresh=True, access="member")
def new(visit: Visit) -> Response:
    """A new rule: one condition and no name, or with ``?from=KEY`` a copy of another, or with ``?as=text`` as TOML."""
    asked = visit.query.get("from")
    if not asked and visit.query.get("as") == "text":
        nameless = replace(begun.BLANK, name=_(begun.BLANK.name))
        return rule_page(visit, Shown(None, editor.with_text(begun.blank(), nameless, True)))
    if not asked:
        return rule_page(visit, Shown(None, begun.blank()))
    source = state_of(visit.connection, visit.principal, asked).rule
    names = [state.rule.title for state in rule_states(visit.connection, visit.principal)]
    tiers = allowed_tiers("", source.tiers)
    draft = editor.draft_of(replace(source, name=_copy_name(source.title, names), tiers=tiers))
    return rule_page(visit, Shown(None, draft))


@router.page("/rules/{key}/edit", fresh=True, access="member")
def edit(visit: Visit) -> Response:
    """One rule in the sentence editor; with ``?as=text`` as TOML."""
    state = state_of(visit.connection, visit.principal, visit.text("key"))
    draft = editor.draft_of(state.rule)
    if visit.query.get("as") == "text":
        draft = editor.with_text(draft, state.rule, state.enabled)
    return rule_page(visit, Shown(state, draft))


@router.action("/rules/new", own_transactions=True, fresh=True)
def add(visit: Visit) -> Response:
    """Preview or save a new rule."""
    return _sent(visit, None)


@router.action("/rules/{key}/edit", own_transactions=True, fresh=True)
def change(visit: Visit) -> Response:
    """Preview or save a rule."""
    return _sent(visit, visit.text("key"))


@router.action("/rules/new/backtest", own_transactions=True, fresh=True)
def try_new(visit: Visit) -> Response:
    """A new rule against the past year, before it is saved."""
    return _tried(visit, None)


@router.action("/rules/{key}/backtest", own_transactions=True, fresh=True)
def try_changed(visit: Visit) -> Response:
    """A rule as it stands in the form against the past year."""
    return _tried(visit, visit.text("key"))


@router.action("/rules/{key}/delete")
def delete(visit: Visit) -> Response:
    """Delete an own rule, or make a changed one what it was when it shipped."""
    found = actions.delete_rule(visit.connection, visit.principal, visit.text("key"), visit.at)
    key, name = found.rule.key, found.rule.title
    undo = f"/rules/{key}/undo?version={actions.version_at(visit.at)}"
    if found.is_own:
        return visit.redirect("/rules", message=_("“{rule}” is deleted.").format(rule=name), undo=undo)
    said = _("“{rule}” is back to how it shipped.").format(rule=name)
    return visit.redirect(f"/rules/{key}", message=said, undo=undo)


@router.action("/rules/{key}/undo")
def undo(visit: Visit) -> Response:
    """Take the last change of a rule back."""
    key, version = visit.text("key"), visit.query.get("version", "")
    if not is_id(version):
        raise Invalid(_("The address does not say which change to undo."))
    actions.undo_change(visit.connection, visit.principal, key, int(version), visit.at)
    keys = {state.rule.key for state in rule_states(visit.connection, visit.principal)}
    said = _("The change is undone.")
    return visit.redirect(f"/rules/{key}" if key in keys else "/rules", message=said)


@router.action("/rules/{key}/move")
def move(visit: Visit) -> Response:
    """One place up or down in the list; ``to`` is *up* or *down*, in the form or, for undo, in the address."""
    key, to = visit.text("key"), visit.sent.get("to")
    if to not in ("up", "down"):
        raise Invalid(_("Say whether the rule is to move up or down."))
    where = (visit.connection, visit.principal)
    order, moved = actions.move_rule(*where, key, -1 if to == "up" else 1, visit.at)
    names = {state.rule.key: state.rule.title for state in rule_states(*where)}
    place, back = order.index(key), "down" if to == "up" else "up"
    if not moved:
        said = _("“{rule}” is already at that end.").format(rule=names[key])
        return visit.redirect(f"/rules/{key}", message=said)
    said = _("“{rule}” comes after “{other}” now.") if place else _("“{rule}” comes first now.")
    said = said.format(rule=names[key], other=names[order[place - 1]])
    return visit.redirect(f"/rules/{key}", message=said, undo=f"/rules/{key}/move?to={back}")


def _copy_name(name: str, names: list[str]) -> str:
    first, later = _("{rule} (copy)"), _("{rule} (copy {n})")
    tries = (
        (first if number == 1 else later).format(rule=name[:60], n=number)
        for number in range(1, len(names) + 2)
    )
    return next(one for one in tries if one not in names)


def _sent(visit: Visit, key: str | None) -> Response:
    """Only what is saved is written; whoever looks at a preview, adds or removes waits for nobody who writes."""
    act = str(visit.form.get("act", "preview"))
    transaction = visit.database.write if act == "save" else visit.database.read
    with transaction() as connection:
        visit.enter(connection)
        key, state = _asked(visit, key)
        draft = editor.read_form(visit.form, key, "" if act == "save" else _(begun.BLANK.name))
        if act == "add" or act.startswith("remove-"):
            draft = begun.acted(draft, key, act, str(visit.form.get("add", "")))
            return rule_page(visit, Shown(state, draft))
        if act != "save" or draft.rule is None:
            status = 422 if draft.errors and act == "save" else 200
            return rule_page(visit, Shown(state, draft), status)
        return _saved(visit, draft, draft.rule, state)


def _tried(visit: Visit, key: str | None) -> Response:
    """Reads alone, and for seconds: nobody who writes waits for it."""
    with visit.database.read() as connection:
        visit.enter(connection)
        key, state = _asked(visit, key)
        draft = editor.read_form(visit.form, key, _(begun.BLANK.name))
        if draft.rule is None:
            return rule_page(visit, Shown(state, draft), 422)
        tried = drawn(connection, visit.principal, draft.rule, visit.at)
        return rule_page(visit, Shown(state, draft), more={"backtest": tried})


def _asked(visit: Visit, key: str | None) -> tuple[str, RuleState | None]:
    """The key of the rule that the form is about, and how it stands; a new one has a key of its own, made of its name."""
    where = (visit.connection, visit.principal)
    if key is not None:
        return key, state_of(*where, key)
    return actions.new_key(str(visit.form.get("name", "")), actions.all_keys(*where)), None


def _saved(visit: Visit, draft: editor.Draft, rule: Rule, state: RuleState | None) -> Response:
    where = (visit.connection, visit.principal)
    if state is None:
        actions.take_turns_with_rules(*where)
        rule = replace(rule, key=actions.new_key(rule.name, actions.all_keys(*where)))
    version = str(visit.form.get("version", ""))
    known = int(version) if is_id(version) else None
    try:
        saved = actions.save_rule(*where, rule, visit.at, version=known if state else None)
    except Conflict:
        return rule_page(visit, Shown(state_of(*where, rule.key), draft), 409)
    except Invalid as refusal:
        errors = refusal.fields or {"name": refusal.sentence}
        return rule_page(visit, Shown(state, replace(draft, errors=errors)), 422)
    faults = [*findings(saved.rule), *unheard(*where, saved.rule)]
    told = [_("“{rule}” is saved.").format(rule=saved.rule.title), _flags_now(visit, saved, state), *faults]
    return visit.redirect(
        f"/rules/{rule.key}",
        message=" ".join(filter(None, told)),
        undo=f"/rules/{rule.key}/undo?version={saved.version}",
    )


def _flags_now(visit: Visit, saved: RuleState, before: RuleState | None) -> str:
    """What the change did; nothing of a rule that is off."""
    if not saved.enabled:
        return ""
    relation = current(visit.principal.workspace_id)
    now, then = (
        None
        if one is None
        else flagged_number(visit.connection, visit.principal, one.rule, visit.at, relation)
        for one in (saved, before)
    )
    return flagged_sentence(now or 0, then, saved.rule.about)
