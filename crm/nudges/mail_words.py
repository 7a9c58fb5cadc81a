"""What mails and their states are called on pages."""

from crm.nudges.returns import NOTICE

STATE_WORDS = {
    "due": "Due",
    "claimed": "Being written",
    "handing_over": "Being handed over",
    "sent": "Sent",
    "retry": "Trying again",
    "failed": "Failed",
    "unknown": "Unknown",
    "held": "Held back",
    "nothing_due": "Nothing due",
    "skipped": "Skipped",
}

PURPOSE_WORDS = {"nudge": "Weekly mail", "digest": "Team digest", "alarm": "Alarm", NOTICE: "Notice"}
