"""A running site moves over: each step of conf/migration.md, and each way back, with a real Dovecot; and the page's own
commands on the log that was really written.
"""

import datetime
import json
import re

import pytest
from support.passwords import PRIMARY
from support.recipes import lines, pam_file, recipe

ALICES, BOBS = PRIMARY["alice"], PRIMARY["bob"]
PAGE = recipe("migration.md")
BEFORE = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


# Who uses the primary.
(LIST,) = re.findall(r"(?m)^    (asp-admin log .*)$", PAGE)


def traditional(message):
    """As rsyslog's traditional format and journalctl write what came to /dev/log."""
    return re.sub(r"^<\d+>(.{15}) ", r"\1 mail.example ", message)


def precise(message):
    """As rsyslog writes it nowadays, with a time of RFC 3339."""
    month, day, time, rest = re.fullmatch(r"<\d+>(\w{3}) ([ \d]\d) (\S+) (.*)", message).groups()
    return f"{datetime.date.today().year}-{MONTHS.index(month) + 1:02}-{int(day):02}T{time}.123456+00:00 mail {rest}"


FORMATS = {"traditional": traditional, "precise": precise}


class Migration:
    """A site on its way, and its log."""

    def __init__(self, mail):
        self.mail = mail
        self.restart_log()
        self.take("before")

    def take(self, step):
        """The file of a step; `before` is what was there."""
        text = BEFORE if step == "before" else pam_file(step, self.mail.build)
        self.mail.sandbox.write("/etc/pam.d/imap", text)

    def messages(self):
        return self.mail.log_file.messages()

    def restart_log(self):
        self.mail.log_file.forget()

    def rows(self, form=traditional, *more):
        """What the page's list says of the log since last restarted."""
        self.mail.log_file.settle()
        text = [form(message) for message in self.mail.log_file.new()] + list(more)
        box = self.mail.sandbox
        box.write("/var/log/auth.log", "".join(f"{line}\n" for line in text))
        tool = self.mail.build / "asp-admin" / "asp-admin"
        return json.loads(box.shell(f"{LIST.replace('asp-admin', str(tool), 1)} --json").done().out)

    def users_of_primary(self, form=traditional, *more):
        """Of those on it who were let in: {(user, service, address): how often}."""
        rows = self.rows(form, *more)
        return {(row["user"], row["service"], row["rhost"]): row["let_in"] for row in rows if row["let_in"]}

    def opens(self, user, password, rhost="192.0.2.7"):
        return self.mail.auth(user, password, rhost=rhost)


@pytest.fixture
def moved(mail):
    yield Migration(mail)
    mail.sandbox.shell("rm -f /var/log/auth.log*").done()


STEPS = ("before", "migration/asp-either", "migration/asp-enrolled", "pam.d/asp-only")
# Who gets in at each step, with: alice's primary and her app password, the primary of bob who has none.
OPENS = dict(zip(STEPS, [(True, False, True), (True, True, True), (False, True, True), (False, True, False)]))


def test_each_step_and_each_step_back_is_what_the_page_says(moved):
    phone = moved.mail.create("alice", "Phone", "--app", "mail")
    for step in [*STEPS, *reversed(STEPS)]:
        moved.take(step)
        tried = [moved.mail.curl(*one) for one in (("alice", ALICES), ("alice", phone), ("bob", BOBS))]
        assert tuple(tried) == OPENS[step], step
    assert moved.mail.entry(phone[:2])["state"] == "active"


def test_the_page_names_the_files_that_are_tested():
    named = re.findall(r"(?m)^    install -m 644 (\S+) /etc/pam.d/dovecot$", PAGE)
    assert named == list(STEPS[1:])


@pytest.mark.parametrize("name", ["asp-either", "asp-enrolled"])
def test_a_step_differs_from_the_stack_of_its_name_in_what_is_logged_alone(mail, name):
    step, stack = (pam_file(f"{folder}/{name}", mail.build) for folder in ("migration", "pam.d"))
    assert lines(step, "account") == lines(stack, "account")
    first, unix, warn = (line.split() for line in lines(step, "auth"))
    assert [first, ["auth", "required", *unix[2:]]] == [line.split() for line in lines(stack, "auth")]
    assert (unix[1], warn) == ("requisite", ["auth", "optional", "pam_warn.so"])


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_the_list_has_who_got_in_with_the_primary_and_nobody_else(moved, form):
    phone = moved.mail.create("alice", "Phone", "--app", "mail")
    moved.take("migration/asp-either")
    assert moved.opens("alice", phone)
    assert not moved.opens("alice", "a guess")
    assert not moved.opens("nobody-of-that-name", "a guess")
    assert moved.users_of_primary(form) == {}
    assert moved.opens("alice", ALICES)
    assert all(moved.opens("bob", BOBS, rhost) for rhost in ("192.0.2.7", "2001:db8::7", "2001:db8::7"))
    assert moved.users_of_primary(form) == {
        ("bob", "imap", "2001:db8::7"): 2,
        ("bob", "imap", "192.0.2.7"): 1,
        ("alice", "imap", "192.0.2.7"): 1,
    }


def test_of_the_enrolled_the_list_has_nobody_in_the_second_step(moved):
    moved.mail.create("alice", "Phone", "--app", "mail")
    moved.take("migration/asp-enrolled")
    assert not moved.opens("alice", ALICES)
    assert moved.opens("bob", BOBS)
    assert moved.users_of_primary() == {("bob", "imap", "192.0.2.7"): 1}
    moved.mail.create("bob", "Phone", "--app", "mail")
    moved.restart_log()
    assert not moved.opens("bob", BOBS)
    assert moved.users_of_primary() == {}


@pytest.fixture
def any_name(mail):
    """Dovecot hands on names with any character, which it does not by default."""
    set_and_reload = "sed -i '/^auth_username_chars/d' /run/d/dovecot.conf; {} doveadm -c /run/d/dovecot.conf reload"
    mail.sandbox.shell(set_and_reload.format("echo 'auth_username_chars =' >>/run/d/dovecot.conf;")).done()
    yield
    mail.sandbox.shell(set_and_reload.format("")).done()


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_nobody_gets_another_one_onto_the_list(moved, any_name, form):
    """Names that look like the line, tried at a login, and as another program may log them."""
    moved.take("migration/asp-either")
    shape = "pam_warn(imap:auth): function=[pam_sm_authenticate] flags=0 service=[imap] user=[bob] ruser=[] rhost=[]"
    names = (shape, f"x: {shape}", f"x] user=[bob] {shape}", f"x\nNov 25 02:15:22 mail auth: {shape}")
    for name in names:
        assert not moved.opens(name, "a guess")
    assert sum(shape in message for message in moved.messages()) >= len(names), "they are in the log"
    said = [form(f"<38>Nov 25 02:15:22 sshd[77]: Invalid user {name} from 192.0.2.9") for name in names[:3]]
    assert moved.users_of_primary(form, *said) == {}
    assert moved.opens("alice", ALICES)
    assert moved.users_of_primary(form, *said) == {("alice", "imap", "192.0.2.7"): 1}


def test_in_the_last_step_the_list_has_the_devices_that_are_refused(moved):
    moved.mail.create("alice", "Phone", "--app", "mail")
    moved.take("pam.d/asp-only")
    assert not moved.opens("alice", ALICES)
    assert not moved.opens("bob", BOBS, "2001:db8::7")
    assert [(row["user"], row["rhost"], row["count"], row["let_in"]) for row in moved.rows()] == [
        ("alice", "192.0.2.7", 1, None),
        ("bob", "2001:db8::7", 1, None),
    ]
