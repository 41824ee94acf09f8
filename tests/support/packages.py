"""What packages of any system have to hold: the files of `meson install`, at the places and with the modes of that."""

import re
import shutil
import stat
import subprocess

from support.run import TREE
from support.systemd import install

PACKAGING = TREE / "packaging"
STORE = ("/var/lib/asp", "/var/lib/asp/locks", "/var/lib/asp/used", "/var/lib/asp/users")
# What each package brings besides: what makes the store, and what looks before it goes.
SCRIPTS = ("asp/make-store", "asp/pam-in-use")


class Installed:
    """What a build installs."""

    def __init__(self, build, folder):
        self.folder = folder / "root"
        install(build, self.folder)

    def as_packaged(self, folder, modules, programs="usr/libexec"):
        """A copy of it below the folder as a package with --prefix=/usr has it: modules and programs that no user calls
        in these folders. What the build has compiled in stays as it was."""
        shutil.copytree(self.folder, folder, symlinks=True)
        local = folder / "usr" / "local"
        if local.is_dir():
            shutil.copytree(local, folder / "usr", dirs_exist_ok=True)
            shutil.rmtree(local)
        move(next(folder.rglob("pam_asp.so")), folder / modules / "pam_asp.so")
        for name in ("asp", "asp-broker", "asp-web"):
            move(folder / "usr/libexec" / name, folder / programs / name)
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()) and not is_own_folder(f"/{path.relative_to(folder)}"):
                path.rmdir()
        return folder


def move(path, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    if path != to:
        shutil.move(path, to)


def is_own_folder(path):
    """Whether a folder is nobody else's: it is named after the project, or below one that is."""
    return bool(re.search(r"/(asp|pam_asp)(/|$)", path))


def listing(folder):
    """{path: mode} of its files, and of its folders that are the project's own. No manual is named as compressed."""
    found = {}
    for path in folder.rglob("*"):
        name = f"/{path.relative_to(folder)}"
        mode = stat.S_IMODE(path.lstat().st_mode)
        if not path.is_dir() or is_own_folder(name):
            found[plain(name)] = mode
    return found


def without_store(files):
    """Of a package whose script makes it."""
    return {path: mode for path, mode in files.items() if path not in STORE}


def makes_the_store_once(sandbox, command, programs="/usr/libexec"):
    """Whether the script that is run by an installation does; nothing of one that is there is changed."""
    sandbox.run("install", "-D", PACKAGING / "make-store", f"{programs}/asp/make-store").done()
    sandbox.shell(f"rm -rf {STORE[0]}; {command}").done()
    modes = sandbox.run("stat", "-c", "%a %U:%G", *STORE).done().out.splitlines()
    sandbox.write(f"{STORE[0]}/users/alice", "hers\n")
    sandbox.shell(command).done()
    return modes == ["700 root:root"] * len(STORE) and sandbox.read(f"{STORE[0]}/users/alice") == "hers\n"


def plain(name):
    return re.sub(r"(/man/.*)\.gz$", r"\1", name)


def archive(name, folder):
    """The tree below a folder of that name, as folder/name.tar.gz."""
    path = folder / f"{name}.tar.gz"
    without = ("./.git", "./build*", "__pycache__", ".pytest_cache", "./obj-*")
    words = [f"--exclude={pattern}" for pattern in without]
    # A name may have what a pattern knows, but no bar.
    words += ["--owner=0", "--group=0", "--transform", f"s|^\\.|{name}|", "-I", "gzip -1", "-cf", path, "."]
    subprocess.run(["tar", "-C", TREE, *words], check=True)
    return path


# Does what meson does where a build is there already: $ASP_STAGED is what it installs.
MESON = """to=$DESTDIR
case $1 in
setup) mkdir -p build output ;;
install)
    while [ $# -gt 0 ]; do
        [ "$1" != --destdir ] || to=$2
        shift
    done
    mkdir -p "$to"
    cp -a "$ASP_STAGED/." "$to"
    ;;
esac
"""


def stand_in_meson(folder):
    """A folder for PATH in which meson is that."""
    folder.mkdir()
    write_program(folder / "meson", MESON)
    return folder


def write_program(path, script):
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
