"""What somebody is called in a sentence."""

import pytest

from crm.domain.calling import called


@pytest.mark.parametrize(
    ("name", "given_name", "short"),
    [
        ("Marta Kowalczyk", None, "Marta"),
        ("Marta Kowalczyk", "Martusia", "Martusia"),
        ("Chloé de la Fontaine", None, "Chloé de la Fontaine"),
        ("Dr. Osei", None, "Dr. Osei"),
        ("Frau Haas", "", "Frau Haas"),
        ("Madonna", None, "Madonna"),
        ("", None, ""),
    ],
)
def test_only_of_two_names_is_the_first_surely_one(name: str, given_name: str | None, short: str) -> None:
    assert called(name, given_name) == short
