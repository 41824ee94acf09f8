"""A file that cannot be read is named in what is said, and once."""

import pytest
from support.tracing import STRACE


@pytest.fixture
def reading(site, strace):
    """What a command says when no read of this file comes to an end."""

    def say(path, code, *words):
        calls = "read,pread64"
        log = ("-o", site.folder / "calls")
        prefix = [*STRACE, *log, "-P", path, "-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO"]
        return site.run(*words, prefix=prefix).refused(code).err

    return say


def test_the_configuration(site, reading):
    assert reading(site.conf, 6, "list") == f"asp-admin: {site.conf} cannot be read: Input/output error\n"


@pytest.mark.parametrize("folder", ["users", "used"])
def test_an_account_and_its_last_uses(site, phone, login, reading, folder):
    login(phone["password"])
    path = site.store / folder / "alice"
    assert reading(path, 5, "list", "alice") == f"asp-admin: {path} cannot be read: Input/output error\n"


def test_what_is_too_long(site, phone):
    path = site.account("alice")
    with path.open("ab") as file:
        file.truncate(1 << 30)
    said = site.run("list", "alice").refused(5).err
    why = f"{path} has 1073741824 bytes, and may have 8388608"
    what = f"restore it from a backup, or drop it: asp-admin remove alice --config {site.conf}"
    assert said == f"asp-admin: {why}; {what}\n"


def test_shadow(site, phone, reading):
    site.configure("virtual_users = true;", 'primary: { source = "shadow"; };')
    assert reading("/etc/shadow", 5, "watch", "--once") == "asp-admin: /etc/shadow cannot be read: Input/output error\n"
