"""App passwords as they look, and the primary passwords of the users in the sandboxes."""

import re

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PASSWORD = re.compile(rf"[{ALPHABET}]{{5}}(?:-[{ALPHABET}]{{5}}){{4}}")

PRIMARY = {"alice": "correct horse", "bob": "battery staple"}


def swap_character(password, index):
    """The password with another character of the alphabet at index."""
    return password[:index] + ("1" if password[index] != "1" else "2") + password[index + 1 :]


def wrong(password):
    """The same id with another secret."""
    return password[:-1] + ("y" if password[-1] == "x" else "x")


def id_but(*taken):
    """An id that is none of these."""
    return next(f"z{last}" for last in ALPHABET if f"z{last}" not in taken)
