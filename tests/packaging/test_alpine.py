"""The APKBUILD for Alpine Linux. abuild is not on Debian: a stand-in for what it offers runs the functions, by a shell that
knows no more than busybox's where that is there."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest
from support.packages import PACKAGING, SCRIPTS, listing, makes_the_store_once, stand_in_meson, without_store, write_program
from support.run import TREE, execute

ALPINE = PACKAGING / "alpine"
SYSTEMD = "/usr/lib/(systemd|sysusers.d|tmpfiles.d)/"
SHELL = ("busybox", "ash") if shutil.which("busybox") else ("sh",)
# As abuild does it: package, then each part takes out of what was installed what is its own.
ABUILD = r"""
set -eu
srcdir=$1 pkgbasedir=$2
want_check() { return 1; }
amove() {
    for path; do
        mkdir -p "$subpkgdir/${path%/*}"
        mv "$pkgdir/$path" "$subpkgdir/${path%/*}/"
    done
}
doc() { amove usr/share/doc usr/share/man; }
bashcomp() { amove usr/share/bash-completion/completions; }
zshcomp() { amove usr/share/zsh/site-functions; }
fishcomp() { amove usr/share/fish/vendor_completions.d; }
. "$3"
pkgdir=$pkgbasedir/$pkgname
for script in $install; do
    test -x "${3%/*}/$script"
done
cd "$srcdir/$pkgname-$pkgver"
build
package
for part in $subpackages; do
    subpkgname=${part%%:*} split=
    case $part in *:*) split=${part#*:} split=${split%%:*} ;; esac
    case $subpkgname in
    *-bash-completion) split=bashcomp ;;
    *-zsh-completion) split=zshcomp ;;
    *-fish-completion) split=fishcomp ;;
    *) split=${split:-${subpkgname##*-}} ;;
    esac
    subpkgdir=$pkgbasedir/$subpkgname
    mkdir -p "$subpkgdir"
    (cd "$pkgdir" && "$split")
done
"""


def test_the_files_are_read_by_a_shell():
    """The init scripts are OpenRC's to run; here they are read alone."""
    for path in ALPINE.iterdir():
        execute(*SHELL, "-n", path).done()
    assert len([*ALPINE.glob("*.initd")]) == 4


def build(tmp_path, make_archive, tools):
    """The packages, a folder for each."""
    source, base = tmp_path / "src", tmp_path / "pkg"
    source.mkdir()
    version = execute("sh", "-c", '. "$1" && echo "$pkgver"', "sh", ALPINE / "APKBUILD").done().out.strip()
    archive = make_archive(f"pam_asp-{version}", tmp_path)
    subprocess.run(["tar", "-C", source, "-xf", archive], check=True)
    for path in ALPINE.glob("*.initd"):
        shutil.copy(path, source)
    path = f"{tools}:{os.environ['PATH']}"
    environment = {"PATH": path, "ASP_STAGED": str(tmp_path / "root")}
    execute(*SHELL, "-c", ABUILD, "abuild", source, base, ALPINE / "APKBUILD", env=environment, timeout=3000).done()
    return base


def judge(base, root):
    """Together they have what is installed but for systemd's, and OpenRC's in place of that; each file is in one."""
    expected = {path: mode for path, mode in without_store(listing(root)).items() if not re.match(SYSTEMD, path)}
    expected |= {f"/etc/init.d/{name}": 0o755 for name in ("asp-authorize", "asp-broker", "asp-watch", "asp-web")}
    expected |= {"/etc/pam.d/asp-web": 0o644, **{f"/usr/libexec/{name}": 0o755 for name in SCRIPTS}}
    found = {}
    for package in sorted(base.iterdir()):
        for path, mode in listing(package).items():
            # A folder that two of them have parts of is in both, with the one mode.
            assert path not in found or ((package / path[1:]).is_dir() and mode == found[path]), path
            found[path] = mode
    assert found == expected
    for name, path in {
        "pam_asp": "usr/lib/security/pam_asp.so",
        "pam_asp-doc": "usr/share/doc/pam_asp/README.md",
        "asp-admin": "usr/bin/asp-admin",
        "asp-broker-openrc": "etc/init.d/asp-broker",
        "asp-web": "usr/libexec/asp-web",
        "cockpit-asp": "usr/share/cockpit/asp/index.html",
    }.items():
        assert (base / name / path).exists()


def test_the_packages_hold_what_is_installed(tmp_path, installed, make_archive):
    root = installed.as_packaged(tmp_path / "root", "usr/lib/security")
    tools = stand_in_meson(tmp_path / "tools")
    write_program(tools / "abuild-meson", 'exec meson setup "$@"\n')
    judge(build(tmp_path, make_archive, tools), root)


def test_the_store_is_made_once(sandbox):
    assert makes_the_store_once(sandbox, ALPINE / "pam_asp.post-install")


@pytest.mark.long
def test_the_packages_are_built_from_the_source(tmp_path, installed, make_archive, need):
    need("meson", "ninja")
    tools = tmp_path / "tools"
    tools.mkdir()
    write_program(tools / "abuild-meson", 'exec meson setup --prefix=/usr --libexecdir=libexec "$@"\n')
    root = installed.as_packaged(tmp_path / "root", "usr/lib/security")
    judge(build(tmp_path, make_archive, tools), root)


def musl_headers(folder):
    """Those of the libraries and of the kernel, by themselves: beside them on this machine lie those of another libc. And
    the one that Alpine has in a package of its own."""
    folder.mkdir()
    machine = execute("gcc", "-print-multiarch").done().out.strip()
    names = "security sodium sodium.h libconfig.h jansson.h jansson_config.h qrencode.h linux asm-generic asm"
    names += " libpq-fe.h postgres_ext.h pg_config_ext.h"
    for name in names.split():
        places = [pathlib.Path("/usr/include", place, name) for place in (machine, "", "postgresql")]
        (folder / name).symlink_to(next(path for path in places if path.exists()))
    (folder / "sys").mkdir()
    (folder / "sys" / "queue.h").symlink_to(f"/usr/include/{machine}/sys/queue.h")
    return folder


@pytest.mark.long
def test_all_of_the_c_compiles_against_musl(tmp_path, need):
    need("musl-gcc")
    words = ["musl-gcc", "-std=c17", "-fsyntax-only", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-D_TIME_BITS=64", "-I."]
    words += [f'-D{name}="x"' for name in ("VERSION", "PAMDIR", "DOCDIR", "LIBEXECDIR")]
    rooms = ("asp", "pam_asp", "asp-admin", "asp-broker")
    sources = sorted(path.relative_to(TREE) for room in rooms for path in (TREE / room).rglob("*.c"))
    made = execute(*words, f"-I{musl_headers(tmp_path / 'headers')}", *sources, cwd=TREE, timeout=600)
    assert made.done().err == ""
