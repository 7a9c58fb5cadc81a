"""Forms: what was sent, or sentences beside the fields."""

from datetime import date
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from starlette.datastructures import FormData, UploadFile

from crm.web.forms import Errors, Form, read


class Trip(Form):
    city: str
    start: date
    people: tuple[int, ...] = ()
    nights: Annotated[int, Field(ge=1, le=30)] = 2
    by: Literal["train", "car"] = "train"
    note: Annotated[str, Field(max_length=10)] | None = None
    private: bool = False


GOOD: list[tuple[str, str | UploadFile]] = [("city", " Boston "), ("start", "2026-12-01")]


def test_a_form_is_read_with_its_defaults() -> None:
    form = read(
        Trip,
        FormData([*GOOD, ("note", "  "), ("nights", ""), ("people", "3"), ("people", ""), ("people", "5")]),
    )
    assert form == Trip(city="Boston", start=date(2026, 12, 1), people=(3, 5))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("city", "", "This is needed."),
        ("city", "   ", "This is needed."),
        ("start", "1 Dec", "Enter the day like 2026-11-23."),
        ("start", "2026-02-30", "There is no 30 February."),
        ("start", "2027-02-29", "There is no 29 February 2027."),
        ("start", "2026-13-01", "Enter the day like 2026-11-23."),
        ("nights", "two", "Enter a whole number."),
        ("nights", "0", "At least 1."),
        ("nights", "9" * 30, "At most 30."),
        ("by", "boat", "Choose one from the list."),
        ("note", "x" * 11, "At most 10 characters."),
        ("people", "x", "Enter a whole number."),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(name: str, value: str, sentence: str) -> None:
    sent = FormData([pair for pair in GOOD if pair[0] != name] + [(name, value)])
    form = read(Trip, sent)
    assert isinstance(form, Errors)
    assert form.fields == {name: sentence}
    assert form.typed is sent


@given(st.lists(st.tuples(st.sampled_from(list(Trip.model_fields)), st.text(max_size=30)), max_size=8))
def test_whatever_is_sent_is_read_or_explained(pairs: list[tuple[str, str]]) -> None:
    form = read(Trip, FormData([(name, value) for name, value in pairs]))
    if isinstance(form, Errors):
        assert form.fields
        assert all(sentence.endswith(".") and "error" not in sentence for sentence in form.fields.values())
