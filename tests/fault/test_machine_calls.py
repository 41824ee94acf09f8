"""What users and proxies ask, whatever call goes wrong in the daemon that serves them: it is done or it is not, nobody gets
in unproven, and the next one is answered."""

import contextlib

import pytest
from machines import SelfRequest, WebRequest
from support.authorize import Authorizer
from support.long import EVERYTHING
from support.self_service import SelfService

pytestmark = [
    pytest.mark.timeout(3600 if EVERYTHING else 300),
    pytest.mark.of_files("its machine has joined no database"),
]


@pytest.fixture(scope="module")
def self_service(sandboxes, layer, build):
    with contextlib.closing(SelfService(layer, build)) as machine:
        yield machine


@pytest.fixture(scope="module")
def authorizer(sandboxes, layer, build):
    if not (build / "asp-web" / "asp-web").exists():
        pytest.skip("asp-web is not built: no libmicrohttpd")
    with contextlib.closing(Authorizer(layer, build)) as machine:
        yield machine


@pytest.mark.parametrize("name", SelfRequest.commands)
def test_whatever_fails_what_a_user_asks_is_done_or_not_and_said(self_service, strace, tmp_path, judged, name):
    self_service.reset("virtual_users = true;")
    with SelfRequest(self_service, tmp_path, name) as trial:
        judged(name, trial)


@pytest.mark.parametrize("name", WebRequest.logins)
def test_whatever_fails_a_proxy_is_told_of_nobody_unproven(authorizer, strace, tmp_path, judged, name):
    authorizer.stop_broker()
    authorizer.reset(*WebRequest.configuration)
    with WebRequest(authorizer, tmp_path, name) as trial:
        judged(name, trial)
