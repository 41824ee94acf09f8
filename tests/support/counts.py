"""What came of tests: passed, failed and skipped, counted and told."""

import dataclasses
import re
import xml.etree.ElementTree


@dataclasses.dataclass
class Count:
    """What came of some tests. `trouble` is to be shown of those that failed; `reasons` has a pair for each that was
    skipped: which, and why. `points` are lines of those that have counted where they made something fail."""

    passed: int = 0
    failed: int = 0
    reasons: list = dataclasses.field(default_factory=list)
    trouble: list = dataclasses.field(default_factory=list)
    points: list = dataclasses.field(default_factory=list)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.reasons += other.reasons
        self.trouble += other.trouble
        self.points += other.points
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


def read_junit(report):
    count = Count()
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        count.points += [one.get("value") for one in case.iter("property") if one.get("name") == "points"]
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
