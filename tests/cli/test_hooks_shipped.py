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


# Lesson: useradd.
@pytest.mark.parametrize("user", ["[ab]lice", "al{i,o}ce", "al ice", "$(touch made)", "`touch made`", "a;touch made", "~"])
def test_a_name_is_one_word_and_no_pattern(tmp_path, user):
    (tmp_path / "alice").touch()
    doveadm = tmp_path / "doveadm"
    doveadm.write_text('#!/bin/sh\nprintf "%s\\n" $# "$@" >>said\n')
    doveadm.chmod(0o755)
    variables = {"ASP_EVENT": "revoked", "ASP_USER": user, "ASP_SERVICES": "imap", "PATH": f"{tmp_path}:/usr/bin:/bin"}
    execute(CONF / "hooks" / "dovecot", env=variables, cwd=tmp_path).done()
    told = (tmp_path / "said").read_text().splitlines()
    assert told == ["4", "auth", "cache", "flush", user, "2", "kick", user]
    assert not (tmp_path / "made").exists()
