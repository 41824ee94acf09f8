/* What is logged of a login, line by line, and how loudly. */
#include "unit.h"

#include "pam_asp/login_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* What was handed on: the number of each level, and each line in a line. */
static char handed_on[4096];

static void write_down(void *context, int level, const char *line)
{
    size_t used = strlen(handed_on);

    ck_assert_ptr_eq(context, handed_on);
    ck_assert_ptr_nonnull(line);
    (void)snprintf(handed_on + used, sizeof handed_on - used, "%d %s\n", level, line);
}

static const struct asp_request request = {
    .user = "alice", .service = "imap", .app = "mail", .host = "192.0.2.7"};

static void log_it(bool log_accepted, const struct asp_outcome *outcome)
{
    const struct asp_conf conf = {.log_accepted = log_accepted};

    handed_on[0] = '\0';
    login_log_decision(write_down, handed_on, &conf, &request, outcome);
}

START_TEST(who_is_let_in_is_information_and_who_is_not_is_a_notice)
{
    for (int verdict = ASP_UNAVAILABLE; verdict <= ASP_PRIMARY_IS_LOCKED; verdict++) {
        const struct asp_outcome outcome = {
            .verdict = (enum asp_verdict)verdict, .app = "mail", .id = "7k", .label = "Phone"};
        const int level = verdict == ASP_ACCEPTED      ? LOG_INFO
                          : verdict == ASP_UNAVAILABLE ? LOG_ERR
                                                       : LOG_NOTICE;
        char expected[64];

        (void)snprintf(expected, sizeof expected, "%d verdict=%s rhost=192.0.2.7 ", level,
                       asp_verdict_word(outcome.verdict));
        log_it(true, &outcome);
        ck_assert_msg(strncmp(handed_on, expected, strlen(expected)) == 0, "%s", handed_on);
        ck_assert_ptr_eq(strchr(handed_on, '\n'), handed_on + strlen(handed_on) - 1);
        log_it(false, &outcome);
        ck_assert_int_eq(handed_on[0] == '\0', verdict == ASP_ACCEPTED);
    }
}
END_TEST

/* It is not known whether all that was to be revoked is. */
START_TEST(what_went_wrong_with_a_revocation_is_an_error)
{
    struct asp_outcome outcome = {.verdict = ASP_PRIMARY_CHANGED_SINCE};

    (void)asp_fail(&outcome.cause, ASP_IO, "a disk");
    log_it(true, &outcome);
    ck_assert_int_eq(handed_on[0], '0' + LOG_ERR);
}
END_TEST

START_TEST(each_entry_that_a_login_revokes_has_a_line)
{
    static const char *const lines[] = {
        "",
        "5 event=revoked by=\"pam:imap\" user=\"alice\" id=7k label=\"Phone\" "
        "reason=\"primary-password\"\n",
        "5 event=revoked by=\"pam:imap\" user=\"alice\" id=zz label=\"Watch\" "
        "reason=\"primary-password\"\n",
    };
    struct asp_entry entries[2];
    char expected[512] = "";

    unit_plain_entry(&entries[0], "7k", "Phone");
    unit_plain_entry(&entries[1], "zz", "Watch");
    for (size_t count = 0; count <= UNIT_COUNT(entries); count++) {
        const struct asp_outcome outcome = {.verdict = ASP_PRIMARY_CHANGED_SINCE,
                                            .account = "alice",
                                            .revoked = entries,
                                            .revoked_count = count};
        const char *behind;

        log_it(true, &outcome);
        strcat(expected, lines[count]);
        behind = strchr(handed_on, '\n');
        ck_assert_ptr_nonnull(behind);
        ck_assert_str_eq(behind + 1, expected);
        /* The password stack has them without a decision. */
        handed_on[0] = '\0';
        login_log_revocations(write_down, handed_on, "pam:imap", "alice", entries, count);
        ck_assert_str_eq(handed_on, expected);
    }
}
END_TEST

START_TEST(without_memory_there_is_no_line_and_not_half_of_one)
{
    static const struct unit_plan no_memory = {.call = "malloc", .first = 1, .number = ENOMEM};
    const struct asp_outcome outcome = {.verdict = ASP_WRONG_SECRET};

    unit_calls_begin(&no_memory);
    log_it(true, &outcome);
    ck_assert(unit_calls_end());
    ck_assert_str_eq(handed_on, "");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, who_is_let_in_is_information_and_who_is_not_is_a_notice);
    unit_add(suite, what_went_wrong_with_a_revocation_is_an_error);
    unit_add(suite, each_entry_that_a_login_revokes_has_a_line);
    unit_add(suite, without_memory_there_is_no_line_and_not_half_of_one);
}

int main(void)
{
    return unit_run("login_log", fill);
}
