"""The mails about accounts, rendered and handed over at once: each is asked for by somebody who waits."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from crm.accounts import own_address
from crm.accounts.actions import valid_words
from crm.domain.language import gettext as _
from crm.domain.manner import Manner, written_for
from crm.errors import UsageError
from crm.mail.dkim import signing
from crm.mail.kept_words import kept_words
from crm.mail.message import BadAddress, Mailbox, compose, new_message_id
from crm.mail.rendering import render
from crm.mail.smtp_settings import SmtpSettings
from crm.mail.transport import DeliveryState, deliver
from crm.mail.views import (
    AddressChangedMail,
    AddressChangeMail,
    InvitationMail,
    MailView,
    PasswordResetMail,
    SignInLinkMail,
)
from crm.web.site import Site

SECONDS = 10


class Reader(NamedTuple):
    """Whom a mail is for, and how it is written for them: whoever asks for it may read another language."""

    name: str
    address: str
    manner: Manner


def send_sign_in_link(site: Site, to: Reader, workspace: str, url: str, at: datetime) -> str | None:
    """Mail a link that signs in once to somebody; returns what went wrong, or nothing."""
    return _send(
        site, to, "sign_in_link", lambda: SignInLinkMail(to.name, workspace, url, valid_words("sign_in")), at
    )


def send_reset(site: Site, to: Reader, workspace: str, url: str, at: datetime) -> str | None:
    """Mail a link to choose a new password."""
    return _send(
        site,
        to,
        "password_reset",
        lambda: PasswordResetMail(to.name, workspace, url, valid_words("reset")),
        at,
    )


def send_invitation(
    site: Site, to: Reader, invited_by: str, workspace: str, url: str, at: datetime
) -> str | None:
    """Mail an invitation."""
    return _send(
        site,
        to,
        "invitation",
        lambda: InvitationMail(to.name, invited_by, workspace, url, valid_words("invitation")),
        at,
    )


def send_address_link(site: Site, to: Reader, old: str, workspace: str, url: str, at: datetime) -> str | None:
    """Mail the link by which a new address is proven and taken in place of ``old``."""
    return _send(
        site,
        to,
        "address_change",
        lambda: AddressChangeMail(to.name, old, to.address, workspace, url, _(own_address.VALID_WORDS)),
        at,
    )


def send_address_changed(site: Site, to: Reader, new: str, workspace: str, at: datetime) -> str | None:
    """Tell an old address that another one is used from now on."""
    return _send(
        site,
        to,
        "address_changed",
        lambda: AddressChangedMail(to.name, to.address, new, workspace, f"{site.settings.url}/"),
        at,
    )


def _send(site: Site, to: Reader, name: str, view: Callable[[], MailView], at: datetime) -> str | None:
    try:
        sender = Mailbox.parse(site.settings.mail_from)
        recipient = Mailbox(to.address, to.name)
    except BadAddress as fault:
        return str(fault)
    with written_for(to.manner):
        mail = render(site.templates, name, {"mail": view()})
    message = compose(
        sender=sender,
        to=recipient,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id=new_message_id(sender.domain),
        date=at,
        headers={},
    )
    try:
        sign = signing(site.settings)
    except UsageError as fault:
        return fault.sentence
    server = SmtpSettings.parse(site.settings.smtp_url)
    delivery = deliver(server, message, timeout=SECONDS, sign=sign)
    return None if delivery.state is DeliveryState.ACCEPTED else kept_words(delivery.reply)
