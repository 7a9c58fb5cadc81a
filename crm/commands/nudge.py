"""``crm nudge``: send what is due, or write it into a folder."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from crm import clock
from crm.accounts.queries import by_email
from crm.cli_support import AsJson, AsOf, Desk, Workspace, desk, print_json
from crm.commands.listing import print_table
from crm.domain.language import ngettext
from crm.domain.spans import join
from crm.domain.weeks import whole_day
from crm.errors import Invalid, Unavailable
from crm.nudges import pulse
from crm.nudges.compose import Writer
from crm.nudges.due import OtherTime, next_due
from crm.nudges.holds import hold, release
from crm.nudges.sending import Outcome, Postman, Whom, by_smtp, into_folder, sender_of
from crm.templating import environment

UNDELIVERED = ("retry", "failed", "unknown")


def nudge(
    user: Annotated[
        str | None, typer.Option("--user", metavar="EMAIL", help="Only this user's mail.")
    ] = None,
    eml_dir: Annotated[
        Path | None,
        typer.Option("--eml-dir", metavar="DIR", help="Write .eml files here instead of sending anything."),
    ] = None,
    let_go: Annotated[
        bool, typer.Option("--release", help="Let mail go out again after a backup was restored.")
    ] = False,
    as_json: AsJson = False,
    as_of: AsOf = None,
    workspace: Workspace = None,
) -> None:
    """Send the weekly mails that are due now; any number of processes may do so at once."""
    with desk(workspace, as_of) as at_desk:
        if let_go:
            _release(at_desk, as_json)
            return
        postman = _postman(at_desk, user, eml_dir, as_of)
        outcomes = postman.work()
        with at_desk.database.read() as connection:
            held = hold(connection)
            following = next_due(connection, at_desk.at, postman.whom.users())
        is_ahead = at_desk.at > at_desk.now
    if as_json:
        print_json(outcomes)
    else:
        _tell(outcomes, following)
    if is_ahead and any(one.state == "sent" for one in outcomes):
        typer.echo("These count as sent: they will not go out again when their time comes.", err=True)
    if held is not None:
        raise Unavailable(
            f"No mail goes out from this database. {held.reason}. Release it with crm nudge --release."
        )
    undelivered = [one for one in outcomes if one.state in UNDELIVERED]
    if undelivered:
        raise Unavailable(_sentence(undelivered))


def _release(at_desk: Desk, as_json: bool) -> None:
    with at_desk.database.write() as connection:
        released = release(connection, at_desk.now)
    if as_json:
        print_json(released)
    else:
        typer.echo(
            f"Mail goes out again. Of what was held, {released.due} fell due and {released.skipped} were too old."
        )


def _postman(at_desk: Desk, email: str | None, eml_dir: Path | None, as_of: str | None) -> Postman:
    settings = at_desk.settings
    deliver = by_smtp(settings) if eml_dir is None else into_folder(_folder(eml_dir))
    if deliver is None:
        raise Unavailable("Mail is not set up. Set CRM_SMTP_URL, or give --eml-dir DIR to write files.")
    user_id = None
    if email is not None:
        with at_desk.database.read() as connection:
            user_id = by_email(connection, at_desk.principal, email).id
    return Postman(
        at_desk.database,
        Writer(settings, environment()),
        sender_of(settings),
        deliver,
        _clock(at_desk),
        pulse.this_process(),
        whom=Whom(at_desk.principal.workspace_id, user_id),
        other=None if as_of is None else OtherTime(whole_day(as_of)),
    )


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise Invalid(f"The folder {path} cannot be created: {fault.strerror}.") from None
    return path


def _clock(at_desk: Desk) -> Callable[[], datetime]:
    """A clock that stands at ``--as-of`` when the command begins and goes on from there."""
    ahead = at_desk.at - at_desk.now
    return lambda: clock.now() + ahead


def _tell(outcomes: list[Outcome], following: datetime | None) -> None:
    rows = [(one.user, one.week, one.state.replace("_", " "), one.reason or "") for one in outcomes]
    print_table(("User", "Week", "State", "What was said"), rows, _nothing(following))


def _nothing(following: datetime | None) -> str:
    if following is None:
        return "Nobody gets a weekly mail."
    return (
        f"Nobody's mail is due. The next is due {following:%Y-%m-%d %H:%M} UTC: "
        f"--as-of {following:%Y-%m-%dT%H:%MZ} asks about then."
    )


def _sentence(undelivered: list[Outcome]) -> str:
    first, *others = undelivered
    tried = " It will be tried again." if first.state == "retry" else ""
    counted = Counter(one.state for one in others)
    listed = join([f"{number} {state}" for state, number in counted.items()])
    more = ngettext("There is another mail: {listed}.", "There are other mails: {listed}.", len(others))
    rest = f" {more.format(listed=listed)}" if others else ""
    return f"The mail to {first.user} is in the state {first.state}. {first.reason or ''}{tried}{rest}"
