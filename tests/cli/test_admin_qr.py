"""`create --qr`: what a camera reads is the password, or the account with it, and it is shown nowhere else."""

import json
import shutil

import pytest
from support.documents import CREATED_KEYS
from support.passwords import PASSWORD
from support.qr import modules, read_drawn, read_modules, with_margin

PROFILE = (
    'profile: { mail: { address = "%u@example.org"; imap = "imaps://mail.example.org"; smtp = "submission://smtp.example.org"; };'
    ' calendar: { url = "https://dav.example.org/cal/%u/"; user = "%u@dav"; }; };'
)
HERS = ("create", "alice", "--label", "Phone", "--app")


@pytest.fixture(autouse=True)
def reader():
    if shutil.which("zbarimg") is None:
        pytest.skip("no zbarimg, which reads QR codes")


@pytest.fixture
def mailing(site):
    site.configure("virtual_users = true;", 'primary: { source = "none"; };', PROFILE)
    return site


def test_a_camera_reads_the_password_which_stands_nowhere_else(mailing):
    run = mailing.run(*HERS, "mail", "--qr").done()
    password = read_drawn(run.out)
    assert PASSWORD.fullmatch(password)
    assert not PASSWORD.search(run.out)
    assert "Let the device's camera read it" in run.out
    assert mailing.check(password) == "accepted"


def test_quietly_it_is_the_code_alone(mailing):
    run = mailing.run(*HERS, "mail", "--qr", "--quiet").done()
    assert len(run.out.splitlines()) == (len(modules(run.out)) + 1) // 2
    assert mailing.check(read_drawn(run.out)) == "accepted"


def test_on_a_terminal_it_is_white_and_black_whatever_its_colours_are(mailing):
    run = mailing.terminal(*HERS, "mail", "--qr").done()
    assert mailing.check(read_drawn(run.out)) == "accepted"
    lines = [line for line in run.out.splitlines() if "█" in line]
    assert all(line.startswith("\x1b[97;40m") and line.endswith("\x1b[0m") for line in lines)


def test_where_the_terminal_is_too_narrow_nothing_is_made(mailing):
    mailing.create("alice", "Old")
    run = mailing.terminal(*HERS, "mail", "--qr=thunderbird", columns=50)
    assert run.code == 5
    assert "columns, and the terminal has 50" in run.err
    assert mailing.states() == [("Old", "active")]


def test_a_document_has_its_rows(mailing):
    made = mailing.create("alice", "Phone", "--app", "mail", "--qr")
    assert set(made) == CREATED_KEYS | {"qr"}
    assert {module for row in made["qr"] for module in row} == {0, 1}
    assert {len(row) for row in made["qr"]} == {len(made["qr"])}
    assert read_modules(with_margin(made["qr"])) == made["password"]


def test_thunderbird_takes_the_whole_account(mailing):
    run = mailing.run(*HERS, "mail", "--qr=thunderbird").done()
    version, sequence, incoming, outgoing = json.loads(read_drawn(run.out))
    password = incoming[7]
    assert (version, sequence) == (1, [1, 1])
    assert incoming == [0, "mail.example.org", 993, 3, 1, "alice", "alice@example.org", password]
    assert outgoing == [[[0, "smtp.example.org", 587, 2, 1, "alice", password], ["alice@example.org", "alice"]]]
    assert mailing.check(password) == "accepted"


@pytest.mark.parametrize(("user", "named"), [("alice", "alice%40dav"), ("b@x.y", "b%40x.y%40dav")])
def test_davx5_takes_an_address_with_user_and_password(mailing, user, named):
    made = mailing.create(user, "Phone", "--app", "calendar", "--qr=davx5")
    path = "/cal/b%40x.y/" if user == "b@x.y" else "/cal/alice/"
    expected = f"caldavs://{named}:{made['password']}@dav.example.org:443{path}"
    assert read_modules(with_margin(made["qr"])) == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mail", "--qr=signal"), "--qr=signal: say --qr for the password, --qr=thunderbird or --qr=davx5"),
        (("mail", "--qr="), "--qr=: say --qr for the password, --qr=thunderbird or --qr=davx5"),
        (("mail", "--qr=davx5"), "--qr=davx5 is for calendars and contacts, which this app is not: say --app calendar"),
        (("calendar", "--qr=thunderbird"), "--qr=thunderbird is for mail, which this app is not: say --app mail"),
        (("ssh", "--qr=thunderbird"), "what the app ssh opens is neither mail nor a calendar"),
    ],
)
def test_what_cannot_be_a_code_is_told_and_nothing_is_made(mailing, words, said):
    assert said in mailing.run(*HERS, *words).refused(2).err
    assert mailing.kept() == {}


def test_an_account_that_asp_conf_does_not_know_is_told(site):
    assert "asp.conf says no profile.mail.address" in site.run(*HERS, "mail", "--qr=thunderbird").refused(2).err
    assert site.run(*HERS, "mail", "--qr").done()


def test_many_at_once_have_none(mailing):
    said = mailing.run("create", "--batch", "--qr", input="alice\tPhone\n").refused(2).err
    assert "create --batch takes no --qr" in said
