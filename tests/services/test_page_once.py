"""The one-time address of a profile, in a real browser: what the page shows of it, and what a device has that opens it."""

import plistlib

import pytest
from page_looks import flaws
from support.account_page import ORIGIN
from support.axe import axe_source, faults
from support.qr import read_picture
from support.wait import comes_true, wait_until

PROFILE = """profile: {
  mail: { address = "%u@example.org"; imap = "imaps://mail.example.org"; smtp = "submissions://mail.example.org"; };
};"""
DOWNLOADS = "/run/browser/downloads"
PASSWORD_CODE, PROFILE_CODE = "Password", "Profile for iPhone or iPad"
CODE = ".devices [aria-label='QR code of the profile’s address']"
SAID = ".devices + [role=status]"
TAKEN = "A device has taken the profile. If it was none of yours, revoke this app password."
ENDED = "The code for an iPhone or iPad is over. The profile can still be downloaded."
NOTHING = "This address was used already, or its time is over: create a new app password, and another address comes with it."
FORM = ("--request", "POST", "--data", "", "--header", f"Origin: {ORIGIN}")


@pytest.fixture
def page(web_page, mail):
    """Alice before her page, on a server that says what a device is told."""
    mail.configure(PROFILE)
    return web_page


@pytest.fixture
def camera(page, tmp_path):
    """Chooses a code, and reads all that are on the screen."""

    def read(choice=None):
        page.browser.screen(1280, 1200)
        if choice is not None:
            page.browser.named("radio", choice).click()
        page.browser.picture(tmp_path / "screen.png")
        page.browser.screen(1280, 800)
        return read_picture(tmp_path / "screen.png").splitlines()

    return read


@pytest.fixture
def made(page, camera):
    """The password that stands there, and its one-time address as a camera reads it."""
    page.create("Phone", "mail")
    password = page.shown_password()
    (address,) = camera(PROFILE_CODE)
    assert address.startswith(f"{ORIGIN}/once/")
    return password, address


@pytest.fixture
def phone(page):
    """Another page of the browser, which knows nothing of the first one but the cookie. Back in that, when it is done."""
    browser = page.browser
    first = browser.ask("GET", "/window")
    browser.ask("POST", "/window", {"handle": browser.ask("POST", "/window/new", {"type": "window"})["handle"]})
    page.other = lambda: browser.ask("POST", "/window", {"handle": first})
    yield browser
    second = [one for one in browser.ask("GET", "/window/handles") if one != first]
    browser.ask("POST", "/window", {"handle": second[0]})
    browser.ask("DELETE", "/window")
    page.other()


@pytest.fixture
def downloads(page, mail):
    mail.sandbox.run("rm", "-rf", DOWNLOADS).done()
    page.browser.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=DOWNLOADS)
    return lambda: mail.sandbox.shell(f"ls {DOWNLOADS} 2>/dev/null || true").done().out.split()


def status(web_site, address, *words):
    """What somebody without a browser is answered there."""
    return web_site.proxy.curl(None, address.removeprefix(ORIGIN), *words)[0]


def test_what_opens_it_takes_the_profile_by_one_press_and_the_page_says_so(page, made, phone, mail, downloads):
    """The button is a form's: the browser says itself where its request comes from."""
    password, address = made
    phone.open(address)
    phone.named("button", "Load the profile").click()
    wait_until(lambda: downloads() == ["app-password.mobileconfig"], "the file")
    (account,) = plistlib.loads(mail.sandbox.read(f"{DOWNLOADS}/app-password.mobileconfig").encode())["PayloadContent"]
    assert account["IncomingPassword"] == password
    assert mail.curl("alice", password)
    phone.named("button", "Load the profile").click()
    phone.until(lambda: phone.wait("main").text == NOTHING, "the sentence")
    page.other()
    phone.until(lambda: phone.wait(SAID).text == TAKEN, "the page's word")
    assert page.browser.all(CODE) == []
    page.done()


def test_a_camera_sees_one_code_at_a_time_the_one_that_is_chosen(page, camera):
    page.create("Phone", "mail")
    password = page.shown_password()
    page.browser.named("radio", PROFILE_CODE)
    assert camera() == [password]
    (address,) = camera(PROFILE_CODE)
    assert address.startswith(f"{ORIGIN}/once/")
    assert camera(PASSWORD_CODE) == [password]
    page.browser.press("Down")
    assert camera() == [address]
    page.done()


def test_when_the_profile_is_taken_there_is_one_code_left_and_no_choice(page, made, camera, web_site):
    password, address = made
    assert status(web_site, address, *FORM) == 200
    page.browser.until(lambda: page.browser.wait(SAID).text == TAKEN)
    assert page.browser.all("dialog [type=radio]") == []
    assert camera() == [password]
    page.focus_is_on(password)
    page.done()


def test_a_device_without_a_cookie_takes_it_too_and_once(page, made, web_site):
    _, address = made
    assert status(web_site, address) == 200
    assert [status(web_site, address, *FORM) for _ in range(2)] == [200, 404]
    page.done()


def test_it_is_good_while_the_page_is_open(page, made, web_site):
    """It asks: 15 seconds of silence would be the end."""
    _, address = made
    assert not comes_true(lambda: status(web_site, address) != 200, seconds=18, interval=1)
    page.done()


@pytest.mark.parametrize("how", ["done", "left", "signed out", "over"])
def test_it_is_good_no_longer(page, made, web_site, how):
    _, address = made
    if how == "done":
        page.done()
    elif how == "left":
        page.browser.open("about:blank")
    elif how == "signed out":
        page.browser.run("document.querySelector('#sign-out').click()")
    else:
        web_site.restart_broker()
    assert comes_true(lambda: status(web_site, address) == 404, seconds=5), "and not by silence"


def test_the_page_says_that_it_is_over(page, made, web_site):
    """Another page of hers has done something."""
    _, address = made
    page.browser.run(
        "const { token } = await (await fetch('/api/session')).json();"
        "await fetch('/api/done', { method: 'POST', body: '{}', headers: { 'X-Asp-Token': token, 'Content-Type': 'application/json' } })"
    )
    page.browser.until(lambda: page.browser.wait(SAID).text == ENDED)
    assert page.browser.all(CODE) == []
    page.done()


def test_there_is_none_where_a_device_is_told_nothing(page, mail):
    page.create("Shell", "ssh")
    page.shown_password()
    assert not comes_true(lambda: page.browser.all(CODE) != [], seconds=2)
    page.done()


def test_what_a_device_shows_is_right_in_each_width_and_axe_finds_nothing(page, made, phone):
    _, address = made
    axe = axe_source()
    for path in (address, f"{ORIGIN}/once/0"):
        for width in (360, 1280):
            phone.screen(width, 800)
            phone.open(path)
            assert flaws(phone) == {}
            assert faults(phone, axe) == []
    phone.screen(1280, 800)


def test_beside_the_password_it_is_right_too(page, made):
    axe = axe_source()
    for width in (360, 1280):
        page.browser.screen(width, 800)
        assert flaws(page.browser) == {}
        assert faults(page.browser, axe) == []
    page.browser.screen(1280, 800)
    page.done()
