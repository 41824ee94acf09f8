"""What of a secret must be found nowhere, and the search for it."""

import base64
import re
from urllib.parse import quote

WHOLE = 10  # characters in a row of a secret that are found, whatever became of the others


def traces(password):
    """With and without its dashes, and the secret alone."""
    bare = password.replace("-", "")
    return [password.encode(), bare.encode(), bare[2:].encode(), password[3:].encode(), bare[::-1].encode()]


def without_a_trace(password, places):
    """`places` has the bytes of each."""
    for where, data in places.items():
        for trace in traces(password):
            assert trace not in data, where


def forms(secret):
    """What it may have been made into, by what that is called: bytes."""
    found = {}
    for name, text in {"as it is": secret, "without dashes": secret.replace("-", "")}.items():
        data = text.encode("ascii")
        found |= {
            name: data,
            f"{name}, reversed": data[::-1],
            f"{name}, UTF-16": text.encode("utf-16-le"),
            f"{name}, UTF-16 of the other order": text.encode("utf-16-be"),
            f"{name}, hexadecimal": data.hex().encode(),
            f"{name}, HEXADECIMAL": data.hex().upper().encode(),
            f"{name}, for an address": quote(text, safe="").encode(),
            f"{name}, for an address, each byte": "".join(f"%{byte:02X}" for byte in data).encode(),
        }
        for behind in range(3):
            found[f"{name}, base64 behind {behind} bytes"] = base64_behind(behind, data)
    return found


def base64_behind(behind, data):
    """Those characters of it that hang on `data` alone, where so many other bytes are before it."""
    begin, end = -(-behind * 8 // 6), (behind + len(data)) * 8 // 6
    return base64.b64encode(bytes(behind) + data)[begin:end]


# What can be a piece of a form: text, and text with a NUL behind or before each character.
TEXT = re.compile(rb"[\x20-\x7e]{%d,}" % WHOLE)
WIDE = re.compile(rb"(?:[\x20-\x7e]\0){%d,}" % (WHOLE - 1))


class Search:
    """For secrets, in whatever form and however little is left of them: ten characters in a row."""

    def __init__(self):
        self.texts = {}  # all that was given, each with the places where it is

    def look_in(self, where, data):
        data = data.replace(bytes(64), b"\0")  # most of what a process has in memory
        for text in {*TEXT.findall(data), *(wide[::2] for wide in WIDE.findall(data))}:
            self.texts.setdefault(text.decode(), set()).add(where)

    def look_in_all(self, places):
        for where, data in places.items():
            self.look_in(where, data)

    def found(self, secrets):
        """Where something was of these, as (place, secret, form)."""
        sought, hits = {}, set()
        for secret in secrets:
            for name, form in forms(secret).items():
                if "UTF-16" not in name:  # it is read as the text that it is
                    sought = dict.fromkeys(pieces_of(form.decode()), (secret, name)) | sought
        for text, places in self.texts.items():
            for piece in sought.keys() & pieces_of(text):
                hits |= {(where, *sought[piece]) for where in places}
        return hits


def pieces_of(text):
    return {text[at : at + WHOLE] for at in range(len(text) - WHOLE + 1)}
