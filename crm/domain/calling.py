"""What somebody is called in a sentence."""


def called(name: str, given_name: str | None) -> str:
    """The given name where it is known. Only of two words is the first surely one; else the whole name."""
    words = name.split()
    return given_name or (words[0] if len(words) == 2 else name)
