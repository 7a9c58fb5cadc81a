"""The same messages as each app writes them, made from what was said."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
ME = "Ada Lovelace"
NUMBERS = {ME: 1001, "Marta Kowalczyk": 1002, "Daniel Osei": 1003, "Ruth Abernathy": 1004, "Ines Faria": 1005}


class Message(NamedTuple):
    """One message: in which conversation (with whom, or in the group of that name), when, from whom, what."""

    within: str
    at: datetime
    sender: str
    text: str = "Hello"

    @property
    def is_group(self) -> bool:
        return self.within not in NUMBERS


def _by_conversation(messages: Sequence[Message]) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    for one in messages:
        found.setdefault(one.within, []).append(one)
    return found


def _telegram_chat(within: str, messages: Sequence[Message]) -> dict[str, object]:
    said = [
        {
            "id": number,
            "type": "message",
            "date": f"{one.at.astimezone(BERLIN):%Y-%m-%dT%H:%M:%S}",
            "date_unixtime": str(int(one.at.timestamp())),
            "from": one.sender,
            "from_id": f"user{NUMBERS[one.sender]}",
            "text": [{"type": "bold", "text": one.text[:2]}, one.text[2:]],
        }
        for number, one in enumerate(messages)
    ]
    sort = "private_group" if messages[0].is_group else "personal_chat"
    return {"name": within, "type": sort, "id": NUMBERS.get(within, 77), "messages": said}


def telegram(messages: Sequence[Message]) -> bytes:
    """All chats in one export."""
    chats = [_telegram_chat(within, said) for within, said in _by_conversation(messages).items()]
    channel = {"name": "News", "type": "public_channel", "id": 5, "messages": [{"id": 1, "type": "message"}]}
    whole = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": NUMBERS[ME], "first_name": "Ada", "bio": "{[\\"},
        "contacts": {"about": "People", "list": []},
        "chats": {"about": "Chats", "list": [channel, *chats]},
    }
    return json.dumps(whole, indent=1, ensure_ascii=False).encode()


def telegram_alone(messages: Sequence[Message]) -> bytes:
    """One chat exported by itself, as older programs wrote it: without seconds since 1970, ids bare numbers."""
    (chat,) = (_telegram_chat(within, said) for within, said in _by_conversation(messages).items())
    for one in chat["messages"]:  # type: ignore[attr-defined]
        del one["date_unixtime"]
        one["from_id"] = int(one["from_id"].removeprefix("user"))
    return json.dumps(chat).encode("utf-8-sig")


def linkedin(messages: Sequence[Message]) -> bytes:
    """messages.csv, newest first."""
    header = "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,DATE,SUBJECT,CONTENT,FOLDER"
    rows = []
    groups = {
        w: sorted({one.sender for one in said} | {ME}) for w, said in _by_conversation(messages).items()
    }
    for one in sorted(messages, key=lambda one: one.at, reverse=True):
        to = [who for who in groups[one.within] if who != one.sender] if one.is_group else []
        to = to or [one.within if one.sender == ME else ME]
        if one.is_group and len(to) == 1:
            to.append("Somebody Silent")
        urls = ",".join(f"https://www.linkedin.com/in/{who.split()[0]}" for who in to)
        at = f"{one.at:%Y-%m-%d %H:%M:%S} UTC"
        sender = f"https://www.linkedin.com/in/{one.sender.split()[0]}"
        rows.append(
            [f"2-{one.within}", "", one.sender, sender, ",".join(to), urls, at, "", one.text, "INBOX"]
        )
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([header.split(","), *rows])
    return buffer.getvalue().encode()


def x(messages: Sequence[Message]) -> bytes:
    """direct-messages.js and those of groups, as one."""
    conversations = []
    for within, said in _by_conversation(messages).items():
        pair = f"{NUMBERS[ME]}-{NUMBERS.get(within)}"
        made = [
            {
                "messageCreate": {
                    "senderId": str(NUMBERS[one.sender]),
                    "createdAt": f"{one.at:%Y-%m-%dT%H:%M:%S}.123Z",
                    "text": one.text,
                }
            }
            for one in said
        ]
        key = "12345" if said[0].is_group else pair
        conversations.append({"dmConversation": {"conversationId": key, "messages": made}})
    return b"window.YTD.direct_messages.part0 = " + json.dumps(conversations, indent=2).encode()


def signal(messages: Sequence[Message]) -> bytes:
    """Signal's own plain export: a line of JSON each."""
    people = [who for who in NUMBERS if who != ME]
    groups = sorted({one.within for one in messages if one.is_group})
    lines: list[dict[str, object]] = [
        {"version": "1", "backupTimeMs": "1"},
        {"recipient": {"id": "1", "self": {}}},
    ]
    for who in people:
        given, family = who.split()
        named = {"systemGivenName": given, "systemFamilyName": family, "profileGivenName": "X"}
        lines.append({"recipient": {"id": str(NUMBERS[who]), "contact": named}})
    lines += [{"recipient": {"id": name, "group": {}}} for name in groups]
    marks = {who: str(NUMBERS[who]) for who in people}
    for within in _by_conversation(messages):
        lines.append({"chat": {"id": f"c{within}", "recipientId": marks.get(within, within)}})
    for one in messages:
        way = "outgoing" if one.sender == ME else "incoming"
        item: dict[str, object] = {"chatId": f"c{one.within}", "authorId": marks.get(one.sender, "1")}
        item |= {"dateSent": str(int(one.at.timestamp() * 1000)), way: {}}
        lines.append({"chatItem": item | {"standardMessage": {"text": {"body": one.text}}}})
    return "\n".join(map(json.dumps, lines)).encode()


def signal_text(messages: Sequence[Message]) -> bytes:
    """What signal-export makes of one conversation."""
    lines = (
        f"[{one.at.astimezone(BERLIN):%Y-%m-%d %H:%M:%S}] {'Me' if one.sender == ME else one.sender}: {one.text}\n"
        for one in messages
    )
    return "".join(lines).encode()


def signal_data(messages: Sequence[Message]) -> bytes:
    """The other file that signal-export makes of it."""
    lines = (
        {
            "date": f"{one.at.astimezone(BERLIN):%Y-%m-%dT%H:%M:%S}",
            "sender": "Me" if one.sender == ME else one.sender,
        }
        | {"body": one.text, "quote": "", "reactions": []}
        for one in messages
    )
    return "\n".join(map(json.dumps, lines)).encode()


def sigtop(messages: Sequence[Message]) -> bytes:
    """What sigtop makes of one conversation."""
    made = [
        {"id": str(number), "type": "outgoing" if one.sender == ME else "incoming", "conversationId": "c"}
        | {"sent_at": int(one.at.timestamp() * 1000), "body": one.text, "source": "uuid-without-number"}
        for number, one in enumerate(messages)
    ]
    return json.dumps(made).encode()


Writer = Callable[[Sequence[Message]], bytes]
WHOLE: dict[str, Writer] = {"telegram": telegram, "linkedin": linkedin, "x": x, "signal": signal}
"""All conversations in one file."""
ALONE: dict[str, tuple[str, Writer]] = {
    "telegram": ("result.json", telegram_alone),
    "signal-export": ("chat.md", signal_text),
    "its data": ("data.json", signal_data),
    "sigtop": ("Marta Kowalczyk (+4917012345).json", sigtop),
}
"""One conversation, with Marta Kowalczyk."""
