"""The files of conf/ as they are shipped, and changed as their text says."""

import re

from support.run import TREE

CONF = TREE / "conf"
# Changes of a PAM file that refuses late: so that it does at once.
AT_ONCE = (r"delay=\d+", "delay=0"), (r"(?m)^(auth .*pam_unix.so)$", r"\1 nodelay")


def recipe(name, *changes):
    """A shipped file, with each (pattern, text) changed; each must find its place in it."""
    text = (CONF / name).read_text()
    for pattern, by in changes:
        text, count = re.subn(pattern, by, text)
        assert count > 0, (name, pattern)
    return text


def steps(name):
    """What the text of a shipped file tells to type, in order: to set it up, and to go back. These are the lines that are
    indented in its comment."""
    head = "\n".join(line[1:] for line in recipe(name).splitlines() if line.startswith("#"))
    return [re.findall(r"(?m)^ {5}(\S.*)$", part) for part in head.partition("The way back")[::2]]


def with_module(text, build):
    """A PAM file with the module where it was built."""
    return re.sub(r"(?m)^(?!#)(.*)pam_asp\.so", rf"\1{build}/pam_asp/pam_asp.so", text)


def pam_file(name, build):
    """A PAM file of conf/ with the module where it was built, and with refusals that are answered at once."""
    return with_module(re.sub(r"(?m)^(auth .*pam_unix\.so)", r"\1 nodelay", recipe(name)), build)


def change(text, old, new):
    """The text with one thing in it changed, which must be there once."""
    assert text.count(old) == 1, (old, text)
    return text.replace(old, new)


def lines(text, facility):
    """The lines of a PAM file that are in force for a facility."""
    return [line for line in text.splitlines() if line.split()[:1] == [facility]]


def account_first(text):
    """The recipe's lines, but with pam_asp before the module that is to bar."""
    (line,) = re.findall(r"(?m)^account +sufficient .*\n", text)
    text = change(text, line, "")
    first = re.search(r"(?m)^account ", text).start()
    return text[:first] + line + text[first:]
