"""A server that has a store with one account or none, and says of it what a test has it say."""

import contextlib
import pathlib
import shutil
import socket
import struct
import tempfile
import time

import wire
from fake_server import FakeServer
from machine import DATABASE
from store import pin

STORE = "00112233-4455-6677-8899-aabbccddeeff"


def number(value, width="q"):
    """As the database sends it."""
    return None if value is None else struct.pack(f"!{width}", value)


def loaded(body=None, *, store=STORE, oldest=1, pulse_age=0, tag=7, parts=64, rows=1):
    """What asp.load answers: an account of this text, or that there is none."""
    now = number(int(time.time() * 1000000))
    there = (number(tag), body, now) if body is not None else (None, None, None)
    row = (store, number(oldest, "i"), number(parts, "h"), now, number(pulse_age), number(0), *there, *[None] * 4)
    return wire.row(*row) + wire.further_row(*row) * (rows - 1) + wire.COMPLETE + wire.READY


def told(width, *rows):
    """These rows of so many columns, or none."""
    nothing = [None] * width
    head = wire.row(*nothing).removesuffix(wire.further_row(*nothing))
    return head + b"".join(wire.further_row(*row) for row in rows) + wire.COMPLETE + wire.READY


DONE, ANOTHER_BY_NOW = (wire.answered(number(answer, "i")) for answer in (1, 0))
NOTHING = wire.answered("")
UNUSED = wire.answered(*[None] * 5, number(0))  # of asp.uses
WHICH = wire.answered(STORE, number(64, "h"))


class StoreServer(FakeServer):
    """`says` has for each statement, by its name, a list of answers; the last one is for all that come after it. `heard` has
    the names of what was asked."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="asp-pg-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.heard = []
        self.says = {
            "load": [loaded()],
            "write": [DONE],
            "beat": [NOTHING],
            "record": [NOTHING],
            "uses": [UNUSED],
            "which": [WHICH],
        }
        super().__init__(str(self.folder))

    def __exit__(self, *words):
        super().__exit__(*words)
        shutil.rmtree(self.folder)

    # What a site in a database has of that.

    def line(self):
        return DATABASE.format(hosts=f'{{ address = "{self.folder}"; }}', name="asp", wait=5000, fence=0)

    def joined(self):
        return pin(STORE)

    def clock(self, seconds):
        return contextlib.nullcontext()

    def _listen(self):
        listener = socket.socket(socket.AF_UNIX)
        place = self.folder / ".s.PGSQL.5432"
        listener.bind(str(place))
        place.chmod(0o777)  # who answers logins is not root
        listener.listen()
        return listener

    def _next_answer(self, statement):
        self.heard.append(statement)
        answers = self.says[statement]
        return [answers.pop(0) if len(answers) > 1 else answers[0]]
