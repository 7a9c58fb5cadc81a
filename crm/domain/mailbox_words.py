"""How reading a mailbox can end, in words."""

from typing import Final

from crm.domain.language import N_

GOOD = "good"
WAITING = "waiting"
INTERRUPTED = "interrupted"
UNREADABLE = "unreadable"
PASSED_OVER = "passed_over"
READINGS: Final = {
    INTERRUPTED: N_(
        "{host} was read, but its mail was not processed to the end: In Person was stopped, or "
        "the machine ran out of memory. Nothing is lost; it will be read again within an hour."
    ),
    UNREADABLE: N_(
        "{host} was read, but what it sent could not be understood, and none of it was imported. "
        "It will be tried again within an hour or so."
    ),
    PASSED_OVER: N_(
        "{host} was read, but some mails could not be understood even on the second try, and "
        "were skipped. To try them once more, read all of it again from the beginning."
    ),
}
"""How it ended where a server did what it should and the fault is in going through what it sent."""
SENTENCES: Final = {
    WAITING: N_("{host} has not been read yet. It will be, within a few minutes."),
    GOOD: N_("{host} was read."),
    "forbidden": N_(
        "In Person may not read {host}: no address on this machine or its own network, and no "
        "unencrypted password, unless whoever runs the server allows it by name."
    ),
    "unknown_host": N_("There is no mail server called {host}. Check the spelling."),
    "unreachable": N_("{host} could not be reached, or hung up. It may be down, or be blocking us."),
    "untrusted": N_(
        "{host} could not prove that it is {host}: its certificate is not one this server trusts."
    ),
    "slow": N_("{host} took too long to answer."),
    "too_big": N_("{host} sent more at once than any mailbox should, so reading stopped."),
    "garbled": N_("{host} answered with something that is not IMAP."),
    "password": N_("{host} refused this name and password. Many providers require an app password here."),
    "no_tls": N_("{host} offers no encryption on this port, so no password was sent. Try imaps, port 993."),
    "no_folder": N_("{host} has no folder with that name."),
    "refused": N_("{host} could not do what was asked right now."),
    "key": N_(
        "This server’s secret key has changed, so the password can no longer be read. Connect "
        "the mailbox again."
    ),
    **READINGS,
}
"""By the state that is kept; ``host`` is all of an address that is ever shown."""
STATES = tuple(SENTENCES)
LASTING = ("forbidden", "password", "no_tls", "no_folder", "key")
"""Faults that only a person mends; the others may pass by themselves."""
