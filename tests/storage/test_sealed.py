"""Sealed secrets: readable with the key at their place, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.storage.sealed import Unsealable, seal, unseal

KEY = b"a key for tests only"


@given(st.text(max_size=200), st.text(max_size=20))
def test_what_was_sealed_is_read_again_at_its_place(secret: str, place: str) -> None:
    assert unseal(KEY, place, seal(KEY, place, secret)) == secret


def test_no_two_seals_are_alike_and_none_shows_the_secret() -> None:
    one, other = seal(KEY, "1/2", "https://secret.example"), seal(KEY, "1/2", "https://secret.example")
    assert one != other
    assert "secret" not in one


@pytest.mark.parametrize(("key", "place"), [(b"another key", "1/2"), (KEY, "1/3"), (KEY, "")])
def test_another_key_or_place_opens_nothing(key: bytes, place: str) -> None:
    with pytest.raises(Unsealable):
        unseal(key, place, seal(KEY, "1/2", "secret"))


@given(st.integers(0, 60), st.integers(1, 255))
def test_a_changed_letter_is_noticed(where: int, by: int) -> None:
    import base64

    whole = bytearray(base64.urlsafe_b64decode(seal(KEY, "1/2", "a long enough secret")))
    whole[where % len(whole)] ^= by
    with pytest.raises(Unsealable):
        unseal(KEY, "1/2", base64.urlsafe_b64encode(bytes(whole)).decode())


@pytest.mark.parametrize("words", ["", "no base64!", "c2hvcnQ=", "ä"])
def test_rubbish_is_no_secret(words: str) -> None:
    with pytest.raises(Unsealable):
        unseal(KEY, "1/2", words)
