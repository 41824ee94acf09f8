"""Debian packages: built in a fresh root, and put on machines that are roots of Debian themselves, without systemd."""

import contextlib
import fcntl
import json
import platform

import pytest
from support.run import TREE, Result, execute

HERE = TREE / "tests" / "debian"
RELEASES = ("bookworm", "trixie")

# A machine is an overlay over a root that nobody writes to; each run enters it anew, and what it has started ends with it.
ENTER = """
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
cd "$2/root"
mkdir -p packages home/pam_asp
mount --bind -o ro "$3" packages
mount --bind -o ro "$4" home/pam_asp
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
ip link set lo up
pivot_root . mnt
umount --lazy /mnt
script=$5
shift 5
. /home/pam_asp/tests/roots.sh
afresh DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$script" bash "$@"
"""
NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private", "--")


class Machine:
    """A machine of this release. `shell` runs a script of bash on it."""

    def __init__(self, folder, base, packages):
        self.folder, self.base, self.packages = folder, base, packages
        for name in ("upper", "work", "root"):
            (folder / name).mkdir()

    def shell(self, script, *words, **options):
        words = [self.base, self.folder, self.packages, TREE, script, *words]
        return execute(*NAMESPACES, "bash", "-euo", "pipefail", "-c", ENTER, "bash", *words, timeout=240, **options)

    def install(self, *names, options=""):
        """The packages of these names, by apt, which has them and what they need at hand."""
        files = [f"/packages/{file.name}" for name in names for file in self.packages.glob(f"{name}_*.deb")]
        assert len(files) == len(names), names
        return self.shell(f'{options} apt-get -q -y --no-install-recommends install "$@"', *files)


@contextlib.contextmanager
def only_one(path):
    """The processes of a run of the tests come in one after the other."""
    with open(path, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def once(tmp_path_factory, worker_id, name, make):
    """The folder in which make(folder) was done, by the first of these processes, and the document that it returned."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    folder, done = shared / name, shared / f"{name}.json"
    with only_one(shared / f"{name}.lock"):
        if not done.exists():
            folder.mkdir(mode=0o755)
            done.write_text(json.dumps(make(folder)), encoding="utf-8")
    return folder, json.loads(done.read_text(encoding="utf-8"))


@pytest.fixture(scope="session", params=RELEASES)
def built(request, tmp_path_factory, worker_id):
    """The release, the folder of the packages, and what tests/debian/build has said."""
    if platform.machine() != "x86_64":
        pytest.skip("roots of Debian are made for x86-64 alone")

    def build(folder):
        run = execute(HERE / "build", folder, request.param, timeout=1800)
        return [run.code, run.out, run.err]

    folder, run = once(tmp_path_factory, worker_id, request.param, build)
    return request.param, folder / "build" / "root" / "packages", Result(*run)


@pytest.fixture(scope="session")
def base(built, tmp_path_factory, worker_id):
    """The root that machines of this release lie over, and the packages."""
    name, packages, run = built
    assert run.code == 0, run
    folder, _ = once(
        tmp_path_factory,
        worker_id,
        f"{name}-base",
        lambda folder: execute(HERE / "base", folder, name, packages, timeout=900).done().code,
    )
    return folder / "base" / "root", packages


@pytest.fixture
def machine(base, tmp_path):
    return Machine(tmp_path, *base)
