"""The system log of a sandbox, and what the module and asp-broker say in it."""

import dataclasses
import pathlib
import re
import uuid

from support.run import BIN, text
from support.wait import wait_until

PATH = "/run/messages"

# What syslog(3) sends. Of the module, who speaks is the program that it is loaded in, and the stack.
MESSAGE = re.compile(
    r"<(?P<priority>\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (?P<program>nginx: worker process|\S+?)(?:\[\d+\])?: "
    r"(?:pam_asp\((?P<stack>.*?)\): )?(?P<text>.*)"
)
MARK = re.compile(r"^<\d+>.{15} asp-mark: ")


@dataclasses.dataclass(frozen=True)
class Line:
    """A line in the log: its severity (6 info, 5 notice, 3 error), its facility, whose it is, and what."""

    severity: int
    facility: int
    by: str  # the stack of the module as `imap:auth`, or the program
    of_module: bool
    text: str

    def word(self, name):
        return re.search(rf'(?:^| ){name}=("(?:[^"\\]|\\.)*"|\S+)', self.text)[1].strip('"')

    @property
    def is_ours(self):
        return self.of_module or self.by == "asp-broker"

    @property
    def is_decision(self):
        return self.is_ours and self.text.startswith("verdict=")


def parse(message):
    """The Line that a message is, or None."""
    found = MESSAGE.fullmatch(message)
    if found is None:
        return None
    priority = int(found["priority"])
    of_module = found["stack"] is not None
    by = found["stack"] if of_module else found["program"]
    return Line(priority % 8, priority // 8, by, of_module, found["text"])


def parsed(messages):
    return [line for line in map(parse, messages) if line is not None]


class SystemLog:
    """The log of a sandbox, which a test reads on from where it was."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.file = pathlib.Path(f"/proc/{sandbox.first}/root{PATH}")
        self.position = 0

    def start(self):
        self.sandbox.run(BIN / "syslogd", PATH).done()
        return self

    def messages(self):
        """All that is in it. A carriage return is made harmless, as real system logs do it."""
        data = self.file.read_bytes() if self.file.exists() else b""
        messages = text(data).replace("\r", "?").split("\n")[:-1]
        return [message for message in messages if not MARK.search(message)]

    def new(self):
        """What has come since last taken or forgotten, and stays new."""
        return self.messages()[self.position :]

    def forget(self):
        self.position = len(self.messages())

    def settle(self):
        """Waits until all that was said is written: a mark of ours comes after it."""
        mark = uuid.uuid4().hex
        self.sandbox.run("logger", "--tag", "asp-mark", mark).done()
        wait_until(lambda: mark.encode() in self.file.read_bytes(), "the log does not come")

    def take(self):
        """What has come since last taken or forgotten, to the last."""
        self.settle()
        found = self.new()
        self.position += len(found)
        return found

    def take_lines(self, count, wanted):
        """The lines among the new ones that are wanted. There must be `count` of them."""

        def look():
            return [line for line in parsed(self.new()) if wanted(line)]

        self.settle()
        wait_until(lambda: len(look()) >= count, self.new)
        messages = self.new()
        lines = [line for line in parsed(messages) if wanted(line)]
        assert len(lines) == count, messages
        self.position += len(messages)
        return lines

    def wait_for(self, pattern, seconds=30):
        """Waits until it is to be found in the log, whenever it came."""

        def look():
            return any(re.search(pattern, message) for message in self.messages())

        wait_until(look, lambda: f"{pattern}: {self.messages()}", seconds)

    def logged(self, pattern):
        """The first of the new messages in which the pattern is found."""

        def look():
            return next((message for message in self.new() if re.search(pattern, message)), None)

        return wait_until(look, lambda: f"{pattern}: {self.new()}")
