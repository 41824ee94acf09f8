"""Who may do what: each role with each table and each function, tried."""

import pytest
from libpq import Refused

FUNCTIONS = {
    "load": "SELECT asp.load(1::smallint, 'x', 'y')",
    "write": "SELECT asp.write(1::smallint, 'x', 1, 2, NULL, '{}', '{}', '', '', '', '', '', '', '', '')",
    "record": "SELECT asp.record('{}', '{}', '{}', '{}', '{}', '{}', '{}')",
    "note_password": "SELECT asp.note_password(1::smallint, 1, 2)",
    "password_mark": "SELECT asp.password_mark(1::smallint, 1)",
    "beat": "SELECT asp.beat()",
    "since": "SELECT asp.since('{}', '{}')",
    "uses": "SELECT asp.uses(0::smallint, 'alice')",
    "expiring": "SELECT asp.expiring(now(), now())",
    "take_lease": "SELECT asp.take_lease('x', 'y', 1)",
    "close_store": "SELECT asp.close_store(1)",
    "begin_uses": "SELECT asp.begin_uses()",
    "tidy": "SELECT asp.tidy(1::smallint, now())",
    "be_synchronous": "SELECT asp.be_synchronous()",
    "put": "SELECT asp.put('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
}
OF_NODES = {"load", "uses", "write", "record", "beat", "note_password", "password_mark"}
OF_ADMIN = OF_NODES | {"since", "expiring", "take_lease", "close_store", "begin_uses", "tidy", "put"}

# A column of each table.
TABLES = {
    "store": "oldest",
    "pulse": "at",
    "feed": "seq",
    "account": "body",
    "used": "last",
    "expiry": "at",
    "ended": "reason",
    "password": "mark",
    "lease": "until",
}
TIDIED = {"account", "used", "expiry", "ended", "password"}

ROLES = {
    "stranger": (set(), {}),
    "asp_node": (OF_NODES, {"SELECT": {"store", "feed"}}),
    "asp_admin": (OF_ADMIN, {"SELECT": set(TABLES), "DELETE": TIDIED}),
}


@pytest.fixture(scope="module", params=ROLES)
def role(request, cluster, database, owner):
    """Its name and a connection. The stranger is one who was let in to the database."""
    if request.param == "stranger":
        owner.ask(f"CREATE ROLE let_in LOGIN; GRANT CONNECT ON DATABASE {database} TO let_in")
    connection = cluster.open("let_in" if request.param == "stranger" else request.param, database)
    yield request.param, connection
    connection.close()


def may(connection, sql):
    """Whether it is done; and then it is undone."""
    connection.ask("BEGIN")
    try:
        connection.ask(sql)
        return True
    except Refused as refused:
        assert refused.state == "42501", refused
        return False
    finally:
        connection.ask("ROLLBACK")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions(role, function):
    name, connection = role
    assert may(connection, FUNCTIONS[function]) == (function in ROLES[name][0])


@pytest.mark.parametrize("table", TABLES)
def test_tables(role, table):
    name, connection = role
    column = TABLES[table]
    verbs = {
        "SELECT": f"SELECT {column} FROM asp.{table}",
        "INSERT": f"INSERT INTO asp.{table} SELECT (NULL::asp.{table}).* WHERE false",
        "UPDATE": f"UPDATE asp.{table} SET {column} = NULL WHERE false",
        "DELETE": f"DELETE FROM asp.{table} WHERE false",
        "TRUNCATE": f"TRUNCATE asp.{table}",
        "LOCK": f"LOCK TABLE asp.{table} IN EXCLUSIVE MODE",
        "DROP": f"DROP TABLE asp.{table}",
        "TRIGGER": f"CREATE RULE own AS ON SELECT TO asp.{table} DO INSTEAD NOTHING",
    }
    done = {verb for verb, sql in verbs.items() if may(connection, sql)}
    # Who may delete may lock against others who write.
    allowed = {verb for verb, tables in ROLES[name][1].items() if table in tables}
    assert done == allowed | ({"LOCK"} if "DELETE" in allowed else set())


def test_of_accounts_a_node_reads_the_names_alone(node):
    assert may(node.connection, "SELECT part, name FROM asp.account")
    for column in ("tag", "past", "written", "body", "*"):
        assert not may(node.connection, f"SELECT {column} FROM asp.account")


@pytest.mark.parametrize("who", ["node", "admin"])
def test_nobody_puts_anything_beside_it(who, request):
    connection = request.getfixturevalue(who).connection
    for schema in ("asp", "public", "pg_temp"):
        assert not may(connection, f"CREATE TABLE {schema}.other (one int)")
        assert not may(connection, f"CREATE FUNCTION {schema}.other() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert not may(connection, "CREATE SCHEMA other")
    assert not may(connection, "SET ROLE asp_owner")


def test_a_node_is_not_root(node):
    assert not may(node.connection, "SET ROLE asp_admin")


def test_each_table_and_each_function_is_tried(owner):
    tables = owner.ask("SELECT relname FROM pg_class WHERE relnamespace = 'asp'::regnamespace AND relkind <> 'i'")
    assert {row["relname"] for row in tables} == set(TABLES)
    functions = owner.ask("SELECT proname FROM pg_proc WHERE pronamespace = 'asp'::regnamespace")
    assert sorted(row["proname"] for row in functions) == sorted(FUNCTIONS)


def test_each_function_is_the_owners_and_looks_nowhere_else_for_a_name(owner):
    words = "SELECT proowner::regrole::text, prosecdef, proconfig::text FROM pg_proc"
    found = {tuple(row.values()) for row in owner.ask(f"{words} WHERE pronamespace = 'asp'::regnamespace")}
    assert found == {("asp_owner", True, '{"search_path=pg_catalog, pg_temp"}')}


def test_each_table_is_the_owners(owner):
    words = "SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 'asp'::regnamespace"
    assert owner.ask(words) == [{"owner": "asp_owner"}]
