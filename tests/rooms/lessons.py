"""The lessons of tests/README.md, and the tests that name them, read as text.

A row of that page is a line `**NAME**: what holds here.`, and below it the tests that show it, each as
`- `FOLDER/FILE::TEST``. The test has the lesson's name above it, in a comment: `/* Lesson: NAME. */`, `# Lesson: NAME.`
"""

import ast
import dataclasses
import json
import pathlib
import re

from suites import LONG, SUITES

ROW = re.compile(r"\*\*(.+?)\*\*: \S")
NAMED = re.compile(r"- `([^`\s]+)`")
MARK = re.compile(r"(?m)^(?:/\*|#) Lesson: (.+?)\.(?: \*/)?$")
# A test, and the lines of comment right above it.
IN_C = re.compile(r"((?:^(?:/\*| \*)[^\n]*\n)*)^START_TEST\((\w+)\)\n(.*?)^END_TEST$", re.M | re.S)
ADDED = re.compile(r"\b(?:tcase_add|unit_add|unit_loop)\w*\(\s*\w+,\s*(\w+)")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
# In the body of a test itself, and not behind a condition.
SKIPS = re.compile(r"(?m)^    harness_skip\(")


@dataclasses.dataclass(frozen=True)
class Written:
    """A test as it is written: the lessons that it names; why it is never run, or "" where it is; whether a plain run leaves
    it out."""

    lessons: tuple
    never: str
    long: bool = False


def rows(page):
    """(name, its tests) of each row of the page, in its order."""
    found = []
    for line in page.splitlines():
        if head := ROW.match(line):
            found.append((head[1], []))
        elif (test := NAMED.fullmatch(line)) and found:
            found[-1][1].append(test[1])
    return found


def tests_of_c(text, built):
    """name -> Written, of each START_TEST; `built`: whether meson makes a test of the file."""
    added = set(ADDED.findall(COMMENT.sub("", text)))
    tests = {}
    for above, name, body in IN_C.findall(text):
        if not built:
            never = "meson makes no test of its file"
        elif name not in added:
            never = "it is added to no case"
        else:
            never = "it skips itself whatever is so" if SKIPS.search(body) else ""
        tests[name] = Written(tuple(MARK.findall(above)), never)
    return tests


def calls(node, name):
    return ast.unparse(node.func if isinstance(node, ast.Call) else node) == name


def marks_of_file(tree):
    """What `pytestmark` says of all tests of a file."""
    said = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"]
    return [mark for node in said for mark in (node.value.elts if isinstance(node.value, ast.List) else [node.value])]


def tests_of_python(text):
    """name -> Written, of each function that pytest takes for a test."""
    lines, tree = text.splitlines(), ast.parse(text)
    tests = {}
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test"):
            continue
        marks = [*marks_of_file(tree), *node.decorator_list]
        first = last = min(line.lineno for line in (node, *node.decorator_list)) - 1
        while first > 0 and lines[first - 1].startswith("#"):
            first -= 1
        said = [line.value for line in node.body if isinstance(line, ast.Expr)]
        skips = any(calls(mark, "pytest.mark.skip") for mark in marks) or any(calls(call, "pytest.skip") for call in said)
        tests[node.name] = Written(
            tuple(MARK.findall("\n".join(lines[first:last]))),
            "it skips itself whatever is so" if skips else "",
            any(calls(mark, "pytest.mark.long") for mark in marks),
        )
    return tests


def built_sources(build):
    """The files that what meson knows as tests is compiled from."""
    info = build / "meson-info"
    tests, targets = (json.loads((info / f"intro-{name}.json").read_text()) for name in ("tests", "targets"))
    programs = {test["cmd"][0] for test in tests}
    groups = [group for target in targets if programs & set(target["filename"]) for group in target["target_sources"]]
    return {pathlib.Path(file).resolve() for group in groups for file in group.get("sources", ())}


class WrittenTests:
    """Those of the folder `tests` of a tree, of whose files in C meson builds these sources."""

    def __init__(self, folder, sources):
        self.folder, self.sources, self.files = folder, sources, {}

    def of_file(self, file):
        """name -> Written, or None where there is no such file."""
        path = self.folder / file
        if file not in self.files and path.is_file():
            text, built = path.read_text(), path.resolve() in self.sources
            self.files[file] = tests_of_c(text, built) if path.suffix == ".c" else tests_of_python(text)
        return self.files.get(file)

    def find(self, named):
        """The test, or None, and what is wrong with it or with its name."""
        file, _, name = named.partition("::")
        tests = self.of_file(file)
        if tests is None:
            return None, "there is no such file"
        if name not in tests:
            return None, "there is no such test"
        return tests[name], tests[name].never or ("" if file.partition("/")[0] in SUITES else "its folder is no suite")

    def is_in_a_plain_run(self, named):
        test, wrong = self.find(named)
        return not wrong and not test.long and named.partition("/")[0] not in LONG

    def that_name_lessons(self):
        """(file, its tests, all lessons in the file) of each file in which there is one."""
        for path in sorted((*self.folder.rglob("test_*.c"), *self.folder.rglob("test_*.py"))):
            lessons = MARK.findall(path.read_text())
            if lessons:
                file = path.relative_to(self.folder).as_posix()
                yield file, self.of_file(file), lessons


def faults(page, tests):
    """A line on each thing that is not as it should be; none where every lesson is shown."""
    lessons = rows(page)
    names = [name for name, _ in lessons]
    shown = {(name, test) for name, shown_by in lessons for test in shown_by}
    found = [f"{name}: the row is there twice" for name in sorted({name for name in names if names.count(name) > 1})]
    for name, shown_by in lessons:
        if not any(map(tests.is_in_a_plain_run, shown_by)):
            found.append(f"{name}: no test of a plain run shows it")
        for named in shown_by:
            test, wrong = tests.find(named)
            if not wrong and name not in test.lessons:
                wrong = "the lesson is not named above it"
            found += [f"{name}: {named}: {wrong}"] if wrong else []
    for file, those, all_lessons in tests.that_name_lessons():
        marks = [(name, f"{file}::{test}") for test, written in those.items() for name in written.lessons]
        for name, test in marks:
            if name not in names:
                found.append(f"{test}: {name} is no row of the page")
            elif (name, test) not in shown:
                found.append(f"{test}: the row of {name} does not name it")
        if len(marks) != len(all_lessons):
            found.append(f"{file}: a lesson is named above what is no test")
    return found
