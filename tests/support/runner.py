"""Runs commands, builds, and runs the tests of a build: programs that meson knows, and pytest."""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from support import sanitizers
from support.counts import Count, failed, judge, read_junit, skipped, tail
from support.run import TREE, tool_works

PYTHON = "/usr/bin/python3"
PYTEST = (PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=300")
# That many files at a time: the services wait more than they work.
PROCESSES = {"cli": "2", "services": "4", "fault": "2"}
# Each of these tests takes as long as files of others do.
ONE_BY_ONE = ("fault",)
# For cli, whose doctor looks at each process that it sees: those of the services' tests are none of its machine.
APART = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
# Their subject is system calls, limits, memory, threads or races of the process that they run in.
OF_THE_PROCESS = ("pam-cost", "pam-limits", "pam-parallel", "pam-residue", "pam-secrets", "pam-symlink_race", "unit-safeio")
# What an emulator does not play.
NOT_PLAYED = {
    "unit-tickets": "qemu makes up what /proc says of a process",
    "unit-wrap": "the locales in the root have the byte order of this machine",
}
# One process at a time, which is not ended while somebody looks about in a sandbox.
KEEP = "--keep"
KEPT = (KEEP, "-n0", "--timeout=0", "--exitfirst")


@dataclasses.dataclass(frozen=True)
class Platform:
    """What the tests are built with where nothing else is said, further words for each `meson setup`, what runs programs
    that this processor does not, and how many times longer all may take."""

    compiler: str = "gcc"
    setup: tuple = ()
    emulator: tuple = ()
    patience: int = 1


class Runner:
    def __init__(self, work, everything, picked=(), platform=Platform()):
        self.work = work
        self.platform = platform
        self.everything = everything
        # Further words for pytest.
        self.picked = list(picked)
        self.files = {}
        self.builds = {}
        self.told = set()
        self.running = set()
        self.environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
        if everything:
            self.environment["ASP_TEST_ALL"] = "1"
        # What a test that was ended leaves behind goes with the folder.
        temporary = work / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        self.environment["TMPDIR"] = str(temporary)

    def run(self, *words, timeout=None, **environment):
        """Runs a command to its end. Its output, errors too, is text; one that hangs has failed."""
        words = [os.fspath(word) for word in words]
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        # A group of its own, so that with a command that is ended goes everything it started.
        with subprocess.Popen(
            words, env={**self.environment, **environment}, cwd=TREE, start_new_session=True, **options
        ) as process:
            self.running.add(process.pid)
            try:
                out, _ = process.communicate(timeout=timeout)
                note = ""
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, _ = process.communicate()
                note = f"\nstill running after {timeout} s: ended"
            self.running.discard(process.pid)
        return subprocess.CompletedProcess(words, process.returncode, out.decode("utf-8", "replace") + note)

    def show(self, *words, **environment):
        """The same, for as long as it takes, before the eyes of who waits."""
        words = [os.fspath(word) for word in words]
        run = subprocess.run(words, env={**self.environment, **environment}, cwd=TREE, check=False)
        return subprocess.CompletedProcess(words, run.returncode, "")

    def end(self, *_):
        """On a signal: nothing that was started goes on, nothing new is started."""
        for pid in list(self.running):
            os.killpg(pid, signal.SIGKILL)
        os._exit(128 + signal.SIGTERM)

    def build(self, name, compiler=None, *options, linked=True, targets=("all", "meson-test-prereq")):
        """Builds once for each name these targets; all that is compiled and no more where it is not to be linked. Returns
        the folder, or None, and the run that made or failed to make it."""
        if name not in self.builds:
            folder = self.work / name
            given = ["-Dwerror=true", "-Dtests=true", *self.platform.setup, *options]
            run = self.run("meson", "setup", folder, TREE, *given, CC=compiler or self.platform.compiler)
            if run.returncode == 0:
                run = self.run("ninja", "-C", folder, *(targets if linked else objects_of(folder)))
            self.builds[name] = (folder if run.returncode == 0 else None, run)
        return self.builds[name]

    def build_sanitized(self, reports):
        """Builds `sanitize`, whose processes report to files that begin so unless they are told otherwise, and in which
        each change of an account is called twice: what the first call leaves behind is found."""
        settings = self.work / "sanitizer_options.o"
        twice = self.work / "called_twice.o"
        words = [f'-D{name}="{value}"' for name, value in sanitizers.options(reports).items()]
        run = self.compile("sanitizer_options.c", settings, *words)
        if run.returncode == 0:
            run = self.compile("called_twice.c", twice, "-std=c17", "-D_GNU_SOURCE", f"-I{TREE}")
        if run.returncode != 0:
            return None, run
        # What gcc warns of in the instrumented code is not in the source: the last word on a warning is
        # suite_build's.
        options = ("-Dwerror=false", "-Db_sanitize=address,undefined", "-Db_lundef=false")
        # A sanitizer stands before crypt(), and looks for the real one when it starts: pam_unix comes with that later.
        crypt = "-Wl,--push-state,--no-as-needed,-lcrypt,--pop-state"
        # What is wrapped is asked for by nobody any more: a neighbour of it gets its file out of a library that has it.
        wrapped = "'-Wl,--wrap=asp_store_update','-Wl,--undefined=asp_store_remove'"
        linked = f"'{settings}','{twice}',{wrapped},'{crypt}'"
        return self.build("sanitize", "gcc", *options, f"-Dc_link_args=[{linked}]")

    def compile(self, source, target, *words):
        """Compiles what is linked into a whole build beside its own sources."""
        return self.run("gcc", "-O2", "-fPIC", "-c", *words, TREE / "tests" / "support" / source, "-o", target)

    def versions(self, family):
        """The commands FAMILY and FAMILY-N of this machine, each with its version, FAMILY first. Where two are the same
        program, one of them."""
        names = {path.name for place in os.get_exec_path() for path in pathlib.Path(place).glob(f"{family}-*")}
        numbered = {name for name in names if re.fullmatch(rf"{family}-\d+", name)}
        found = {}
        for name in (family, *sorted(numbered, key=lambda name: int(name.rsplit("-", 1)[1]))):
            if shutil.which(name) is not None:
                version = re.search(r"(\d+)\.\d+\.\d+", self.run(name, "--version").stdout)
                if version is not None:
                    program = os.path.realpath(shutil.which(name))
                    found.setdefault((program, version[1]), (name, int(version[1])))
        return list(found.values())

    def not_built(self, run):
        """The failure of tests that need a build which failed. Its output is shown once."""
        shown = "" if id(run) in self.told else f"\n{run.stdout}"
        self.told.add(id(run))
        return failed(f"not run: the build failed{shown}")

    # Programs that meson builds and knows as tests

    def programs(self, kind, build="gcc", *options, prefix=(), patience=1, only=None, last=None, **environment):
        """Runs the programs of a suite of meson's, as many at a time as there are processors; `only` those of these
        names, with `last` in the place of the last word of their commands. Behind a prefix, which is valgrind's or an
        emulator's, those that look at their own process are left out: they would see that one's."""
        prefix = prefix or self.platform.emulator
        patience = max(patience, self.platform.patience)
        folder, run = self.build(build, *options)
        if folder is None:
            return self.not_built(run)
        tests = json.loads(self.run("meson", "introspect", "--tests", folder).stdout)
        tests = [test for test in tests if f"pam_asp:{kind}" in test["suite"]]
        if only is not None:
            tests = [test for test in tests if test["name"] in only]
        if last is not None:
            tests = [{**test, "cmd": [*test["cmd"][:-1], last]} for test in tests]
        if kind in self.files:
            named = [program_of(kind, file) for file in self.files[kind]]
            tests = [test for test in tests if any(f"{test['name']}-".startswith(f"{name}-") for name in named)]
        elif not self.everything:
            tests = [test for test in tests if "pam_asp:long" not in test["suite"]]
        count = Count()
        if prefix:
            left_out = {name: "it looks at its own process" for name in OF_THE_PROCESS}
            if self.platform.emulator:
                left_out.update(NOT_PLAYED)
                environment["ASP_TEST_EMULATED"] = "1"
            for test in [test for test in tests if test["name"] in left_out]:
                count += skipped(f"{test['name']} under {prefix[0]}", left_out[test["name"]])
                tests.remove(test)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for one in pool.map(lambda test: self.program(folder, test, prefix, patience, environment), tests):
                count += one
        return count

    def program(self, folder, test, prefix, patience, environment):
        tap = self.work / "tap" / f"{folder.name}-{re.sub('[^A-Za-z0-9_]', '-', test['name'])}-{'-'.join(prefix)[:8]}"
        tap.parent.mkdir(exist_ok=True)
        environment = {**test["env"], **environment, "CK_TAP_LOG_FILE_NAME": str(tap), "ASP_BUILD": str(folder)}
        environment["CK_TIMEOUT_MULTIPLIER"] = str(patience)  # Check has a limit of its own for each case
        timeout = test["timeout"] * patience or None
        run = self.run(*prefix, *test["cmd"], timeout=timeout, **environment)
        # Valgrind's words on itself: five lines for each call that it does not know, as Debian 12's does openat2.
        run.stdout = re.sub(r"(?m)^--\d+-- .*\n", "", run.stdout)
        reasons = re.findall(r"(?m)^skipped: (.*)", run.stdout)
        if run.returncode == 77:
            return skipped(
                test["name"], " ".join(reasons) or run.stdout.strip().rsplit("\n", 1)[-1] or "it does not say"
            )
        lines = tap.read_text(errors="replace").splitlines() if tap.exists() else None
        if lines is None:  # no program of Check's, or one that did not come so far
            return judge(test["name"], run)
        # A case that says "skipped:" has shown nothing, and Check counts it as passed.
        count = Count(
            passed=sum(line.startswith("ok ") for line in lines) - len(reasons),
            failed=sum(line.startswith("not ok ") for line in lines),
            reasons=[(test["name"], reason) for reason in reasons],
            points=re.findall(r"(?m)^points: (.*)", run.stdout),
        )
        if count.failed == 0 and (run.returncode != 0 or count.ran == 0):
            count.failed = 1
        if count.failed:
            count.trouble.append(f"{test['name']}: exit status {run.returncode}\n{tail(run.stdout)}")
        return count

    # pytest

    def pytest(self, name, build="gcc", brief=False, engine=None, files=(), **environment):
        """Runs what is there of a suite with a build, or only these files; `brief`: never what takes long; `engine`: with
        stores in that, see tests/conftest.py."""
        folder = TREE / "tests" / name
        targets = [folder / file for file in files or self.files.get(name, [])] or [folder]
        made, run = self.build(build)
        if made is None:
            return self.not_built(run)
        report = self.work / f"{name}-{engine or build}.xml"
        apart = APART if name == "cli" and tool_works(*APART, "true") else ()
        words = [*apart, *PYTEST, "-n", PROCESSES.get(name, "3"), f"--dist={'load' if name in ONE_BY_ONE else 'loadfile'}"]
        words += [f"--basetemp={self.work / name}", f"--junitxml={report}", *targets, *self.picked]
        words += [f"--engine={engine}"] if engine else []
        if brief or not (self.everything or self.picked):
            words += ["-m", "not long"]
            environment["ASP_TEST_ALL"] = ""
        environment["ASP_BUILD"] = str(made)
        run = self.show(*words, **environment) if KEEP in self.picked else self.run(*words, timeout=3600, **environment)
        count = read_junit(report) if report.exists() else Count()
        if run.returncode == 5 and "-k" in self.picked:
            where = " ".join(str(target.relative_to(TREE)) for target in targets)
            return skipped(where, "no test has these words in its name")
        if run.returncode == 5 and engine == "database":
            return count  # none of these is about a store that may be in one
        # 5: no test was found. Anything over 1 else: pytest itself broke off.
        if count.failed == 0 and run.returncode != 0:
            count.failed = 1
        if count.failed:
            count.trouble.append(run.stdout)
        return count


def program_of(kind, file):
    """By what name meson knows the program of a file. What stands behind :: is one of its tests, and Check runs them all."""
    return f"{kind}-{re.sub('^(?:test|fuzz)_', '', pathlib.PurePath(file.partition('::')[0]).stem)}"


def objects_of(folder):
    """What a build of meson's compiles each file of C into."""
    return [command["output"] for command in json.loads((folder / "compile_commands.json").read_text())]
