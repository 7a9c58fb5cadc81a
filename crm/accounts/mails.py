"""The mails about accounts, rendered and handed over at once: each is asked for by somebody who waits."""

from datetime import datetime

from crm.accounts import own_address
from crm.accounts.actions import valid_words
from crm.errors import UsageError
from crm.mail.dkim import signing
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


def send_sign_in_link(site: Site, to: tuple[str, str], workspace: str, url: str, at: datetime) -> str | None:
    """Mail a link that signs in once to (name, address); returns what went wrong, or nothing."""
    return _send(site, to, "sign_in_link", SignInLinkMail(to[0], workspace, url, valid_words("sign_in")), at)


def send_reset(site: Site, to: tuple[str, str], workspace: str, url: str, at: datetime) -> str | None:
    """Mail a link to choose a new password."""
    return _send(
        site, to, "password_reset", PasswordResetMail(to[0], workspace, url, valid_words("reset")), at
    )


def send_invitation(
    site: Site, to: tuple[str, str], invited_by: str, workspace: str, url: str, at: datetime
) -> str | None:
    """Mail an invitation."""
    view = InvitationMail(to[0], invited_by, workspace, url, valid_words("invitation"))
    return _send(site, to, "invitation", view, at)


def send_address_link(
    site: Site, to: tuple[str, str], old: str, workspace: str, url: str, at: datetime
) -> str | None:
    """Mail the link by which (name, new address) is proven and taken in place of ``old``."""
    view = AddressChangeMail(to[0], old, to[1], workspace, url, own_address.VALID_WORDS)
    return _send(site, to, "address_change", view, at)


def send_address_changed(
    site: Site, to: tuple[str, str], new: str, workspace: str, at: datetime
) -> str | None:
    """Tell (name, old address) that another one is used from now on."""
    view = AddressChangedMail(to[0], to[1], new, workspace, f"{site.settings.url}/")
    return _send(site, to, "address_changed", view, at)


def _send(site: Site, to: tuple[str, str], name: str, view: MailView, at: datetime) -> str | None:
    try:
        sender = Mailbox.parse(site.settings.mail_from)
        recipient = Mailbox(to[1], to[0])
    except BadAddress as fault:
        return str(fault)
    mail = render(site.templates, name, {"mail": view})
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
    return None if delivery.state is DeliveryState.ACCEPTED else delivery.reply
