"""Mails that come back, as servers write them."""

from base64 import b64encode

OURS = "<" + "0123456789abcdef" * 2 + "@example.org>"


def report(
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 <alice@team.example>: Recipient address rejected: User unknown",
    action: str = "failed",
    message_id: str = OURS,
    key: str = "1@mx.example",
) -> bytes:
    """A report as Postfix writes it (RFC 3464)."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: crm@example.org
Auto-Submitted: auto-replied
Message-Id: <{key}>
Date: Mon, 23 Nov 2026 12:01:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Mon, 23 Nov 2026 12:00:59 +0000 (UTC)

Final-Recipient: rfc822; alice@team.example
Action: {action}
Status: {status}
Diagnostic-Code: {said}

--B
Content-Type: text/rfc822-headers

From: In Person <crm@example.org>
To: alice@team.example
Message-ID: {message_id}
Subject: Marta this week

--B--
""".encode()


def exim(message_id: str = OURS, words: str = "550 5.1.1 no such user here") -> bytes:
    """As Exim writes it: plain text, with a copy."""
    return f"""Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mx.example>
X-Failed-Recipients: alice@team.example
To: crm@example.org
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1x@mx.example>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  alice@team.example
    host mx.team.example [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<alice@team.example>:
    {words}

------ This is a copy of the message, including all the headers. ------

Received: from localhost
Message-ID: {message_id}
Subject: 450 people this week
""".encode()


def qmail(message_id: str = OURS) -> bytes:
    """As qmail writes it."""
    return f"""From: MAILER-DAEMON@mx.example
To: crm@example.org
Subject: failure notice
Date: 23 Nov 2026 12:01:00 -0000

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<alice@team.example>:
Sorry, no mailbox here by that name. vpopmail (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <crm@example.org>
Message-ID: {message_id}
""".encode()


def away(message_id: str = OURS) -> bytes:
    """Somebody is out of office."""
    return f"""From: Alice Meyer <alice@team.example>
To: crm@example.org
Subject: Automatic reply: Marta this week
Auto-Submitted: auto-replied
In-Reply-To: {message_id}
References: {message_id}
Message-Id: <away@team.example>
Date: Mon, 23 Nov 2026 12:01:00 +0000

I had lunch with everybody and am away until 550 5.1.1.
""".encode()


def encoded(message_id: str = OURS) -> bytes:
    """A report whose text is packed, and whose copy is cut by quoted-printable."""
    words = b64encode(b"Your message could not be delivered.\n550 5.1.1 User unknown\n").decode()
    half = len(message_id) // 2
    return f"""From: postmaster@mx.example
To: crm@example.org
Subject: Undeliverable
Message-Id: <x1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="B"

--B
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

{words}
--B
Content-Type: text/plain
Content-Transfer-Encoding: quoted-printable

Message-ID: {message_id[:half]}=
{message_id[half:]}
--B--
""".encode()
