"""What somebody is called in a sentence."""

_FORMS_OF_ADDRESS = {
    *("mr", "mrs", "ms", "mx", "miss", "dr", "prof", "professor", "sir", "dame", "lord", "lady", "rev"),
    *("herr", "frau", "mme", "mlle", "sr", "sra", "ing", "dipl"),
}


def called(name: str, given_name: str | None) -> str:
    """The given name where it is known. Only of two words that are both names is the first surely one; else the whole name."""
    words = name.split()
    is_first_given = len(words) == 2 and not any(_is_form_of_address(word) for word in words)
    return given_name or (words[0] if is_first_given else name)


def _is_form_of_address(word: str) -> bool:
    return word.rstrip(".").lower() in _FORMS_OF_ADDRESS
