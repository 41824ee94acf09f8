"""What is asked of a database is asked so that others than PostgreSQL, and who pools connections to it, can answer: no session
is known again, nobody is notified, and nothing is locked but rows (doc/fleet.md says what they lack besides)."""

import re

import pytest
from support.run import TREE

# What is of a session, or of one server of several, and not of rows.
FOREIGN = re.compile(
    r"\b(LISTEN|UNLISTEN|NOTIFY|pg_notify|DECLARE CURSOR|WITH HOLD|DISCARD|DEALLOCATE|SAVEPOINT|pg_export_snapshot"
    r"|pg_(try_)?advisory\w*|nextval|currval|lastval|(big)?serial|(CREATE|ALTER) SEQUENCE|xmin|xmax|ctid|pg_snapshot_\w+|txid_\w+"
    r"|CREATE (UNLOGGED|TEMP|TEMPORARY)|TABLESAMPLE|CREATE EXTENSION)\b",
    re.I,
)
FOLDERS = ("asp/pgsql", "asp-admin/database")


# What several of them have in common.
PAGE = re.search(r"define PGSQL_PAGE_WHERE\(which\)(.*?[^\\])\n", (TREE / "asp/pgsql/page.h").read_text(), re.S)[1]
PAGE = PAGE.replace("which", '"true"').replace("\\", "")


def statements(path):
    """The texts of a source file that are SQL: each with the pieces of it put together."""
    source = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.S)
    source = re.sub(r"\bPGSQL_PAGE(_OF_ALL)?\b", PAGE, source)
    for pieces in re.findall(r'(?:"(?:\\.|[^"\\])*"\s*\\?\s*)+', source):
        text = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', pieces))
        if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE|LOCK|SET|BEGIN|COMMIT|ROLLBACK|CREATE|COPY)\b", text):
            yield text


SOURCES = [path for folder in FOLDERS for path in sorted((TREE / folder).glob("*.c"))]
ASKED = [(path, text) for path in SOURCES for text in statements(path)]
SCHEMA = re.sub(r"--[^\n]*", "", (TREE / "asp" / "pgsql" / "schema-1.sql").read_text())


def test_statements_are_found():
    words = {path.name for path, _ in ASKED}
    assert {"load.c", "account.c", "feed.c", "uses.c", "lease.c", "check.c", "copy_side.c"} <= words
    assert len(ASKED) > 20


@pytest.mark.parametrize("path, text", ASKED, ids=lambda value: value.name if hasattr(value, "name") else value[:24])
def test_a_statement_needs_no_session(path, text):
    assert FOREIGN.search(text) is None
    assert re.match(r"\s*(BEGIN|COMMIT|ROLLBACK|SET|LOCK)\b", text) is None


# A table or a function of what is in parts, and how one of them is named: by a key, or as the first that a function is told.
IN_PARTS = r"asp\.(?:account|used|expiry|ended|feed|password|expiring|since|load|uses|write|record|put|tidy|note_password)\b"
NAMES_ITS_PART = r"part = \$1::smallint|(?:asp\.(?!expiring)\w+|unnest)\((?:ARRAY\[)?\$1::smallint"
GO_THROUGH_ALL = {
    "pages.c": "FROM asp.account ",  # a list of all users
    "feed.c": "FROM asp.feed f",  # its heads
    "feed_expired.c": "FROM asp.expiring(",
    "check.c": "FROM asp.account ",
    "copy.c": "FROM asp.feed",
    "copy_side.c": "FROM asp.account ",
}


def test_a_statement_about_an_account_names_its_part():
    through_all = [
        (path.name, text)
        for path, text in ASKED
        if re.search(IN_PARTS, text) and not re.search(NAMES_ITS_PART, text)
    ]
    assert {name for name, _ in through_all} == set(GO_THROUGH_ALL)
    assert [(name, text) for name, text in through_all if GO_THROUGH_ALL[name] not in text] == []


def test_nor_does_the_schema():
    assert FOREIGN.findall(SCHEMA) == []


def test_of_the_schema_one_function_locks_a_table():
    assert re.findall(r"LOCK TABLE [^;]*;", SCHEMA) == ["LOCK TABLE asp.account IN EXCLUSIVE MODE;"]


def test_what_it_uses_that_others_lack_is_told():
    told = (TREE / "doc" / "fleet.md").read_text()
    uses = {
        "`DO`": r"(?m)^DO \$",
        "`EXECUTE format(...)`": r"EXECUTE format",
        "`SECURITY DEFINER`": r"SECURITY DEFINER",
        "`SET search_path`": r"SET search_path",
        "`INTO STRICT`": r"INTO STRICT",
        "`GET DIAGNOSTICS`": r"GET DIAGNOSTICS",
        "`fillfactor`": r"fillfactor",
        "`SET STORAGE EXTERNAL`": r"SET STORAGE EXTERNAL",
        "`LOCK TABLE`": r"LOCK TABLE",
        "`set_config('synchronous_commit', ...)`": r"set_config\('synchronous_commit'",
        "`FOR UPDATE SKIP LOCKED`": r"FOR UPDATE SKIP LOCKED",
    }
    assert {word for word, pattern in uses.items() if re.search(pattern, SCHEMA)} == set(uses)
    assert [word for word in uses if word not in told] == []


def test_the_part_is_first_in_every_key_but_of_tables_that_are_not_in_parts():
    keys = dict(re.findall(r"CREATE TABLE asp\.(\w+) \((?:(?!CREATE TABLE).)*?PRIMARY KEY(?: \((\w+))?", SCHEMA, re.S))
    assert len(keys) == len(re.findall(r"CREATE TABLE", SCHEMA))
    assert {table for table, first in keys.items() if first != "part"} == {"store", "pulse", "lease", "feed"}
    assert re.search(r"CREATE TABLE asp\.feed \(\s*part smallint PRIMARY KEY", SCHEMA)
