"""The PKGBUILD for Arch Linux, by Debian's makepkg. For pacman, which knows what is installed, there is one that knows of
nothing, so what a package needs is not looked for."""

import os
import pathlib
import re
import subprocess
import tarfile
import tempfile

import pytest
from support.packages import (
    PACKAGING,
    SCRIPTS,
    listing,
    makes_the_store_once,
    plain,
    stand_in_meson,
    without_store,
    write_program,
)
from support.run import TREE, execute

ARCH = PACKAGING / "arch"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
# What makepkg writes into a package beside its files.
OWN = (".BUILDINFO", ".MTREE", ".PKGINFO", ".INSTALL")


@pytest.fixture
def place():
    """pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory(prefix="asp-arch-") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def package_folder(place, need, make_archive):
    """The files of the package with the archive beside them, in a folder of nobody's: makepkg is not for root."""
    need("makepkg", "setpriv")
    if os.geteuid() != 0:
        pytest.skip("needs root: makepkg is run as somebody else")
    folder = place / "arch"
    folder.mkdir()
    for name in ("PKGBUILD", "pam_asp.install", "pam_asp-in-use.hook"):
        (folder / name).write_text((ARCH / name).read_text())
    (version,) = re.findall(r"(?m)^pkgver=(\S+)$", (ARCH / "PKGBUILD").read_text())
    make_archive(f"pam_asp-{version}", folder)
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    return folder


def makepkg(folder, *words, tools=None, **environment):
    """Runs it in the folder; `tools` is one for PATH."""
    tools = tools or folder.parent / "tools"
    tools.mkdir(exist_ok=True)
    write_program(tools / "pacman", "")
    environment = {"HOME": str(folder), "PKGEXT": ".pkg.tar", "PATH": f"{tools}:{os.environ['PATH']}", **environment}
    return execute(*NOBODY, "makepkg", *words, cwd=folder, env=environment, timeout=3000)


def test_the_files_are_read_by_bash_and_makepkg(package_folder):
    for name in ("PKGBUILD", "pam_asp.install"):
        execute("bash", "-n", ARCH / name).done()
    shown = makepkg(package_folder, "--printsrcinfo").done().out
    assert "pkgname = pam_asp\n" in shown
    assert "\tbackup = etc/asp/asp.conf\n\tbackup = etc/pam.d/asp-web\n" in shown
    hook = (ARCH / "pam_asp-in-use.hook").read_text()
    assert re.search(r"(?m)^When = PreTransaction$", hook) and re.search(r"(?m)^AbortOnFail$", hook)


def judge(folder, expected):
    """The one package has what is installed, the licence where licences are, the hook and its script."""
    (package,) = folder.glob("*.pkg.tar")
    with tarfile.open(package) as archive:
        members = {plain(f"/{member.name}"): member for member in archive if member.name not in OWN}
    found = {path: member.mode for path, member in members.items() if path in expected or not member.isdir()}
    assert found == expected
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}


def expected_of(root):
    files = without_store(listing(root))
    files["/usr/share/licenses/pam_asp/COPYING"] = files.pop("/usr/share/doc/pam_asp/COPYING")
    files["/usr/share/libalpm/hooks/pam_asp-in-use.hook"] = 0o644
    files |= {"/etc/pam.d/asp-web": 0o644, **{f"/usr/lib/{name}": 0o755 for name in SCRIPTS}}
    return files


def test_the_package_holds_what_is_installed(package_folder, installed, place, need):
    need("bsdtar", "fakeroot")
    root = installed.as_packaged(place / "root", "usr/lib/security", "usr/lib")
    subprocess.run(["chown", "-R", "nobody", root], check=True)
    tools = stand_in_meson(place / "tools")
    makepkg(package_folder, "--nodeps", "--nocheck", tools=tools, ASP_STAGED=str(root)).done()
    judge(package_folder, expected_of(root))


def test_the_store_is_made_once(sandbox):
    assert makes_the_store_once(sandbox, f". {ARCH / 'pam_asp.install'}; post_install", "/usr/lib")


@pytest.mark.long
def test_the_package_is_built_from_the_source(package_folder, installed, tmp_path, need):
    need("bsdtar", "fakeroot", "meson", "ninja")
    makepkg(package_folder, "--nodeps", "--nocheck").done()
    judge(package_folder, expected_of(installed.as_packaged(tmp_path / "root", "usr/lib/security", "usr/lib")))


def test_all_packages_are_of_one_version():
    """Each has it in the form of its own system: what comes after a version, and before the next one."""
    said = [(ARCH / "PKGBUILD", r"^pkgver=(\S+)\+git(\d+)$"), (PACKAGING / "alpine/APKBUILD", r"^pkgver=(\S+)_git(\d+)$")]
    said += [(PACKAGING / "rpm/pam_asp.spec", r"^Version: +(\S+)\^(\d+)git$")]
    said += [(TREE / "debian/changelog", r"\Apam-asp \((\S+)\+git(\d+)\)")]
    versions = {re.search(pattern, path.read_text(), re.M).groups() for path, pattern in said}
    (own,) = re.findall(r"(?m)^  version: '(.*)',$", (TREE / "meson.build").read_text())
    assert [version for version, _ in versions] == [own]
