"""asp-admin doctor and Dovecot: which form of a recipe is for the one that is there, and what its cache keeps of logins.
Its configuration is Debian's, with what the recipes tell to change in it."""

import pytest
from support.doctor import Finding
from support.dovecot_recipes import CACHED, CACHED_CARELESSLY, dovecot_recipe, dovecot_version
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
rm -f /etc/pam.d/{dovecot,imap,pop3,sieve,submission,smtp}
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


def test_where_the_recipes_are_installed_the_commands_put_the_right_form_there(examined):
    examined.place(NAMES[0], OTHER[examined.version])
    examined.include(NAMES[0])
    shipped = f"/usr/local/share/doc/pam_asp/dovecot/{examined.version}/{NAMES[0]}"
    examined.install(f"dovecot/{examined.version}/{NAMES[0]}", shipped)
    (row,) = examined.findings()
    examined.sandbox.shell(row.mend).done()
    (row,) = examined.findings()
    assert row.ok
    before = examined.sandbox.read(f"{FOLDER}/{NAMES[0]}.before")
    assert "auth-asp.conf.ext" in before and before != examined.sandbox.read(shipped)
    examined.sandbox.run("rm", "-r", "/usr/local/share/doc/pam_asp").done()


def test_an_error_elsewhere_is_no_fault_of_a_recipe(examined):
    examined.place(NAMES[0], examined.version)
    examined.include(NAMES[0])
    examined.sandbox.write(f"{FOLDER}/99-more.conf", "no_such_setting = yes\n")
    (row,) = examined.findings()
    assert row.note and "no_such_setting" in row.message


def test_of_a_dovecot_without_a_recipe_nothing_is_said(examined):
    examined.sandbox.write(f"{FOLDER}/99-more.conf", "no_such_setting = yes\n")
    assert examined.findings() == []


@pytest.mark.parametrize("form", OTHER)
def test_a_recipe_that_is_not_read_is_told_and_no_fault(examined, form):
    examined.place(NAMES[0], form)
    (row,) = examined.findings()
    assert row.note and f"{NAMES[0]} is there, and no file of Dovecot's includes it" in row.message
    examined.sandbox.shell('echo "#!include $2" >>"$1/10-auth.conf"', FOLDER, NAMES[0]).done()
    assert examined.findings()[0].note


# What Dovecot keeps of PAM's answers. 2.3 keeps nothing but with a cache_key.


@pytest.fixture
def caching(examined):
    """One that has a cache of logins, and whose PAM file asks for app passwords. test_dovecot_cache.py shows what of it
    lives on."""
    examined.stack("asp-only", "dovecot")
    examined.sandbox.write(f"{FOLDER}/99-more.conf", "auth_cache_size = 10M\n")
    return examined


def test_a_cache_in_which_a_revoked_password_lives_on_is_a_fault(caching):
    """Debian's configuration as it is, with a cache."""
    found = caching.findings()
    if caching.version == "2.3":
        assert found == []
        return
    (row,) = found
    assert not row.ok and "a revoked app password goes on" in row.message
    caching.sandbox.shell(r'sed -i "s/^passdb pam {$/&\n  use_cache = no/" "$1/auth-system.conf.ext"', FOLDER).done()
    assert "use_cache = no" in row.mend and caching.findings() == []


@pytest.mark.parametrize("changes", [(), (CACHED,)], ids=["shipped", "as-its-text-advises"])
def test_a_cache_as_the_recipe_has_it_is_well(caching, changes):
    caching.sandbox.write(f"{FOLDER}/{NAMES[0]}", dovecot_recipe(caching.sandbox, *changes))
    caching.include(NAMES[0])
    (row,) = caching.findings()
    assert row.ok and not row.note


def test_a_careless_cache_is_a_fault_whatever_the_passdb_is_called(caching):
    """2.3 gives it no name, and keeps nothing but by a key that was meant."""
    text = dovecot_recipe(caching.sandbox, CACHED_CARELESSLY).replace("passdb pam {", "passdb own {\n  driver = pam")
    caching.sandbox.write(f"{FOLDER}/{NAMES[0]}", text)
    caching.include(NAMES[0])
    (row,) = caching.findings()
    assert row.ok if caching.version == "2.3" else "use_cache = no" in row.mend


def test_a_careless_cache_of_one_protocol_is_a_fault(caching):
    """2.3 knows of no passdb that is one protocol's."""
    caching.sandbox.shell(r'sed -i "s/^passdb pam {$/&\n  use_cache = no/" "$1/auth-system.conf.ext"', FOLDER).done()
    assert caching.findings() == []
    own = "protocol imap {\n  passdb own {\n    driver = pam\n    service_name = dovecot\n  }\n}\n"
    if caching.version == "2.4":
        caching.sandbox.write(f"{FOLDER}/99-own.conf", own)
        (row,) = caching.findings()
        assert "use_cache = no" in row.mend


def test_a_configuration_that_is_too_long_is_not_said_to_be_well(caching):
    one = "namespace n{0} {{\n  prefix = {0}{1}/\n}}\n"
    caching.sandbox.write(f"{FOLDER}/99-long.conf", "".join(one.format(i, "x" * 1000) for i in range(300)))
    (row,) = caching.findings()
    assert row.note and "not looked at" in row.message


@pytest.mark.parametrize("line", ["auth_cache_size = 0\n", ""])
def test_without_a_cache_there_is_nothing_to_say(caching, line):
    caching.sandbox.write(f"{FOLDER}/99-more.conf", line)
    assert caching.findings() == []


def test_a_cache_of_others_passwords_is_none_of_our_business(caching):
    caching.sandbox.write("/etc/pam.d/dovecot", "auth required pam_unix.so\naccount required pam_unix.so\n")
    assert caching.findings() == []


# Which PAM files Dovecot asks for, and what it asks beside PAM.


@pytest.fixture
def asking(examined):
    """Debian's configuration as it is; the PAM file asks for app passwords."""
    examined.stack("asp-only", "dovecot")
    assert examined.findings() == []
    return examined


def by_protocol(examined):
    name = {
        "2.3": ("  args = dovecot", "  args = session=yes %s"),
        "2.4": ("  service_name = dovecot", "  service_name = %{protocol}"),
    }
    (before, after) = name[examined.version]
    text = dovecot_recipe(examined.sandbox)
    assert before in text
    examined.sandbox.write(f"{FOLDER}/{NAMES[0]}", text.replace(before, after))
    examined.sandbox.write(f"{FOLDER}/99-more.conf", "protocols = lmtp imap\n")
    examined.include(NAMES[0])


def test_a_pam_file_that_is_missing_for_a_protocol_is_a_fault_and_the_command_makes_it(asking):
    """Else /etc/pam.d/other decides, and Dovecot lets the primary password in."""
    by_protocol(asking)
    (row,) = asking.findings()
    assert not row.ok and "there is no /etc/pam.d/imap: /etc/pam.d/other decides" in row.message
    assert row.mend == "install -m 644 /etc/pam.d/dovecot /etc/pam.d/imap"
    asking.sandbox.shell(row.mend).done()
    (row,) = asking.findings()
    assert row.ok and not row.note


def said_for_all(examined, *lines):
    if examined.version == "2.3":
        pytest.skip("in Dovecot 2.3 each passdb says it all itself")
    examined.sandbox.write(f"{FOLDER}/99-more.conf", "".join(f"{line}\n" for line in lines))


def test_a_service_that_is_said_for_all_passdbs_of_pam_counts(asking):
    said_for_all(asking, "passdb_pam_service_name = %{protocol}", "protocols = imap")
    (row,) = asking.findings()
    assert "there is no /etc/pam.d/imap: " in row.message


def test_a_cache_that_is_said_to_be_none_for_all_passdbs_is_none(caching):
    said_for_all(caching, "auth_cache_size = 10M", "passdb_use_cache = no")
    assert caching.findings() == []


def test_without_a_file_of_ours_the_shipped_stack_is_what_is_missing(examined):
    shipped = "/usr/local/share/doc/pam_asp/pam.d/asp-only"
    examined.sandbox.write("/etc/pam.d/dovecot", "auth required pam_unix.so\naccount required pam_unix.so\n")
    by_protocol(examined)
    assert [row.mend for row in examined.findings()] == ["copy one of the stacks of pam_asp(8) to /etc/pam.d/imap"]
    examined.install("pam.d/asp-only", shipped)
    assert [row.mend for row in examined.findings()] == [f"install -m 644 {shipped} /etc/pam.d/imap"]
    examined.sandbox.run("rm", "-r", "/usr/local/share/doc/pam_asp").done()


def passdb(examined, name, *lines):
    head = {"2.3": f"passdb {{\n  driver = {name}\n", "2.4": f"passdb {name} {{\n"}[examined.version]
    examined.sandbox.write(f"{FOLDER}/99-more.conf", head + "".join(f"  {line}\n" for line in lines) + "}\n")


@pytest.mark.parametrize("driver", ["shadow", "passwd"])
def test_a_passdb_of_the_systems_own_passwords_beside_pam_is_a_fault(asking, driver):
    if asking.version != "2.3":
        pytest.skip("Dovecot 2.4 has none but PAM")
    passdb(asking, driver)
    (row,) = asking.findings()
    assert not row.ok and f"a passdb {driver} beside that of PAM" in row.message
    passdb(asking, driver, "deny = yes")
    assert asking.findings() == []


def test_another_passdb_beside_pam_is_told(asking):
    path = {"2.3": "args = /etc/dovecot/more", "2.4": "passwd_file_path = /etc/dovecot/more"}[asking.version]
    passdb(asking, "passwd-file", path)
    (row,) = asking.findings()
    assert row.note and "Dovecot has a passdb passwd-file beside that of PAM" in row.message


def test_what_dovecot_asks_is_none_of_our_business_where_pam_does_not_ask_us(examined):
    examined.sandbox.write("/etc/pam.d/dovecot", "auth required pam_unix.so\naccount required pam_unix.so\n")
    passdb(examined, "shadow" if examined.version == "2.3" else "passwd-file")
    assert examined.findings() == []
