"""A process that keeps one connection to a database, and asks what it is told (driver.c)."""

import dataclasses
import re
import subprocess

from support.run import ENVIRONMENT, TREE, ended
from support.wait import LONG

STATUS = {int(number): name for name, number in re.findall(r"(?m)^    (ASP_\w+) = (-?\d+),", (TREE / "asp/error.h").read_text())}
LETTERS = {"c": "closes", "n": "anew", "a": "again", "u": "unknown", "d": "down"}


@dataclasses.dataclass(frozen=True)
class Answer:
    status: str
    host: str = ""
    rows: tuple = ()
    what: frozenset = frozenset()  # of struct pgsql_failure
    text: str = ""
    advice: str = ""

    @property
    def value(self):
        """The one there is, of bytes."""
        ((value,),) = self.rows
        return value


def _read(line):
    assert line.endswith("\n"), f"the driver has ended: {line!r}"
    word, *words = line[:-1].split("\t")
    if word == "failed":
        status, letters, text, advice = words
        assert all(part.isprintable() for part in (text, advice)), line
        return Answer(STATUS[int(status)], "", (), frozenset(LETTERS[letter] for letter in letters), text, advice)
    assert word == "ok", line
    host, rows, columns, *values = words
    values = [None if value == "NULL" else bytes.fromhex(value[1:]) for value in values]
    width = int(columns)
    assert len(values) == int(rows) * width, line
    return Answer("ASP_OK", host, tuple(tuple(values[i * width : (i + 1) * width]) for i in range(int(rows))))


def _word(value):
    if value is None:
        return "NULL"
    return f"#{value.hex()}" if isinstance(value, bytes) else f"={value}"


class Driver:
    """`host` and `set` describe the database; `read` and `write` ask."""

    SECONDS = LONG

    def __init__(self, build, env=None, prefix=()):
        self.names = {}
        self.process = subprocess.Popen(
            [*prefix, build / "tests" / "fleet" / "driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**ENVIRONMENT, **(env or {})},
            encoding="utf-8",
        )
        self.set(name="asp", user="asp_node", admin="asp_admin", role="asp_node", wait=800)

    def _tell(self, *words):
        line = "\t".join(map(str, words))
        assert "\n" not in line
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def set(self, **settings):
        for key, value in settings.items():
            self._tell("set", key, value)

    def hosts(self, *hosts):
        """Each a name, an address and a port, or a server that has these."""
        self._tell("hosts")
        for host in hosts:
            name, address, port = host if isinstance(host, tuple) else (host.name, "127.0.0.1", host.port)
            self._tell("host", name, address, port)

    def _ask(self, what, statement, values, seconds):
        name = self.names.setdefault((what, statement), f"statement{len(self.names)}")
        self._tell(*what.split(), int(1000 * seconds), name, statement, *map(_word, values))
        return _read(self.process.stdout.readline())

    def read(self, statement="SELECT asp.read()", *values, seconds=SECONDS):
        return self._ask("read", statement, values, seconds)

    def write(self, statement="SELECT asp.write()", *values, seconds=SECONDS):
        return self._ask("write", statement, values, seconds)

    def read_forked(self, statement, *values, seconds=SECONDS):
        """In a process that is forked for it, and ends."""
        return self._ask("forked read", statement, values, seconds)

    def close_forked(self):
        self._tell("forked", "close")

    def forget(self):
        """Closes its connection."""
        self._tell("close")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with ended(self.process):
            out, err = self.process.communicate(timeout=LONG)
            assert (self.process.returncode, out, err) == (0, "", "")
