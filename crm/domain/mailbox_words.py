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
        "{host} was read, but what it sent was not gone through to the end: this program was stopped meanwhile, or the "
        "machine ran out of memory. Nothing of it is lost; it is read again within an hour."
    ),
    UNREADABLE: N_(
        "{host} was read, but what it sent could not be made sense of, and nothing of it was imported. It is tried again "
        "within an hour or so."
    ),
    PASSED_OVER: N_(
        "{host} was read, but some mails could not be made sense of twice and were passed over. To try them once more, "
        "read all of it again from its beginning."
    ),
}
"""How it ended where a server did what it should and the fault is in going through what it sent."""
SENTENCES: Final = {
    WAITING: N_("{host} has not been read yet. It will be within a few minutes."),
    GOOD: N_("{host} was read."),
    "forbidden": N_(
        "{host} is not an address this program may read: nothing on this machine or its own network, and no "
        "password in the clear, unless whoever runs the server allows it by name."
    ),
    "unknown_host": N_("There is no mail server called {host}. Look at how it is spelt."),
    "unreachable": N_("{host} could not be reached, or hung up. It may be down, or not let us in."),
    "untrusted": N_(
        "{host} could not prove that it is {host}: its certificate is not one this server trusts."
    ),
    "slow": N_("{host} took too long to answer."),
    "too_big": N_("{host} sent more at once than any mailbox does, so reading stopped."),
    "garbled": N_("{host} answered with something that is not IMAP."),
    "password": N_(
        "{host} does not let us in with this name and password. Many providers want an app password here."
    ),
    "no_tls": N_("{host} offers no encryption on this port, so nothing was said there. Try imaps, port 993."),
    "no_folder": N_("{host} has no folder of that name."),
    "refused": N_("{host} could not do what was asked just now."),
    "key": N_(
        "The key of this server has changed, so the password cannot be read any more. Connect the mailbox again."
    ),
    **READINGS,
}
"""By the state that is kept; ``host`` is all of an address that is ever shown."""
STATES = tuple(SENTENCES)
LASTING = ("forbidden", "password", "no_tls", "no_folder", "key")
"""Faults that only a person mends; the others may pass by themselves."""
