"""The plan of the tree: which room stands on which, what the core may not know, and that there is no circle of files.

The order of the rooms is that of ARCHITECTURE.md. A room that is new, or an arrow that is meant, is written down here.
"""

import re
import subprocess

import pytest
from support.run import TREE
from tree import Tree, circles

# Each room, and the rooms whose headers it may include. A name is that of a folder, or of one file in it.
TOOL = "asp-admin"
GROUND = {"asp", f"{TOOL}/ui", f"{TOOL}/system"}
COMMANDS = GROUND | {f"{TOOL}/options", f"{TOOL}/admin", f"{TOOL}/app", f"{TOOL}/primary", f"{TOOL}/hooks"}
ROOMS = {
    "asp": set(),
    "asp/pgsql": {"asp"},
    "pam_asp": {"asp"},
    f"{TOOL}/ui": {"asp"},
    f"{TOOL}/system": {"asp"},
    f"{TOOL}/options": {"asp", f"{TOOL}/ui"},
    f"{TOOL}/database": {"asp", "asp/pgsql"},
    f"{TOOL}/admin": GROUND | {"pam_asp", f"{TOOL}/options", f"{TOOL}/database"},
    f"{TOOL}/app": {"asp", f"{TOOL}/admin"},
    f"{TOOL}/primary": {"asp", f"{TOOL}/system"},
    f"{TOOL}/hooks": GROUND | {f"{TOOL}/admin"},
    f"{TOOL}/profile": GROUND,
    f"{TOOL}/watch": COMMANDS | {"pam_asp", f"{TOOL}/database"},
    f"{TOOL}/doctor": COMMANDS | {"pam_asp", f"{TOOL}/database"},
    f"{TOOL}/log": GROUND | {f"{TOOL}/options", f"{TOOL}/admin"},
    f"{TOOL}/store": GROUND | {f"{TOOL}/options", f"{TOOL}/admin", f"{TOOL}/database", f"{TOOL}/doctor"},
    f"{TOOL}/commands": COMMANDS
    | {f"{TOOL}/profile", "pam_asp", f"{TOOL}/watch", f"{TOOL}/doctor", f"{TOOL}/log", f"{TOOL}/store"},
    f"{TOOL}/self": COMMANDS | {"pam_asp", f"{TOOL}/commands"},
    f"{TOOL}/main": COMMANDS | {f"{TOOL}/profile", f"{TOOL}/commands", f"{TOOL}/self", f"{TOOL}/database"},
    "asp-web": GROUND,
    "asp-broker": COMMANDS | {"pam_asp", f"{TOOL}/commands", f"{TOOL}/self", f"{TOOL}/database"},
}
# What the module shares with others; the rest of its folder is its own.
SHARED = {
    f"pam_asp/{name}"
    for name in ("arguments", "bounded_work", "conf_cache", "login_log", "name_service", "password_compare")
}
# Of C17.
STANDARD_HEADERS = set(
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic stdbool"
    " stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype".split()
)
# Seen by store.c and the engines alone.
STORE_SEAM = {"asp/engine"}
STORE_ROOM = re.compile(r"asp/(store|engine|store_\w+|pgsql/\w+)$")

# What the core knows nothing of: <headers>, and functions of libc that its objects must not name.
FORBIDDEN_HEADERS = re.compile(
    r"security/|syslog\.h|spawn\.h|sys/wait\.h|pwd\.h|grp\.h|getopt\.h|termios\.h"
)
FORBIDDEN_CALLS = set(
    "printf vprintf fprintf vfprintf puts fputs putchar putc fputc perror fopen fdopen freopen fclose fread fwrite fflush"
    " scanf fscanf getline stdin stdout stderr syslog vsyslog openlog closelog"
    " getenv secure_getenv setenv unsetenv putenv clearenv environ"
    " fork vfork clone posix_spawn posix_spawnp execv execve execvp execl execlp system popen exit abort _exit"
    " signal sigaction sigprocmask umask chdir fchdir setuid seteuid setgid"
    " getpwnam getpwuid getpwnam_r getpwuid_r dlopen setlocale uselocale localeconv".split()
)


@pytest.fixture(scope="module")
def tree():
    return Tree(TREE)


def room_of(file):
    """The room of a file: itself, where it is one, else the folder."""
    return file if file in ROOMS else file.rsplit("/", 1)[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_includes_what_it_stands_on_and_nothing_above_it(tree, room):
    files = [file for file in tree.includes if room_of(file) == room]
    assert files, f"there is no room {room}: take it out of the plan"
    wrong = [
        f"{file} includes {written}"
        for file in files
        for target, written in tree.includes[file].items()
        if room_of(target) != room and room_of(target) not in ROOMS[room]
    ]
    assert not wrong


def test_every_file_is_in_a_room_of_the_plan(tree):
    assert [file for file in tree.includes if room_of(file) not in ROOMS] == []


def test_no_header_is_called_like_one_of_the_c_standard():
    """An include of the system's own headers would find it where its folder is looked through first."""
    folders = [TREE / name for name in ("asp", "pam_asp", "asp-admin", "asp-broker", "asp-web", "tests")]
    ours = [header for folder in folders for header in folder.rglob("*.h")]
    assert ours
    assert [header for header in ours if header.stem in STANDARD_HEADERS] == []


def test_the_rooms_of_the_plan_stand_in_an_order():
    assert circles(ROOMS) == []


def test_the_files_call_each_other_in_no_circle(tree):
    assert circles(tree.calls()) == []


def test_of_the_modules_folder_others_use_what_is_shared_alone(tree):
    wrong = [
        f"{file} includes {target}"
        for file, targets in tree.includes.items()
        for target in targets
        if room_of(target) == "pam_asp" and room_of(file) != "pam_asp" and target not in SHARED
    ]
    assert not wrong


def test_the_engine_of_the_store_is_seen_by_the_store_alone(tree):
    wrong = [
        f"{file} includes {target}"
        for file, targets in tree.includes.items()
        for target in targets
        if (target in STORE_SEAM or target.startswith("asp/store_files")) and not STORE_ROOM.match(file)
    ]
    assert not wrong


# Lesson: libconfig.
def test_libconfig_is_seen_by_what_reads_the_configuration_alone(tree):
    """What is stored never comes to it."""
    reader = {file for file, headers in tree.system.items() if "libconfig.h" in headers}
    assert reader == {"asp/conf_reader"}
    beside = {file for file, targets in tree.includes.items() if reader & set(targets)} - {"asp/conf"}
    assert beside
    users = {file for file, targets in tree.includes.items() if (reader | beside) & set(targets)}
    assert [file for file in sorted(users | beside) if not re.match("asp/conf(_|$)", file)] == []


def test_the_core_knows_no_pam_log_or_process(tree):
    wrong = [
        f"{file} includes <{header}>"
        for file, headers in tree.system.items()
        for header in headers
        if room_of(file) == "asp" and FORBIDDEN_HEADERS.match(header)
    ]
    assert not wrong


def read_binary(*words):
    clean = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    return subprocess.run(words, check=True, capture_output=True, text=True, env=clean).stdout


def called_by(library):
    """The functions of others that the objects of a library name; fortified forms count as the plain ones."""
    names = re.findall(r"(?m)^ +U (\w+)", read_binary("nm", library))
    return {re.sub(r"^__(\w+)_chk$", r"\1", name) for name in names}


def test_the_core_calls_no_stream_log_environment_or_process(build):
    calls = called_by(build / "asp" / "libasp.a")
    assert "openat" in calls or "openat64" in calls, "nm was not understood"
    assert calls & FORBIDDEN_CALLS == set()


def test_the_core_has_no_variable_that_changes(build):
    listed = read_binary("readelf", "-SW", build / "asp" / "libasp.a")
    sections = re.findall(r"\s(\.(?:data|bss|tdata|tbss)\S*)\s+\w+\s+\w+\s+\w+\s+(\w+)", listed)
    assert any(name.startswith(".data") for name, _ in sections), "readelf was not understood"
    # .data.rel.ro is constant but for the addresses that the loader writes into it.
    assert [(name, size) for name, size in sections if int(size, 16) > 0 and not name.startswith(".data.rel.ro")] == []


# Of jansson's, those whose failure is easily passed over, and json_dumps, whose own is: parts may be missing.
FORGETFUL = re.compile(r"json_(dumps|dumpb|dumpf|dump_file|(array|object)_(append|insert|set|update)\w*)$")


def test_a_json_document_is_put_together_and_written_by_one_file_alone(tree):
    wrong = [(file, word) for file, words in tree.words.items() for word in words if FORGETFUL.match(word)]
    assert sorted(set(wrong)) == [("asp-admin/ui/json", f"json_{name}_new") for name in ("array_append", "object_set")]


# Where a path of ARCHITECTURE.md may begin; what is named without a folder is looked for everywhere.
PLACES = ("", "asp/", "asp-admin/", "asp-broker/", "asp-web/", "pam_asp/", "tests/unit/", "tests/pam/", "tests/cli/", "**/")


def test_the_plan_names_files_that_are_there():
    plan = (TREE / "ARCHITECTURE.md").read_text()
    paths = set(re.findall(r"`([\w./*-]+\.(?:c|h|py|\*)|[\w/-]+/)`", plan))
    assert len(paths) > 40, "the plan was not understood"
    assert [path for path in sorted(paths) if not any(any(TREE.glob(place + path)) for place in PLACES)] == []


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def other(tmp_path):
    """A tree of two files, one of which calls the other."""
    write(tmp_path, "asp/low.h", "int low(void);\n")
    write(tmp_path, "asp/low.c", '#include "low.h"\n\nint low(void)\n{\n    return 1;\n}\n')
    write(tmp_path, "asp-admin/high.h", "int high(void);\n")
    high = '#include "high.h"\n\n#include "asp/low.h"\n\nint high(void)\n{\n    return low();\n}\n'
    write(tmp_path, "asp-admin/high.c", high)
    return tmp_path


def test_an_arrow_is_found(other):
    tree = Tree(other)
    assert tree.includes["asp-admin/high"] == {"asp/low": "asp/low.h"}
    assert tree.calls() == {"asp/low": set(), "asp-admin/high": {"asp/low"}}
    assert circles(tree.calls()) == []


def test_a_circle_is_found(other):
    write(other, "asp/low.c", '#include "asp-admin/high.h"\n\nint low(void)\n{\n    return high();\n}\n')
    assert circles(Tree(other).calls()) == [["asp-admin/high", "asp/low"]]


def test_a_name_in_a_comment_or_a_text_is_no_arrow(other):
    write(other, "asp/low.c", '/* high() */\nint low(void)\n{\n    return "high"[0];\n}\n')
    assert Tree(other).calls()["asp/low"] == set()


def test_a_static_function_is_nobody_elses(other):
    its_own = "static int high(void)\n{\n    return 1;\n}\n\n"
    write(other, "asp/low.c", its_own + "int low(void)\n{\n    return high();\n}\n")
    assert Tree(other).defines["asp/low"] == {"low"}


def test_a_table_of_constants_is_an_arrow_too(other):
    write(other, "asp/low.c", "const struct thing low_things = {1};\n")
    write(other, "asp-admin/high.c", "int high(void)\n{\n    return low_things.one;\n}\n")
    assert Tree(other).calls()["asp-admin/high"] == {"asp/low"}
