"""Phone numbers compared: every spelling of one number is one, and two numbers stay two."""

import pytest

from crm.domain.phones import international, region_of, same_number


@pytest.mark.parametrize(
    ("phone", "region", "found"),
    [
        ("+44 (0)20 7946 0018", None, "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("\u202a+1 212-555-0119\u202c", None, "+12125550119"),
        ("0044 20 7946 0018", "DE", "+442079460018"),
        ("020 7946 0018", None, None),
        ("ask Ana", "GB", None),
        ("", None, None),
        ("9" * 300, "GB", None),
    ],
)
def test_the_international_form(phone, region, found) -> None:
    assert international(phone, region) == found


def test_regions_by_name_code_and_zone() -> None:
    assert [region_of(one) for one in ("Germany", "de", "U.S.A.", "Narnia", None)] == [
        "DE",
        "DE",
        "US",
        None,
        None,
    ]
    assert region_of(None, "Europe/Madrid") == "ES"
    assert region_of(None, "UTC") is None


def test_numbers_of_no_known_country_are_one_only_with_the_same_digits() -> None:
    assert same_number("555 0119 22", "5550-119-22")
    assert not same_number("911", "911")
    assert same_number("٠٢٠ ٧٩٤٦ ٠٠١٨", "020 7946 0018", ("GB", "GB"))
    assert not same_number("+44 20 7946 0018", "+44 20 7946 0019")
