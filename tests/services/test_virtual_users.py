"""Users whom Dovecot alone knows, as the recipe for them has it: no passwd, no shadow, a domain in the name."""

import re

import pytest
from support.dovecot_recipes import dovecot_path, dovecot_version
from support.mail import Mail, dovecot
from support.recipes import change, recipe

PORT = 1343
ORG, NET = "alice@example.org", "alice@example.net"

# Puts a message with this subject into the user's mail, then says the subjects that are there.
APPEND = """
import imaplib, sys
port, user, subject = sys.argv[1:]
imap = imaplib.IMAP4("127.0.0.1", int(port))
imap.login(user, sys.stdin.read())
if subject:
    imap.append("INBOX", None, None, f"Subject: {subject}\\r\\n\\r\\ntext\\r\\n".encode())
imap.select("INBOX")
for line in imap.search(None, "ALL")[1][0].split():
    print(imap.fetch(line, "(BODY[HEADER.FIELDS (SUBJECT)])")[1][0][1].decode().strip())
imap.logout()
"""


# Mail below the home, in each version's words.
BELOW_HOME = {
    "2.3": ["mail_location = maildir:~/Maildir"],
    "2.4": ["mail_driver = maildir", "mail_path = ~/Maildir"],
}

# How the recipe writes names, and the same without the domain.
FORMAT = {
    "2.3": ("auth_username_format = %Lu", "auth_username_format = %Ln"),
    "2.4": ("auth_username_format = %{user | lower}", "auth_username_format = %{user | username | lower}"),
}


class VirtualMail(Mail):
    def __init__(self, sandbox, build, folder):
        super().__init__(sandbox, build, folder)
        self.version = dovecot_version(sandbox)
        self.text = recipe(dovecot_path(sandbox, "auth-asp-virtual.conf.ext"))

    def told(self, pattern):
        """Lines that the recipe's own text tells to write or to run."""
        found = re.findall(rf"(?m)^# +(?:\d\. )?((?:{pattern}).*)$", self.text)
        assert found
        return found

    def running(self, text, port=PORT):
        """With this text of the recipe's."""
        self.sandbox.write(f"{self.folder}/recipe", text)
        return dovecot(self.sandbox, self.folder, port, f"{self.folder}/recipe", *BELOW_HOME[self.version])

    def curl(self, user, password, port=PORT):
        return super().curl(user, password, port)

    def subjects(self, user, password, add=""):
        words = ["/usr/bin/python3", "-c", APPEND, str(PORT), user, add]
        return self.sandbox.run(*words, input=password).done().out.split()

    def doveadm(self, *words):
        return self.sandbox.run("doveadm", "-c", f"{self.folder}/dovecot.conf", *words)


@pytest.fixture(scope="module")
def virtual_box(dovecot_box, build):
    """A Dovecot with the recipe as it is."""
    service = VirtualMail(dovecot_box, build, "/run/v")
    for line in service.told("useradd |install "):
        dovecot_box.shell(line).done()
    with service.running(service.text):
        yield service


@pytest.fixture
def virtual(virtual_box):
    virtual_box.reset(*virtual_box.told("virtual_users =|user_name ="))
    virtual_box.stack("asp-only", "dovecot")
    virtual_box.sandbox.shell("rm -rf /var/vmail/*").done()
    return virtual_box


def test_a_user_whom_no_database_knows_reads_her_mail(virtual):
    password = virtual.create(ORG, "Phone", "--app", "mail")
    assert virtual.sandbox.run("getent", "passwd", ORG).code == 2
    assert virtual.curl(ORG, password)
    (line,) = virtual.log(1)
    assert line.text == (
        f'verdict=accepted rhost=127.0.0.1 user="{ORG}" service="dovecot" app="mail" id={password[:2]} label="Phone"'
    )


def test_the_same_name_in_two_domains_is_two_accounts(virtual):
    org = virtual.create(ORG, "Phone", "--app", "mail")
    net = virtual.create(NET, "Phone", "--app", "mail")
    assert not virtual.curl(NET, org)
    assert not virtual.curl(ORG, net)
    assert virtual.subjects(ORG, org, "organisation") == ["Subject:", "organisation"]
    assert virtual.subjects(NET, net) == []
    virtual.asp_admin("revoke", NET, "--all").done()
    assert not virtual.curl(NET, net)
    assert virtual.curl(ORG, org)


def test_the_machines_own_user_of_that_name_is_a_third(virtual):
    virtual.create(ORG, "Phone", "--app", "mail")
    own = virtual.create("alice", "Phone", "--app", "mail")
    assert not virtual.curl(ORG, own)
    assert virtual.curl("alice", own)


def test_capitals_are_small_letters_for_both(virtual):
    password = virtual.create("Alice@Example.ORG", "Phone", "--app", "mail")
    assert [entry["label"] for entry in virtual.json("list", ORG)] == ["Phone"]
    assert virtual.curl("ALICE@example.org", password)
    assert virtual.curl(ORG, password)


def test_who_was_given_none_is_refused_and_so_is_a_revoked_one(virtual):
    password = virtual.create(ORG, "Phone", "--app", "mail")
    assert not virtual.curl("carol@example.org", password)
    virtual.asp_admin("revoke", ORG, "--all").done()
    assert not virtual.curl(ORG, password)
    assert [line.word("verdict") for line in virtual.log(2)] == ["no-account", "revoked"]


def test_nothing_that_happens_in_shadow_revokes(virtual):
    """A user of the machine with the name before the @ is nobody to her."""
    password = virtual.create(ORG, "Phone", "--app", "mail")
    virtual.set_primary("alice", "another one")
    assert virtual.json("watch", "--once")["changed"] == 0
    assert virtual.curl(ORG, password)


def test_without_the_key_each_create_has_to_say_virtual(virtual):
    virtual.sandbox.run("rm", "/etc/asp/asp.conf").done()
    refused = virtual.asp_admin("create", ORG, "--label", "Phone", "--app", "mail")
    assert (refused.code, refused.out) == (3, "") and "--virtual" in refused.err
    assert virtual.curl(ORG, virtual.create(ORG, "Phone", "--app", "mail", "--virtual"))


def test_delivery_finds_the_home_of_any_name(virtual):
    run = virtual.doveadm("user", "-f", "home", "carol@example.org").done()
    assert run.out == "/var/vmail/example.org/carol\n"


def test_with_the_domain_dropped_they_would_be_one_user(virtual):
    """Why the recipe sets the format of names."""
    own = virtual.create("alice", "Phone", "--app", "mail")
    spoilt = VirtualMail(virtual.sandbox, virtual.build, "/run/w")
    with spoilt.running(change(spoilt.text, *FORMAT[spoilt.version]), PORT + 1):
        assert spoilt.curl(ORG, own, PORT + 1) and spoilt.curl(NET, own, PORT + 1)
