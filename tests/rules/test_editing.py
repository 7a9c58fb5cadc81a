"""Changing rules on their pages and on the command line of actions: what is previewed is what is then flagged."""

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.domain.expressions import Metric, names_in
from crm.domain.principal import Principal
from crm.domain.prose import phrase
from crm.domain.rules import ALL
from crm.rules.backtest import backtest
from crm.rules.backtest_view import finding
from crm.rules.begun import acted, blank, to_add
from crm.rules.preview import neighbours
from crm.rules.queries import flags
from crm.rules.states import rule_states, state_of
from crm.storage.tables import contact, rule
from tests.builders import World
from tests.web.site import client


def post(site: TestClient, path: str, fields: Any = None) -> Any:
    return site.post(path, data=fields or {}, headers={"Sec-Fetch-Site": "same-origin"})


def fields_of(page: str) -> dict[str, list[str]]:
    """What a browser would send of the editor's form, without any button."""
    form = page[
        page.index('<form class="rule-editor ') : page.index("</form>", page.index('class="rule-editor '))
    ]
    found: dict[str, list[str]] = {}
    pattern = r"<input ([^>]*)>|<select ([^>]*)>(.*?)</select>|<textarea ([^>]*)>\n?(.*?)</textarea>"
    for match in re.finditer(pattern, form, re.DOTALL):
        attributes = match[1] or match[2] or match[4]
        name = re.search(r'\bname="([^"]*)"', attributes)
        if name is None or ('type="checkbox"' in attributes and " checked" not in attributes):
            continue
        if match[2]:
            options = re.findall(r'<option value="([^"]*)"( selected)?', match[3])
            value = next((one for one, chosen in options if chosen), options[0][0])
        elif match[4]:
            value = match[5]
        else:
            value = re.search(r'\bvalue="([^"]*)"', attributes)[1]  # type: ignore[index]
        found.setdefault(name[1], []).append(html.unescape(value))
    return found


class Shown(HTMLParser):
    """The words of a piece of a form, with what stands in its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.is_shown = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") != "hidden":
            self.words.append(given["value"] or "")
        if tag in ("option", "button"):
            self.is_shown = "selected" in given

    def handle_endtag(self, tag: str) -> None:
        self.is_shown = True

    def handle_data(self, data: str) -> None:
        if self.is_shown:
            self.words.append(data)


def said(page: str) -> str:
    """The sentence of the form as it is seen; what stylesheets hide (after a blank, the number beside *no*) is left out."""
    reader = Shown()
    reader.feed(
        page[page.index(">", page.index('class="rule-said"')) + 1 : page.index('<p class="rule-aside')]
    )
    words = " ".join(" ".join(reader.words).split())
    for pattern, instead in (("any kind or no other", "any kind"), (r" ([,.])", r"\1"), (r"\bno 0", "no")):
        words = re.sub(pattern, instead, words)
    return re.sub(r"(, then nothing more)+", "", words)


def now(world: World, key: str) -> Any:
    with world.database.read() as connection:
        return state_of(connection, world.principal, key)


def flagged(world: World, key: str) -> list[str]:
    with world.database.read() as connection:
        one = state_of(connection, world.principal, key).rule
        return sorted(
            flag.contact.name for flag in flags(connection, world.principal, world.now, rules=[one])
        )


def undo_of(page: str) -> str:
    (found,) = re.findall(r'action="(/rules/[^"]+/undo\?[^"]+)"', page)
    return html.unescape(found)


def test_saving_a_rule_as_it_stands_changes_nothing(site: TestClient, world: World) -> None:
    for shipped in ALL:
        address = f"/rules/{shipped.key}/edit"
        answer = post(site, address, {**fields_of(site.get(address).text), "act": "save"})
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/rules/{shipped.key}"), (
            answer.text
        )
        assert (now(world, shipped.key).rule, now(world, shipped.key).is_changed) == (shipped, False)
        text = fields_of(site.get(f"{address}?as=text").text)
        assert post(site, address, {**text, "act": "save"}).status_code == 303
        assert now(world, shipped.key).rule == shipped


SENTENCES = {
    "screen_only": (
        "When a key contact of any kind has had at least 3 digital contacts in 180 days and has had no personal"
        " contacts in 180 days and has been known for at least 60 days, suggest lunch, then a call, then a note."
    ),
    "gone_digital": (
        "When a key or regular contact of any kind has had at least 3 contacts in 90 days and has had at least 80% of"
        " all contact through a screen in 90 days and has had at least 4 contacts in the year before the last 90 days"
        " and at least half of those were personal, suggest lunch, then a call."
    ),
    "never_met": (
        "When a key contact of any kind has a target for contact in person and has been known for at least 90 days"
        " and has no contact in person on record and has had at least 1 contact in 365 days, suggest lunch, then a visit."
    ),
    "gone_quiet": (
        "When a key or regular contact of any kind is in the zone gone quiet, suggest a call, then a note, then lunch."
    ),
    "important_ask": (
        "When any contact of any kind has an ask that falls due in at most 21 days or has had an open ask for at least"
        " 14 days, suggest lunch, then a meeting, then a call."
    ),
    "fragile_account": (
        "When a key organisation of any kind has at least 2 contacts and at most 1 of them was met in person in 365"
        " days, suggest a meeting, then a visit."
    ),
}


def test_the_form_is_the_rule_as_one_sentence(site: TestClient) -> None:
    for key, sentence in SENTENCES.items():
        assert said(site.get(f"/rules/{key}/edit").text) == sentence


def test_a_new_rule_begins_with_one_condition_or_as_a_copy_of_one_chosen(
    site: TestClient, world: World, marta: int
) -> None:
    page = site.get("/rules/new").text
    assert "has had no personal contacts in 90 days" in said(page)
    assert "Would flag 1 person today" in page
    fields = fields_of(page)
    assert (fields["name"], len(fields["metric"])) == ([""], 1)
    looked_at = post(site, "/rules/new", {**fields, "act": "preview"})
    assert (looked_at.status_code, "has no name" in looked_at.text) == (200, False)
    assert "Would flag 1 person today" in looked_at.text
    refused = post(site, "/rules/new", {**fields, "act": "save"})
    assert (refused.status_code, "has no name" in refused.text) == (422, True)
    copy = fields_of(site.get("/rules/new?from=renewal").text)
    assert copy["metric"] == fields_of(site.get("/rules/renewal/edit").text)["metric"]
    assert copy["name"] == ["A renewal nobody has talked about (copy)"]


def test_every_condition_that_can_be_added_makes_a_rule(site: TestClient, world: World, marta: int) -> None:
    fields = {**fields_of(site.get("/rules/new").text), "name": "Mine"}
    for about in ("people", "organisations"):
        for group, choices in to_add(about):
            for wanted, words in choices:
                draft = acted(replace(blank(), name="Mine", about=about, rows=()), "mine", "add", wanted)
                row = draft.rows[0]
                assert draft.rule is not None or row.value == "", (group, words, draft.errors)
                assert {row.stem, wanted.partition(":")[2]} & {wanted, row.metric}, words
    page = post(site, "/rules/new", {**fields, "add": "whether:days_since_any", "act": "add"}).text
    assert "and has contact of any sort on record" in said(page)
    assert "Would flag 1 person today" in page


def test_a_preview_is_what_the_saved_rule_flags_and_writes_nothing(
    site: TestClient, world: World, marta: int
) -> None:
    other = world.contact("Daniel Osei")
    world.log("email", 3, other)
    fields = fields_of(site.get("/rules/screen_only/edit").text)
    fields["value"] = ["1", "0", "60"]
    preview = post(site, "/rules/screen_only/edit", {**fields, "act": "preview"})
    assert preview.status_code == 200
    assert "Would flag 2 people today" in preview.text
    assert "At 90 days: 2. At 365 days: 2." in preview.text
    assert flagged(world, "screen_only") == ["Marta Kowalczyk"]
    saved = post(site, "/rules/screen_only/edit", {**fields, "act": "save"})
    assert saved.status_code == 303
    assert flagged(world, "screen_only") == ["Daniel Osei", "Marta Kowalczyk"]
    told = site.get("/rules/screen_only").text
    assert "It flags 2 people today, one more than before." in told
    undo = undo_of(told)
    assert post(site, undo).status_code == 303
    assert flagged(world, "screen_only") == ["Marta Kowalczyk"]
    assert post(site, undo).status_code == 409


def test_a_rule_is_tried_on_the_past_before_it_is_saved(site: TestClient, world: World, marta: int) -> None:
    fields = {**fields_of(site.get("/rules/screen_only/edit").text), "tier": ["regular"]}
    before = now(world, "screen_only")
    page = post(site, "/rules/screen_only/backtest", fields)
    assert page.status_code == 200
    changed = replace(before.rule, tiers=("regular",))
    with world.database.read() as connection:
        weeks = backtest(connection, world.principal, changed, world.now)
    assert finding(weeks) in html.unescape(page.text)
    assert fields_of(page.text) == fields
    assert now(world, "screen_only") == before
    new = post(site, "/rules/new/backtest", {**fields, "name": "Mine"})
    assert finding(weeks) in html.unescape(new.text)
    wrong = post(site, "/rules/screen_only/backtest", {**fields, "value": ["few", "0", "60"]})
    assert (wrong.status_code, "Show as table" in wrong.text) == (422, False)
    assert post(site, "/rules/nonsense/backtest", fields).status_code == 404


def test_two_who_edit_one_rule_do_not_overwrite_each_other(site: TestClient, world: World) -> None:
    fields = fields_of(site.get("/rules/screen_only/edit").text)
    assert (
        post(site, "/rules/screen_only/edit", {**fields, "name": "First", "act": "save"}).status_code == 303
    )
    clash = post(site, "/rules/screen_only/edit", {**fields, "name": "Second", "act": "save"})
    assert clash.status_code == 409
    assert now(world, "screen_only").rule.name == "First"
    again = fields_of(clash.text)
    assert again["name"] == ["Second"]
    assert post(site, "/rules/screen_only/edit", {**again, "act": "save"}).status_code == 303
    assert now(world, "screen_only").rule.name == "Second"


def test_an_own_rule_is_made_moved_deleted_and_brought_back(
    site: TestClient, world: World, marta: int
) -> None:
    fields = fields_of(site.get("/rules/new?from=screen_only").text)
    fields |= {"name": ["Too quiet in Berlin"], "tier": ["key", "regular"]}
    made = post(site, "/rules/new", {**fields, "act": "save"})
    assert made.headers["location"] == "/rules/too_quiet_in_berlin"
    page = site.get("/rules/too_quiet_in_berlin").text
    assert "3 digital contacts and no personal contact in 180 days" in page
    assert post(site, "/rules/too_quiet_in_berlin/move", {"to": "up"}).status_code == 303
    moved = site.get("/rules/too_quiet_in_berlin").text
    assert "“Too quiet in Berlin” comes after “A renewal nobody has talked about” now." in moved
    assert "/rules/too_quiet_in_berlin/move?to=down" in moved
    with world.database.read() as connection:
        keys = [state.rule.key for state in rule_states(connection, world.principal)]
    assert keys[-2:] == ["too_quiet_in_berlin", "fragile_account"]
    assert post(site, "/rules/too_quiet_in_berlin/delete").headers["location"] == "/rules"
    listed = site.get("/rules")
    assert "/rules/too_quiet_in_berlin/edit" not in listed.text
    assert site.get("/rules/too_quiet_in_berlin").status_code == 404
    assert post(site, undo_of(listed.text)).status_code == 303
    assert flagged(world, "too_quiet_in_berlin") == ["Marta Kowalczyk"]


def test_a_changed_rule_goes_back_to_how_it_ships(site: TestClient, world: World) -> None:
    fields = fields_of(site.get("/rules/renewal/edit").text)
    assert post(site, "/rules/renewal/edit", {**fields, "severity": "low", "act": "save"}).status_code == 303
    assert now(world, "renewal").is_changed
    assert post(site, "/rules/renewal/delete").status_code == 303
    assert not now(world, "renewal").is_changed


def test_undo_does_not_make_two_rules_of_one_name(site: TestClient, world: World) -> None:
    first = fields_of(site.get("/rules/new?from=screen_only").text) | {"name": ["Quiet in Berlin"]}
    post(site, "/rules/new", {**first, "act": "save"})
    post(site, "/rules/quiet_in_berlin/delete")
    undo = undo_of(site.get("/rules").text)
    again = fields_of(site.get("/rules/new?from=renewal").text) | {"name": ["quiet in berlin"]}
    assert post(site, "/rules/new", {**again, "act": "save"}).status_code == 303
    refused = post(site, undo)
    assert (refused.status_code, "now called “Quiet in Berlin”" in refused.text) == (409, True)


def test_a_rule_does_not_go_back_to_a_name_that_another_has(site: TestClient, world: World) -> None:
    fields = fields_of(site.get("/rules/renewal/edit").text)
    shipped = fields["name"]
    post(site, "/rules/renewal/edit", {**fields, "name": ["Talk before they renew"], "act": "save"})
    own = fields_of(site.get("/rules/new?from=renewal").text) | {"name": shipped}
    assert post(site, "/rules/new", {**own, "act": "save"}).status_code == 303
    assert post(site, "/rules/renewal/delete").status_code == 409
    assert now(world, "renewal").rule.name == "Talk before they renew"


def test_a_rule_of_more_conditions_than_the_form_adds_keeps_them_all(site: TestClient, world: World) -> None:
    tags = ", ".join(f'{{ metric = "tag", op = "=", value = "t{number}" }}' for number in range(45))
    text = fields_of(site.get("/rules/screen_only/edit?as=text").text)
    written = re.sub(r"when = \{.*?\n\] \}", f"when = {{ any = [{tags}] }}", text["toml"][0], flags=re.DOTALL)
    assert post(site, "/rules/screen_only/edit", {**text, "toml": written, "act": "save"}).status_code == 303
    before = now(world, "screen_only").rule
    fields = fields_of(site.get("/rules/screen_only/edit").text)
    assert len(fields["metric"]) == 45
    assert post(site, "/rules/screen_only/edit", {**fields, "act": "save"}).status_code == 303
    assert now(world, "screen_only").rule == before
    fewer = fields_of(post(site, "/rules/screen_only/edit", {**fields, "act": "remove-44"}).text)
    assert len(fewer["metric"]) == 44
    more = post(site, "/rules/screen_only/edit", {**fields, "add": "tag", "act": "add"}).text
    assert (len(fields_of(more)["metric"]), "up to 40 conditions" in more) == (45, True)


def test_rows_are_added_and_removed_without_scripts(site: TestClient, world: World) -> None:
    fields = fields_of(site.get("/rules/screen_only/edit").text)
    page = post(site, "/rules/screen_only/edit", {**fields, "add": "digital_share", "act": "add"}).text
    wider = fields_of(page)
    assert wider["metric"] == [*fields["metric"], "digital_share"]
    assert "80% of all contact through a screen in 90 days" in said(page)
    narrower = fields_of(post(site, "/rules/screen_only/edit", {**wider, "act": "remove-0"}).text)
    assert narrower["metric"] == wider["metric"][1:]
    unwritten = post(site, "/rules/screen_only/edit", {**fields, "add": "tag", "act": "add"})
    assert "what to compare it with" not in unwritten.text  # nobody had a moment to write it
    again = post(site, "/rules/screen_only/edit", {**fields_of(unwritten.text), "act": "save"})
    assert (again.status_code, "what to compare it with" in again.text) == (422, True)


def test_what_was_written_as_text_stands_in_the_sentence(site: TestClient, world: World) -> None:
    address = "/rules/screen_only/edit"
    text = fields_of(site.get(f"{address}?as=text").text)
    text["toml"] = [
        text["toml"][0]
        .replace('tiers = ["key"]', 'tiers = ["regular", "key"]')
        .replace("all = [", 'all = [{ metric = "kind", op = "=", value = "gatekeeper" }, ')
    ]
    assert post(site, address, {**text, "act": "save"}).status_code == 303
    before = now(world, "screen_only").rule
    assert (before.tiers, "gatekeeper" in phrase(before.when)) == (("regular", "key"), True)
    assert "When a key or regular contact" in said(site.get(address).text)
    assert post(site, address, {**fields_of(site.get(address).text), "act": "save"}).status_code == 303
    assert now(world, "screen_only").rule == replace(before, tiers=("key", "regular"))


def test_a_new_rule_is_written_as_text(site: TestClient, world: World) -> None:
    page = site.get("/rules/new?as=text").text
    assert "days_to_renewal" in page, "what a condition may be about is listed"
    text = fields_of(page)
    written = text["toml"][0].replace('name = "New rule"', 'name = "Vendors by voice"')
    wrong = post(
        site, "/rules/new", {**text, "toml": [written.replace("personal_90", "personal_120")], "act": "save"}
    )
    assert wrong.status_code == 422
    assert "personal_120" in fields_of(wrong.text)["toml"][0], "what was typed is there still"
    assert "it is counted in 7, 30, 90, 180, 365 days." in html.unescape(wrong.text)
    saved = post(site, "/rules/new", {**text, "toml": [written], "act": "save"})
    assert saved.headers["location"] == "/rules/vendors_by_voice"
    assert now(world, "vendors_by_voice").rule.when == Metric("personal_90").eq(0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "has no name"),
        ({"tier": []}, "tiers is empty"),
        ({"suggest": ["", "", ""]}, "one to three"),
        ({"suggest": ["fax"]}, "not an act"),
        ({"value": ["many", "0", "60"]}, "Enter a number"),
        ({"value": ["", "0", "60"]}, "what to compare it with"),
        ({"metric": []}, "at least one condition"),
        ({"metric": ["nonsense", "total", "total"]}, "no metric"),
        ({"window": ["181", "180", ""]}, "no metric"),
        ({"metric": ["kept", "total", "total"], "kept": ["[" * 5000, "", ""]}, "can no longer be read"),
        ({"weekly_limit": "some"}, "whole number from 1 to 99"),
        ({"name": "In-person contact is overdue"}, "Another rule is called"),
        ({"toml": "[[rule]]\nname = "}, "not valid TOML"),
        (
            {"toml": f"[[rule]]\nwhen = {'[' * 9000}"},
            "Line 2: It is nested too deeply. Write conditions at most",
        ),
        (
            {"toml": '[[rule]]\nname = "x"\nwhen = { metric = "x", op = "=", value = 1 }'},
            "Line 3: There is no metric",
        ),
    ],
)
def test_what_does_not_fit_is_said_and_not_saved(
    site: TestClient, world: World, change: dict[str, Any], words: str
) -> None:
    fields = fields_of(site.get("/rules/screen_only/edit").text)
    answer = post(site, "/rules/screen_only/edit", {**fields, **change, "act": "save"})
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)
    with world.database.read() as connection:
        assert connection.execute(select(rule)).all() == []


def test_a_rule_that_can_never_match_says_so(site: TestClient, world: World) -> None:
    fields = fields_of(site.get("/rules/screen_only/edit").text)
    fields |= {
        "metric": ["digital", "total", "known_days"],
        "op": [">=", "<", ">="],
        "value": ["3", "2", "1"],
    }
    assert "can never match" in post(site, "/rules/screen_only/edit", {**fields, "act": "preview"}).text


def test_words_that_nobody_has_are_said_with_what_may_be_meant(
    site: TestClient, world: World, marta: int
) -> None:
    with world.database.write() as connection:
        connection.execute(contact.update().where(contact.c.id == marta).values(city="Łódź", kind="Press"))
    fields = fields_of(site.get("/rules/screen_only/edit").text)
    assert "Press" in site.get("/rules/screen_only/edit").text
    fields |= {"metric": ["city", "tag"], "window": ["", ""], "op": ["=", "!="], "value": ["lodz", "vip"]}
    asked = post(site, "/rules/screen_only/edit", {**fields, "kind": ["Press"], "act": "preview"})
    assert "Nobody is in lodz; perhaps Łódź is meant." in asked.text
    assert "Nobody is tagged “vip”." in asked.text
    assert "Nobody is of kind" not in asked.text


def test_a_preview_shows_shorter_windows_and_other_bounds() -> None:
    by_key = {one.key: [label for label, _ in neighbours(one)] for one in ALL}
    assert by_key["screen_only"] == [
        *("At 90 days", "At 365 days"),
        *("At least 2 digital contacts in 180 days", "At least 4 digital contacts in 180 days"),
    ]
    assert by_key["fragile_account"] == ["Has at least 1 contact", "Has at least 3 contacts"]
    assert by_key["occasion"] == [
        "Has a birthday or another date within 7 days",
        "Has a birthday or another date within 28 days",
    ]
    assert [label.partition(" times")[0] for label in by_key["in_person_overdue"]] == [
        "Has gone more than 0.5",
        "Has gone more than 2",
    ]


def test_another_window_is_meant_wherever_a_condition_counts_in_it() -> None:
    half, none = Metric("digital_90") * 0.5, Metric("digital_share_90").missing()
    when = Metric("personal_90").le(half + 1) & ~none
    found = dict(neighbours(replace(ALL[0], when=when)))
    assert set(names_in(found["At 30 days"].when)) == {"personal_30", "digital_30", "digital_share_30"}
    assert set(names_in(found["At 180 days"].when)) == {"personal_180", "digital_180", "digital_share_180"}


def test_other_bounds_under_not_are_said_from_the_other_side() -> None:
    when = ~(Metric("digital_30").ge(5) | Metric("open_asks").ge(1))
    labels = [label for label, _ in neighbours(replace(ALL[0], when=when))]
    assert labels[2:] == [
        "Fewer than 2 digital contacts in 30 days",
        "Fewer than 10 digital contacts in 30 days",
    ]


def test_no_other_bound_holds_for_everybody_or_for_nobody() -> None:
    for when, labels in (
        (Metric("digital_30").ge(1), ["At 7 days", "At 90 days", "At least 2 digital contacts in 30 days"]),
        (Metric("open_asks").lt(1), ["Has fewer than 2 open asks"]),
    ):
        assert [label for label, _ in neighbours(replace(ALL[0], when=when))] == labels


def test_a_viewer_cannot_edit(world: World, alice: Principal) -> None:
    vera = client(world, world.user("Vera Void", "viewer"))
    assert "/edit" not in vera.get("/rules/renewal").text
    assert vera.get("/rules/renewal/edit").status_code == 403
    assert post(vera, "/rules/renewal/edit", {"act": "save"}).status_code == 403
    assert post(vera, "/rules/renewal/delete").status_code == 403
