"""Each change of asp-admin's, whatever call of it fails, is short, or is the last one: it is done or it is not, what is said
of it is so, and nothing else is lost. On a store in files, and with --engine=database on one in that."""

import pytest
from operations import OPERATIONS, Change, Hooked
from support.long import EVERYTHING

pytestmark = pytest.mark.timeout(3600 if EVERYTHING else 300)


# Lesson: google-authenticator-libpam #13 #57 #86 #177.
# Lesson: a kill at each call.
# Lesson: each call of an update fails.
@pytest.mark.parametrize("name", [name for name in OPERATIONS if "hook" not in name])
def test_whatever_fails_it_is_done_or_not_and_said(site, strace, short, judged, name):
    judged(Change(site, name, short))


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "hook" in name])
def test_whatever_fails_no_hook_that_is_due_is_lost(site, strace, short, judged, name):
    judged(Hooked(site, name, short))
