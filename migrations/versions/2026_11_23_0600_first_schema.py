"""first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("id_counter", sa.Column("last_id", sa.BigInteger(), nullable=False))
    op.create_table(
        "mail_hold",
        sa.Column("held_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("held_at", name=op.f("pk_mail_hold")),
    )
    op.create_table(
        "scheduler_pulse",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_scheduler_pulse")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("subject_hash", sa.String(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject_hash", "failed_at", "address_hash", name=op.f("pk_sign_in_failure")),
    )
    op.create_table(
        "workspace",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("name", name=op.f("uq_workspace_name")),
    )
    op.create_table(
        "channel",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("digital", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("in_person", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_channel_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "key", name=op.f("pk_channel")),
    )
    op.create_table(
        "import_batch",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_import_batch_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "organisation",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded_name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("tier IN ('key', 'regular', 'warm', 'none')", name=op.f("ck_organisation_tier")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_organisation_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_organisation")),
    )
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_organisation_workspace_id_folded_name", ["workspace_id", "folded_name"], unique=False
        )

    op.create_table(
        "rule",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_rule_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "key", name=op.f("pk_rule")),
    )
    op.create_table(
        "target",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("any", sa.Integer(), nullable=True),
        sa.Column("personal", sa.Integer(), nullable=True),
        sa.Column("in_person", sa.Integer(), nullable=True),
        sa.CheckConstraint("tier IN ('key', 'regular', 'warm', 'none')", name=op.f("ck_target_tier")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_target_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "tier", "kind", name=op.f("pk_target")),
    )
    op.create_table(
        "user",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("budget_call", sa.Integer(), nullable=False),
        sa.Column("budget_in_person", sa.Integer(), nullable=False),
        sa.Column("budget_by_hand", sa.Integer(), nullable=False),
        sa.Column("budget_total", sa.Integer(), nullable=False),
        sa.Column("nudge_on", sa.Boolean(), nullable=False),
        sa.Column("nudge_weekday", sa.Integer(), nullable=False),
        sa.Column("nudge_minute", sa.Integer(), nullable=False),
        sa.Column("nudge_when_empty", sa.Boolean(), nullable=False),
        sa.Column("preferences", sa.Text(), nullable=False),
        sa.Column("first_run_done", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('admin', 'member', 'viewer')", name=op.f("ck_user_role")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_user_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_user")),
        sa.UniqueConstraint("workspace_id", "email", name=op.f("uq_user_workspace_id_email")),
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.create_index("ix_user_email", ["email"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_on", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_api_token_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "contact",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=True),
        sa.Column("family_name", sa.String(), nullable=True),
        sa.Column("folded_name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("target_any", sa.Integer(), nullable=True),
        sa.Column("target_personal", sa.Integer(), nullable=True),
        sa.Column("target_in_person", sa.Integer(), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("created_on", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.Column("deceased_on", sa.Integer(), nullable=True),
        sa.CheckConstraint("tier IN ('key', 'regular', 'warm', 'none')", name=op.f("ck_contact_tier")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "organisation_id"],
            ["organisation.workspace_id", "organisation.id"],
            name=op.f("fk_contact_workspace_id_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "owner_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_contact_workspace_id_owner_id_user"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_contact_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_workspace_id_folded_name", ["workspace_id", "folded_name", "id"], unique=False
        )
        batch_op.create_index(
            "ix_contact_workspace_id_organisation_id", ["workspace_id", "organisation_id"], unique=False
        )
        batch_op.create_index("ix_contact_workspace_id_owner_id", ["workspace_id", "owner_id"], unique=False)

    op.create_table(
        "import_trace",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "batch_id"],
            ["import_batch.workspace_id", "import_batch.id"],
            name=op.f("fk_import_trace_workspace_id_batch_id_import_batch"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "batch_id", "record", "row_id", name=op.f("pk_import_trace")),
    )
    op.create_table(
        "import_upload",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_import_upload_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_import_upload")),
    )
    with op.batch_alter_table("import_upload", schema=None) as batch_op:
        batch_op.create_index(
            "ix_import_upload_workspace_id_group_id", ["workspace_id", "group_id"], unique=False
        )

    op.create_table(
        "interaction",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("broadcast", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("note_private", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("source_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "direction IN ('outbound', 'inbound', 'mutual')", name=op.f("ck_interaction_direction")
        ),
        sa.CheckConstraint("outcome IN ('reached', 'attempted')", name=op.f("ck_interaction_outcome")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "author_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_interaction_workspace_id_author_id_user"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_interaction_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_interaction")),
    )
    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.create_index(
            "ix_interaction_workspace_id_occurred_at", ["workspace_id", "occurred_at"], unique=False
        )
        batch_op.create_index(
            "ix_interaction_workspace_id_source_id", ["workspace_id", "source_id"], unique=False
        )

    op.create_table(
        "one_time_link",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('sign_in', 'reset', 'invitation')", name=op.f("ck_one_time_link_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_one_time_link_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "token_hash", name=op.f("pk_one_time_link")),
    )
    op.create_table(
        "organisation_tag",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "organisation_id"],
            ["organisation.workspace_id", "organisation.id"],
            name=op.f("fk_organisation_tag_workspace_id_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "tag", "organisation_id", name=op.f("pk_organisation_tag")),
    )
    op.create_table(
        "outbox",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("to_address", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("claim_until", sa.BigInteger(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('due', 'claimed', 'handing_over', 'sent', 'retry', 'failed', 'unknown', 'held', 'nothing_due', 'skipped')",
            name=op.f("ck_outbox_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_outbox_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "workspace_id",
            "user_id",
            "purpose",
            "week",
            name=op.f("uq_outbox_workspace_id_user_id_purpose_week"),
        ),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_state_next_try_at", ["state", "next_try_at"], unique=False)

    op.create_table(
        "plan",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("monday", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("budget", sa.Text(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_plan_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_plan")),
        sa.UniqueConstraint(
            "workspace_id", "user_id", "week", name=op.f("uq_plan_workspace_id_user_id_week")
        ),
    )
    op.create_table(
        "session",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_session_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "token_hash", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index("ix_session_workspace_id_user_id", ["workspace_id", "user_id"], unique=False)

    op.create_table(
        "source_record",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "batch_id"],
            ["import_batch.workspace_id", "import_batch.id"],
            name=op.f("fk_source_record_workspace_id_batch_id_import_batch"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "record", "source_key", name=op.f("pk_source_record")),
    )
    with op.batch_alter_table("source_record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_source_record_workspace_id_batch_id", ["workspace_id", "batch_id"], unique=False
        )

    op.create_table(
        "ask",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=True),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=True),
        sa.Column("opened_on", sa.Integer(), nullable=False),
        sa.Column("closed_on", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "author_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_ask_workspace_id_author_id_user"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_ask_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_ask")),
    )
    with op.batch_alter_table("ask", schema=None) as batch_op:
        batch_op.create_index("ix_ask_workspace_id_contact_id", ["workspace_id", "contact_id"], unique=False)

    op.create_table(
        "contact_address",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_contact_address_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "contact_id", "position", name=op.f("pk_contact_address")),
    )
    op.create_table(
        "contact_date",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Integer(), nullable=True),
        sa.Column("leap_day", sa.Integer(), nullable=False),
        sa.Column("yearly", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('birthday', 'anniversary', 'renewal', 'other')", name=op.f("ck_contact_date_kind")
        ),
        sa.CheckConstraint(
            "month BETWEEN 1 AND 12 AND day BETWEEN 1 AND 31", name=op.f("ck_contact_date_month_and_day")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_contact_date_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_contact_date")),
    )
    with op.batch_alter_table("contact_date", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_date_workspace_id_contact_id", ["workspace_id", "contact_id"], unique=False
        )

    op.create_table(
        "contact_email",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("folded", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_contact_email_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "contact_id", "position", name=op.f("pk_contact_email")),
    )
    with op.batch_alter_table("contact_email", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_email_workspace_id_folded", ["workspace_id", "folded"], unique=False
        )

    op.create_table(
        "contact_metrics",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fresh_until", sa.BigInteger(), nullable=False),
        sa.Column("days_since_any", sa.Integer(), nullable=True),
        sa.Column("days_since_personal", sa.Integer(), nullable=True),
        sa.Column("days_since_in_person", sa.Integer(), nullable=True),
        sa.Column("days_since_live", sa.Integer(), nullable=True),
        sa.Column("known_days", sa.Integer(), nullable=True),
        sa.Column("total_7", sa.Integer(), nullable=True),
        sa.Column("total_30", sa.Integer(), nullable=True),
        sa.Column("total_90", sa.Integer(), nullable=True),
        sa.Column("total_180", sa.Integer(), nullable=True),
        sa.Column("total_365", sa.Integer(), nullable=True),
        sa.Column("digital_7", sa.Integer(), nullable=True),
        sa.Column("digital_30", sa.Integer(), nullable=True),
        sa.Column("digital_90", sa.Integer(), nullable=True),
        sa.Column("digital_180", sa.Integer(), nullable=True),
        sa.Column("digital_365", sa.Integer(), nullable=True),
        sa.Column("personal_7", sa.Integer(), nullable=True),
        sa.Column("personal_30", sa.Integer(), nullable=True),
        sa.Column("personal_90", sa.Integer(), nullable=True),
        sa.Column("personal_180", sa.Integer(), nullable=True),
        sa.Column("personal_365", sa.Integer(), nullable=True),
        sa.Column("in_person_7", sa.Integer(), nullable=True),
        sa.Column("in_person_30", sa.Integer(), nullable=True),
        sa.Column("in_person_90", sa.Integer(), nullable=True),
        sa.Column("in_person_180", sa.Integer(), nullable=True),
        sa.Column("in_person_365", sa.Integer(), nullable=True),
        sa.Column("live_7", sa.Integer(), nullable=True),
        sa.Column("live_30", sa.Integer(), nullable=True),
        sa.Column("live_90", sa.Integer(), nullable=True),
        sa.Column("live_180", sa.Integer(), nullable=True),
        sa.Column("live_365", sa.Integer(), nullable=True),
        sa.Column("inbound_7", sa.Integer(), nullable=True),
        sa.Column("inbound_30", sa.Integer(), nullable=True),
        sa.Column("inbound_90", sa.Integer(), nullable=True),
        sa.Column("inbound_180", sa.Integer(), nullable=True),
        sa.Column("inbound_365", sa.Integer(), nullable=True),
        sa.Column("outbound_7", sa.Integer(), nullable=True),
        sa.Column("outbound_30", sa.Integer(), nullable=True),
        sa.Column("outbound_90", sa.Integer(), nullable=True),
        sa.Column("outbound_180", sa.Integer(), nullable=True),
        sa.Column("outbound_365", sa.Integer(), nullable=True),
        sa.Column("digital_streak", sa.Integer(), nullable=True),
        sa.Column("gaps", sa.Integer(), nullable=True),
        sa.Column("prior_total_365", sa.Integer(), nullable=True),
        sa.Column("prior_personal_365", sa.Integer(), nullable=True),
        sa.Column("days_to_date", sa.Integer(), nullable=True),
        sa.Column("days_to_renewal", sa.Integer(), nullable=True),
        sa.Column("open_asks", sa.Integer(), nullable=True),
        sa.Column("days_to_ask", sa.Integer(), nullable=True),
        sa.Column("oldest_ask_days", sa.Integer(), nullable=True),
        sa.Column("open_promises", sa.Integer(), nullable=True),
        sa.Column("days_to_our_promise", sa.Integer(), nullable=True),
        sa.Column("days_since_favour", sa.Integer(), nullable=True),
        sa.Column("unanswered_days", sa.Integer(), nullable=True),
        sa.Column("waiting_days", sa.Integer(), nullable=True),
        sa.Column("digital_share_7", sa.Double(), nullable=True),
        sa.Column("digital_share_30", sa.Double(), nullable=True),
        sa.Column("digital_share_90", sa.Double(), nullable=True),
        sa.Column("digital_share_180", sa.Double(), nullable=True),
        sa.Column("digital_share_365", sa.Double(), nullable=True),
        sa.Column("rhythm_days", sa.Double(), nullable=True),
        sa.Column("quiet_p", sa.Double(), nullable=True),
        sa.Column("overdue_any", sa.Double(), nullable=True),
        sa.Column("overdue_personal", sa.Double(), nullable=True),
        sa.Column("overdue_in_person", sa.Double(), nullable=True),
        sa.Column("part_any", sa.Double(), nullable=True),
        sa.Column("part_personal", sa.Double(), nullable=True),
        sa.Column("part_in_person", sa.Double(), nullable=True),
        sa.Column("part_balance", sa.Double(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_contact_metrics_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "contact_id", name=op.f("pk_contact_metrics")),
    )
    with op.batch_alter_table("contact_metrics", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_metrics_workspace_id_fresh_until", ["workspace_id", "fresh_until"], unique=False
        )
        batch_op.create_index(
            "ix_contact_metrics_workspace_id_zone", ["workspace_id", "zone", "score"], unique=False
        )

    op.create_table(
        "contact_phone",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("digits", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_contact_phone_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "contact_id", "position", name=op.f("pk_contact_phone")),
    )
    op.create_table(
        "contact_tag",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_contact_tag_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "tag", "contact_id", name=op.f("pk_contact_tag")),
    )
    with op.batch_alter_table("contact_tag", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_tag_workspace_id_contact_id", ["workspace_id", "contact_id"], unique=False
        )

    op.create_table(
        "favour",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=True),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "author_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_favour_workspace_id_author_id_user"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_favour_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_favour")),
    )
    with op.batch_alter_table("favour", schema=None) as batch_op:
        batch_op.create_index(
            "ix_favour_workspace_id_contact_id", ["workspace_id", "contact_id"], unique=False
        )

    op.create_table(
        "interaction_contact",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("reach", sa.BigInteger(), nullable=False),
        sa.Column("flow", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_interaction_contact_workspace_id_contact_id_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "interaction_id"],
            ["interaction.workspace_id", "interaction.id"],
            name=op.f("fk_interaction_contact_workspace_id_interaction_id_interaction"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "contact_id", "occurred_at", "interaction_id", name=op.f("pk_interaction_contact")
        ),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("interaction_contact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_interaction_contact_gifts",
            ["workspace_id", "contact_id", "day"],
            unique=False,
            sqlite_where=sa.text("channel = 'gift'"),
            postgresql_where=sa.text("channel = 'gift'"),
        )
        batch_op.create_index(
            "ix_interaction_contact_workspace_id_interaction_id",
            ["workspace_id", "interaction_id"],
            unique=False,
        )

    op.create_table(
        "interaction_user",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "interaction_id"],
            ["interaction.workspace_id", "interaction.id"],
            name=op.f("fk_interaction_user_workspace_id_interaction_id_interaction"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_interaction_user_workspace_id_user_id_user"),
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "interaction_id", "user_id", name=op.f("pk_interaction_user")
        ),
    )
    op.create_table(
        "outbox_event",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('due', 'claimed', 'handing_over', 'sent', 'retry', 'failed', 'unknown', 'held', 'nothing_due', 'skipped')",
            name=op.f("ck_outbox_event_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "outbox_id"],
            ["outbox.workspace_id", "outbox.id"],
            name=op.f("fk_outbox_event_workspace_id_outbox_id_outbox"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_outbox_event")),
    )
    with op.batch_alter_table("outbox_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_event_workspace_id_outbox_id", ["workspace_id", "outbox_id"], unique=False
        )

    op.create_table(
        "promise",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=True),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=True),
        sa.Column("made_on", sa.Integer(), nullable=False),
        sa.Column("kept_on", sa.Integer(), nullable=True),
        sa.CheckConstraint("by IN ('us', 'them')", name=op.f("ck_promise_by")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "author_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_promise_workspace_id_author_id_user"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_promise_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_promise")),
    )
    with op.batch_alter_table("promise", schema=None) as batch_op:
        batch_op.create_index(
            "ix_promise_workspace_id_contact_id", ["workspace_id", "contact_id"], unique=False
        )

    op.create_table(
        "signal",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=True),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("heard_on", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "type IN ('pain point', 'competitor', 'request', 'praise', 'risk')", name=op.f("ck_signal_type")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "author_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_signal_workspace_id_author_id_user"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_signal_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_signal")),
    )
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.create_index(
            "ix_signal_workspace_id_contact_id", ["workspace_id", "contact_id"], unique=False
        )

    op.create_table(
        "suggestion",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("monday", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("slot_at", sa.BigInteger(), nullable=True),
        sa.Column("slot_day", sa.Integer(), nullable=True),
        sa.Column("slot_minutes", sa.Integer(), nullable=True),
        sa.Column("slot_note", sa.Text(), nullable=True),
        sa.Column("needs_address", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("need", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "act IN ('call', 'lunch', 'meeting', 'visit', 'note', 'gift')", name=op.f("ck_suggestion_act")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_suggestion_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "plan_id"],
            ["plan.workspace_id", "plan.id"],
            name=op.f("fk_suggestion_workspace_id_plan_id_plan"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_suggestion_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_suggestion")),
        sa.UniqueConstraint(
            "workspace_id",
            "plan_id",
            "contact_id",
            name=op.f("uq_suggestion_workspace_id_plan_id_contact_id"),
        ),
    )
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.create_index(
            "ix_suggestion_workspace_id_user_id_contact_id",
            ["workspace_id", "user_id", "contact_id", "monday"],
            unique=False,
        )

    op.create_table(
        "response",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("suggestion_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("from_act", sa.String(), nullable=True),
        sa.Column("to_act", sa.String(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("until_day", sa.Integer(), nullable=True),
        sa.Column("interaction_id", sa.BigInteger(), nullable=True),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "verb IN ('done', 'swap', 'snooze', 'skip', 'not_this_person', 'contacted')",
            name=op.f("ck_response_verb"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_response_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "suggestion_id"],
            ["suggestion.workspace_id", "suggestion.id"],
            name=op.f("fk_response_workspace_id_suggestion_id_suggestion"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_response_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_response")),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index(
            "ix_response_workspace_id_suggestion_id", ["workspace_id", "suggestion_id"], unique=False
        )
        batch_op.create_index(
            "ix_response_workspace_id_user_id_contact_id",
            ["workspace_id", "user_id", "contact_id"],
            unique=False,
        )
    op.execute("INSERT INTO id_counter (last_id) VALUES (0)")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE id_sequence")
        op.create_index(
            "ix_interaction_contact_covering",
            "interaction_contact",
            ["workspace_id", "contact_id", "occurred_at"],
            postgresql_include=["day", "counts", "reach", "flow"],
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE id_sequence")
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.drop_index("ix_response_workspace_id_user_id_contact_id")
        batch_op.drop_index("ix_response_workspace_id_suggestion_id")

    op.drop_table("response")
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.drop_index("ix_suggestion_workspace_id_user_id_contact_id")

    op.drop_table("suggestion")
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.drop_index("ix_signal_workspace_id_contact_id")

    op.drop_table("signal")
    with op.batch_alter_table("promise", schema=None) as batch_op:
        batch_op.drop_index("ix_promise_workspace_id_contact_id")

    op.drop_table("promise")
    with op.batch_alter_table("outbox_event", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_event_workspace_id_outbox_id")

    op.drop_table("outbox_event")
    op.drop_table("interaction_user")
    with op.batch_alter_table("interaction_contact", schema=None) as batch_op:
        batch_op.drop_index("ix_interaction_contact_workspace_id_interaction_id")
        batch_op.drop_index(
            "ix_interaction_contact_gifts",
            sqlite_where=sa.text("channel = 'gift'"),
            postgresql_where=sa.text("channel = 'gift'"),
        )

    op.drop_table("interaction_contact")
    with op.batch_alter_table("favour", schema=None) as batch_op:
        batch_op.drop_index("ix_favour_workspace_id_contact_id")

    op.drop_table("favour")
    with op.batch_alter_table("contact_tag", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_tag_workspace_id_contact_id")

    op.drop_table("contact_tag")
    op.drop_table("contact_phone")
    with op.batch_alter_table("contact_metrics", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_metrics_workspace_id_zone")
        batch_op.drop_index("ix_contact_metrics_workspace_id_fresh_until")

    op.drop_table("contact_metrics")
    with op.batch_alter_table("contact_email", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_email_workspace_id_folded")

    op.drop_table("contact_email")
    with op.batch_alter_table("contact_date", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_date_workspace_id_contact_id")

    op.drop_table("contact_date")
    op.drop_table("contact_address")
    with op.batch_alter_table("ask", schema=None) as batch_op:
        batch_op.drop_index("ix_ask_workspace_id_contact_id")

    op.drop_table("ask")
    with op.batch_alter_table("source_record", schema=None) as batch_op:
        batch_op.drop_index("ix_source_record_workspace_id_batch_id")

    op.drop_table("source_record")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index("ix_session_workspace_id_user_id")

    op.drop_table("session")
    op.drop_table("plan")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_state_next_try_at")

    op.drop_table("outbox")
    op.drop_table("organisation_tag")
    op.drop_table("one_time_link")
    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.drop_index("ix_interaction_workspace_id_source_id")
        batch_op.drop_index("ix_interaction_workspace_id_occurred_at")

    op.drop_table("interaction")
    with op.batch_alter_table("import_upload", schema=None) as batch_op:
        batch_op.drop_index("ix_import_upload_workspace_id_group_id")

    op.drop_table("import_upload")
    op.drop_table("import_trace")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_workspace_id_owner_id")
        batch_op.drop_index("ix_contact_workspace_id_organisation_id")
        batch_op.drop_index("ix_contact_workspace_id_folded_name")

    op.drop_table("contact")
    op.drop_table("api_token")
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_index("ix_user_email")

    op.drop_table("user")
    op.drop_table("target")
    op.drop_table("rule")
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_index("ix_organisation_workspace_id_folded_name")

    op.drop_table("organisation")
    op.drop_table("import_batch")
    op.drop_table("channel")
    op.drop_table("workspace")
    op.drop_table("sign_in_failure")
    op.drop_table("scheduler_pulse")
    op.drop_table("mail_hold")
    op.drop_table("id_counter")
