"""The store that an installation makes, by a package or by `meson install`: once, and in the place of nothing."""

import pytest
from support.packages import PACKAGING, STORE

PLAN = "tmpfs /var/lib/asp tmpfs nofail,mode=700 0 0\n"
UNIT = "/etc/systemd/system/var-lib-asp.mount"


@pytest.fixture
def installs(sandbox):
    """Installs on a machine that has no store."""
    sandbox.shell("rm -rf /var/lib/asp; : >/etc/fstab").done()
    return lambda: sandbox.run(PACKAGING / "make-store", "pam_asp").done()


def made(sandbox):
    return sandbox.run("stat", "-c", "%a %U:%G", *STORE).out.splitlines() == ["700 root:root"] * len(STORE)


def there(sandbox):
    return sandbox.shell("cd /var/lib/asp && find . -printf '%p %m %T@\\n' | sort").done().out


def test_it_is_made_for_root_alone(sandbox, installs):
    assert installs().err == ""
    assert made(sandbox)


def test_on_a_file_system_of_its_own_it_is_made_too(sandbox, installs):
    sandbox.write("/etc/fstab", PLAN)
    sandbox.shell("mkdir /var/lib/asp; mount /var/lib/asp; mkdir /var/lib/asp/lost+found").done()
    assert installs().err == ""
    assert made(sandbox)


# Lesson: a store that is not mounted.
@pytest.mark.parametrize("planned", [("/etc/fstab", PLAN), (UNIT, "[Mount]\nWhat=LABEL=asp\nWhere=/var/lib/asp\n")])
def test_none_is_made_beneath_a_mount_that_is_not_there(sandbox, installs, planned):
    sandbox.shell("mkdir /var/lib/asp").done()
    sandbox.write(*planned)
    assert "pam_asp: /var/lib/asp is not mounted; nothing was made in its place.\n" in installs().err
    assert there(sandbox).count("\n") == 1


@pytest.mark.parametrize("left", ["store-id", "moved", "users.closed", "locks", ".d"])
def test_what_has_anything_in_it_stays_as_it_is(sandbox, installs, left):
    """An empty folder of accounts in there would say that nobody has any."""
    sandbox.shell('mkdir -m 750 /var/lib/asp; mkdir "/var/lib/asp/$1"', left).done()
    before = there(sandbox)
    assert installs().err == ""
    assert there(sandbox) == before


def test_a_link_is_not_followed(sandbox, installs):
    sandbox.shell("mkdir /srv/asp; ln -s /srv/asp /var/lib/asp").done()
    assert "pam_asp: /var/lib/asp is a link, which is not followed" in installs().err
    assert sandbox.run("ls", "-A", "/srv/asp").done().out == ""


def test_below_a_folder_in_which_a_package_is_put_together_it_is_made_whatever_the_machine_has(sandbox):
    sandbox.write("/etc/fstab", PLAN)
    assert sandbox.run(PACKAGING / "make-store", "pam_asp", env={"DESTDIR": "/srv/root"}).done().err == ""
    modes = sandbox.run("stat", "-c", "%a", *[f"/srv/root{path}" for path in STORE]).done().out
    assert modes == "700\n" * len(STORE)


def test_meson_install_makes_it_so(sandbox, installs, build):
    """Each upgrade from the source is one. It says nothing of what a script says that has not failed."""
    del installs

    def install():
        sandbox.run("meson", "install", "-C", build, "--no-rebuild", "--quiet").done()

    sandbox.write("/etc/fstab", PLAN)
    install()
    assert sandbox.run("test", "-e", "/var/lib/asp").code == 1
    sandbox.shell(": >/etc/fstab").done()
    install()
    assert made(sandbox)
    sandbox.shell("cd /var/lib/asp; mv users users.closed; touch moved").done()
    before = there(sandbox)
    install()
    assert there(sandbox) == before
