"""A login that asp-broker decides, whatever call goes wrong in whichever of its processes: it is accepted where that was
proven alone, and the next one is answered."""

import pytest
from daemons import REQUESTS, BrokerRequest
from support.long import EVERYTHING

pytestmark = pytest.mark.timeout(3600 if EVERYTHING else 300)


@pytest.mark.parametrize("name", REQUESTS)
def test_whatever_fails_nobody_gets_in_unproven_and_the_next_is_answered(site, strace, judged, name):
    with BrokerRequest(site, name) as trial:
        judged(name, trial)
