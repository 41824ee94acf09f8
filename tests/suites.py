#!/usr/bin/python3 -B
"""The suites of tests/run, which calls this: builds the project, runs the tests, counts them.

What a suite prints is shown when something in it failed. Each test that was skipped is shown with its reason.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import sys
import textwrap
import time

from support import analyzer, coverage, sanitizers
from support.counts import Count, count_told, failed, judge, passed, read_junit, say, skipped, tell, tell_skipped
from support.run import TREE
from support.runner import KEEP, KEPT, PYTEST, Platform, Runner

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
# Those of cli that a plain run has on a store in a database too.
ON_DATABASE = ("test_admin_batch.py", "test_admin_export.py", "test_admin_remove.py", "test_watch_hooks.py")
# Those of services that --all has on one.
SERVICES_ON_DATABASE = ("test_dovecot.py", "test_sshd.py", "test_nginx.py", "test_self_commands.py")
# Files of tests whose counts are collected together.
COUNTED_FILES = 12
# Those in which threads are side by side: for the thread sanitizer.
THREADED = ("pam-parallel", "unit-store_faults")
# Those that call no library by which memory is written: what is not compiled for the memory sanitizer writes unseen by it.
BY_THEMSELVES = (
    "arguments batch_line buffer decision dovecot_settings entry line_reader network options pgsql_array pgsql_event"
    " pgsql_failure primary_source process_stat process_status redact secret shell_word standbys temp_name time_text url usage"
    " web_user"
).split()
THREADED_RACES = "test_races.py::test_what_goes_on_in_trouble_is_as_if_one_thing_had_come_after_the_other"


class Suites(Runner):
    """Each by its name: suite_NAME."""

    def measure(self, name):
        """What came of a suite, and the seconds it took. A suite without a test has failed."""
        begin = time.monotonic()
        count = getattr(self, f"suite_{name}")()
        if count.ran == 0:
            count = failed(f"{name}: ran no test")
        return count, time.monotonic() - begin

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
        count = self.format(c_files("asp", "pam_asp", "asp-admin", "asp-broker", "asp-web", "tests", suffixes="ch"))
        if shutil.which("shellcheck") is None:
            count += skipped("shellcheck", "it is not installed")
        else:
            for script in shell_scripts():
                count += judge("shellcheck", self.run("shellcheck", "-S", "warning", "-x", "-P", TREE, script))
        return count

    def tidy(self, folder, sources):
        tidy = next((name for name, version in self.versions("clang-tidy") if version == TIDY_VERSION), None)
        if tidy is None:
            return skipped("clang-tidy", f"version {TIDY_VERSION} is not installed, and others look for other things")
        count = Count()
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for run in pool.map(lambda source: self.run(tidy, "--quiet", "-p", folder, source), sources):
                count += judge(" ".join(run.args), run)
        return count

    def analyze(self, folder, sources):
        gcc = next((name for name, version in self.versions("gcc") if version == analyzer.VERSION), None)
        if gcc is None:
            return skipped("gcc -fanalyzer", f"version {analyzer.VERSION} is not installed, and others say other things")
        commands = {}
        for made in json.loads((folder / "compile_commands.json").read_text()):
            commands.setdefault(os.path.normpath(folder / made["file"]), shlex.split(made["command"])[1:])

        def look(source):
            return source, self.run("env", "-C", folder, gcc, *analyzer.command(commands[str(source)]))

        count, wrong = Count(), set(analyzer.WRONG)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for source, run in pool.map(look, [source for source in sources if str(source) in commands]):
                found = analyzer.said(str(source.relative_to(TREE)), run.stdout)
                told = found - set(analyzer.WRONG)
                wrong -= found
                count += failed(f"gcc -fanalyzer: {sorted(told)}\n{run.stdout}") if told else judge("gcc -fanalyzer", run)
        count += failed(f"not said any more, take it out of tests/support/analyzer.py: {sorted(wrong)}") if wrong else passed()
        return count

    def suite_lint(self):
        """asp, pam_asp, asp-admin, asp-broker and asp-web without a word from cppcheck, clang-tidy and gcc's analyzer"""
        count = Count()
        folders = ("asp", "pam_asp", "asp-admin", "asp-broker", "asp-web")
        if shutil.which("cppcheck") is None:
            count += skipped("cppcheck", "it is not installed")
        else:
            count += judge("cppcheck", self.run(*CPPCHECK, *folders))
        folder = self.work / "lint"
        setup = self.run("meson", "setup", folder, TREE, CC="gcc")
        if setup.returncode != 0:
            count += self.not_built(setup)
            return count
        sources = c_files(*folders, suffixes="c")
        count += self.tidy(folder, sources)
        count += self.analyze(folder, sources)
        return count

    def suite_rooms(self):
        """which room of the tree stands on which, what the core may not know, and no circle of files; what no way through a
        function does; that each lesson of tests/README.md has its tests"""
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

    def suite_fleet(self):
        """the store of many machines: its schema, on a real PostgreSQL, a model of its feed, the connection to it, and tests of
        cli on such a store; with --all each of those that is about a store, and some services"""
        count = self.pytest("fleet")
        if "fleet" not in self.files:
            count += self.pytest("cli", engine="database", files=() if self.everything else ON_DATABASE)
            if self.everything:
                count += self.pytest("services", engine="database", files=SERVICES_ON_DATABASE)
        return count

    def suite_races(self):
        """what processes and threads do to a few accounts, in trouble of every kind, is as if one thing had come after the
        other, on both engines; with --all for minutes"""
        told = self.work / "races.told"
        count = self.pytest("races", ASP_RACES_TOLD=str(told))
        if told.exists():
            say(textwrap.indent(told.read_text(), "  ").rstrip())
        return count

    def suite_packaging(self):
        """the packages for Fedora, Arch and Alpine: all that is installed is in them, once; with --all built from the source"""
        return self.pytest("packaging")

    def suite_fault(self):
        """the module while calls and memory fail it; and each operation, on both engines, with each of its calls made to
        fail, cut short, or the last one: some of them, chosen by the commit, and with --all each"""
        files = self.files.pop("fault", [])
        tests = [file for file in files if ".py" in file]
        count = Count()
        if programs := [file for file in files if file not in tests]:
            self.files["fault"] = programs
        if programs or not tests:
            count += self.programs("fault")
        for engine in ("files", "database") if tests or not programs else ():
            one = self.pytest("fault", engine=engine, files=tests)
            one.points = [f"{engine}: {line}" for line in one.points]
            count += one
        for line in count.points:
            say(f"  points: {line}")
        return count

    def suite_fuzz(self):
        """what reads the words of others, on seeds and a fixed number of mutations; with --all how much of each parser its
        seeds reach, and a fuzzer looks for more"""
        count = self.programs("fuzz")
        if self.everything:
            for what, words in (("coverage of the parsers", ("--coverage",)), ("libFuzzer", ("20",))):
                run = self.run(TREE / "tests" / "fuzz" / "run", *words, timeout=1800)
                for line in re.findall(r"(?m)^.* (?:of +\d+ lines|runs ).*", run.stdout):
                    say(f"  {line}")
                count += judge(what, run)
        return count

    def suite_mutants(self):
        """small faults put into the code: some of those in the files that the newest commit touches; with --all each in the
        files that decide, some in every other file that unit tests judge, and a few in those that ask a real database"""
        folder, run = self.build("gcc")
        if folder is None:
            return self.not_built(run)
        words = () if self.everything else ("--touched",)
        run = self.run(TREE / "tests" / "unit" / "mutate", *words, timeout=3600, ASP_BUILD=str(folder))
        summary = run.stdout.rstrip().rpartition("\n")[2]
        if run.returncode == 77:
            return skipped("mutants", summary)
        missed = [] if self.everything else re.findall(r"(?m)^missed: .*\n.*", run.stdout)
        for line in (*missed, summary):
            say(f"  {line}")
        return judge("mutants", run)

    def suite_sanitize(self):
        """unit, pam, cli and much of services once more, under the address and undefined behaviour sanitizers, with each
        change of an account called twice; what has threads under theirs, and parsers under that of memory"""
        reports = self.work / "reports"
        reports.mkdir()
        reports.chmod(0o1777)
        folder, run = self.build_sanitized(reports / "stray")
        if folder is None:
            return self.not_built(run)
        count = Count()
        for kind in ("unit", "pam"):
            count += self.programs(kind, "sanitize", patience=5)
        for name in (*PATIENT, "fleet"):
            count += self.pytest(name, "sanitize", brief=True, ASP_REPORTS=str(reports))
        for report in sanitizers.taken(reports / "stray"):
            count += failed(report)
        threads = ("gcc", "-Dwerror=false", "-Db_sanitize=thread", "-Db_lundef=false")
        others = f"suppressions={TREE / 'tests' / 'pam' / 'thread_sanitizer.txt'}"
        for kind in ("unit", "pam"):
            count += self.programs(kind, "threads", *threads, only=THREADED, patience=5, TSAN_OPTIONS=others)
        count += self.pytest("races", "threads", brief=True, files=(THREADED_RACES,), TSAN_OPTIONS=others)
        for name, _ in self.versions("clang")[:1]:
            # The module is to lack nothing when it is linked, and what this one has is in programs alone.
            programs = [f"tests/fuzz/fuzz_{one}" for one in BY_THEMSELVES]
            self.build("memory", name, "-Dwerror=false", "-Db_sanitize=memory", "-Db_lundef=false", targets=programs)
            count += self.programs("fuzz", "memory", only=[f"fuzz-{one}" for one in BY_THEMSELVES])
        return count

    def suite_coverage(self):
        """how many of the lines of each room some test runs: too few fail"""
        if shutil.which("gcov") is None:
            return skipped("coverage", "gcov is not installed")
        dump = self.work / "dump_at_exit.o"
        made = self.compile("dump_at_exit.c", dump)
        options = ("gcc", "-Dwerror=false", "-Db_coverage=true", f"-Dc_link_args=['{dump}','-Wl,--wrap=_exit','--coverage']")
        folder, run = self.build("coverage", *options) if made.returncode == 0 else (None, made)
        if folder is None:
            return self.not_built(run)
        # Not judged: what counts writes files that some tests find fault with. They were judged without it. A process that
        # is killed while it writes takes with it what was counted before, so some files at a time have counts of their own.
        lines = {}
        for kind in ("unit", "pam", "fault"):
            coverage.begin_counts(folder)
            self.programs(kind, "coverage", patience=2)
            coverage.add_counts(lines, folder, self.run)
        for name in (*PATIENT, "fleet"):
            files = sorted(path.name for path in (TREE / "tests" / name).glob("test_*.py"))
            for first in range(0, len(files), COUNTED_FILES):
                self.files[name] = files[first : first + COUNTED_FILES]
                coverage.begin_counts(folder)
                self.pytest(name, "coverage", brief=True)
                coverage.add_counts(lines, folder, self.run)
            del self.files[name]
        count = Count()
        for room, (ran, all_lines) in sorted(coverage.by_room(lines).items()):
            percent = 100 * ran / all_lines
            say(f"  {room:11} {ran:5} of {all_lines:5} lines {percent:5.1f} %")
            few = f"coverage of {room}: {percent:.1f} % of its lines, less than {coverage.COVERED[room]} %"
            count += passed() if percent >= coverage.COVERED[room] else failed(few)
        return count

    def suite_valgrind(self):
        """unit, pam, and the seeds of fuzz once more, under valgrind"""
        if shutil.which("valgrind") is None:
            return skipped("valgrind", "it is not installed")
        count = Count()
        for kind in ("unit", "pam"):
            count += self.programs(kind, prefix=VALGRIND, patience=30, ASP_TEST_VALGRIND="1")
        count += self.programs("fuzz", prefix=VALGRIND, last="seeds")
        return count

    def suite_booted(self):
        """the packages on a machine of their own, Debian 12 and 13, with systemd as the first process: units, hooks, restarts"""
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


LONG = ("lint", "mutants", "sanitize", "valgrind", "coverage", "platforms", "debian", "booted", "fresh")
# Of which a plain run has some.
SHORTENED = ("mutants",)
# The machines of tests/booted, and where the tree is in them (tests/roots.sh).
BOOTED = TREE / "tests" / "booted"
DEBIANS = ("bookworm", "trixie")
MACHINE = pathlib.Path("/home/pam_asp")
# See tests/platforms.
PLATFORMS = ("i386", "musl", "s390x", "armhf")
# These wait more than they work, so they run at the same time.
PATIENT = ("cli", "services")
# Of which single files can be named: of pytest, and of meson, to which a file is a program.
IN_FILES = (*PATIENT, "debian", "fleet", "packaging", "races", "rooms")
IN_PROGRAMS = ("unit", "pam", "fault", "fuzz")
SUITES = ("build", "style", "rooms", "man", "unit", "fuzz", "pam", "packaging", "fleet", "races", "cli", "services", "fault", *LONG)


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


ONE_TEST = """one test:
  tests/run cli/test_hooks_due.py -k expired    the tests of a file that have this word in their names
  tests/run cli/test_hooks_due.py::test_without_a_hook_nothing_is_due
  tests/run unit/test_check.c                   all that a program of unit, pam, fault or fuzz has
  tests/run services/test_exim.py --keep        one that fails waits, and says how to look about in its sandbox
  ASP_BUILD=build python3 -m pytest tests/cli   without tests/run: with what is built and installed already"""


def read_words():
    """What was asked for: `suite` are names, and `files` those of a suite that were named."""
    about = "\n".join(f"  {name:10} {getattr(Suites, f'suite_{name}').__doc__}" for name in SUITES)
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
    in_files = ", ".join((*IN_FILES, *IN_PROGRAMS))
    parser.add_argument("suite", nargs="*", help=f"run only these; of {in_files}, a file by itself: cli/FILE")
    options = parser.parse_args()
    options.files = {}
    for number, word in enumerate(options.suite):
        name, _, file = word.partition("/")
        if name not in SUITES:
            parser.error(f"no suite {name}: there are {', '.join(SUITES)}")
        if file:
            if name not in (*IN_FILES, *IN_PROGRAMS) or not (TREE / "tests" / word.partition("::")[0]).is_file():
                parser.error(f"no file {file} in the suite {name}")
            options.files.setdefault(name, []).append(file)
        options.suite[number] = name
    return options


def run_all(suites, names):
    """What takes long comes last: what fails in the others is known by then."""
    total = Count()
    for name in names:
        if name not in (*PATIENT, *LONG):
            total += tell(name, *suites.measure(name))
    patient = [name for name in names if name in PATIENT]
    if patient:
        suites.build("gcc")
        with concurrent.futures.ThreadPoolExecutor(len(patient)) as pool:
            for name, measured in zip(patient, pool.map(suites.measure, patient)):
                total += tell(name, *measured)
    for name in names:
        if name in LONG:
            total += tell(name, *suites.measure(name))
    return total


def main():
    options = read_words()
    picked = [*(["-k", options.k] if options.k else []), *(KEPT if options.keep else [])]
    platform = Platform(options.compiler, tuple(options.setup), tuple(options.emulator), options.patience)
    suites = Suites(options.work, options.all, picked, platform)
    suites.files = options.files
    # Heard here, and as ever by what is started, even where the shell that started us had it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, suites.end)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    named = list(dict.fromkeys(options.suite)) or (list(PATIENT) if picked else [])
    total = run_all(suites, named or [name for name in SUITES if options.all or name not in LONG or name in SHORTENED])
    tell_skipped(total.reasons)
    say(f"{total.passed} passed, {total.failed} failed, {len(total.reasons)} skipped")
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
