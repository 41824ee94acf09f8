"""A PostgreSQL for all tests of a process, and in it a store for each file of tests; what asks a database as the programs do."""

import contextlib
import shutil

import cluster as clusters
import pair as pairs
import pytest
from certificates import Authority
from database_driver import Driver
from fake_server import FakeServer
from store import Store


@pytest.fixture(scope="session")
def build(build):
    """With what keeps accounts in a database in it."""
    if not (build / "tests" / "fleet" / "driver").is_file():
        pytest.skip("built without a database: -Ddatabase=enabled")
    return build


@pytest.fixture(scope="session")
def postgres():
    """Skips where there is none to start."""
    if missing := clusters.missing():
        pytest.skip(missing)


@pytest.fixture(scope="session")
def cluster(postgres):
    with clusters.running() as server:
        yield server


@pytest.fixture
def pair(postgres):
    with pairs.running() as made:
        yield made


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """That certifies servers and machines."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Authority(tmp_path_factory.mktemp("authority") / "one")


@pytest.fixture(scope="module")
def database(cluster, request):
    """The name of one that has a store and nothing else."""
    name = cluster.database(request.module.__name__)
    cluster.connect(database=name).ask(clusters.SCHEMA)
    return name


@contextlib.contextmanager
def patient(cluster, role, database):
    """A connection for a file of tests, that no time-out of the role ends: this machine may be busy."""
    connection = cluster.open(role, database)
    connection.ask("SET lock_timeout = 0; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
    yield Store(connection)
    connection.close()


@pytest.fixture(scope="module")
def owner(cluster, database):
    """Who made the store, and may do all."""
    with patient(cluster, "postgres", database) as store:
        yield store


@pytest.fixture(scope="module")
def node(cluster, database):
    with patient(cluster, "asp_node", database) as store:
        yield store


@pytest.fixture(scope="module")
def other(cluster, database):
    """Another node."""
    with patient(cluster, "asp_node", database) as store:
        yield store


@pytest.fixture(scope="module")
def admin(cluster, database):
    with patient(cluster, "asp_admin", database) as store:
        yield store


@pytest.fixture(scope="module")
def another(cluster, database):
    """The asp-admin of another machine."""
    with patient(cluster, "asp_admin", database) as store:
        yield store


@pytest.fixture(autouse=True)
def hung_up():
    """No connection of a test outlives it."""
    yield
    for cluster in clusters.Cluster.running:
        cluster.hang_up()


@pytest.fixture
def name(request):
    """Of an account that no other test has."""
    return request.node.name.replace("[", ".").replace("]", "")


@pytest.fixture
def make_driver(build):
    """Makes processes that ask a database what they are told. Each ends well, and says nothing by itself."""
    with contextlib.ExitStack() as drivers:
        yield lambda prefix=(), **env: drivers.enter_context(Driver(build, env, prefix))


@pytest.fixture
def driver(make_driver):
    return make_driver()


@pytest.fixture
def make_server():
    """Makes servers that are no real ones. Nobody asks any of them to cancel something."""
    with contextlib.ExitStack() as servers:
        yield lambda name="db1": servers.enter_context(FakeServer(name))


@pytest.fixture
def server(make_server, driver):
    """One that the driver knows."""
    made = make_server()
    driver.hosts(made)
    return made
