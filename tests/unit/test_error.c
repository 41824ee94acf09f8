/* The line that says what failed. */
#include "unit.h"

#include "asp/error.h"

#include <errno.h>
#include <string.h>
#include <wchar.h>

static struct asp_error error;

START_TEST(what_begins_says_nothing)
{
    char line[ASP_ERROR_LINE];

    memset(&error, 'x', sizeof error);
    asp_error_begin(&error);
    ck_assert_int_eq(error.status, ASP_OK);
    ck_assert_str_eq(error.text, "");
    ck_assert_str_eq(error.advice, "");
    ck_assert_str_eq(asp_error_line(&error, line), "");
}
END_TEST

START_TEST(an_errno_has_its_status_and_its_words)
{
    static const struct {
        int number;
        enum asp_status status;
        const char *words; /* that C libraries have in common */
    } cases[] = {
        {ENOENT, ASP_NOT_FOUND, "No such file"},
        {ENOMEM, ASP_NO_MEMORY, "memory"},
        {EACCES, ASP_DENIED, "Permission"},
        {EPERM, ASP_DENIED, "not permitted"},
        {EROFS, ASP_DENIED, "Read-only"},
        {EIO, ASP_IO, "error"},
        {ENOSPC, ASP_IO, "No space"},
        {EDQUOT, ASP_IO, "uota"},
        {ELOOP, ASP_IO, "ymbolic link"},
        {EMFILE, ASP_NO_FILES, "file"},
        {ENFILE, ASP_NO_FILES, "Too many open files in system"},
        {9999, ASP_IO, "error"},
    };

    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        errno = cases[i].number;
        ck_assert_int_eq(asp_fail_errno(&error, "%s", "/a/path"), cases[i].status);
        ck_assert_int_eq(error.status, cases[i].status);
        ck_assert_int_eq(strncmp(error.text, "/a/path: ", 9), 0);
        ck_assert_msg(strstr(error.text, cases[i].words) != NULL, "%s", error.text);
        errno = cases[i].number;
        ck_assert_int_eq(asp_fail_errno(NULL, "x"), cases[i].status);
    }
}
END_TEST

START_TEST(of_a_full_disk_it_is_said_what_to_do_where_nobody_knows_better)
{
    char line[ASP_ERROR_LINE];

    errno = ENOSPC;
    (void)asp_fail_errno(&error, "/a/path");
    ck_assert_str_eq(error.advice, "make room on that disk");
    (void)asp_advise(&error, ASP_IO, "look at it");
    ck_assert_ptr_nonnull(strstr(asp_error_line(&error, line), "; look at it"));
    errno = EDQUOT;
    (void)asp_fail_errno(&error, "/a/path");
    ck_assert_str_eq(error.advice, "make room there, or raise the quota");
    errno = EIO;
    (void)asp_fail_errno(&error, "/a/path");
    ck_assert_str_eq(error.advice, "");
}
END_TEST

START_TEST(a_line_longer_than_its_room_is_cut)
{
    char text[2 * ASP_ERROR_TEXT];

    memset(text, 'i', sizeof text); /* which is in no app password */
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(asp_fail(&error, ASP_TAKEN, "%s", text), ASP_TAKEN);
    ck_assert_uint_eq(strlen(error.text), ASP_ERROR_TEXT - 1);
    errno = EIO;
    ck_assert_int_eq(asp_fail_errno(&error, "%s", text), ASP_IO);
    ck_assert_uint_eq(strlen(error.text), ASP_ERROR_TEXT - 1);
    ck_assert_int_eq(asp_fail(NULL, ASP_FULL, "%s", text), ASP_FULL);
}
END_TEST

START_TEST(a_line_is_what_is_wrong_and_what_to_do)
{
    char line[ASP_ERROR_LINE];
    char text[2 * ASP_ERROR_TEXT];

    (void)asp_fail(&error, ASP_CORRUPT, "it is %s", "damaged");
    ck_assert_str_eq(error.advice, "");
    ck_assert_str_eq(asp_error_line(&error, line), "it is damaged");
    ck_assert_int_eq(asp_advise(&error, ASP_CORRUPT, "restore %s", "it"), ASP_CORRUPT);
    ck_assert_int_eq(error.status, ASP_CORRUPT);
    ck_assert_str_eq(error.text, "it is damaged");
    ck_assert_str_eq(error.advice, "restore it");
    ck_assert_str_eq(asp_error_line(&error, line), "it is damaged; restore it");

    /* What is said next is not about that. */
    (void)asp_fail(&error, ASP_IO, "a disk");
    ck_assert_str_eq(asp_error_line(&error, line), "a disk");
    (void)asp_advise(&error, ASP_IO, "x");
    errno = EIO;
    (void)asp_fail_errno(&error, "a disk");
    ck_assert_str_eq(error.advice, "");
    ck_assert_int_eq(asp_advise(NULL, ASP_FULL, "%s", "x"), ASP_FULL);

    memset(text, 'i', sizeof text); /* which is in no app password */
    text[sizeof text - 1] = '\0';
    (void)asp_fail(&error, ASP_IO, "%s", text);
    (void)asp_advise(&error, ASP_IO, "%s", text);
    ck_assert_str_eq(error.advice, ""); /* half a command is worse than none */
    text[ASP_ERROR_ADVICE] = '\0';
    (void)asp_advise(&error, ASP_IO, "%s", text);
    ck_assert_str_eq(error.advice, "");
    text[ASP_ERROR_ADVICE - 1] = '\0';
    (void)asp_advise(&error, ASP_IO, "%s", text);
    ck_assert_uint_eq(strlen(error.advice), ASP_ERROR_ADVICE - 1);
    ck_assert_uint_eq(strlen(asp_error_line(&error, line)), ASP_ERROR_LINE - 1);
}
END_TEST

/* A character that there is not. */
START_TEST(what_cannot_be_said_is_left_out_whole)
{
    static const wchar_t none[] = {0x110000, 0};

    ck_assert_int_eq(asp_fail(&error, ASP_TAKEN, "half of %ls", none), ASP_TAKEN);
    ck_assert_int_eq(error.status, ASP_TAKEN);
    ck_assert_str_eq(error.text, "");
    ck_assert_int_eq(asp_advise(&error, ASP_TAKEN, "half of %ls", none), ASP_TAKEN);
    ck_assert_str_eq(error.advice, "");
}
END_TEST

START_TEST(no_app_password_is_in_a_line)
{
    char line[ASP_ERROR_LINE];

    (void)asp_fail(&error, ASP_IO, "what is 7kabc-defgh-jkmnp-qrstv-wxyz0");
    (void)asp_advise(&error, ASP_IO, "forget 7kabcdefghjkmnpqrstvwxyz0");
    (void)asp_error_line(&error, line);
    ck_assert_ptr_nonnull(strstr(line, "what is "));
    ck_assert_ptr_nonnull(strstr(line, "; forget "));
    ck_assert_ptr_null(strstr(line, "abc"));
    ck_assert_ptr_null(strstr(line, "wxyz0"));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_begins_says_nothing);
    unit_add(suite, an_errno_has_its_status_and_its_words);
    unit_add(suite, of_a_full_disk_it_is_said_what_to_do_where_nobody_knows_better);
    unit_add(suite, a_line_longer_than_its_room_is_cut);
    unit_add(suite, a_line_is_what_is_wrong_and_what_to_do);
    unit_add(suite, what_cannot_be_said_is_left_out_whole);
    unit_add(suite, no_app_password_is_in_a_line);
}

int main(void)
{
    return unit_run("error", fill);
}
