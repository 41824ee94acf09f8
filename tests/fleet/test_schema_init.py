"""The schema is run: all at once and by psql, again, in a second database, by who is no superuser."""

import subprocess

import cluster as clusters
import pytest
from libpq import Refused

MADE = "asp: a store of schema 1 was made"
NOTHING = "asp: this database has a store, of schema 1: it is left as it is"


@pytest.fixture(scope="module")
def fresh(postgres):
    """A cluster that has nothing of ours."""
    with clusters.running() as server:
        yield server


@pytest.fixture
def place(cluster, request):
    """An empty database in the cluster that has others."""
    return cluster.database(request.node.name)


def run(cluster, database, user="postgres"):
    connection = cluster.connect(user, database)
    connection.ask(clusters.SCHEMA)
    return connection


def roles(connection):
    """Who can log in, and whether one may do more than that."""
    more = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS more"
    rows = connection.ask(f"SELECT rolname, rolcanlogin, {more} FROM pg_roles WHERE rolname LIKE 'asp%'")
    return {row["rolname"]: row["rolcanlogin"] for row in rows}, any(row["more"] for row in rows)


def settings(connection, role):
    words = "SELECT unnest(setconfig) FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole WHERE rolname = $1"
    return sorted(row["unnest"] for row in connection.ask(words, role))


def test_by_an_owner_of_the_database_who_may_make_roles_in_a_cluster_without_them(fresh):
    fresh.connect().ask("CREATE ROLE dba LOGIN CREATEROLE")
    fresh.database("first", "dba")
    connection = run(fresh, "first", "dba")
    assert connection.notices == [MADE]
    assert roles(connection) == ({"asp_owner": False, "asp_node": True, "asp_admin": True}, False)
    assert settings(connection, "asp_node") == [
        "idle_in_transaction_session_timeout=2s", "lock_timeout=1s", "search_path=pg_catalog", "statement_timeout=2s"
    ]
    assert settings(connection, "asp_admin") == ["lock_timeout=1s", "search_path=pg_catalog", "statement_timeout=0"]
    assert settings(connection, "asp_owner") == []
    assert connection.one("SELECT current_user") == "dba"
    assert fresh.connect("asp_admin", "first").one("SHOW statement_timeout") == "0"
    assert fresh.connect("asp_node", "first").one("SHOW statement_timeout") == "2s"
    # The same one makes a second store beside it.
    fresh.database("second", "dba")
    assert run(fresh, "second", "dba").notices == [MADE]
    stores = [fresh.connect("asp_node", place).one("SELECT id FROM asp.store") for place in ("first", "second")]
    assert stores[0] != stores[1]


def test_again_it_says_that_nothing_is_to_be_done_and_changes_nothing(cluster, place):
    connection = run(cluster, place)
    everything = (
        "SELECT * FROM asp.store",
        "SELECT oid, xmin, * FROM pg_proc WHERE pronamespace = 'asp'::regnamespace ORDER BY oid",
        "SELECT oid, xmin, * FROM pg_class WHERE relnamespace = 'asp'::regnamespace ORDER BY oid",
        "SELECT oid, xmin, * FROM pg_database WHERE datname = current_database()",
        "SELECT xmin, * FROM pg_db_role_setting ORDER BY setrole",
    )
    before = [connection.ask(words) for words in everything]
    connection.ask(clusters.SCHEMA)
    assert connection.notices == [MADE, NOTHING]
    assert [connection.ask(words) for words in everything] == before


def test_again_it_waits_for_nobody(cluster, place):
    """Logins would wait behind it."""
    connection, busy = run(cluster, place), cluster.connect(database=place)
    busy.ask("BEGIN; LOCK TABLE asp.account, asp.used, asp.expiry, asp.feed, asp.ended, asp.password, asp.pulse, asp.lease")
    connection.ask(f"SET lock_timeout = '50ms'; {clusters.SCHEMA}")
    assert connection.notices == [MADE, NOTHING]


def test_over_a_later_schema_it_does_nothing(cluster, place):
    connection = run(cluster, place)
    connection.ask("UPDATE asp.store SET schema = 2")
    connection.ask(clusters.SCHEMA)
    assert connection.notices[1:] == ["asp: this database has a store, of schema 2: it is left as it is"]


def test_psql_runs_it_too(cluster, place):
    words = [*cluster.drop, cluster.bin / "psql", "-XqAt", "-h", cluster.folder, "-U", "postgres", "-f", "-", place]
    run = subprocess.run(
        list(map(str, words)), input=clusters.SCHEMA, capture_output=True, text=True, check=True, timeout=240
    )
    assert (run.stdout, run.stderr.endswith(f"{MADE}\n")) == ("", True), run.stderr
    assert "\n\\" not in clusters.SCHEMA


def test_what_fails_leaves_nothing(cluster, place):
    connection = cluster.connect(database=place)
    connection.ask("CREATE SCHEMA asp")
    with pytest.raises(Refused) as refused:
        connection.ask(clusters.SCHEMA)
    assert refused.value.state == "42P06"
    assert connection.one("SELECT count(*) FROM pg_class WHERE relnamespace = 'asp'::regnamespace") == 0


def test_nobody_else_connects_or_makes_temporary_tables(cluster, place):
    run(cluster, place)
    cluster.connect().ask("CREATE ROLE stranger LOGIN")
    with pytest.raises(Refused) as refused:
        cluster.connect("stranger", place)
    assert "permission denied for database" in str(refused.value)
    for role in ("asp_node", "asp_admin"):
        with pytest.raises(Refused) as refused:
            cluster.connect(role, place).ask("CREATE TEMPORARY TABLE account (part int)")
        assert refused.value.state == "42501"


# Each is preferred to the system's, whose arguments are of other types, by who looks into public at all.
TRAPS = {
    "has_database_privilege": "SELECT pg_catalog.has_database_privilege($1::name, $2::text, $3)",
    "pg_has_role": "SELECT pg_catalog.pg_has_role($1::name, $2::name, $3)",
}


def test_nothing_is_run_that_others_have_put_into_public(cluster, place):
    """As everybody may up to PostgreSQL 14, and in what was brought from there."""
    run(cluster, place)
    owner = cluster.connect(database=place)
    owner.ask("GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE TABLE public.run (name text, who text)")
    owner.ask("GRANT INSERT ON public.run TO PUBLIC")
    node = cluster.connect("asp_node", place)
    for name, answer in TRAPS.items():
        body = f"BEGIN INSERT INTO public.run VALUES ('{name}', current_user); RETURN ({answer}); END"
        node.ask(f"CREATE FUNCTION public.{name}(text, text, text) RETURNS bool LANGUAGE plpgsql AS $$ {body} $$")
    owner.ask("SELECT pg_has_role('asp_admin'::text, 'asp_node'::text, 'USAGE'::text)")
    assert owner.one("SELECT count(*) FROM public.run") == 1
    owner.ask(clusters.SCHEMA)
    assert owner.one("SELECT count(*) FROM public.run") == 1
    with pytest.raises(Refused) as refused:
        node.ask("CREATE TABLE public.other (one int)")
    assert refused.value.state == "42501"


def test_the_roles_find_what_is_the_systems_alone(cluster, place):
    run(cluster, place)
    for role in ("asp_node", "asp_admin"):
        assert cluster.connect(role, place).one("SHOW search_path") == "pg_catalog"


def test_where_everybody_may_create_it_is_not_made(cluster, place):
    """The owner of the database is not that of the schema, up to PostgreSQL 14."""
    cluster.connect().ask("CREATE ROLE landlord LOGIN CREATEROLE")
    owner = cluster.connect(database=place)
    owner.ask(clusters.SCHEMA)  # its roles may be there
    owner.ask("DROP SCHEMA asp CASCADE; GRANT asp_owner, asp_node, asp_admin TO landlord WITH ADMIN OPTION")
    owner.ask(f"ALTER DATABASE {place} OWNER TO landlord")
    owner.ask("ALTER SCHEMA public OWNER TO postgres; GRANT CREATE ON SCHEMA public TO PUBLIC")
    with pytest.raises(Refused) as refused:
        run(cluster, place, "landlord")
    assert "everybody may create in schema public" in str(refused.value)
    assert owner.one("SELECT count(*) FROM pg_namespace WHERE nspname = 'asp'") == 0


def test_who_does_not_own_the_database_cannot_do_half_of_it(cluster, place):
    cluster.connect().ask("CREATE ROLE maker LOGIN CREATEROLE")
    connection = cluster.connect("maker", place)
    connection.ask("SELECT 1")
    with pytest.raises(Refused) as refused:
        connection.ask(clusters.SCHEMA)
    assert refused.value.state == "42501"
    assert connection.one("SELECT count(*) FROM pg_namespace WHERE nspname = 'asp'") == 0


def test_a_database_in_another_encoding_is_refused(cluster):
    cluster.connect().ask("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    with pytest.raises(Refused) as refused:
        run(cluster, "latin")
    assert "asp: this database is in LATIN1, and not in UTF8" in str(refused.value)


def test_what_a_dump_does_not_bring_along_is_put_back_and_what_was_set_stays(fresh):
    """After a restore in another cluster: roles without their settings, and a database that everybody may connect to."""
    fresh.database("restored")
    connection = run(fresh, "restored")
    connection.ask("GRANT CONNECT, TEMP ON DATABASE restored TO PUBLIC")
    connection.ask("REVOKE CONNECT ON DATABASE restored FROM asp_node, asp_admin; REVOKE asp_node FROM asp_admin")
    connection.ask("ALTER ROLE asp_node RESET ALL; ALTER ROLE asp_node SET statement_timeout = '5s'")
    connection.ask(clusters.SCHEMA)
    assert connection.notices[-1] == NOTHING
    assert settings(connection, "asp_node") == [
        "idle_in_transaction_session_timeout=2s", "lock_timeout=1s", "search_path=pg_catalog", "statement_timeout=5s"
    ]
    assert not connection.one("SELECT has_database_privilege('public', 'restored', 'CONNECT, TEMP')")
    assert fresh.connect("asp_admin", "restored").ask("SELECT asp.beat()")
    connection.ask("ALTER ROLE asp_node RESET ALL")


OWNERS = """
SELECT 'function ' || f.oid::regprocedure AS what, pg_get_userbyid(f.proowner) AS owner, f.proacl AS acl
FROM pg_proc f WHERE f.pronamespace = 'asp'::regnamespace
UNION ALL SELECT 'table ' || c.relname, pg_get_userbyid(c.relowner), c.relacl
FROM pg_class c WHERE c.relnamespace = 'asp'::regnamespace AND c.relkind = 'r'
UNION ALL SELECT 'column ' || a.attrelid::regclass || a.attname, NULL, a.attacl
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'asp'::regnamespace AND a.attacl IS NOT NULL
UNION ALL SELECT 'schema', pg_get_userbyid(n.nspowner), n.nspacl FROM pg_namespace n WHERE n.nspname = 'asp'
"""
RIGHTS = f"""
SELECT o.what, o.owner,
    array_agg(pg_get_userbyid(x.grantee) || ' ' || x.privilege_type ORDER BY x.grantee, x.privilege_type)::text AS rights
FROM ({OWNERS}) o LEFT JOIN LATERAL aclexplode(o.acl) x ON x.grantee <> 'asp_owner'::regrole GROUP BY 1, 2 ORDER BY 1, 2
"""


def test_a_dump_that_was_restored_without_owners_and_rights_gets_them(cluster, place):
    before = run(cluster, place).ask(RIGHTS)
    restored = cluster.database("without_owners")
    where = ("-h", cluster.folder, "-U", "postgres")
    dump = cluster.program("pg_dump", *where, place).done().out
    words = ("-XqAt", *where, "-v", "ON_ERROR_STOP=1", "-d", restored)
    without = [line for line in dump.splitlines() if not line.startswith(("GRANT ", "REVOKE ")) and " OWNER TO " not in line]
    cluster.program("psql", *words, input="\n".join(without) + "\n").done()
    connection = cluster.connect(database=restored)
    assert connection.one("SELECT has_function_privilege('public', 'asp.beat()', 'EXECUTE')")
    connection.ask(clusters.SCHEMA)
    assert connection.ask(RIGHTS) == before
    assert cluster.connect("asp_node", restored).ask("SELECT asp.beat()")


def test_a_store_has_a_head_for_each_part_and_nothing_in_it(cluster, place):
    connection = run(cluster, place)
    heads = connection.ask("SELECT * FROM asp.feed ORDER BY part")
    assert heads == [{"part": part, "seq": 0, "tag": 0, "floor": 0} for part in range(64)]
    for table in ("account", "used", "expiry", "ended", "password", "lease"):
        assert connection.ask(f"SELECT * FROM asp.{table}") == []
