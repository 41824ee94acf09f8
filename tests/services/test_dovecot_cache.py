"""Dovecot's cache of logins: with the shipped recipe a revoked password is refused at once, without it not."""

import contextlib

import pytest
from support.dovecot_recipes import CACHED_CARELESSLY, dovecot_recipe
from support.mail import Mail, dovecot

PORT = 1143
CACHE = "auth_cache_size = 10M"


@pytest.fixture
def cached(dovecot_box, build):
    """Starts a second Dovecot with a cache; its configuration is the shipped one, changed as asked."""
    service = Mail(dovecot_box, build, "/run/c")
    service.reset()
    service.stack("asp-only", "dovecot", "imap")
    with contextlib.ExitStack() as stack:

        def start(*changes):
            dovecot_box.write("/run/c/recipe", dovecot_recipe(dovecot_box, *changes))
            stack.enter_context(dovecot(dovecot_box, "/run/c", PORT, "/run/c/recipe", CACHE))
            return service

        yield start


def log_in(mail, password):
    return mail.curl("alice", password, PORT)


# Lesson: mailcow #6584, #5673.
# Lesson: Dovecot's auth cache.
def test_with_the_recipe_a_revoked_password_is_refused_at_once(cached):
    mail = cached()
    password = mail.create("alice", "Phone", "--app", "mail")
    assert log_in(mail, password)
    mail.asp_admin("revoke", "alice", password[:2]).done()
    assert not log_in(mail, password)
    assert [line.word("verdict") for line in mail.log(2)] == ["accepted", "revoked"]


# Lesson: Dovecot's auth cache.
def test_with_the_recipe_one_wrong_password_shuts_no_device_out(cached):
    mail = cached()
    phone = mail.create("alice", "Phone", "--app", "mail")
    laptop = mail.create("alice", "Laptop", "--app", "mail")
    assert log_in(mail, phone)
    assert not log_in(mail, "wrong")
    assert log_in(mail, laptop)
    assert log_in(mail, phone)


# Lesson: Dovecot's auth cache.
def test_a_careless_cache_keeps_a_revoked_password_alive_until_the_flush(cached):
    """What the recipe warns of: if this fails, Dovecot has changed, and the recipe is to be thought over."""
    mail = cached(CACHED_CARELESSLY)
    password = mail.create("alice", "Phone", "--app", "mail")
    assert log_in(mail, password)
    mail.asp_admin("revoke", "alice", password[:2]).done()
    assert log_in(mail, password)
    mail.sandbox.run("doveadm", "-c", "/run/c/dovecot.conf", "auth", "cache", "flush", "alice").done()
    assert not log_in(mail, password)
