"""The functions of the store as a program calls them: one connection, by the names of accounts."""

import hashlib
import re
import secrets

from support.account_text import sealed

PARTS = 64

# The longest that there is: 254 bytes, and 762 of what is stored.
LONG_NAME = "ü" * 127


def encoded(user):
    """As an account of this user is called."""
    return re.sub(rb"[^A-Za-z0-9_@+.-]", lambda byte: b"%%%02X" % ord(byte[0]), user.encode()).decode()


def part_of(name):
    """As the library has it: the first byte of the name's BLAKE2b-256."""
    return hashlib.blake2b(name.encode(), digest_size=32).digest()[0] % PARTS


def pin(store, parts=PARTS):
    """What is in store-id of a machine that has joined it."""
    return sealed([f"asp-store-id 1 {store} {parts}"]).decode()


def new_tag():
    return secrets.randbits(63)


class Store:
    def __init__(self, connection):
        self.connection = connection
        self.ask, self.one = connection.ask, connection.one

    def load(self, name, entry=""):
        (row,) = self.ask("SELECT * FROM asp.load($1, $2, $3)", part_of(name), name, entry)
        return row

    @staticmethod
    def statement(name, was, new, body, expires=None, event="", reason="", part=None):
        """The words and values of write(): `expires` has the time of each id."""
        expires = expires or {}
        ended = [event, "a b", "Phone\nLaptop", "mail", "imap smtp", reason, "root", "page"]
        values = [part_of(name) if part is None else part, name, was, new, body]
        values += [list(expires), list(expires.values()), *ended]
        return f"SELECT asp.write({', '.join(f'${at + 1}' for at in range(len(values)))})", *values

    def write(self, *words, **more):
        return self.one(*self.statement(*words, **more))

    def make(self, name, body=b"text", **more):
        """An account that is not there. Returns its tag."""
        tag = new_tag()
        assert self.write(name, None, tag, body, **more) == 1
        return tag

    def change(self, name, body=b"text", **more):
        """Whatever it is now."""
        tag = new_tag()
        assert self.write(name, self.load(name)["tag"], tag, body, **more) == 1
        return tag

    def record(self, *uses):
        """Each: name, id, when the entry was created, when it was used, service and host."""
        columns = [list(column) for column in zip(*((part_of(use[0]), *use) for use in uses))]
        self.ask("SELECT asp.record($1, $2, $3, $4, $5, $6, $7)", *columns)

    def used(self, name, entry):
        row = self.load(name, entry)
        return tuple(row[f"used_{what}"] for what in ("created", "last", "service", "host"))

    def head(self, part):
        (row,) = self.ask("SELECT * FROM asp.feed WHERE part = $1", part)
        return row

    def since(self, *cursors):
        """Each: part and number."""
        parts, numbers = ([cursor[at] for cursor in cursors] for at in (0, 1))
        return self.ask("SELECT * FROM asp.since($1, $2)", parts, numbers)

    def note(self, place, number, part=1):
        self.ask("SELECT asp.note_password($1, $2, $3)", part, place, number)

    def mark(self, place, part=1):
        return self.one("SELECT asp.password_mark($1, $2)", part, place)

    def lease(self, what, holder, seconds):
        return self.one("SELECT mine FROM asp.take_lease($1, $2, $3)", what, holder, seconds)
