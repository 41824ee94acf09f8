"""What the shipped hooks take for a pattern, and what not; tests/services/ has them with the real servers."""

import pytest
from support.recipes import CONF
from support.run import execute


@pytest.mark.parametrize("services", ["ima[p]", "*", "?map"])
def test_a_service_is_no_pattern_for_files(tmp_path, services):
    """The name of the file is a service of Dovecot's: were it taken, the hook would look for doveadm and fail."""
    (tmp_path / "imap").touch()
    variables = {"ASP_EVENT": "revoked", "ASP_USER": "alice", "ASP_SERVICES": services, "PATH": "/nonexistent"}
    run = execute(CONF / "hooks" / "dovecot", env=variables, cwd=tmp_path).done()
    assert (run.out, run.err) == ("", "")
