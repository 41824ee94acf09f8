"""What users and proxies ask, whatever call goes wrong in the daemon that serves them: it is done or it is not, nobody gets
in unproven, and the next one is answered."""

import contextlib

import pytest
from logins import LOGINS
from machines import PageRequest, SelfRequest, WebRequest
from support.authorize import Authorizer
from support.long import EVERYTHING
from support.page_user import account_page
from support.recipes import AT_ONCE, recipe
from support.self_service import SelfService
from watches import RunningWatch

pytestmark = pytest.mark.timeout(3600 if EVERYTHING else 300)


@pytest.fixture(scope="module")
def self_service(sandboxes, joining, layer, build):
    with contextlib.closing(SelfService(layer, build)) as machine:
        yield machine


@pytest.fixture(scope="module")
def page(self_service, build):
    if not (build / "asp-web" / "asp-web").exists():
        pytest.skip("asp-web is not built: no libmicrohttpd")
    self_service.sandbox.write("/etc/pam.d/asp-web", recipe("pam.d/asp-web", *AT_ONCE))
    with account_page(self_service.sandbox, build) as one:
        yield one


@pytest.fixture(scope="module")
def authorizer(sandboxes, joining, layer, build):
    if not (build / "asp-web" / "asp-web").exists():
        pytest.skip("asp-web is not built: no libmicrohttpd")
    with contextlib.closing(Authorizer(layer, build)) as machine:
        yield machine


@pytest.mark.parametrize("name", SelfRequest.commands)
def test_whatever_fails_what_a_user_asks_is_done_or_not_and_said(self_service, strace, short, tmp_path, judged, name):
    self_service.reset("virtual_users = true;")
    with SelfRequest(self_service, short, tmp_path, name) as trial:
        judged(trial)


@pytest.mark.parametrize("name", LOGINS)
def test_whatever_fails_a_proxy_is_told_of_nobody_unproven(authorizer, strace, short, tmp_path, judged, name):
    authorizer.stop_broker()
    authorizer.reset(*WebRequest.configuration)
    with WebRequest(authorizer, short, tmp_path, name) as trial:
        judged(trial)


@pytest.mark.parametrize("name", PageRequest.requests)
def test_whatever_fails_what_the_account_page_asks_is_done_or_not(self_service, page, strace, short, tmp_path, judged, name):
    self_service.reset(*PageRequest.configuration)
    with PageRequest(self_service, page, short, tmp_path, name) as trial:
        judged(trial)


def test_whatever_fails_a_running_watch_loses_no_change(self_service, strace, short, tmp_path, judged):
    with RunningWatch(self_service, short, tmp_path) as trial:
        judged(trial)
