"""asp-admin doctor and the recipes for Dovecot: which of their forms is for the Dovecot that is there. Its configuration
is Debian's, with what the recipes tell to change in it."""

import pytest
from support.doctor import Finding
from support.dovecot_recipes import dovecot_version
from support.run import BIN
from support.sandbox import open_sandbox
from support.service import Service

NAMES = ["auth-asp.conf.ext", "auth-asp-virtual.conf.ext"]
OTHER = {"2.3": "2.4", "2.4": "2.3"}
FOLDER = "/etc/dovecot/conf.d"

# As on the day on which Dovecot was installed.
PUT_RIGHT = """
rm -rf /etc/dovecot
mkdir -p /etc/dovecot
cp -r /usr/share/dovecot/dovecot.conf /usr/share/dovecot/conf.d /etc/dovecot/
"""


class Examined(Service):
    """A machine with Dovecot."""

    def __init__(self, box, build):
        super().__init__(box, build)
        self.version = dovecot_version(box)

    def place(self, name, form):
        self.install(f"dovecot/{form}/{name}", f"{FOLDER}/{name}")

    def include(self, name):
        line = f"!include {name}"
        self.sandbox.shell('sed -i "s/^!include auth-.*/$1/" "$2/10-auth.conf"', line, FOLDER).done()
        assert line in self.sandbox.read(f"{FOLDER}/10-auth.conf")

    def findings(self):
        """What doctor says of Dovecot."""
        rows = [Finding(**row) for row in self.sandbox.json("sh", "-c", f"{self.admin} --json doctor || test $? -eq 1")]
        return [row for row in rows if row.check == "dovecot"]


@pytest.fixture(scope="module")
def box(sandboxes, layer):
    box = open_sandbox(layer, "dovecot", "doveconf")
    box.run(BIN / "dovecot", "users").done()
    yield box
    box.close()


@pytest.fixture
def examined(box, build):
    box.shell(PUT_RIGHT).done()
    return Examined(box, build)


@pytest.mark.parametrize("name", NAMES)
def test_the_form_for_this_version_is_well(examined, name):
    examined.place(name, examined.version)
    examined.include(name)
    (row,) = examined.findings()
    assert row.ok and not row.note and row.message.startswith(f"Dovecot {examined.version}.")


@pytest.mark.parametrize("name", NAMES)
def test_the_form_for_the_other_version_is_a_fault_that_names_the_right_one(examined, name):
    """And Dovecot says so itself, with the file and the line."""
    examined.place(name, OTHER[examined.version])
    examined.include(name)
    refusal = examined.sandbox.run("doveconf", "-n")
    assert refusal.code == 89 and f"configuration file {FOLDER}/{name} line " in refusal.err
    (row,) = examined.findings()
    assert not row.ok and refusal.err.splitlines()[0] in row.message
    assert f" dovecot/{examined.version}/{name} " in row.mend
    examined.place(name, examined.version)
    (row,) = examined.findings()
    assert row.ok, "that was the fix"


def test_an_error_elsewhere_is_no_fault_of_a_recipe(examined):
    examined.place(NAMES[0], examined.version)
    examined.include(NAMES[0])
    examined.sandbox.write(f"{FOLDER}/99-more.conf", "no_such_setting = yes\n")
    (row,) = examined.findings()
    assert row.note and "no_such_setting" in row.message


def test_of_a_dovecot_without_a_recipe_nothing_is_said(examined):
    examined.sandbox.write(f"{FOLDER}/99-more.conf", "no_such_setting = yes\n")
    assert examined.findings() == []


def test_a_form_that_is_not_read_is_no_fault(examined):
    examined.place(NAMES[0], OTHER[examined.version])
    (row,) = examined.findings()
    assert row.ok and not row.note
