"""Looks for secrets in what was written, in every form in which somebody could read them."""

import base64
from urllib.parse import quote


def leaks(text: bytes, *secrets: str) -> list[bytes]:
    """The pieces of secrets, of a dozen characters and more, that can be read in a text."""
    return [piece for secret in secrets for piece in pieces(secret) if piece in text]


def pieces(secret: str) -> set[bytes]:
    """Any dozen characters of a secret: as they are, percent-encoded, in base64 and in hexadecimal digits."""
    raw = secret.encode()
    forms = [raw, quote(secret, safe="").encode(), raw.hex().encode(), raw.hex().upper().encode()]
    for before in range(3):  # bytes in front shift the digits of base64, and make the first of them others
        ways = (base64.b64encode, base64.urlsafe_b64encode)
        forms += [encode(b" " * before + raw)[2 * before : -4] for encode in ways]
    return {form[k : k + 12] for form in forms for k in range(max(len(form) - 11, 0))}
