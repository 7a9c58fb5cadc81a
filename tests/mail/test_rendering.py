"""Every mail in both forms, and the week's mail whatever names, reasons and promises it holds."""

import re
from dataclasses import fields, replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.errors import NotFound
from crm.mail import previews
from crm.mail.message import Mailbox, compose, serialise
from crm.mail.rendering import COLUMNS, Rendered, fill, render
from crm.mail.views import MAILS, NudgeMail, NudgeSuggestion
from crm.templating import environment, templates_dir
from tests.mail.test_message import AT, hostile

ENVIRONMENT = environment()
VOID = {"br", "meta", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """The HTML as a reader sees it: tags in order, links, words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.classes: set[str] = set()
        self.words = ""
        self.styles = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.classes |= {word for name, value in attrs if name == "class" for word in (value or "").split()}
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.styles += data
        else:
            self.words += data


def nudge() -> NudgeMail:
    view = previews.sample(ENVIRONMENT, "nudge")
    assert isinstance(view, NudgeMail)
    return view


def nudge_with(*names: str, **changes) -> NudgeMail:
    one = nudge().suggestions[0]
    return replace(nudge(), suggestions=tuple(replace(one, name=name, **changes) for name in names))


def rendered(view: NudgeMail) -> Rendered:
    return render(ENVIRONMENT, "nudge", {"mail": view})


# All mails


def test_every_mail_has_a_folder_and_every_folder_is_a_mail():
    folders = {path.name for path in (templates_dir() / "emails").iterdir() if path.is_dir()}
    assert folders == set(MAILS) == set(previews.names())


@pytest.fixture(params=MAILS)
def mail(request):
    return previews.preview(ENVIRONMENT, request.param)


def test_both_forms_have_the_same_links(mail):
    links = Page(mail.html).links
    assert set(links) == set(re.findall(r"https?://\S+", mail.text))
    assert links
    assert all(link.startswith("https://crm.example.org/") for link in links)


def test_nothing_is_fetched_and_nothing_runs(mail):
    page = Page(mail.html)
    assert page.open == []
    assert {"script", "img", "iframe", "form", "link", "svg", "object"}.isdisjoint(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "background")]
    assert "url(" not in mail.html
    assert "@import" not in mail.html
    assert set(re.findall(r"https?://[^/\"' <)]+", mail.html)) <= {
        "https://crm.example.org",
        "http://www.w3.org",
    }


def test_the_text_keeps_to_72_columns_but_for_addresses(mail):
    assert mail.text.isprintable() or mail.text.replace("\n", "").isprintable()
    for line in mail.text.splitlines():
        assert len(line) <= COLUMNS or "https://" in line
        assert line == line.rstrip()
    assert not re.search("<[a-z]|&[a-z#0-9]+;", mail.text)
    assert "\n\n\n\n" not in mail.text


def test_it_says_why_it_came(mail):
    why = re.compile("You are receiving this because|Yes, this is an email")
    assert why.search(Page(mail.html).words)
    assert why.search(mail.text)


def test_dark_styles_survive_and_fit_what_is_there(mail):
    page = Page(mail.html)
    dark = page.styles.partition("@media (prefers-color-scheme: dark)")[2]
    assert "#13171F" in dark
    assert ("name", "color-scheme") in page.attributes
    assert {"paper", "sheet", "ink", "ink2", "mark-left", "mark-right"} <= page.classes
    assert "max-width: 479px" in page.styles


def test_it_can_be_composed(mail):
    message = compose(
        sender=Mailbox("in-person@crm.example.org", "In Person"),
        to=Mailbox("nora@example.org"),
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id="<1@crm.example.org>",
        date=AT,
        headers={},
    )
    # Larger mails are cut off by some readers.
    assert len(serialise(message)) < 100_000
    assert message["Subject"] == mail.subject


def test_a_mail_we_do_not_send_is_not_found():
    for name in ("newsletter", "../emails/nudge", ""):
        with pytest.raises(NotFound):
            previews.preview(ENVIRONMENT, name)


@pytest.mark.parametrize("name", MAILS)
def test_no_field_of_a_view_is_idle(name):
    """Each field changes the mail in at least one of its forms."""
    view = previews.sample(ENVIRONMENT, name)
    plain = render(ENVIRONMENT, name, {"mail": view})
    for field in fields(view):
        value = getattr(view, field.name)
        other: Any = not value if isinstance(value, bool) else value[1:]
        changed = replace(view, **{field.name: other})
        assert render(ENVIRONMENT, name, {"mail": changed}) != plain, field.name


# The week's mail


def test_the_nudge_says_everything_in_both_forms():
    view, mail = nudge(), previews.preview(ENVIRONMENT, "nudge")
    flat = [" ".join(words.split()) for words in (Page(mail.html).words, mail.text)]
    for words in flat:
        for one in view.suggestions:
            said = (one.name, one.organisation, one.reason, one.slot, one.act_label, one.done_label)
            assert all(part in words for part in (*said, str(one.swap_label), "Snooze", "Not this person"))
        assert f"You promised {view.promises[0]}" in words
        assert "Yes, this is an email. It is the only one we send, on Mondays." in words
        assert words.count("We did meet") == 1
        assert view.title in words
        assert view.summary in words
    links = Page(mail.html).links
    assert len(links) == len(set(links)) == 6 * 5 + 1 + 3


def test_whoever_gets_the_digest_is_not_told_that_this_is_the_only_mail():
    mail = rendered(replace(nudge(), has_digest=True))
    for words in (Page(mail.html).words, " ".join(mail.text.split())):
        assert "It comes once a week, on Mondays, and so does the team digest." in words
        assert "only one we send" not in words


def test_the_day_is_the_readers():
    mail = rendered(replace(nudge(), day_name="Thursday"))
    assert "on Thursdays." in mail.text
    assert "on Thursdays." in Page(mail.html).words


def test_a_note_without_an_address_asks_for_it_first():
    for act, missing, asks in [
        ("note", True, True),
        ("gift", True, True),
        ("note", False, False),
        ("call", True, False),
    ]:
        mail = rendered(nudge_with("Ruth Abernathy", act=act, address_missing=missing))
        for words in (Page(mail.html).words, mail.text):
            assert ("Ask for their address" in words) is asks
            assert ("Thu 19 Nov, 12:30" in words) is not asks


def test_what_a_suggestion_does_not_have_is_not_shown():
    bare = nudge_with("Ruth", slot="", organisation="", swap_url=None, swap_label=None, calendar_url=None)
    bare = replace(bare, suggestions=tuple(replace(one, met_url=None) for one in bare.suggestions))
    mail = rendered(replace(bare, promises=(), takes_replies=False))
    for words in (Page(mail.html).words, mail.text):
        assert not re.search("None|instead|We did meet|Add to calendar|You promised|Ruth,", words)
    assert len(Page(mail.html).links) == 3 + 3


texts = st.builds(str.strip, hostile)


@cache
def usual_page() -> Page:
    return Page(rendered(replace(nudge_with("x"), promises=("x",))).html)


@given(name=texts, organisation=texts, reason=texts, slot=texts, label=texts, promise=texts)
def test_no_word_of_a_contact_becomes_markup(name, organisation, reason, slot, label, promise):
    changes = {
        "organisation": organisation or "x",
        "reason": reason,
        "slot": slot or "x",
        "swap_label": label,
    }
    view = replace(nudge_with(name, **changes), promises=(promise,), user_name=name, title=name)
    mail = rendered(view)
    page, usual = Page(mail.html), usual_page()
    assert page.tags == usual.tags
    assert page.links == usual.links
    assert [name for name, _ in page.attributes] == [name for name, _ in usual.attributes]
    for part in (mail.html, mail.text, mail.subject):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", part)


@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", "\"'><b>&amp;&lt;", "{{ 7 * 7 }} {% x %}", "<!-- x --> ]]>", "</mj-text><mj-raw>"]
)  # fmt: skip
def test_markup_in_a_name_is_shown_as_it_was_typed(words):
    mail = rendered(nudge_with(words, reason=words))
    assert Page(mail.html).words.count(words) >= 2
    assert mail.text.count(words) >= 2


def test_links_keep_their_parameters():
    url = "https://crm.example.org/links/x?a=1&b=%22&c='\"<>"
    mail = rendered(nudge_with("Ruth", done_url=url))
    assert url in Page(mail.html).links


@given(st.text(), st.integers(0, 10))
def test_filling_loses_no_word_and_breaks_none(text, indent):
    lines = fill(text, indent).split("\n")
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= COLUMNS or " " not in line.strip() for line in lines)


# Subjects


@pytest.mark.parametrize(
    ("names", "subject"),
    [
        (["Marta Kowalczyk"], "Marta this week"),
        (["Marta Kowalczyk", "Elena Duarte"], "Marta and Elena this week"),
        (["Marta Kowalczyk", "Elena Duarte", "Daniel Osei"], "Marta, Elena and Daniel this week"),
        (["Marta K", "Elena D", "Daniel O", "Ruth A"], "Marta, Elena and two others this week"),
        (["Marta K", "Elena D", "Daniel O", "Ruth A", "Priya R", "Kwame M"], "Marta, Elena and four others this week"),
        (["Marta Kowalczyk", "Marta Duarte"], "Marta Kowalczyk and Marta Duarte this week"),
        (["Dr. Ruth Abernathy", "Ruth"], "Dr. Ruth Abernathy and Ruth this week"),
        (["Madonna"], "Madonna this week"),
        ([], "One promise to keep this week"),
    ],
)  # fmt: skip
def test_the_subject_names_people(names, subject):
    view = nudge_with(*names)
    assert view.subject == subject
    assert rendered(view).subject == subject


def test_a_known_given_name_goes_before_the_first_word():
    one = replace(nudge().suggestions[0], name="王小明", given_name="小明")
    assert isinstance(one, NudgeSuggestion)
    assert replace(nudge(), suggestions=(one,)).subject == "小明 this week"
