"""conf/ldap/primary-openldap, on whatever ldapsearch may print: a stand-in prints it, and what the program makes of it
is held against another reading of LDIF. With a real directory: tests/services/test_ldap.py."""

import base64
import random
import re

import pytest
from support.long import EVERYTHING
from support.run import ENVIRONMENT, TREE, execute

PROGRAM = TREE / "conf" / "ldap" / "primary-openldap"
SEED = 20260101
TEXTS = 1000 if EVERYTHING else 150

CONF = "uri=ldap://127.0.0.1\nbase=dc=example,dc=org\n"
LDAPSEARCH = '#!/bin/sh\ncat -- "$0.text"\nexit "$(cat -- "$0.code")"\n'


class Directory:
    """An ldapsearch that prints what it is told to, and ends as it is told to."""

    def __init__(self, folder):
        self.conf = folder / "conf"
        self.conf.write_text(CONF)
        self.conf.chmod(0o600)
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.ldapsearch = self.bin / "ldapsearch"
        self.ldapsearch.write_text(LDAPSEARCH)
        self.ldapsearch.chmod(0o755)

    def read(self, text, code=0):
        """What the program makes of it."""
        (self.bin / "ldapsearch.text").write_bytes(text)
        (self.bin / "ldapsearch.code").write_text(str(code))
        path = f"{self.bin}:{ENVIRONMENT['PATH']}"
        return execute(PROGRAM, self.conf, env={"PATH": path, "LC_ALL": "C"})


@pytest.fixture
def directory(tmp_path):
    return Directory(tmp_path)


class Unclear(Exception):
    """Nothing can be told from such a text."""


def whole_lines(text):
    """Without folds. RFC 2849; that ldapsearch ends an entry with an empty line, also the last one, is its own."""
    if b"\0" in text or b"\1" in text:
        raise Unclear
    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    whole = [b""]
    for line in (line[:-1] if line.endswith(b"\r") else line for line in lines):
        if not line.startswith(b" "):
            whole.append(line)
        elif whole[-1] == b"":
            raise Unclear
        else:
            whole[-1] += line[1:]
    return whole


def records(text):
    """The lines of each entry, which ends with an empty one."""
    lines = []
    for line in whole_lines(text):
        if line == b"":
            if lines:
                yield lines
            lines = []
        elif not line.startswith(b"#"):
            lines.append(line)
    if lines:
        raise Unclear


def decode(value):
    if re.fullmatch(rb"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", value) is None:
        raise Unclear
    return base64.b64decode(value)


def is_shown(name):
    return name != b"" and b":" not in name and not re.search(rb"[\x00-\x1f\x7f]", name)


def read_record(lines):
    names, passwords = [], []
    for number, line in enumerate(lines):
        key, colon, rest = line.partition(b":")
        key = key.split(b";")[0].lower()
        if not colon or not line.split(b":")[0] or (key == b"dn") != (number == 0):
            raise Unclear
        if key in (b"uid", b"userpassword") and rest.startswith(b"<"):
            raise Unclear
        if key == b"uid":
            encoded = rest.startswith(b":")
            value = rest[encoded:].lstrip(b" ")
            names.append(decode(value) if encoded else value)
        elif key == b"userpassword":
            passwords.append(rest.lstrip(b":").lstrip(b" ") if rest.startswith(b":") else rest.lstrip(b" "))
    return [(name, passwords) for name in names if is_shown(name)]


def joined(passwords):
    """Those that come before the first that is not empty leave no comma."""
    value = b""
    for password in passwords:
        value += (b"," if value else b"") + password
    return value


def expected(text):
    """The lines that are right, or None where nothing can be told."""
    try:
        found = [one for lines in records(text) for one in read_record(lines)]
    except Unclear:
        return None
    return [name + b"\t" + joined(passwords) for name, passwords in found]


NAMES = [b"alice", b"bob", b"mallory", b"j\xc3\xbcrgen", b"o.k", b"a b", b"x\ty", b"alice\nbob", b"\x01", b"de\x7fl"]
NAMES += [b"a:b", b"", b" z"]
HASHES = [b"{SSHA}abc=", b"{CRYPT}$6$salt$x", b"", b"plain text", b"\xff\x00raw", b"{X}: y", b"new\n"]
OTHERS = [
    b"uidNumber: 1000",
    b"userPasswordHint: none",
    b"description: uid: mallory",
    b"description:: dWlkOiBtYWxsb3J5Cg==",
    b"jpegPhoto:< file:///tmp/x",
    b"cn:",
    b"# uid: mallory",
    b"x-uid: mallory",
]


def attribute(rnd, key, value):
    """One line, in one of the ways in which it can stand there."""
    key += rnd.choice([b"", b"", b"", b";lang-de"])
    key = rnd.choice([key, key, key.upper(), key.lower()])
    # As it may stand there, and now and then as it may not.
    safe = value.isascii() and value.decode().isprintable() and value[:1] not in (b"", b" ", b":", b"<")
    if rnd.random() < (0.3 if safe else 0.8):
        return key + b"::" + rnd.choice([b" ", b" ", b""]) + base64.b64encode(value)
    return key + b":" + rnd.choice([b" ", b" ", b" ", b"", b"  "]) + value


def folded(rnd, line):
    if len(line) < 3 or rnd.random() < 0.7:
        return [line]
    at = rnd.randrange(1, len(line))
    return [line[:at], *folded(rnd, b" " + line[at:])]


def entry(rnd, number):
    attributes = [attribute(rnd, b"uid", rnd.choice(NAMES)) for _ in range(rnd.choice([1, 1, 1, 2, 0]))]
    attributes += [attribute(rnd, b"userPassword", rnd.choice(HASHES)) for _ in range(rnd.choice([1, 1, 2, 0]))]
    attributes += rnd.sample(OTHERS, rnd.randrange(3))
    rnd.shuffle(attributes)
    return [line for one in (b"dn: uid=x%d" % number, *attributes) for line in folded(rnd, one)] + [b""]


SPOILT = {
    "a byte": lambda rnd, text, at: text[:at] + bytes([rnd.randrange(256)]) + text[at + 1 :],
    "a NUL": lambda rnd, text, at: text[:at] + b"\0" + text[at:],
    "the end": lambda rnd, text, at: text[:at],
    "a line end": lambda rnd, text, at: text[:at] + b"\n" + text[at:],
    "a space": lambda rnd, text, at: text[:at] + b" " + text[at:],
    "no line end": lambda rnd, text, at: text[:at] + text[at:].replace(b"\n", b"", 1),
    "a piece less": lambda rnd, text, at: text[:at] + text[at + rnd.randrange(40) :],
    "a URL": lambda rnd, text, at: text.replace(b"uid: ", b"uid:< ", 1),
    "no padding": lambda rnd, text, at: text.replace(b"=\n", b"\n", 1),
}


def generate(rnd):
    lines = [line for number in range(rnd.randrange(1, 5)) for line in entry(rnd, number)]
    if rnd.random() < 0.2:
        lines += [b"# pagedresults: cookie=AAA="]
    text = b"".join(line + rnd.choice([b"\n"] * 9 + [b"\r\n"]) for line in lines)
    if rnd.random() < 0.2:
        text = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for _ in range(rnd.choice([0, 0, 1, 1, 2])):
        text = rnd.choice(list(SPOILT.values()))(rnd, text, rnd.randrange(len(text) + 1))
    return text


def judge(directory, text):
    """Whether something could be told."""
    lines = expected(text)
    run = directory.read(text)
    printed = run.out.encode("utf-8", "surrogateescape")
    if lines is None:
        assert run.code != 0 and printed == b"", (text, run)
        assert re.search(r"^primary-openldap: line \d+ that ldapsearch printed ", run.err, re.MULTILINE), (text, run)
    else:
        assert (run.code, printed) == (0, b"".join(line + b"\n" for line in lines)), (text, run, lines)
    return lines is not None


def test_of_whatever_ldapsearch_prints_each_line_is_of_its_own_user_or_nothing_is_said(directory):
    rnd = random.Random(SEED)
    told = [judge(directory, generate(rnd)) for _ in range(TEXTS)]
    # Neither is what the generator makes alone.
    assert TEXTS / 5 < sum(told) < TEXTS * 4 / 5


@pytest.mark.parametrize(
    "text, lines",
    [
        (b"", b""),
        (b"dn: x\nuid: alice\nuserPassword:: QQ==\n\n", b"alice\tQQ==\n"),
        (b"dn: x\r\nuid: alice\r\nuserPassword: a\r\n\r\ndn: y\r\nuid: bob\r\nuserPassword: b\r\n\r\n", b"alice\ta\nbob\tb\n"),
        (b"dn: x\nuid: al\n ice\nuserPassword:: QU\n JD\n\n", b"alice\tQUJD\n"),
        (b"# uid: bob\n uid: carol\n\ndn: x\nuid:alice\nuserPassword:\nuserPassword: b\n\n", b"alice\tb\n"),
        (b"dn: x\nuidNumber: 7\nuid:: \nuid: a:b\nuid: alice\nuid;lang-de: bob\n\n", b"alice\t\nbob\t\n"),
    ],
    ids=["nothing", "plain", "CRLF", "folded", "comments", "names"],
)
def test_what_is_ldif_is_read(directory, text, lines):
    run = directory.read(text)
    assert (run.code, run.out.encode()) == (0, lines), run


@pytest.mark.parametrize(
    "text",
    [
        b"dn: x\nuid: alice\nuserPassword: a\ndn: y\nuid: bob\nuserPassword: b\n\n",
        b"dn: x\nuid: alice\nuserPassword: a\n",
        b"dn: x\nuid: alice\nuserPassword: a\n\ndn: y\nuid: bo",
        b"dn: x\nuid:< file:///etc/shadow\nuserPassword: a\n\n",
        b"dn: x\nuid: alice\nuserPassword:< file:///etc/shadow\n\n",
        b"dn: x\nuid:: YWxpY2U\nuserPassword: a\n\n",
        b"dn: x\nuid:: YWxp=Y2U\nuserPassword: a\n\n",
        b"dn: x\nuid:: $(id)\nuserPassword: a\n\n",
        b"uid: alice\nuserPassword: a\n\n",
        b"dn: x\nuid: al\0ice\nuserPassword: a\n\n",
        b"dn: x\nuid: alice\nuserPassword: a\n\n more\n\n",
        b"dn: x\nuid: alice\nldap_result: gone wrong\nCan't contact LDAP server\n\n",
    ],
    ids="two-in-one no-end cut url password-url no-padding bad-padding command no-dn NUL stray-fold error".split(),
)
def test_of_what_is_no_ldif_nothing_is_said(directory, text):
    run = directory.read(b"dn: z\nuid: zoe\nuserPassword: z\n\n" + text)
    assert (run.code, run.out) == (1, ""), run


def test_nothing_is_said_where_ldapsearch_fails(directory):
    run = directory.read(b"dn: x\nuid: alice\nuserPassword: a\n\n", code=4)
    assert (run.code, run.out) == (4, ""), run
