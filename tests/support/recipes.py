"""The recipes of conf/with-other-modules as they are shipped, for the tests of life beside other PAM modules."""

import re

import pytest
from support.run import TREE

MODULES = "/lib/$(uname -m)-linux-gnu/security"


def need(box, name):
    """Skips where a module of another project is neither installed nor unpacked."""
    if box.shell(f'test -e {MODULES}/"$1"', name).code != 0:
        pytest.skip(f"no {name}: neither installed nor unpacked in ASP_LAYER")


def shipped(path, build):
    """A PAM file of conf/, with the module where it was built, and with refusals that are answered at once."""
    text = (TREE / "conf" / path).read_text()
    text = re.sub(r"(?m)^(auth .*pam_unix\.so)", r"\1 nodelay", text)
    return re.sub(r"(?m)^(?!#)(.*)pam_asp\.so", rf"\1{build}/pam_asp/pam_asp.so", text)


def change(text, old, new):
    """The text with one thing in it changed, which must be there once."""
    assert text.count(old) == 1, (old, text)
    return text.replace(old, new)


def lines(text, facility):
    """The lines of a PAM file that are in force for a facility."""
    return [line for line in text.splitlines() if line.split()[:1] == [facility]]
