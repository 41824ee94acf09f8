"""A login, whatever call goes wrong in the program that has the module loaded, or in whichever process of the broker: who
comes is accepted where that was proven alone, and the next one is answered."""

import os

import pytest
from daemons import BrokerRequest
from logins import LOGINS, HostLogin, PasswordStack
from support.long import EVERYTHING

pytestmark = pytest.mark.timeout(3600 if EVERYTHING else 300)


@pytest.fixture(scope="module", autouse=True)
def root():
    if os.geteuid() != 0:
        pytest.skip("needs root: a shadow file of its own")


@pytest.mark.parametrize("name", LOGINS)
def test_whatever_fails_in_the_host_nobody_gets_in_unproven_and_the_next_is_answered(site, strace, judged, name):
    with HostLogin(site, name) as trial:
        judged(trial)


def test_whatever_fails_in_the_password_stack_it_goes_on_and_nobody_gets_in_by_what_was_there_before(site, strace, judged):
    with PasswordStack(site) as trial:
        judged(trial)


@pytest.mark.parametrize("name", LOGINS)
def test_whatever_fails_in_the_broker_nobody_gets_in_unproven_and_the_next_is_answered(site, strace, short, judged, name):
    with BrokerRequest(site, short, name) as trial:
        judged(trial)
