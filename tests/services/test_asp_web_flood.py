"""asp-web under floods: what it holds of them is bounded, and it serves on."""

import contextlib
import os
import re
import socket

import pytest
from support.account_page import SOCKET
from support.wait import wait_until
from test_asp_web import broker, served, signed_in, web  # noqa: F401 (fixtures)

CONNECTIONS = 10_000
SESSIONS = 384
GIB = 1 << 30


def kib(page):
    """Its memory, at the most."""
    with open(f"/proc/{page.pid()}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1])


def descriptors(page):
    return len(os.listdir(f"/proc/{page.pid()}/fd"))


def flood(web):
    """Each of the connections says a part of a request and no more."""
    begun = 0
    kept = []
    try:
        while begun < CONNECTIONS:
            one = socket.socket(socket.AF_UNIX)
            one.setblocking(False)
            kept.append(one)
            try:
                one.connect(web.inside(SOCKET))
            except BlockingIOError:
                # As many as may wait do: the oldest go.
                for old in kept:
                    old.close()
                kept.clear()
                continue
            with contextlib.suppress(BrokenPipeError):
                one.send(b"GET / HTTP/1.1\r\nHost: ")
            begun += 1
    finally:
        for one in kept:
            one.close()


def test_ten_thousand_connections_are_taken_as_there_is_room(web):
    """Who comes later is served, and nothing is left of them."""
    before = descriptors(web)
    flood(web)
    assert web.browser().say("GET", "/").status == 200
    wait_until(lambda: descriptors(web) <= before, "descriptors of connections that have ended are left")


def test_their_memory_is_that_of_as_many_as_may_be_at_once(web):
    flood(web)
    assert kib(web) < 64 * 1024


def test_a_body_of_a_gibibyte_is_not_read(web):
    """It is refused by its length; what is sent all the same goes nowhere."""
    browser = web.browser().open()
    before = kib(web)
    line = web.line()
    sent = 0
    with contextlib.closing(line):
        line.socket.sendall(browser.bytes("POST", "/api/sign-in", Content_Length=str(GIB)))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < GIB:
                sent += line.socket.send(bytes(1 << 20))
    assert sent < GIB // 100
    assert kib(web) <= before + 1024
    assert browser.say("GET", "/").status == 200


def begin_many(web, broker, count, address="192.0.{}.{}"):
    """The broker's ends of so many sign-ins, each from an address of its own, and the first browser."""
    browsers = [web.browser(address=address and address.format(at // 200, at % 200)) for at in range(count)]
    said = []
    for browser in browsers:
        browser.sign_in()
        said.append(broker.accept()[2])
    return said, browsers[0]


def test_what_is_over_makes_room_for_others(web, broker):
    """It is kept only to be asked why it is."""
    alice = web.browser()
    signed_in(alice, broker)
    for one in begin_many(web, broker, SESSIONS - 1)[0]:
        one.refuse("wait a moment")
    web.browser().sign_in()
    assert alice.get("/api/session").json["user"] == "alice"


@pytest.mark.parametrize("address", ["192.0.{}.{}", None])
def test_where_there_is_no_room_the_oldest_sign_in_goes_and_no_session(web, broker, address):
    alice = web.browser()
    signed_in(alice, broker)
    said, first = begin_many(web, broker, SESSIONS - 1, address)
    web.browser().sign_in()
    assert said[0].gone() and first.say("GET", "/api/wait").status == 401
    assert alice.get("/api/session").json["user"] == "alice"


def test_of_nine_sign_ins_from_an_address_the_oldest_goes(web, broker):
    said, _ = begin_many(web, broker, 9, "2001:db8::{}:{}")
    assert said[0].gone()
    said[1].connection.settimeout(0.1)
    with pytest.raises(TimeoutError):
        said[1].gone()
