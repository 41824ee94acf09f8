"""Who may ask asp-broker for what, and what those get who ask for more, say what is no question, or say nothing:
bounded, refused and logged once, while others are answered."""

import os
import subprocess

import pytest
from support.broker import AUTHINFO_UNAVAIL, AUTH_ERR, SOCKET, SOON, SUCCESS, Site, message, wait_until
from support.run import BIN, MORTAL, as_user

CLIENTS = """
broker: { clients = ( { user = "www-data"; services = [ "nginx", "wiki" ]; },
                      { user = "mallory"; services = [ "nginx" ]; } ); };
"""
REFUSED, LOGIN, OUTCOME = 1, 2, 3


@pytest.fixture(scope="module")
def shared(sandboxes, layer, build):
    site = Site(layer, build)
    site.reset()
    site.phone = site.create("alice", "Phone", "--app", "calendar")
    site.mail = site.create("alice", "Mail", "--app", "mail")
    site.wiki = site.create("alice", "Wiki", "--app", "wiki")
    yield site
    site.close()


@pytest.fixture
def site(shared):
    """With a broker that has said nothing yet: what it says once, it says once."""
    shared.sandbox.shell("rm -rf /run/asp /etc/asp").done()
    shared.said()
    with shared.serving() as broker:
        shared.serves = broker
        yield shared


def configure(site, text):
    site.sandbox.write("/etc/asp/asp.conf", text)


# broker.clients


def refused(site, host, words, expected):
    answer = site.host(host).login(*words)
    assert (answer.code, answer.environment) == (AUTHINFO_UNAVAIL, {})
    lines = site.said()
    by_broker = [line for line in lines if line.by == "asp-broker"]
    (own,) = [line for line in lines if line.by != "asp-broker"]
    assert own.word("verdict") == "unavailable"
    assert f"; asp-broker refuses: {expected}" in own.word("cause")
    return by_broker


def test_without_clients_whoever_is_in_the_group_may_ask_for_every_service(site):
    for host in ("www-data", "proxied"):
        assert site.host(host).login(site.phone, "nginx").code == SUCCESS
        assert site.host(host).login(site.mail, "imap").code == SUCCESS
        assert [line.word("via") for line in site.said()] == [host] * 2


def test_a_client_may_ask_for_its_own_services(site):
    configure(site, CLIENTS)
    for words in ((site.phone, "nginx"), (site.wiki, "wiki")):
        assert site.host().login(*words).code == SUCCESS
    assert [line.word("service") for line in site.said()] == ["nginx", "wiki"]


def test_a_client_may_ask_for_no_other_service_and_that_is_logged_once(site):
    configure(site, CLIENTS)
    why = "www-data may not ask for the service imap: see broker.clients in asp.conf(5)"
    before = site.json("list", "alice")
    login = (site.mail, "imap", "alice", "203.0.113.9")
    (line,) = refused(site, "www-data", login, why)
    assert (line.severity, line.text) == (5, f'refused: "{why}"')
    for _ in range(3):
        assert refused(site, "www-data", login, why) == []
    assert site.json("list", "alice") == before


def test_an_app_in_place_of_the_services_must_be_the_clients_own(site):
    """The stack of `blog` has app=calendar."""
    configure(site, CLIENTS.replace('"wiki"', '"blog"'))
    assert site.host().login(site.phone, "blog").code == SUCCESS
    site.said()
    configure(site, CLIENTS.replace('"nginx", "wiki"', '"apache", "blog"').replace("{ user", "{ user"))
    why = "www-data may not ask for the app calendar: see broker.clients in asp.conf(5)"
    assert len(refused(site, "www-data", (site.phone, "blog"), why)) == 1


def test_who_is_in_the_group_and_no_client_may_not_ask(site):
    configure(site, CLIENTS)
    why = "proxied is none of broker.clients: put it there, with the services it may ask for"
    (line,) = refused(site, "proxied", (site.phone, "nginx"), why)
    assert line.text == f'refused: "{why}"'
    # Each user has a line of his own.
    assert len(refused(site, "www-data", (site.mail, "imap"), "www-data may not ask for the service imap")) == 1


def test_who_is_a_client_and_not_in_the_group_does_not_get_in(site):
    configure(site, CLIENTS)
    assert site.host("mallory").login(site.phone, "nginx").code == AUTHINFO_UNAVAIL
    (line,) = site.said()
    assert line.by == "nginx:auth" and "may not ask asp-broker: put its user into the group asp" in line.word("cause")


# What is no question


def flood(site, count, seconds, *said, user="www-data"):
    words = [*MORTAL, *as_user(user), BIN / "flood_client", SOCKET, str(count), str(seconds), *(text.hex() for text in said)]
    process = site.sandbox.start(*words, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "in\n"
    return process


def result(process):
    """How many connections are open at the end, the seconds until all were closed, and what came back."""
    left, over, *answers = process.stdout.read().splitlines()
    process.wait()
    return int(left.split()[1]), float(over.split()[1]), [bytes.fromhex(answer) for answer in answers]


def question(*fields, **how):
    return message(LOGIN, *fields, **how)


GOOD = (b"alice\0", b"nginx\0", b"", b"192.0.2.7\0", b"secret")
NO_MESSAGE = b"what www-data says is no message"
NO_QUESTION = b"what www-data says is no question"
WRONG = {
    "a-word": (b"hello", NO_MESSAGE),
    "a-request-of-the-web": (b"GET / HTTP/1.1\r\n\r\n", NO_MESSAGE),
    "half-a-question": (question(*GOOD)[:20], NO_MESSAGE),
    "half-a-question-as-if-whole": (question(*GOOD[:3], count=5), NO_MESSAGE),
    "more-than-a-question": (question(*GOOD) + b"\0", NO_MESSAGE),
    "too-long": (question(*GOOD[:4], b"x" * 9000), NO_MESSAGE),
    "far-too-long": (b"asp\x01\x02\x05" + b"\0" * 60_000, NO_MESSAGE),
    "another-version": (
        question(*GOOD, version=2),
        b"www-data speaks version 2 of the messages and not 1: after an upgrade, restart asp-broker and the services",
    ),
    "an-answer": (message(OUTCOME, b"accepted\0", b"calendar\0", b"7k\0", b"Phone\0"), NO_QUESTION),
    "a-refusal": (message(REFUSED, b"no\0"), NO_QUESTION),
    "a-type-that-is-none": (message(99, *GOOD), NO_QUESTION),
    "a-field-too-few": (question(*GOOD[:4]), NO_QUESTION),
    "sixty-four-fields": (question(*GOOD * 13), NO_QUESTION),
    "no-secret": (question(*GOOD[:4], b""), NO_QUESTION),
    "no-user": (question(b"", *GOOD[1:]), NO_QUESTION),
    "a-user-without-an-end": (question(b"alice", *GOOD[1:]), NO_QUESTION),
    "two-users-in-one": (question(b"alice\0bob\0", *GOOD[1:]), NO_QUESTION),
    "a-service-without-an-end": (question(GOOD[0], b"nginx", *GOOD[2:]), NO_QUESTION),
    "a-host-without-an-end": (question(*GOOD[:3], b"192.0.2.7", GOOD[4]), NO_QUESTION),
}


def test_root_is_no_client_and_may_ask_for_every_service(site):
    configure(site, CLIENTS)
    said = question(b"alice\0", b"imap\0", b"", b"", site.mail.encode())
    _, _, (answer,) = result(flood(site, 1, 5, said, user="root"))
    assert answer == message(OUTCOME, b"accepted\0", b"mail\0", site.mail[:2].encode() + b"\0", b"Mail\0")
    assert site.said_one().word("via") == "root"


def test_what_is_no_question_is_refused_with_a_reason_and_logged_once(site):
    told = []
    for said, expected in WRONG.values():
        left, seconds, answers = result(flood(site, 1, 5, said))
        assert left == 0 and seconds < SOON, said
        (answer,) = answers
        # A refusal is the same in all versions.
        assert answer[:5] == b"asp\x01\x01" and answer[10:].startswith(expected), (said, answer)
        told += site.said()
    assert [(line.severity, line.text) for line in told] == [(5, NO_MESSAGE.decode())]
    assert site.host().login(site.phone).code == SUCCESS


def test_another_users_is_logged_too(site):
    for user in ("www-data", "proxied", "www-data", "proxied"):
        result(flood(site, 1, 5, b"hello", user=user))
    assert [line.text for line in site.said()] == [
        f"what {user} says is no message" for user in ("www-data", "proxied")
    ]


def test_a_question_in_which_nothing_is_as_it_should_be_is_a_refused_login(site):
    """What is well-formed as a message is judged as a login."""
    said = question(b"\n\xff\0", b"a b\n\0", b"\x1b\0", b"no address\0", b"\0" * 4000)
    _, _, answers = result(flood(site, 1, 5, said))
    assert answers == [message(OUTCOME, b"no-account\0", b"\0", b"\0", b"\0")]
    assert site.said_one().text == (
        r'verdict=no-account rhost=- user="\x0a\xff" service="a b\x0a" app=- id=- label=- via="www-data"'
    )


def test_only_the_first_of_two_questions_is_answered(site):
    left, _, answers = result(flood(site, 1, 5, question(*GOOD), question(b"bob\0", *GOOD[1:])))
    assert left == 0 and len(answers) <= 1
    assert site.said_one().word("user") == "alice"


def test_who_does_not_wait_for_the_answer_harms_nobody(site):
    process = flood(site, 0, 0.5, question(*GOOD))
    assert int(process.stdout.read().split()[0]) > 100
    assert site.host().login(site.phone).code == SUCCESS
    assert {line.word("verdict") for line in site.said()} == {"not-an-app-password", "accepted"}


# Saying nothing


def test_who_says_nothing_is_dropped_after_half_a_second_and_logged_once(site):
    for _ in range(2):
        left, seconds, answers = result(flood(site, 1, 5))
        assert (left, answers) == (0, []) and 0.4 < seconds < 2
    (line,) = site.said()
    assert (line.severity, line.text.split(" ", 2)[2]) == (5, "has connected and said nothing for 500 ms: dropped")


def test_a_thousand_who_say_nothing_keep_nobody_out(site):
    silent = flood(site, 1000, 5)
    host = site.host()
    for _ in range(30):
        answer = host.login(site.phone)
        assert answer.code == SUCCESS and answer.seconds < SOON
    left, seconds, _ = result(silent)
    assert left == 0 and seconds < 4
    others = [line.text.split(" ", 2)[2] for line in site.said() if "verdict=" not in line.text]
    assert sorted(others) == sorted(set(others)) and 1 <= len(others) <= 2
    assert set(others) <= {
        "has connected and said nothing for 500 ms: dropped",
        "has many connections that say nothing: the oldest are dropped",
    }


def test_who_goes_on_connecting_keeps_nobody_out(site):
    crowd = [flood(site, 0, 2) for _ in range(2)]
    host = site.host()
    answers = [host.login(site.phone) for _ in range(40)]
    assert {answer.code for answer in answers} == {SUCCESS}
    assert all(process.poll() is None for process in crowd), "they were gone before"
    assert max(answer.seconds for answer in answers) < SOON
    for process in crowd:
        assert int(process.stdout.read().split()[0]) > 1000
    assert len([line for line in site.said() if "verdict=" not in line.text]) <= 2


def test_a_worker_is_the_same_after_all_that(site):
    configure(site, "broker: { workers = 1; };")
    site.serves.stop()
    with site.serving() as broker:

        def descriptors():
            return {pid: len(os.listdir(f"/proc/{pid}/fd")) for pid in broker.workers()}

        result(flood(site, 1, 5, question(*GOOD)))
        before = descriptors()
        for said in ((), (b"hello",), (question(*GOOD),)):
            result(flood(site, 200, 5, *said))
        wait_until(lambda: descriptors() == before, "descriptors stay open, or the worker is another one")
    site.said()


def test_a_wrong_secret_is_guessed_as_fast_as_elsewhere_and_locks_nobody_out(site):
    host = site.host()
    for _ in range(50):
        assert host.login("x" + site.phone[1:]).code != SUCCESS
    assert host.login(site.phone[:-1] + ("0" if site.phone[-1] != "0" else "1")).code == AUTH_ERR
    assert host.login(site.phone).code == SUCCESS
    site.said()
