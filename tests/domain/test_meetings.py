"""How people met, judged from a calendar: only what is written counts, and unknown stays unknown."""

import pytest

from crm.domain.meetings import channel_of_meeting, is_calendar_of_days

ZOOM = "Join: https://us02web.zoom.us/j/8412345678?pwd=abc"


@pytest.mark.parametrize(
    ("summary", "location", "more", "channel"),
    [
        ("Quarterly review", "Hauptstraße 5, Berlin", "", "meeting"),
        ("Quarterly review", "Room 4", "", "meeting"),
        ("Quarterly review", "", "", None),
        ("Quarterly review", "TBD", "", None),
        ("Quarterly review", "", ZOOM, "video"),
        ("Quarterly review", "https://meet.google.com/abc-defg-hij", "", "video"),
        ("Quarterly review", "Microsoft Teams Meeting", "", "video"),
        ("Quarterly review", "Microsoft Teams-Besprechung", "", "video"),
        ("Quarterly review", "Room 4; Microsoft Teams Meeting", "", None),
        ("Quarterly review", "Room 4", ZOOM, None),
        ("Lunch", "", "", "lunch"),
        ("Lunch with Marta", "Café Einstein", ZOOM, "lunch"),
        ("Virtual coffee", "", ZOOM, None),
        ("Mittagessen", "Ristorante Roma", "", "lunch"),
        ("Besuch bei Fernhill", "", "", "visit"),
        ("Site visit", "Northgate, Leeds", "", "visit"),
        ("Trade fair", "Hall 3", "", "event"),
        ("Call Marta", "", "", "phone"),
        ("Telefonat", "", "", "phone"),
        ("Catch up", "+49 30 123 456 78", "", "phone"),
        ("Catch up", "tel:+49301234567", "", "phone"),
        ("Catch up", "phone", "", "phone"),
        ("Call", "", ZOOM, "video"),
        ("Video call", "", "", "video"),
        ("Recall of the product", "", "", None),
        ("Catch up", "online", "", "video"),
    ],
)
def test_the_channel_follows_from_what_is_written(
    summary: str, location: str, more: str, channel: str | None
) -> None:
    assert channel_of_meeting(summary, location, more) == channel


def test_calendars_of_days_involve_nobody() -> None:
    for name in (
        "Holidays in Germany",
        "Birthdays",
        "Feiertage in Bayern",
        "Geburtstage",
        "Jours fériés en France",
    ):
        assert is_calendar_of_days(name)
    for name in ("Work", "Marta and I", "Birth of a product"):
        assert not is_calendar_of_days(name)
