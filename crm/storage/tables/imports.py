"""What was imported, and from which item of which source each row came."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from crm.storage.tables.base import belongs_to, in_workspace, metadata, own_id, workspace_id
from crm.storage.types import Json, Moment

import_batch = Table(
    "import_batch",
    metadata,
    workspace_id(),
    own_id(),
    Column("files", Json, nullable=False),
    Column("user_id", BigInteger),
    Column("counts", Json, nullable=False),
    Column("report", Json),
    Column("applied_at", Moment, nullable=False),
    Column("undone_at", Moment),
    in_workspace(),
)

source_record = Table(
    "source_record",
    metadata,
    workspace_id(),
    Column("record", String, primary_key=True),
    Column("source_key", String, primary_key=True),
    Column("row_id", BigInteger, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("batch_id", BigInteger, nullable=False),
    Column("seen", Integer, nullable=False, default=1),
    belongs_to("import_batch", "batch_id", ondelete="CASCADE"),
    Index("ix_source_record_workspace_id_batch_id", "workspace_id", "batch_id"),
)
"""``record`` is contact, interaction, ask …; ``source_key`` identifies the item within all sources of that sort."""

import_trace = Table(
    "import_trace",
    metadata,
    workspace_id(),
    Column("batch_id", BigInteger, primary_key=True, autoincrement=False),
    Column("record", String, primary_key=True),
    Column("row_id", BigInteger, primary_key=True, autoincrement=False),
    Column("before", Json),
    Column("after", String, nullable=False),
    belongs_to("import_batch", "batch_id", ondelete="CASCADE"),
)
"""What undoing an import needs, but for interactions it made, which ``source_record`` names as long as nobody touches
them: ``before`` holds the old values of a row it changed, null for one it made; ``after`` tells whether somebody changed
the row since."""

import_upload = Table(
    "import_upload",
    metadata,
    workspace_id(),
    own_id(),
    Column("user_id", BigInteger, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("content", Text, nullable=False),
    Column("report", Json),
    Column("created_at", Moment, nullable=False),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    Index("ix_import_upload_workspace_id_group_id", "workspace_id", "group_id"),
)
"""Files waiting between preview and apply, base64; removed when applied or after a day. Files sent together share
``group_id``; ``report`` is what the preview said."""

import_mapping = Table(
    "import_mapping",
    metadata,
    workspace_id(),
    Column("fingerprint", String, primary_key=True),
    Column("fields", Json, nullable=False),
    Column("changed_at", Moment, nullable=False),
    in_workspace(),
)
"""What the columns of another program's table mean, as somebody said once: ``fingerprint`` is that of its header."""
open_meeting = Table(
    "open_meeting",
    metadata,
    workspace_id(),
    own_id(),
    Column("source_key", String, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("summary", Text),
    Column("user_id", BigInteger),
    Column("batch_id", BigInteger, nullable=False),
    Column("answer", String),
    Column("answer_id", BigInteger),
    Column("interaction_id", BigInteger),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    belongs_to("import_batch", "batch_id", ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "source_key"),
    Index("ix_open_meeting_workspace_id_user_id", "workspace_id", "user_id"),
)
"""Meetings of a calendar that does not say how, or whether, people met: ``answer`` is the channel somebody gave, *no*, or
*off* while the calendar says that it was called off or put off, or itself how they met. Answers given at once
share ``answer_id``. ``user_id`` is whose calendar it was; null: the command line's."""

open_meeting_contact = Table(
    "open_meeting_contact",
    metadata,
    workspace_id(),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("meeting_id", BigInteger, primary_key=True, autoincrement=False),
    belongs_to("contact", "contact_id", ondelete="CASCADE"),
    belongs_to("open_meeting", "meeting_id", ondelete="CASCADE"),
    Index("ix_open_meeting_contact_workspace_id_meeting_id", "workspace_id", "meeting_id"),
)
"""With whom such a meeting was."""
