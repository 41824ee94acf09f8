/* A hundred logins of each verdict under valgrind: no wrong access, no leak, no descriptor left. */
#include "verdict_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct verdict_fixture fixture;

static void make_fixture(void)
{
    verdict_fixture_make(&fixture, "usage_interval = 0;");
}

/* What COMMAND prints, without the lines in which valgrind speaks of itself. Returns its status. */
static int run(const char *command, char *said, size_t size)
{
    char line[1024];
    size_t used = 0;
    FILE *from = popen(command, "re");

    ck_assert(from != NULL);
    said[0] = '\0';
    while (fgets(line, sizeof line, from) != NULL) {
        size_t length = strlen(line);
        if (strncmp(line, "--", 2) == 0 || used + length >= size)
            continue;
        memcpy(said + used, line, length + 1);
        used += length;
    }
    return pclose(from);
}

static void expect_clean(const struct verdict_sample *sample)
{
    char masked[PASSWORD_MAX], command[4096], said[4096], code[32];

    (void)snprintf(masked, sizeof masked, "%s", sample->password);
    mask(masked);
    ck_assert(setenv("ASP_PASSWORD", masked, 1) == 0);
    (void)snprintf(
        command, sizeof command,
        "valgrind -q --error-exitcode=99 --leak-check=full "
        "--show-leak-kinds=definite,indirect,possible "
        "--errors-for-leak-kinds=definite,indirect,possible '%s' hundred '%s' %s %s %s 2>&1",
        harness_path("ASP_DRIVER"), fixture.world.confdir, sample->service, sample->user,
        sample->rhost);
    int status = run(command, said, sizeof said);
    ck_assert_msg(status == 0, "%s: status %d:\n%s", sample->verdict, status, said);
    (void)snprintf(code, sizeof code, "code %d\n", sample->code);
    ck_assert_msg(strcmp(said, code) == 0, "%s:\n%s", sample->verdict, said);
}

START_TEST(a_hundred_logins_are_clean)
{
    static const char *const quick[] = {"accepted", "wrong-secret", "unavailable"};

    if (harness_all()) {
        for (size_t i = 0; i < fixture.count; i++)
            expect_clean(&fixture.samples[i]);
        return;
    }
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        expect_clean(verdict_fixture_find(&fixture, quick[i]));
}
END_TEST

START_TEST(a_hundred_logins_with_a_wrong_configuration_are_clean)
{
    struct verdict_sample sample = *verdict_fixture_find(&fixture, "accepted");

    sample.code = PAM_SERVICE_ERR;
    world_configure(&fixture.world, "limit = 0;");
    expect_clean(&sample);
}
END_TEST

int main(void)
{
    if (is_sanitized() || system("valgrind -q true >/dev/null 2>&1") != 0) {
        puts("skipped: valgrind is not there, or does not run here");
        return 77;
    }

    TCase *tests = harness_begin("valgrind");

    tcase_add_unchecked_fixture(tests, make_fixture, NULL);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, a_hundred_logins_are_clean);
    tcase_add_test(tests, a_hundred_logins_with_a_wrong_configuration_are_clean);
    return harness_run();
}
