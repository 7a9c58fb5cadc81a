"""Every mail with its sample data, for the developer's preview page and for tests."""

from jinja2 import Environment
from pydantic import TypeAdapter

from crm.errors import NotFound
from crm.mail.rendering import Rendered, render
from crm.mail.views import MAILS, MailView


def names() -> tuple[str, ...]:
    """The mails we send, by folder."""
    return tuple(MAILS)


def sample(environment: Environment, name: str) -> MailView:
    """The view in ``emails/<name>/sample.json``. Raises NotFound for a mail we do not send."""
    if name not in MAILS or environment.loader is None:
        raise NotFound("There is no mail of this name.")
    source, _, _ = environment.loader.get_source(environment, f"emails/{name}/sample.json")
    view: MailView = TypeAdapter(MAILS[name]).validate_json(source)
    return view


def preview(environment: Environment, name: str) -> Rendered:
    """The mail ``name`` as it would go out with its sample data."""
    return render(environment, name, {"mail": sample(environment, name)})
