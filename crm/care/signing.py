"""What the doctor says of DKIM: whether the key is one, and which record DNS must hold."""

from collections.abc import Iterator
from datetime import datetime

from crm.care.findings import Finding
from crm.errors import UsageError
from crm.mail import dkim
from crm.settings import Settings
from crm.storage.database import Database


def check(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """Without a key mails go out unsigned, which is no fault: the mail server may sign them."""
    try:
        signer = dkim.signer_of(settings)
    except (UsageError, ValueError) as fault:
        yield Finding(
            "signature", "wrong", str(fault), "Fix it, or unset CRM_DKIM_KEY: until then no mail goes out."
        )
        return
    if signer is None:
        yield Finding("signature", "good", "Mails are sent unsigned, as no CRM_DKIM_KEY is set.")
    else:
        words = f"DNS needs a TXT record {signer.record_name} that says: {signer.record}"
        yield Finding(
            "signature", "good", f"Mails are signed for {signer.domain} ({signer.algorithm}). {words}"
        )
