"""What every Python suite shares: where the build lies, and a private store and configuration in a temporary folder.

The build folder is the environment variable ASP_BUILD, else `build` at the top of the tree.
"""

import contextlib
import math
import os
import pathlib
import shlex
import shutil
import signal
import tempfile

import on_database
import pytest
from support import sanitizers, system_log
from support.run import TREE, execute, tool_works
from support.sandbox import SANDBOX, Sandbox
from support.service import Service
from support.site import Site
from support.tracing import STRACE
from support.wait import wait_until


def pytest_addoption(parser):
    parser.addoption(
        "--keep", action="store_true", help="when a test fails, say how to look about in its sandbox, and wait"
    )
    parser.addoption(
        "--engine",
        choices=("files", "database"),
        default="files",
        help="what the stores of sites are in; those of a database are left out that have no store",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long; tests/run leaves it out without --all")
    config.addinivalue_line("markers", "of_files(why): not what is so of a store in a database")
    # A signal that is ignored stays so in what is started (nohup does that), one that is handled does not.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_collection_modifyitems(config, items):
    assert not list(sanitizers.unknown()), f"sanitizers.py leaves out what is not there: {list(sanitizers.unknown())}"
    for item in items:
        if reason := sanitizers.left_out(item.nodeid):
            item.add_marker(pytest.mark.skip(f"under sanitizers: {reason}"))
    if config.getoption("engine") == "database":
        of_a_store = [item for item in items if {"site", "make_site", "sandboxes"} & set(item.fixturenames)]
        config.hook.pytest_deselected(items=[item for item in items if item not in of_a_store])
        items[:] = of_a_store
        for item in items:
            if marker := item.get_closest_marker("of_files"):
                item.add_marker(pytest.mark.skip(marker.args[0]))


def pytest_exception_interact(node):
    """A test has failed: of each sandbox that is open, the end of the log; and with --keep, the sandbox itself."""
    say = node.config.pluginmanager.get_plugin("terminalreporter")
    if not node.config.getoption("keep") or say is None:
        return
    for box in Sandbox.open:
        say.write_line(f"\n{node.nodeid}: its sandbox is open until `kill -KILL {box.process.pid}`")
        say.write_line(f"look about:  {shlex.join(box.prefix)} bash")
        say.write_line(f"its log:     /proc/{box.first}/root{system_log.PATH}")
    wait_until(lambda: all(box.process.poll() is not None for box in Sandbox.open), seconds=math.inf, interval=0.2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """What was logged last belongs to the failure, and what a sanitizer reports is one."""
    report = (yield).get_result()
    if reported := sanitizers.reports():
        report.outcome, report.longrepr = "failed", "\n".join([str(report.longrepr or ""), *reported])
    if report.failed:
        for box in Sandbox.open:
            log = "\n".join(system_log.SystemLog(box).messages()[-20:])
            report.sections.append((f"the end of the log of sandbox {box.first}", log))


@pytest.fixture(scope="session")
def build():
    """The build folder, with the tool and the module in it."""
    folder = pathlib.Path(os.environ.get("ASP_BUILD", TREE / "build")).resolve()
    for product in ("asp-admin/asp-admin", "pam_asp/pam_asp.so"):
        assert (folder / product).is_file(), f"{folder / product} is not built; set ASP_BUILD to the build folder"
    return folder


@pytest.fixture(scope="session")
def layer():
    return os.environ.get("ASP_LAYER") or None


@pytest.fixture(scope="session")
def sandboxes():
    """Skips where this machine can't have a sandbox."""
    probe = execute(SANDBOX, "true")
    if probe.code != 0:
        pytest.skip(f"no sandbox on this machine: {probe.err.strip()}")


@pytest.fixture(scope="session")
def strace():
    if not tool_works(*STRACE, "-e", "inject=getpid:error=EPERM", "true"):
        pytest.skip("needs setarch and strace: one is missing, or what it does is refused here")


@pytest.fixture
def folder():
    """A short and empty folder: names of sockets are short."""
    with tempfile.TemporaryDirectory(prefix="asp-", dir="/tmp") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session")
def databases(build):
    """Those of the stores of sites."""
    if not (build / "tests" / "fleet" / "driver").is_file():
        pytest.skip("built without a database: -Ddatabase=enabled")
    with on_database.databases() as made:
        yield made


@pytest.fixture(scope="session")
def joining(request):
    """With --engine=database each machine of a service has joined a store in one."""
    if request.config.getoption("engine") == "database":
        with on_database.joining(request.getfixturevalue("databases")) as Service.joining:
            yield
        Service.joining = None
    else:
        yield


@pytest.fixture
def make_site(build, request):
    """Makes sites, each in a folder that is there."""
    if request.config.getoption("engine") == "files":
        yield lambda folder: Site(folder, build)
        return
    databases = request.getfixturevalue("databases")
    with contextlib.ExitStack() as stack:
        yield lambda folder: on_database.SiteInDatabase(folder, build, stack.enter_context(databases.one()))


@pytest.fixture
def site(tmp_path, make_site):
    return make_site(tmp_path)


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory):
    """Builds a library from a file of tests/cli, or of another suite; returns the environment in which it is preloaded."""
    if shutil.which("cc") is None:
        pytest.skip("needs cc: a preloaded library")

    def build(name, suite="cli"):
        library = tmp_path_factory.mktemp(name) / f"{name}.so"
        source = TREE / "tests" / suite / f"{name}.c"
        assert tool_works("cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, source), f"{source} does not build"
        return {"LD_PRELOAD": str(library)}

    return build


@pytest.fixture(scope="session")
def clock(preloaded):
    """The environment in which a process takes the time to be so many seconds from now."""
    environment = preloaded("clock")
    return lambda seconds: {**environment, "ASP_TEST_CLOCK": str(seconds)}
