"""Dovecot's cache of logins: with the shipped recipe a revoked password is refused at once, without it not."""

import pytest
from conftest import Mail
from support.run import BIN, TREE

PORT = 1143
CACHE = "auth_cache_size = 10M"


@pytest.fixture
def cached(dovecot_box, build):
    """Starts a second Dovecot with a cache; its configuration is the shipped one, changed as asked."""
    version = dovecot_box.run("dovecot", "--version").out
    if not version.startswith("2.3."):
        pytest.skip(f"the recipe is for Dovecot 2.3, and this is {version.split()[0]}")
    service = Mail(dovecot_box, build, "/run/c")
    service.reset()
    service.stack("asp-only", "dovecot", "imap")

    def start(change=lambda text: text):
        recipe = (TREE / "conf" / "dovecot" / "auth-asp.conf.ext").read_text()
        dovecot_box.write("/run/c/recipe", change(recipe))
        dovecot_box.run(BIN / "dovecot", "start", "/run/c", str(PORT), "/run/c/recipe", CACHE).done()
        return service

    yield start
    dovecot_box.run(BIN / "dovecot", "stop", "/run/c").done()


def log_in(mail, password):
    return mail.curl("alice", password, PORT)


def test_with_the_recipe_a_revoked_password_is_refused_at_once(cached):
    mail = cached()
    password = mail.create("alice", "Phone", "--app", "mail")
    assert log_in(mail, password)
    mail.asp_admin("revoke", "alice", password[:2]).done()
    assert not log_in(mail, password)
    assert [line.word("verdict") for line in mail.log(2)] == ["accepted", "revoked"]


def test_with_the_recipe_one_wrong_password_shuts_no_device_out(cached):
    mail = cached()
    phone = mail.create("alice", "Phone", "--app", "mail")
    laptop = mail.create("alice", "Laptop", "--app", "mail")
    assert log_in(mail, phone)
    assert not log_in(mail, "wrong")
    assert log_in(mail, laptop)
    assert log_in(mail, phone)


def test_a_cache_key_keeps_a_revoked_password_alive_until_the_flush(cached):
    """What the recipe warns of: if this fails, Dovecot has changed, and the recipe is to be thought over."""
    mail = cached(lambda text: text.replace("args = dovecot\n", "args = cache_key=%u%s dovecot\n"))
    password = mail.create("alice", "Phone", "--app", "mail")
    assert log_in(mail, password)
    mail.asp_admin("revoke", "alice", password[:2]).done()
    assert log_in(mail, password)
    mail.sandbox.run("doveadm", "-c", "/run/c/dovecot.conf", "auth", "cache", "flush", "alice").done()
    assert not log_in(mail, password)
