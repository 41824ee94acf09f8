"""`create --profile`: a configuration profile for Apple's devices, with the new password in it and nowhere else."""

import base64
import plistlib
import re
import shutil
import stat
import subprocess

import pytest
from support.documents import CREATED_KEYS
from support.passwords import PASSWORD

MAIL = 'mail: { address = "%u@example.org"; imap = "imaps://mail.example.org"; smtp = "submissions://smtp.example.org:4650"; };'
CALENDAR = 'calendar: { url = "https://dav.example.org/cal/%u/"; };'
HERS = ("create", "alice", "--label", "Phone", "--app")


@pytest.fixture
def devices(site):
    """A site that says all that a device is told; called, it says something else."""

    def say(*parts):
        site.configure("virtual_users = true;", 'primary: { source = "none"; };', f"profile: {{ {' '.join(parts)} }};")
        return site

    site.say = say
    site.file = site.folder / "new.mobileconfig"
    return say('organization = "Examples & Sons";', 'name = "Example <post>";', MAIL, CALENDAR)


def read(site):
    return plistlib.loads(site.file.read_bytes())


def payloads(profile):
    return {payload["PayloadType"]: payload for payload in profile["PayloadContent"]}


def test_mail_is_set_up_by_a_profile_that_has_the_password_alone(devices):
    run = devices.run(*HERS, "mail", "--profile", devices.file).done()
    profile = read(devices)
    (mail,) = profile["PayloadContent"]
    password = mail["IncomingPassword"]
    assert devices.check(password) == "accepted"
    assert not PASSWORD.search(run.out)
    assert f"The profile is in {devices.file}" in run.out.replace("\n", " ")
    assert stat.S_IMODE(devices.file.stat().st_mode) == 0o600
    assert {key: value for key, value in mail.items() if not key.startswith("Payload")} == {
        "EmailAccountDescription": "Example <post>",
        "EmailAccountType": "EmailTypeIMAP",
        "EmailAddress": "alice@example.org",
        "IncomingMailServerAuthentication": "EmailAuthPassword",
        "IncomingMailServerHostName": "mail.example.org",
        "IncomingMailServerPortNumber": 993,
        "IncomingMailServerUseSSL": True,
        "IncomingMailServerUsername": "alice",
        "IncomingPassword": password,
        "OutgoingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingMailServerHostName": "smtp.example.org",
        "OutgoingMailServerPortNumber": 4650,
        "OutgoingMailServerUseSSL": True,
        "OutgoingMailServerUsername": "alice",
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    assert profile["PayloadType"] == "Configuration"
    assert (profile["PayloadDisplayName"], profile["PayloadOrganization"]) == ("Example <post>", "Examples & Sons")
    assert profile["PayloadDescription"] == "Phone"


def test_calendars_and_contacts_are_two_accounts_at_one_address(devices):
    devices.run(*HERS, "calendar", "--profile", devices.file).done()
    found = payloads(read(devices))
    assert set(found) == {"com.apple.caldav.account", "com.apple.carddav.account"}
    for kind, prefix in (("caldav", "CalDAV"), ("carddav", "CardDAV")):
        payload = found[f"com.apple.{kind}.account"]
        assert devices.check(payload[f"{prefix}Password"], "alice", "radicale") == "accepted"
        assert payload[f"{prefix}HostName"] == "dav.example.org"
        assert (payload[f"{prefix}Port"], payload[f"{prefix}UseSSL"]) == (443, True)
        assert (payload[f"{prefix}Username"], payload[f"{prefix}PrincipalURL"]) == ("alice", "/cal/alice/")


@pytest.mark.parametrize(
    ("app", "kinds"),
    [
        ("any", ["caldav.account", "carddav.account", "mail.managed"]),
        ("dovecot", ["mail.managed"]),
        ("caldav", ["caldav.account"]),
    ],
)
def test_a_profile_has_what_the_app_opens(devices, app, kinds):
    devices.say(MAIL, CALENDAR)
    with open(devices.conf, "a", encoding="utf-8") as file:
        file.write('apps: ( { name = "post"; services = [ "sieve" ]; } );\n')
    devices.run(*HERS, app, "--new-app", "--profile", devices.file).done()
    assert sorted(payloads(read(devices))) == [f"com.apple.{kind}" for kind in kinds]


def test_what_opens_anything_has_what_asp_conf_speaks_of(devices):
    devices.say(CALENDAR)
    devices.run(*HERS, "any", "--profile", devices.file).done()
    assert sorted(payloads(read(devices))) == ["com.apple.caldav.account", "com.apple.carddav.account"]


def test_payloads_are_known_by_host_user_and_id_and_no_two_have_a_uuid(devices):
    profiles = []
    for label in ("Phone", "Tablet"):
        devices.file.unlink(missing_ok=True)
        made = devices.create("alice", label, "--app", "any", "--profile", devices.file)
        profiles.append((made["id"], read(devices)))
    uuids = set()
    for id, profile in profiles:
        begin = f"mail.example.org.asp.alice.{id}"
        assert profile["PayloadIdentifier"] == begin
        for payload in (profile, *profile["PayloadContent"]):
            assert payload["PayloadIdentifier"].startswith(begin)
            assert re.fullmatch("[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}", payload["PayloadUUID"])
            uuids.add(payload["PayloadUUID"])
    assert len(uuids) == 8


@pytest.mark.parametrize("label", ["<string>&amp;</string>", "]]>", "Bjørns \"Phone\"", "\ufffe\uffff", "𝔓hone"])
def test_no_label_is_taken_for_markup(devices, label):
    devices.create("alice", label, "--app", "mail", "--profile", devices.file)
    assert read(devices)["PayloadDescription"] == re.sub("[\ufffe\uffff]", "\ufffd", label)


def test_a_name_that_is_not_utf_8_makes_no_broken_document(devices):
    devices.run("create", b"al\xffice", "--label", "Phone", "--app", "mail", "--profile", devices.file).done()
    (mail,) = read(devices)["PayloadContent"]
    assert mail["IncomingMailServerUsername"] == "al\ufffdice"


def test_a_file_that_is_there_is_left_as_it_is(devices):
    devices.file.write_text("mine")
    assert "it is there already: name a new file" in devices.run(*HERS, "mail", "--profile", devices.file).refused(2).err
    assert devices.file.read_text() == "mine"
    devices.file.unlink()
    devices.file.symlink_to(devices.folder / "elsewhere")
    devices.run(*HERS, "mail", "--profile", devices.file).refused(2)
    assert not (devices.folder / "elsewhere").exists()
    assert devices.kept() == {}


def test_where_no_file_can_be_made_nothing_is(devices):
    run = devices.run(*HERS, "mail", "--profile", devices.folder / "nowhere" / "file").refused(5)
    assert "No such file or directory" in run.err
    assert devices.kept() == {}


def test_a_file_that_cannot_be_written_leaves_no_password_and_no_file(devices):
    devices.create("alice", "Old")
    run = devices.run(*HERS, "mail", "--profile", devices.file, prefix=("prlimit", "--fsize=900"))
    assert run.code == 5 and "the profile cannot be written: File too large" in run.err, run
    assert not devices.file.exists()
    assert devices.states() == [("Old", "active")]


@pytest.mark.parametrize("words", [("carol", "--label", "Phone", "--app", "ssh"), ("alice", "--label", "")])
def test_a_command_that_fails_leaves_no_file(devices, words):
    assert devices.run("create", *words, "--profile", devices.file).code == 2
    assert not devices.file.exists()


def test_standard_output_can_have_it_and_nothing_else(devices):
    run = devices.run(*HERS, "mail", "--profile", "-").done()
    (mail,) = plistlib.loads(run.out.encode())["PayloadContent"]
    assert devices.check(mail["IncomingPassword"]) == "accepted"


def test_quietly_with_a_file_nothing_is_printed(devices):
    run = devices.run(*HERS, "mail", "--profile", devices.file, "--quiet").done()
    assert (run.out, run.err) == ("", "")
    assert devices.check(read(devices)["PayloadContent"][0]["IncomingPassword"]) == "accepted"


def test_a_document_can_have_it(devices):
    made = devices.create("alice", "Phone", "--app", "mail", "--profile=json")
    assert set(made) == CREATED_KEYS | {"profile"}
    (mail,) = plistlib.loads(base64.b64decode(made["profile"]))["PayloadContent"]
    assert mail["IncomingPassword"] == made["password"]


def test_a_document_beside_a_file_has_no_password(devices):
    made = devices.create("alice", "Phone", "--app", "mail", "--profile", devices.file)
    assert set(made) == CREATED_KEYS - {"password"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mail", "--profile", "-", "--json"), "--profile - is all that standard output gets: leave --json out"),
        (("mail", "--profile", "-", "--quiet"), "--profile - is all that standard output gets: leave --quiet out"),
        (("mail", "--profile", "-", "--qr"), "--profile - is all that standard output gets: leave --qr out"),
        (("mail", "--profile", "json"), "--profile json is for --json; for a file of that name say ./json"),
        (("mail", "--profile", ""), "--profile needs a file"),
        (("ssh", "--profile", "-"), "what the app ssh opens is neither mail nor a calendar"),
        (("first-use", "--profile", "-"), "what the app first-use opens is neither mail nor a calendar"),
    ],
)
def test_what_does_not_go_together_is_told_and_nothing_is_made(devices, words, said):
    assert said in devices.run(*HERS, *words).refused(2).err
    assert devices.kept() == {}


def test_many_at_once_have_none(devices):
    said = devices.run("create", "--batch", "--profile", devices.file, input="alice\tPhone\n").refused(2).err
    assert "create --batch takes no --profile" in said
    assert not devices.file.exists()


@pytest.mark.parametrize("missing", ["address", "imap", "smtp"])
def test_what_asp_conf_does_not_say_is_named(devices, missing):
    devices.say(re.sub(f' {missing} = "[^"]*";', "", MAIL))
    run = devices.run(*HERS, "mail", "--profile", devices.file).refused(2)
    assert f"asp.conf says no profile.mail.{missing}" in run.err
    assert not devices.file.exists()


@pytest.fixture
def signing(devices):
    """A certificate of the site's own, by openssl, and the lines of asp.conf for it."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    devices.certificate, key = devices.folder / "certificate.pem", devices.folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=passwords.example.org", "-days", "2"]
        + ["-keyout", key, "-out", devices.certificate],
        check=True,
        capture_output=True,
    )
    devices.say(MAIL, f'sign: {{ certificate = "{devices.certificate}"; key = "{key}"; }};')
    return devices


def test_a_signed_profile_is_the_same_with_the_signature_of_the_site(signing):
    signing.run(*HERS, "mail", "--profile", signing.file).done()
    words = ["openssl", "cms", "-verify", "-inform", "der", "-in", signing.file, "-CAfile", signing.certificate]
    run = subprocess.run([*words, "-purpose", "any"], check=True, capture_output=True)
    (mail,) = plistlib.loads(run.stdout)["PayloadContent"]
    assert signing.check(mail["IncomingPassword"]) == "accepted"
    changed = bytearray(signing.file.read_bytes())
    changed[changed.index(b"mail.example.org")] ^= 1
    signing.file.write_bytes(changed)
    assert subprocess.run([*words, "-purpose", "any"], check=False, capture_output=True).returncode != 0


def test_where_it_cannot_be_signed_there_is_no_password_and_no_file(signing):
    signing.create("alice", "Old")
    signing.certificate.write_text("no certificate\n")
    run = signing.run(*HERS, "mail", "--profile", signing.file)
    assert run.code == 5 and "the profile cannot be signed: openssl: " in run.err, run
    assert not signing.file.exists()
    assert signing.states() == [("Old", "active")]
