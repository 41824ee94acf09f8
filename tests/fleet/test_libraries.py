"""Which programs stand on libpq: those that ask a database, and no other."""

import pytest
from support.run import execute

PROGRAMS = ("asp-admin/asp-admin", "asp-broker/asp-broker")
OTHERS = ("pam_asp/pam_asp.so", "asp-web/asp-web")


@pytest.mark.parametrize("program", (*PROGRAMS, *OTHERS))
def test_libpq_is_needed_by_who_asks_a_database_alone(build, program):
    """Of the module nothing else, too: of what it links by itself tests/pam/test_module.c knows."""
    if not (build / program).exists():
        pytest.skip(f"{program} was not built")
    libraries = execute("ldd", build / program).done().out
    assert ("libpq.so" in libraries) == (program in PROGRAMS)
