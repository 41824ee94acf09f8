/* The fixture of verdicts, with a use that is not to be lost. */
#include "fault_fixture.h"

#include "stored.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
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

int attempt_login(void (*arm)(bool), void *data)
{
    const struct attempt *attempt = data;
    struct conversation conversation = {.text = attempt->password};

    ck_assert(dlopen(harness_path("ASP_MODULE"), RTLD_NOW | RTLD_LOCAL) != NULL);
    if (!attempt->cold)
        (void)login(attempt->world, attempt->service, "nobody-here", NULL, "x");
    pam_handle_t *pamh =
        handle_open(attempt->world, attempt->service, attempt->user, "192.0.2.7", &conversation);
    pam_tapped[TAP_AUTH] = -1;
    arm(true);
    int code = pam_authenticate(pamh, 0);
    arm(false);
    if (pam_tapped[TAP_AUTH] == PAM_SUCCESS || code != PAM_SUCCESS)
        code = pam_tapped[TAP_AUTH];
    (void)handle_close(pamh, code);
    return code;
}

static const int few_errors[] = {EIO, EACCES, ENOSPC, 0};
static const int all_errors[] = {EIO,    EACCES, ENOSPC, ENOMEM, EMFILE, EROFS,
                                 EDQUOT, EPERM,  EINTR,  EINVAL, 0};

/* The first calls of the kind: the errors, then 0 where half is done, then where it ends. */
static bool begin_kind(struct faults *faults)
{
    const int *errors = harness_all() ? all_errors : few_errors;
    const size_t count =
        (harness_all() ? sizeof all_errors : sizeof few_errors) / sizeof *errors - 1;

    faults->plan = (struct syscalls_plan){
        .at = faults->stride > 0 ? 1 + (int)faults->kind % faults->stride : 1,
        .error = faults->kind < count ? errors[faults->kind] : 0,
        .halve = faults->kind == count,
        .kill = faults->kind == count + 1,
    };
    return faults->kind < count + 2;
}

bool faults_next(struct faults *faults, const struct syscalls_report *report)
{
    if (faults->plan.at == 0)
        return begin_kind(faults);
    if (report->count >= faults->plan.at) {
        faults->points += faults->plan.kill || report->failed;
        faults->plan.at += faults->stride > 0 ? faults->stride : 1;
        return true;
    }
    faults->kind++;
    return begin_kind(faults);
}

const char *faults_word(const struct faults *faults)
{
    const struct syscalls_plan *plan = &faults->plan;
    return plan->kill ? "killed" : plan->halve ? "half of it" : strerror(plan->error);
}

void faults_tell(const struct faults *faults, const char *operation)
{
    printf("points: %s: %d\n", operation, faults->points);
    (void)fflush(stdout);
}
