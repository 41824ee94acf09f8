#!/usr/bin/python3 -B
"""The suites of tests/run, which calls this: builds the project, runs the tests, counts them.

What a suite prints is shown when something in it failed. Each test that was skipped is shown with its reason.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

from support import coverage, sanitizers

TREE = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"
PYTEST = (PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=300")
PROCESSES = "3"
# The first of each that is good for this tree. Other versions of the formatter than these may format otherwise.
COMPILERS = {"gcc": 12, "clang": 14}
FORMATTERS = range(14, 23)
TIDY_VERSION = 14
VALGRIND = (
    "valgrind --quiet --vgdb=no --error-exitcode=99"
    " --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite"
).split()
CPPCHECK = (
    "cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1"
    " --suppress=normalCheckLevelMaxBranches -D_GNU_SOURCE -DVERSION=\"0\" -I."
).split()
# Those in which threads are side by side: for the thread sanitizer.
THREADED = ("pam-parallel", "unit-store_faults")
# Their subject is system calls, limits, memory, threads or races of the process that they run in.
OF_THE_PROCESS = ("pam-cost", "pam-limits", "pam-parallel", "pam-residue", "pam-secrets", "pam-symlink_race", "unit-safeio")
# What an emulator does not play.
NOT_PLAYED = {
    "unit-tickets": "qemu makes up what /proc says of a process",
    "unit-wrap": "the locales in the root have the byte order of this machine",
}


@dataclasses.dataclass(frozen=True)
class Platform:
    """What the tests are built with where nothing else is said, further words for each `meson setup`, what runs programs
    that this processor does not, and how many times longer all may take."""

    compiler: str = "gcc"
    setup: tuple = ()
    emulator: tuple = ()
    patience: int = 1


@dataclasses.dataclass
class Count:
    """What came of some tests. `trouble` is to be shown of those that failed; `reasons` has a pair for each that was
    skipped: which, and why."""

    passed: int = 0
    failed: int = 0
    reasons: list = dataclasses.field(default_factory=list)
    trouble: list = dataclasses.field(default_factory=list)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.reasons += other.reasons
        self.trouble += other.trouble
        return self

    @property
    def ran(self):
        return self.passed + self.failed + len(self.reasons)


def passed():
    return Count(passed=1)


def failed(trouble):
    return Count(failed=1, trouble=[trouble])


def skipped(what, reason):
    return Count(reasons=[(what, " ".join(reason.split()))])


def judge(what, run):
    """One test that is a command: it passes when the command succeeds."""
    return passed() if run.returncode == 0 else failed(f"{what}: exit status {run.returncode}\n{run.stdout}")


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

    def build(self, name, compiler=None, *options, linked=True):
        """Builds once for each name; all that is compiled and no more where it is not to be linked. Returns the folder,
        or None, and the run that made or failed to make it."""
        if name not in self.builds:
            folder = self.work / name
            setup = ["meson", "setup", folder, TREE, "-Dwerror=true", "-Dtests=true", *self.platform.setup, *options]
            run = self.run(*setup, CC=compiler or self.platform.compiler)
            if run.returncode == 0:
                targets = ["all", "meson-test-prereq"] if linked else objects_of(folder)
                run = self.run("ninja", "-C", folder, *targets)
            self.builds[name] = (folder if run.returncode == 0 else None, run)
        return self.builds[name]

    def build_sanitized(self, reports):
        """Builds `sanitize`, whose processes report to files that begin so unless they are told otherwise."""
        settings = self.work / "sanitizer_options.o"
        words = [f'-D{name}="{value}"' for name, value in sanitizers.options(reports).items()]
        run = self.run("gcc", "-fPIC", "-c", *words, TREE / "tests" / "support" / "sanitizer_options.c", "-o", settings)
        if run.returncode != 0:
            return None, run
        # What gcc warns of in the instrumented code is not in the source: the last word on a warning is
        # suite_build's.
        options = ("-Dwerror=false", "-Db_sanitize=address,undefined", "-Db_lundef=false")
        # A sanitizer stands before crypt(), and looks for the real one when it starts: pam_unix comes with that later.
        crypt = "-Wl,--push-state,--no-as-needed,-lcrypt,--pop-state"
        return self.build("sanitize", "gcc", *options, f"-Dc_link_args=['{settings}','{crypt}']")

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

    def programs(self, kind, build="gcc", *options, prefix=(), patience=1, only=None, **environment):
        """Runs the programs of a suite of meson's, as many at a time as there are processors; `only` those of these
        names. Behind a prefix, which is valgrind's or an emulator's, those that look at their own process are left
        out: they would see that one's."""
        prefix = prefix or self.platform.emulator
        patience = max(patience, self.platform.patience)
        folder, run = self.build(build, *options)
        if folder is None:
            return self.not_built(run)
        tests = json.loads(self.run("meson", "introspect", "--tests", folder).stdout)
        tests = [test for test in tests if f"pam_asp:{kind}" in test["suite"]]
        if only is not None:
            tests = [test for test in tests if test["name"] in only]
        if not self.everything:
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
        )
        if count.failed == 0 and (run.returncode != 0 or count.ran == 0):
            count.failed = 1
        if count.failed:
            count.trouble.append(f"{test['name']}: exit status {run.returncode}\n{tail(run.stdout)}")
        return count

    # pytest

    def pytest(self, name, build="gcc", brief=False, **environment):
        """Runs what is there of a suite with a build; `brief`: never what takes long."""
        folder = TREE / "tests" / name
        targets = [folder / file for file in self.files.get(name, [])] or [folder]
        made, run = self.build(build)
        if made is None:
            return self.not_built(run)
        report = self.work / f"{name}-{build}.xml"
        # A file at a time in each process: they wait for servers more than they work.
        words = [*PYTEST, "-n", PROCESSES, "--dist=loadfile", f"--basetemp={self.work / name}", f"--junitxml={report}"]
        words += [*targets, *self.picked]
        words += ["-m", "not long"] if brief or not (self.everything or self.picked) else []
        environment["ASP_BUILD"] = str(made)
        run = self.show(*words, **environment) if KEEP in self.picked else self.run(*words, timeout=3600, **environment)
        count = read_junit(report) if report.exists() else Count()
        if run.returncode == 5 and "-k" in self.picked:
            where = " ".join(str(target.relative_to(TREE)) for target in targets)
            return skipped(where, "no test has these words in its name")
        # 5: no test was found. Anything over 1 else: pytest itself broke off.
        if count.failed == 0 and run.returncode != 0:
            count.failed = 1
        if count.failed:
            count.trouble.append(run.stdout)
        return count

    def measure(self, name):
        """What came of a suite, and the seconds it took. A suite without a test has failed."""
        begin = time.monotonic()
        count = getattr(self, f"suite_{name}")()
        if count.ran == 0:
            count = failed(f"{name}: ran no test")
        return count, time.monotonic() - begin

    # The suites

    def suite_build(self):
        """the build with gcc, and with clang, without a warning; and all C with every other version that is there"""
        count = Count()
        for family, first in COMPILERS.items():
            compilers = [(name, version) for name, version in self.versions(family) if version >= first]
            if not compilers:
                count += skipped(f"build with {family}", f"none from version {first} on is installed")
            for i, (name, _) in enumerate(compilers):
                folder, run = self.build(name, name, linked=i == 0)
                count += passed() if folder else self.not_built(run)
        return count

    def format(self, sources):
        formatters = self.versions("clang-format")
        good = [(name, version) for name, version in formatters if version >= FORMATTERS[0]]
        if not good:
            return skipped("clang-format", f"none from version {FORMATTERS[0]} on is installed")
        name, version = good[0]
        run = self.run(name, "--dry-run", "-Werror", *sources)
        if run.returncode == 0:
            return passed()
        if version not in FORMATTERS:
            return skipped("clang-format", f"version {version} is not known, and formats otherwise")
        unformatted = sorted(set(re.findall(r"(?m)^(\S+?):\d+:\d+: error", run.stdout)))
        return failed(f"not formatted: {' '.join(unformatted)}") if unformatted else judge(name, run)

    def suite_style(self):
        """C as clang-format has it, shell scripts without a warning from shellcheck"""
        count = self.format(c_files("asp", "pam_asp", "asp-admin", "asp-broker", "tests", suffixes="ch"))
        if shutil.which("shellcheck") is None:
            count += skipped("shellcheck", "it is not installed")
        else:
            for script in shell_scripts():
                count += judge("shellcheck", self.run("shellcheck", "-S", "warning", "-x", "-P", TREE, script))
        return count

    def suite_lint(self):
        """asp, pam_asp, asp-admin and asp-broker without a word from cppcheck and clang-tidy"""
        count = Count()
        folders = ("asp", "pam_asp", "asp-admin", "asp-broker")
        if shutil.which("cppcheck") is None:
            count += skipped("cppcheck", "it is not installed")
        else:
            count += judge("cppcheck", self.run(*CPPCHECK, *folders))
        tidy = next((name for name, version in self.versions("clang-tidy") if version == TIDY_VERSION), None)
        if tidy is None:
            count += skipped("clang-tidy", f"version {TIDY_VERSION} is not installed, and others look for other things")
            return count
        folder = self.work / "tidy"
        setup = self.run("meson", "setup", folder, TREE)
        if setup.returncode != 0:
            count += self.not_built(setup)
            return count
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            sources = c_files(*folders, suffixes="c")
            for run in pool.map(lambda source: self.run(tidy, "--quiet", "-p", folder, source), sources):
                count += judge(" ".join(run.args), run)
        return count

    def suite_rooms(self):
        """which room of the tree stands on which, what the core may not know, and no circle of files"""
        return self.pytest("rooms")

    def suite_man(self):
        """manual pages that mandoc finds nothing to say about"""
        if shutil.which("mandoc") is None:
            return skipped("mandoc", "it is not installed")
        count = Count()
        for page in sorted((TREE / "man").glob("*.[1-9]")):
            run = self.run("mandoc", "-T", "lint", page)
            # Which other pages are installed is not the page's fault.
            found = [line for line in run.stdout.splitlines() if not re.search("referenced manual|mandoc.db", line)]
            count += passed() if not found else failed("\n".join(found))
        return count

    def suite_unit(self):
        """libasp, function by function"""
        return self.programs("unit")

    def suite_pam(self):
        """the module, through the real libpam"""
        return self.programs("pam")

    def suite_cli(self):
        """asp-admin, from outside"""
        return self.pytest("cli")

    def suite_services(self):
        """each recipe with its real server and clients, quickstart, and the sandbox that they run in"""
        return self.pytest("services")

    def suite_packaging(self):
        """the packages for Fedora, Arch and Alpine: all that is installed is in them, once; with --all built from the source"""
        return self.pytest("packaging")

    def suite_fault(self):
        """the module while calls and memory fail it"""
        return self.programs("fault")

    def suite_fuzz(self):
        """what reads the words of others, on seeds and a fixed number of mutations; with --all a fuzzer looks for more"""
        count = self.programs("fuzz")
        if self.everything:
            count += judge("libFuzzer", self.run(TREE / "tests" / "fuzz" / "run", "20", timeout=1800))
        return count

    def suite_mutants(self):
        """small faults put into the code: of those in the files that decide a test must catch each, of some in every other
        file that unit tests judge most"""
        folder, run = self.build("gcc")
        if folder is None:
            return self.not_built(run)
        run = self.run(TREE / "tests" / "unit" / "mutate", timeout=3600, ASP_BUILD=str(folder))
        say(f"  {run.stdout.rstrip().rpartition(chr(10))[2]}")
        return judge("mutants", run)

    def suite_sanitize(self):
        """unit, pam, cli and much of services once more, under the address and undefined behaviour sanitizers; what has
        threads under theirs"""
        reports = self.work / "reports"
        reports.mkdir()
        reports.chmod(0o1777)
        folder, run = self.build_sanitized(reports / "stray")
        if folder is None:
            return self.not_built(run)
        count = Count()
        for kind in ("unit", "pam"):
            count += self.programs(kind, "sanitize", patience=5)
        for name in PATIENT:
            count += self.pytest(name, "sanitize", brief=True, ASP_REPORTS=str(reports))
        for report in sanitizers.taken(reports / "stray"):
            count += failed(report)
        threads = ("gcc", "-Dwerror=false", "-Db_sanitize=thread", "-Db_lundef=false")
        others = f"suppressions={TREE / 'tests' / 'pam' / 'thread_sanitizer.txt'}"
        for kind in ("unit", "pam"):
            count += self.programs(kind, "threads", *threads, only=THREADED, patience=5, TSAN_OPTIONS=others)
        return count

    def suite_coverage(self):
        """how many of the lines of each room some test runs: too few fail"""
        if shutil.which("gcov") is None:
            return skipped("coverage", "gcov is not installed")
        dump = self.work / "dump_at_exit.o"
        made = self.run("gcc", "-O2", "-fPIC", "-c", TREE / "tests" / "support" / "dump_at_exit.c", "-o", dump)
        options = ("gcc", "-Dwerror=false", "-Db_coverage=true", f"-Dc_link_args=['{dump}','-Wl,--wrap=_exit','--coverage']")
        folder, run = self.build("coverage", *options) if made.returncode == 0 else (None, made)
        if folder is None:
            return self.not_built(run)
        # Not judged: what counts writes files that some tests find fault with. They were judged without it. A process that
        # is killed while it writes takes with it what the suite had counted before, so each has counts of its own.
        lines = {}
        for kind in ("unit", "pam", "fault"):
            coverage.begin_counts(folder)
            self.programs(kind, "coverage", patience=2)
            coverage.add_counts(lines, folder, self.run)
        for name in PATIENT:
            coverage.begin_counts(folder)
            self.pytest(name, "coverage", brief=True)
            coverage.add_counts(lines, folder, self.run)
        count = Count()
        for room, (ran, all_lines) in sorted(coverage.by_room(lines).items()):
            percent = 100 * ran / all_lines
            say(f"  {room:11} {ran:5} of {all_lines:5} lines {percent:5.1f} %")
            few = f"coverage of {room}: {percent:.1f} % of its lines, less than {coverage.COVERED[room]} %"
            count += passed() if percent >= coverage.COVERED[room] else failed(few)
        return count

    def suite_valgrind(self):
        """unit and pam once more, under valgrind"""
        if shutil.which("valgrind") is None:
            return skipped("valgrind", "it is not installed")
        count = Count()
        for kind in ("unit", "pam"):
            count += self.programs(kind, prefix=VALGRIND, patience=30, ASP_TEST_VALGRIND="1")
        return count

    def suite_booted(self):
        """the packages on a machine of their own, Debian 12, with systemd as the first process: units, hooks, restarts"""
        count = Count()
        for name in DEBIANS:
            folder = self.work / f"booted-{name}"
            run = self.run(BOOTED / "make_machine", folder, name, timeout=3600)
            if run.returncode == 0:
                words = ("env", "ASP_BOOTED=1", *PYTEST, "--basetemp=/var/tmp/pytest", "--junitxml=/var/tmp/report.xml")
                run = self.run(BOOTED / "boot", folder, *words, MACHINE / "tests/booted", timeout=3600)
                for line in re.findall(r"(?m)^counted: (.*)", run.stdout):
                    say(f"  {name}: {line}")
            if run.returncode == 77:
                count += skipped(f"a machine with {name}", run.stdout)
                continue
            report = folder / "root/var/tmp/report.xml"
            one = read_junit(report) if report.exists() else Count()
            if one.failed == 0 and run.returncode != 0:
                one.failed = 1
            if one.failed:
                one.trouble = [f"{name}: exit status {run.returncode}\n{run.stdout}"]
            count += one
            shutil.rmtree(folder, ignore_errors=True)
        return count

    def suite_platforms(self):
        """unit and pam with clang, and in a root of 32 bit; unit with musl, and on a big-endian and an ARM processor, by qemu"""
        count = Count()
        for name, _ in self.versions("clang")[:1]:
            for kind in ("unit", "pam"):
                count += self.programs(kind, name, name)
        say(f"  clang: {count.passed} passed, {count.failed} failed, {len(count.reasons)} skipped")
        for name in PLATFORMS:
            folder = self.work / f"platform-{name}"
            folder.mkdir()
            run = self.run(TREE / "tests" / "platforms", folder, name, timeout=3600)
            one = skipped(name, run.stdout) if run.returncode == 77 else count_told(run)
            say(f"  {name}: {one.passed} passed, {one.failed} failed, {len(one.reasons)} skipped")
            one.reasons = [(f"{name}: {which}", reason) for which, reason in one.reasons]
            count += one
            shutil.rmtree(folder, ignore_errors=True)
        return count

    def suite_debian(self):
        """the Debian packages of 12 and 13: built in fresh roots, put on, upgraded, broken off, taken away"""
        return self.pytest("debian")

    def suite_fresh(self):
        """what README says from Install to Uninstall, and quickstart and tests/run once more, each in a fresh root of the other
        Debian: 12 on 13, 13 on 12"""
        count = Count()
        for words in (["--readme"], []):
            folder = self.work / "-".join(["root", *words])
            folder.mkdir()
            run = self.run(TREE / "tests" / "fresh_root", folder, *words, timeout=5400)
            if run.returncode == 77:
                return skipped("a fresh root", run.stdout)
            for line in re.findall(r"(?m)^(?:in a fresh root|ok: |\w+ +(?:ok|FAILED) +\d+ tests).*", run.stdout):
                say(f"  {line}")
            count += count_told(run)
        return count


# One process at a time, which is not ended while somebody looks about in a sandbox.
KEEP = "--keep"
KEPT = (KEEP, "-n0", "--timeout=0", "--exitfirst")
LONG = ("lint", "mutants", "sanitize", "valgrind", "coverage", "platforms", "debian", "booted", "fresh")
# The machines of tests/booted, and where the tree is in them (tests/roots.sh).
BOOTED = TREE / "tests" / "booted"
DEBIANS = ("bookworm",)
MACHINE = pathlib.Path("/home/pam_asp")
# See tests/platforms.
PLATFORMS = ("i386", "musl", "s390x", "armhf")
# These wait more than they work, so they run at the same time.
PATIENT = ("cli", "services")
# Of which single files can be named.
IN_FILES = (*PATIENT, "debian", "packaging")
SUITES = ("build", "style", "rooms", "man", "unit", "fuzz", "pam", "packaging", "cli", "services", "fault", *LONG)


def read_junit(report):
    count = Count()
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skip = case.find("skipped")
        if skip is not None:
            count += skipped(name, skip.get("message"))
        elif case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        else:
            count.passed += 1
    return count


def count_told(run):
    """What another tests/run has counted, by its closing lines. One that did not come to them has failed."""
    total = re.search(r"(?m)^(\d+) passed, (\d+) failed, \d+ skipped$", run.stdout)
    count = Count(passed=int(total[1]), failed=int(total[2])) if total else Count()
    for which, others, reason in re.findall(r"(?m)^skipped: (.*?)(?: and (\d+) more)?: (.*)$", run.stdout):
        count.reasons += [(which, reason)] * (1 + int(others or 0))
    if count.failed == 0 and (run.returncode != 0 or not total):
        count.failed = 1
    if count.failed:
        count.trouble.append(f"exit status {run.returncode}\n{run.stdout}")
    return count


def objects_of(folder):
    """What a build of meson's compiles each file of C into."""
    return [command["output"] for command in json.loads((folder / "compile_commands.json").read_text())]


def c_files(*folders, suffixes):
    return sorted(path for folder in folders for path in (TREE / folder).rglob(f"*.[{suffixes}]"))


def shell_scripts():
    """Every file of the tree, but for folders that git passes over, that is a shell script."""
    for folder, below, files in os.walk(TREE):
        below[:] = sorted(name for name in below if name != ".git" and not name.startswith("build"))
        for name in sorted(files):
            path = pathlib.Path(folder, name)
            # What packages were built from holds links to where they will be installed.
            if not path.is_file():
                continue
            with open(path, "rb") as file:
                first = file.readline(100)
            if path.suffix == ".sh" or re.match(rb"#!.*\b(ba)?sh\b", first):
                yield path


def say(line):
    print(line, flush=True)


def tail(text, most=100):
    """The last lines of a text, with a word on what is left out."""
    lines = text.splitlines()
    left_out = [f"({len(lines) - most} lines before these)"] if len(lines) > most else []
    return "\n".join(left_out + lines[-most:])


def tell(name, count, seconds):
    for trouble in count.trouble:
        say(trouble.rstrip())
    state = "FAILED" if count.failed else "ok"
    say(f"{name:10} {state:6} {count.ran:5} tests {seconds:7.1f} s")
    return count


def tell_skipped(reasons):
    """A line for each that was skipped; where many share a reason, one for them all."""
    shared = {}
    for what, reason in reasons:
        shared.setdefault(reason, []).append(what)
    for reason, which in shared.items():
        others = f" and {len(which) - 1} more" if len(which) > 1 else ""
        say(f"skipped: {which[0]}{others}: {reason}")


ONE_TEST = """one test:
  tests/run cli/test_hooks_due.py -k expired    the tests of a file that have this word in their names
  tests/run services/test_exim.py --keep        one that fails waits, and says how to look about in its sandbox
  ASP_BUILD=build python3 -m pytest tests/cli   without tests/run: with what is built and installed already"""


def main():
    about = "\n".join(f"  {name:10} {getattr(Runner, f'suite_{name}').__doc__}" for name in SUITES)
    parser = argparse.ArgumentParser(
        prog="tests/run",
        epilog=f"suites:\n{about}\n\n{ONE_TEST}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--all", action="store_true", help=f"what takes long too: {', '.join(LONG)} and more of the others"
    )
    parser.add_argument("--work", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--compiler", default=Platform.compiler, help=argparse.SUPPRESS)
    parser.add_argument("--setup", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--emulator", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--patience", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("-k", metavar="WORDS", help="of cli and services, the tests whose names have these words")
    parser.add_argument(
        KEEP, action="store_true", help="end with the first service test that fails, and leave its sandbox open for you"
    )
    parser.add_argument("suite", nargs="*", help=f"run only these; of {', '.join(IN_FILES)}, a file by itself: cli/FILE")
    options = parser.parse_args()
    picked = [*(["-k", options.k] if options.k else []), *(KEPT if options.keep else [])]
    platform = Platform(options.compiler, tuple(options.setup), tuple(options.emulator), options.patience)
    runner = Runner(options.work, options.all, picked, platform)
    for number, word in enumerate(options.suite):
        name, _, file = word.partition("/")
        if name not in SUITES:
            parser.error(f"no suite {name}: there are {', '.join(SUITES)}")
        if file:
            if name not in IN_FILES or not (TREE / "tests" / word.partition("::")[0]).is_file():
                parser.error(f"no file {file} in the suite {name}")
            runner.files.setdefault(name, []).append(file)
        options.suite[number] = name
    options.suite = list(dict.fromkeys(options.suite)) or (list(PATIENT) if picked else [])
    # Heard here, and as ever by what is started, even where the shell that started us had it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, runner.end)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    names = options.suite or [name for name in SUITES if options.all or name not in LONG]
    total = Count()
    # What takes long comes last: what fails in the others is known by then.
    for name in names:
        if name not in (*PATIENT, *LONG):
            total += tell(name, *runner.measure(name))
    patient = [name for name in names if name in PATIENT]
    if patient:
        runner.build("gcc")
        with concurrent.futures.ThreadPoolExecutor(len(patient)) as pool:
            for name, measured in zip(patient, pool.map(runner.measure, patient)):
                total += tell(name, *measured)
    for name in names:
        if name in LONG:
            total += tell(name, *runner.measure(name))
    tell_skipped(total.reasons)
    say(f"{total.passed} passed, {total.failed} failed, {len(total.reasons)} skipped")
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
