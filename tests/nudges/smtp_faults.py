"""What a mail server may do wrong, and the documented state in which the mail then ends."""

from tests.mail.servers import DROP, SILENCE, TRICKLE

FAULTS: list[tuple[dict[str, str], str]] = [
    ({"greeting": "421 too busy"}, "retry"),
    ({"greeting": "554 go away"}, "retry"),
    ({"greeting": DROP}, "retry"),
    ({"greeting": SILENCE}, "retry"),
    ({"hello": "550 no", "sender": "250 ok"}, "retry"),
    ({"sender": "451 later"}, "retry"),
    ({"sender": "550 you may not"}, "failed"),
    ({"recipient": "450 mailbox busy"}, "retry"),
    ({"recipient": "550 no such mailbox"}, "failed"),
    ({"recipient": DROP}, "retry"),
    ({"data": "451 later"}, "retry"),
    ({"data": "554 no"}, "failed"),
    ({"dot": "452 mailbox full"}, "retry"),
    ({"dot": "554 looks like spam"}, "failed"),
    ({"dot": DROP}, "unknown"),
    ({"dot": SILENCE}, "unknown"),
]
"""The short form: they end within seconds."""

_STARTTLS = {"hello": "250-hello\r\n250 STARTTLS"}
_AUTH = {"hello": "250-hello\r\n250 AUTH PLAIN"}

MORE_FAULTS: list[tuple[dict[str, str], str]] = [
    ({"greeting": TRICKLE}, "retry"),
    ({"greeting": "HTTP/1.1 400 Bad Request"}, "retry"),
    ({"hello": DROP}, "retry"),
    ({"hello": SILENCE}, "retry"),
    ({"hello": TRICKLE}, "retry"),
    ({**_STARTTLS, "starttls": "454 TLS not available"}, "retry"),
    ({**_STARTTLS, "starttls": "501 never"}, "retry"),
    ({**_STARTTLS, "starttls": "220 but this is no TLS"}, "retry"),
    ({**_STARTTLS, "starttls": DROP}, "retry"),
    ({**_STARTTLS, "starttls": SILENCE}, "retry"),
    ({**_AUTH, "auth": "535 wrong"}, "retry"),
    ({**_AUTH, "auth": "454 not now"}, "retry"),
    ({**_AUTH, "auth": SILENCE}, "retry"),
    ({"sender": DROP}, "retry"),
    ({"sender": SILENCE}, "retry"),
    ({"recipient": SILENCE}, "retry"),
    ({"data": DROP}, "retry"),
    ({"data": SILENCE}, "retry"),
    ({"data": TRICKLE}, "retry"),
    ({"body": DROP}, "retry"),
    ({"dot": TRICKLE}, "unknown"),
    ({"dot": "421 shutting down"}, "retry"),
    ({"dot": "what was that?"}, "unknown"),
]
"""Beside them in the long form; many take as long as a delivery may last."""
