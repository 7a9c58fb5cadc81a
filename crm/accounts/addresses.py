"""Addresses of mail, as they are compared."""

import unicodedata


def normal_email(email: str) -> str:
    """The form in which addresses are compared and kept."""
    return unicodedata.normalize("NFC", email).strip().lower()
