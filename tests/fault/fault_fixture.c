/* The fixture of verdicts, with a use that is not to be lost. */
#include "fault_fixture.h"

#include "stored.h"

#include <string.h>

struct verdict_fixture fixture;

static char other[PASSWORD_MAX];

void make_fixture(void)
{
    verdict_fixture_make(&fixture, "usage_interval = 0;");
    create(&fixture.world, other, "alice", "--label", "used once", "--app", "mail", NULL);
    world_stack(&fixture.world, "imap", "auth required @TAP@\n");
}

void use_other_entry(void)
{
    ck_code(login(&fixture.world, "smtp", "alice", NULL, other), PAM_SUCCESS);
}

bool other_use_is_kept(void)
{
    return strcmp(stored_entry(&fixture.world, "alice", other).used_service, "smtp") == 0;
}
