"""Every table, on one shelf, so that references between rooms are plain."""

from crm.storage.tables.accounts import (
    address_change,
    api_token,
    id_counter,
    idempotency_key,
    one_time_link,
    session,
    sign_in_failure,
    user,
    workspace,
)
from crm.storage.tables.base import metadata
from crm.storage.tables.calendars import busy, calendar_stay, own_calendar
from crm.storage.tables.contacts import (
    contact,
    contact_address,
    contact_date,
    contact_email,
    contact_phone,
    contact_tag,
    organisation,
    organisation_tag,
)
from crm.storage.tables.health import contact_metrics, saved_view, target
from crm.storage.tables.imports import (
    import_batch,
    import_mapping,
    import_trace,
    import_upload,
    open_meeting,
    open_meeting_contact,
    source_record,
)
from crm.storage.tables.interactions import (
    ask,
    channel,
    favour,
    interaction,
    interaction_contact,
    interaction_user,
    left_behind,
    promise,
    removed_matter,
    signal,
)
from crm.storage.tables.journeys import cover, time_off, trip
from crm.storage.tables.mailboxes import own_mailbox
from crm.storage.tables.merges import kept_apart, merge
from crm.storage.tables.nudges import mail_hold, outbox, outbox_event, scheduler_pulse
from crm.storage.tables.planning import left_out, plan, plan_feed, response, suggestion
from crm.storage.tables.returns import inbox, mail_reply, mail_return, mail_stop
from crm.storage.tables.rules import rule
from crm.storage.tables.synced import synced_source

MATTERS = (ask, promise, signal, favour, contact_date)
"""What is written down about a person beside the log."""

__all__ = [
    "MATTERS",
    "address_change",
    "api_token",
    "ask",
    "busy",
    "calendar_stay",
    "channel",
    "contact",
    "contact_address",
    "contact_date",
    "contact_email",
    "contact_metrics",
    "contact_phone",
    "contact_tag",
    "cover",
    "favour",
    "id_counter",
    "idempotency_key",
    "import_batch",
    "import_mapping",
    "import_trace",
    "import_upload",
    "inbox",
    "interaction",
    "interaction_contact",
    "interaction_user",
    "kept_apart",
    "left_behind",
    "left_out",
    "mail_hold",
    "mail_reply",
    "mail_return",
    "mail_stop",
    "merge",
    "metadata",
    "one_time_link",
    "open_meeting",
    "open_meeting_contact",
    "organisation",
    "organisation_tag",
    "outbox",
    "outbox_event",
    "own_calendar",
    "own_mailbox",
    "plan",
    "plan_feed",
    "promise",
    "removed_matter",
    "response",
    "rule",
    "saved_view",
    "scheduler_pulse",
    "session",
    "sign_in_failure",
    "signal",
    "source_record",
    "suggestion",
    "synced_source",
    "target",
    "time_off",
    "trip",
    "user",
    "workspace",
]
