"""What lets programs in without a password: a user's tokens, and the secret address of their calendar."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from crm.domain.language import gettext as _
from crm.domain.language import ngettext
from crm.domain.principal import EDITORS
from crm.domain.spans import capital, count, join
from crm.storage.tables import api_token, plan_feed, user


@dataclass(frozen=True)
class Passes:
    """How many tokens, and whether there is an address of the plan (0 or 1)."""

    tokens: int
    feeds: int

    def __bool__(self) -> bool:
        return bool(self.tokens or self.feeds)

    @property
    def ended(self) -> str:
        """That they ended with their user's deactivation, since new ones are to be made later; empty if there were none."""
        if not self:
            return ""
        what = capital(self._named(_("the address of their plan")))
        return _("{what} ended for good, even if they are let in again.").format(what=what)

    @property
    def will_still_work(self) -> str:
        """That one's own will outlast a new password; empty if there are none."""
        if not self:
            return ""
        return _("{what} will still work.").format(what=capital(self._named(_("your calendar address"))))

    def beside_new(self, *, had_password: bool) -> str:
        """That one's own password was changed, or set where there was none, and that they still work."""
        changed = _("Your password has been changed. Other devices are signed out.")
        said = changed if had_password else _("Your password is set.")
        return " ".join(filter(None, (said, self.still_work)))

    @property
    def still_work(self) -> str:
        """That they have."""
        return self._still_work(_("your calendar address"))

    @property
    def of_them_still_work(self) -> str:
        """The same of somebody else's."""
        return self._still_work(_("the address of their plan"))

    @property
    def page(self) -> str | None:
        """Where one sees and revokes one's own."""
        if not self:
            return None
        return "/settings/tokens" if self.tokens else "/settings/calendar"

    def _still_work(self, feed: str) -> str:
        if not self:
            return ""
        said = ngettext("{what} still works.", "{what} still work.", self.tokens + self.feeds)
        return said.format(what=capital(self._named(feed)))

    def _named(self, feed: str) -> str:
        parts = [count(self.tokens, "token", "tokens")] if self.tokens else []
        return join(parts + ([feed] if self.feeds else []))


def passes_of(connection: Connection, workspace_id: int, user_id: int) -> Passes:
    """Those of a user that hold; a viewer's calendar address shows nothing."""
    mine = (api_token.c.workspace_id == workspace_id, api_token.c.user_id == user_id)
    tokens = select(func.count()).select_from(api_token).where(*mine, api_token.c.revoked_at.is_(None))
    whose = (user.c.workspace_id == plan_feed.c.workspace_id) & (user.c.id == plan_feed.c.user_id)
    feeds = select(func.count()).select_from(plan_feed.join(user, whose))
    feeds = feeds.where(plan_feed.c.workspace_id == workspace_id, plan_feed.c.user_id == user_id)
    return Passes(
        connection.execute(tokens).scalar_one(),
        connection.execute(feeds.where(user.c.role.in_(EDITORS))).scalar_one(),
    )


def end_passes(connection: Connection, workspace_id: int, user_id: int, at: datetime) -> Passes:
    """End them all for good; returns what ended."""
    address = (plan_feed.c.workspace_id == workspace_id, plan_feed.c.user_id == user_id)
    mine = (api_token.c.workspace_id == workspace_id, api_token.c.user_id == user_id)
    feeds = connection.execute(plan_feed.delete().where(*address))
    holding = api_token.update().where(*mine, api_token.c.revoked_at.is_(None))
    return Passes(connection.execute(holding.values(revoked_at=at)).rowcount, feeds.rowcount)
