/* The log line, to the letter, for every verdict and for names, hosts and services that try to
 * forge one. */
#include "devlog.h"
#include "verdict_fixture.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

static struct verdict_fixture fixture;

static void make_fixture(void)
{
    verdict_fixture_make(&fixture, NULL);
}

/* Each test has a log of its own, and the stack and the configuration as they were. */
static void begin(void)
{
    const char *refused = devlog_open();
    ck_assert_msg(refused == NULL, "%s", refused);
    world_configure(&fixture.world, NULL);
    world_stack(&fixture.world, "imap", "auth required @ASP@\n");
}

/* The one line that a login has left, checked for its level. */
static struct logged *last;

static const char *line_of(int code, int level)
{
    struct logged *logged = last = devlog_take();
    ck_assert_msg(logged->count == 1, "%d lines for %s, the last \"%s\"", logged->count,
                  code_name(code), logged->count == 0 ? "" : logged->line[logged->count - 1].raw);
    ck_assert_int_eq(logged->line[0].facility, LOG_AUTHPRIV);
    ck_assert_msg(logged->line[0].priority == level, "level %d and not %d of \"%s\"",
                  logged->line[0].priority, level, logged->line[0].raw);
    for (const char *at = logged->line[0].text; *at != '\0'; at++)
        ck_assert_msg(*at >= 0x20 && *at <= 0x7e, "byte 0x%02x is in \"%s\"",
                      (unsigned)(unsigned char)*at, logged->line[0].text);
    return logged->line[0].text;
}

static int level_of(int code)
{
    return code == PAM_SUCCESS ? LOG_INFO : code == PAM_AUTHINFO_UNAVAIL ? LOG_ERR : LOG_NOTICE;
}

/* A label of the fixture as a quoted value: some have quotes and UTF-8. */
static void escape(char *out, size_t size, const char *text)
{
    size_t used = 0;
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\')
            used += (size_t)snprintf(out + used, size - used, "\\x%02x",
                                     (unsigned)(unsigned char)*text);
        else
            out[used++] = *text;
        ck_assert(used < size);
    }
    out[used] = '\0';
}

/* --- to the letter ---------------------------------------------------------------------------- */

/* As pam_syslog puts it. */
START_TEST(before_the_line_stand_module_service_and_facility)
{
    ck_code(verdict_fixture_login(&fixture, &fixture.samples[0]), fixture.samples[0].code);
    struct logged *logged = devlog_take();

    ck_assert_int_eq(logged->count, 1);
    ck_assert_msg(strstr(logged->line[0].raw, ": pam_asp(imap:auth): verdict=") != NULL, "\"%s\"",
                  logged->line[0].raw);
}
END_TEST

START_TEST(each_verdict_is_one_line_to_the_letter)
{
    char expected[512], label[256] = "";

    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        int code = verdict_fixture_login(&fixture, sample);
        const char *line = line_of(code, level_of(sample->code));
        int length =
            snprintf(expected, sizeof expected,
                     "verdict=%s rhost=192.0.2.7 user=\"%s\" service=\"imap\" app=\"mail\"",
                     sample->verdict, sample->user);
        if (sample->label != NULL) {
            escape(label, sizeof label, sample->label);
            length += snprintf(expected + length, sizeof expected - (size_t)length,
                               " id=%s label=\"%s\"", sample->id, label);
        } else {
            length +=
                snprintf(expected + length, sizeof expected - (size_t)length, " id=- label=-");
        }
        if (sample->code != PAM_AUTHINFO_UNAVAIL) {
            ck_assert_str_eq(line, expected);
            continue;
        }
        ck_assert_msg(strncmp(line, expected, (size_t)length) == 0, "\"%s\"", line);
        ck_assert_msg(strncmp(line + length, " cause=\"", 8) == 0 && strlen(line + length) > 10 &&
                          line[strlen(line) - 1] == '"',
                      "no cause: \"%s\"", line);
    }
}
END_TEST

START_TEST(the_escapes_of_a_label_are_lower_case_hex)
{
    const struct verdict_sample *limited = verdict_fixture_find(&fixture, "wrong-network");
    const struct verdict_sample *quoted = verdict_fixture_find(&fixture, "expired");

    const char *line = line_of(verdict_fixture_login(&fixture, limited), LOG_NOTICE);
    ck_assert_msg(holds(line, " label=\"B\\xc3\\xbcro\""), "\"%s\"", line);
    line = line_of(verdict_fixture_login(&fixture, quoted), LOG_NOTICE);
    ck_assert_msg(holds(line, " label=\"Loan \\x22for a day\\x22\""), "\"%s\"", line);
}
END_TEST

START_TEST(a_first_use_is_logged_with_the_app_that_it_bound)
{
    char password[PASSWORD_MAX], expected[256];
    struct world world;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", "x", NULL);
    (void)devlog_take();
    int code = login(&world, "caldav", "alice", "2001:db8::7", password);
    (void)snprintf(
        expected, sizeof expected,
        "verdict=accepted rhost=2001:db8::7 user=\"alice\" service=\"caldav\" app=\"calendar\" "
        "id=%s label=\"x\"",
        id_of(password));
    ck_assert_str_eq(line_of(code, LOG_INFO), expected);
}
END_TEST

START_TEST(accepted_logins_have_no_line_where_refused_ones_are_asked_for)
{
    world_configure(&fixture.world, "log = \"refused\";");
    for (size_t i = 0; i < fixture.count; i++) {
        int code = verdict_fixture_login(&fixture, &fixture.samples[i]);
        if (code == PAM_SUCCESS)
            ck_assert_int_eq(devlog_take()->count, 0);
        else
            (void)line_of(code, level_of(code));
    }
}
END_TEST

/* --- forgery ---------------------------------------------------------------------------------- */

static void expect_line(const char *line, const char *rhost, const char *user, const char *service,
                        const char *app)
{
    char expected[1024];
    (void)snprintf(expected, sizeof expected,
                   "verdict=no-account rhost=%s user=%s service=%s app=%s id=- label=-", rhost,
                   user, service, app);
    ck_assert_str_eq(line, expected);
}

START_TEST(a_users_name_can_not_forge_a_line)
{
    static const struct {
        const char *name, *logged;
    } users[] = {
        {"carol", "\"carol\""},
        {"a\" verdict=accepted user=\"root", "\"a\\x22 verdict=accepted user=\\x22root\""},
        {"a\\", "\"a\\x5c\""},
        {"a\nverdict=accepted", "\"a\\x0averdict=accepted\""},
        {"a\r\x1b[2J\t\x7f", "\"a\\x0d\\x1b[2J\\x09\\x7f\""},
        {"J\xc3\xb6rg", "\"J\\xc3\\xb6rg\""},
        {"\xff\xfe", "\"\\xff\\xfe\""},
        {"%s%n%x", "\"%s%n%x\""},
        {"a b", "\"a b\""},
    };

    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        int code = login(&fixture.world, "imap", users[i].name, NULL, "x");
        expect_line(line_of(code, LOG_NOTICE), "-", users[i].logged, "\"imap\"", "\"mail\"");
    }
}
END_TEST

/* Lesson: bongo. */
START_TEST(a_users_name_that_looks_like_an_app_password_is_not_logged)
{
    const char *password = verdict_fixture_find(&fixture, "accepted")->password;
    char plain[PASSWORD_MAX], spaced[2 * PASSWORD_MAX], line[2 * PASSWORD_MAX];

    bare(plain, password);
    (void)snprintf(spaced, sizeof spaced, " %.7s %s", plain, plain + 7);
    (void)snprintf(line, sizeof line, "%s\n", password);
    const char *const names[] = {password, plain, spaced, line};
    for (size_t i = 0; i < 4; i++) {
        int code = login(&fixture.world, "imap", names[i], NULL, password);
        expect_line(line_of(code, LOG_NOTICE), "-", "-", "\"imap\"", "\"mail\"");
    }
    int code = login(&fixture.world, "imap", "abcdefghjkmnpqrstvwxyz01", NULL, "x");
    expect_line(line_of(code, LOG_NOTICE), "-", "\"abcdefghjkmnpqrstvwxyz01\"", "\"imap\"",
                "\"mail\"");
}
END_TEST

/* Whatever is around it, and whatever it is given as. libpam has PAM_RUSER too, and the service
 * before each line. */
/* Lesson: a secret where nobody expects one. */
START_TEST(an_app_password_in_any_item_is_not_logged)
{
    static const char *const shapes[] = {"%s", "%s@example.org", "CORP\\%s", "alice%s",
                                         "%s\xc2\xa0"};
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    char plain[PASSWORD_MAX], text[4 * PASSWORD_MAX];

    bare(plain, sample->password);
    for (size_t i = 0; i < 4 * sizeof shapes / sizeof *shapes; i++) {
        const char *shape = shapes[i / 4];
        size_t at = (size_t)(strstr(shape, "%s") - shape);
        struct conversation conversation = {.text = "x"};

        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)at, shape,
                       i % 2 == 0 ? plain : sample->password, shape + at + 2);
        for (char *c = text; i % 4 > 1 && *c != '\0'; c++)
            *c = (char)toupper((unsigned char)*c);
        pam_handle_t *pamh = handle_open(&fixture.world, text, text, text, &conversation);
        ck_code(pam_set_item(pamh, PAM_RUSER, text), PAM_SUCCESS);
        int code = handle_close(pamh, pam_authenticate(pamh, 0));
        const char *line = line_of(code, LOG_NOTICE);
        ck_assert_str_eq(line, "verdict=no-account rhost=- user=- service=- app=- id=- label=-");
    }
}
END_TEST

START_TEST(a_label_that_holds_an_app_password_is_not_logged)
{
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    char password[PASSWORD_MAX], expected[256];
    struct world world;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", sample->password, "--app", "mail", NULL);
    (void)devlog_take();
    int code = login(&world, "imap", "alice", NULL, password);
    (void)snprintf(expected, sizeof expected,
                   "verdict=accepted rhost=- user=\"alice\" service=\"imap\" app=\"mail\" id=%s "
                   "label=-",
                   id_of(password));
    ck_assert_str_eq(line_of(code, LOG_INFO), expected);
}
END_TEST

/* Its host would be kept with its use. */
START_TEST(a_host_that_looks_like_an_app_password_is_not_stored)
{
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    char password[PASSWORD_MAX], bytes[16384];
    struct world world;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", "x", "--app", "mail", NULL);
    ck_code(login(&world, "imap", "alice", sample->password, password), PAM_SUCCESS);
    (void)devlog_take();
    size_t length = file_read(store_path(&world, "used/alice"), bytes, sizeof bytes);
    ck_assert(memmem(bytes, length, "imap", 4) != NULL);
    ck_assert(memmem(bytes, length, sample->password, strlen(sample->password)) == NULL);
}
END_TEST

START_TEST(rhost_is_logged_if_it_is_an_address_or_a_host_name)
{
    static const char *const shown[] = {"192.0.2.7",        "2001:db8::1", "::1",
                                        "::ffff:192.0.2.7", "localhost",   "mail.example.org",
                                        "MX-1.example.org", "3com.example"};
    static const char *const hidden[] = {"",
                                         "a b",
                                         "192.0.2.7 verdict=accepted",
                                         "a\"b",
                                         "a\nb",
                                         "a=b",
                                         "a\\b",
                                         "J\xc3\xb6rg.example",
                                         "\x1b[2J",
                                         "a/b",
                                         "user@host",
                                         "-",
                                         "a;b",
                                         "$(id)",
                                         "\xff"};

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        int code = login(&fixture.world, "imap", "carol", shown[i], "x");
        expect_line(line_of(code, LOG_NOTICE), shown[i], "\"carol\"", "\"imap\"", "\"mail\"");
    }
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        int code = login(&fixture.world, "imap", "carol", hidden[i], "x");
        expect_line(line_of(code, LOG_NOTICE), "-", "\"carol\"", "\"imap\"", "\"mail\"");
    }
    int code = login(&fixture.world, "imap", "carol", NULL, "x");
    expect_line(line_of(code, LOG_NOTICE), "-", "\"carol\"", "\"imap\"", "\"mail\"");
}
END_TEST

START_TEST(an_rhost_longer_than_a_host_name_is_not_logged)
{
    char rhost[1025];

    memset(rhost, 'a', sizeof rhost - 1);
    rhost[sizeof rhost - 1] = '\0';
    int code = login(&fixture.world, "imap", "carol", rhost, "x");
    expect_line(line_of(code, LOG_NOTICE), "-", "\"carol\"", "\"imap\"", "\"mail\"");
    rhost[256] = '\0';
    code = login(&fixture.world, "imap", "carol", rhost, "x");
    expect_line(line_of(code, LOG_NOTICE), "-", "\"carol\"", "\"imap\"", "\"mail\"");
}
END_TEST

START_TEST(a_services_name_can_not_forge_a_line)
{
    static const struct {
        const char *name, *logged;
    } services[] = {
        {"a\" app=\"mail", "\"a\\x22 app=\\x22mail\""},
        {"a\\\n", "\"a\\x5c\\x0a\""},
        {"a\x7f", "\"a\\x7f\""},
        {"\xc3\xafmap", "\"\\xc3\\xafmap\""},
    };

    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        char start[256];
        int code = login(&fixture.world, services[i].name, "carol", NULL, "x");
        const char *line = line_of(code, LOG_NOTICE);
        (void)snprintf(
            start, sizeof start,
            "verdict=no-account rhost=- user=\"carol\" service=%s app=", services[i].logged);
        ck_assert_msg(strncmp(line, start, strlen(start)) == 0, "\"%s\"", line);
        ck_assert_msg(holds(line, " id=- label=-"), "\"%s\"", line);
        /* What stands before begins no line either. */
        ck_assert_msg(strchr(last->line[0].raw, '\n') == NULL, "\"%s\"", last->line[0].raw);
        ck_assert_msg(holds(last->line[0].raw, ": PAM verdict=") ==
                          (strpbrk(services[i].name, "\n\x7f") != NULL),
                      "\"%s\"", last->line[0].raw);
    }
}
END_TEST

START_TEST(names_without_end_leave_one_line_in_order)
{
    char name[10241];

    memset(name, 'i', sizeof name - 1); /* which is in no app password */
    name[sizeof name - 1] = '\0';
    int code = login(&fixture.world, name, "carol", NULL, "x");
    const char *line = line_of(code, LOG_NOTICE);
    ck_assert_msg(strncmp(line, "verdict=no-account rhost=- user=\"carol\" service=", 48) == 0,
                  "\"%s\"", line);
    const char *end = strstr(line, " app=");
    ck_assert_msg(end != NULL && strcmp(strchr(end + 1, ' '), " id=- label=-") == 0, "\"%s\"",
                  line);
    code = login(&fixture.world, "imap", name, NULL, "x");
    line = line_of(code, LOG_NOTICE);
    ck_assert_msg(strncmp(line, "verdict=no-account rhost=- user=", 32) == 0, "\"%s\"", line);
    end = strstr(line, " service=");
    ck_assert_msg(end != NULL && strcmp(end, " service=\"imap\" app=\"mail\" id=- label=-") == 0,
                  "\"%s\"", line);
}
END_TEST

/* --- no secret -------------------------------------------------------------------------------- */

/* What must never be in a line: the password in any of its shapes, how it begins, or six characters
 * of its secret in a row. */
static void expect_no_secret(const char *password)
{
    struct logged *logged = devlog_take();
    char plain[PASSWORD_MAX], piece[8];

    bare(plain, password);
    for (int i = 0; i < logged->count; i++) {
        ck_assert_msg(!holds(logged->line[i].raw, password), "\"%s\"", logged->line[i].raw);
        (void)snprintf(piece, sizeof piece, "%.5s", plain);
        ck_assert_msg(!holds(logged->line[i].raw, piece), "%s is in \"%s\"", piece,
                      logged->line[i].raw);
        for (size_t at = 2; at + 6 <= strlen(plain); at++) {
            (void)snprintf(piece, sizeof piece, "%.6s", plain + at);
            ck_assert_msg(!holds(logged->line[i].raw, piece), "%s is in \"%s\"", piece,
                          logged->line[i].raw);
        }
    }
}

/* Lesson: pam_mysql #77. */
START_TEST(no_line_has_a_secret)
{
    static const char *const stacks[] = {"auth required @ASP@\n", "auth required @ASP@ debug\n",
                                         "auth required @ASP@ unknown\n",
                                         "auth required @MODULE@ config=/not/there debug\n",
                                         "auth required @MODULE@ config=@CONF@.not\n"};

    for (size_t stack = 0; stack < sizeof stacks / sizeof *stacks; stack++) {
        world_stack(&fixture.world, "imap", stacks[stack]);
        for (size_t i = 0; i < fixture.count; i++) {
            (void)verdict_fixture_login(&fixture, &fixture.samples[i]);
            expect_no_secret(fixture.samples[i].password);
        }
    }
}
END_TEST

/* Not even the beginning of TEXT. */
static void expect_in_no_line(const struct logged *logged, const char *text)
{
    char part[11];

    (void)snprintf(part, sizeof part, "%s", text);
    for (int i = 0; i < logged->count; i++)
        ck_assert_msg(!holds(logged->line[i].raw, part), "%s is in \"%s\"", part,
                      logged->line[i].raw);
}

/* Neither salt nor tag of any entry of hers. */
/* Lesson: pam_pwdfile. */
START_TEST(no_line_has_a_hash)
{
    static const char scheme[] = "$blake2b$";
    char account[16384];
    int hashes = 0;

    (void)file_read(store_path(&fixture.world, "users/alice"), account, sizeof account);
    world_stack(&fixture.world, "imap", "auth required @ASP@ debug\n");
    for (size_t i = 0; i < fixture.count; i++) {
        (void)verdict_fixture_login(&fixture, &fixture.samples[i]);
        const struct logged *logged = devlog_take();
        ck_assert_int_gt(logged->count, 0);
        for (const char *at = account; (at = strstr(at, scheme)) != NULL; hashes++) {
            at += strlen(scheme);
            expect_in_no_line(logged, at);
            at = strchr(at, '$') + 1;
            expect_in_no_line(logged, at);
        }
    }
    ck_assert_int_gt(hashes, (int)fixture.count);
}
END_TEST

START_TEST(debug_says_more_at_level_debug)
{
    world_stack(&fixture.world, "imap", "auth required @ASP@ debug\n");
    ck_code(verdict_fixture_login(&fixture, verdict_fixture_find(&fixture, "accepted")),
            PAM_SUCCESS);
    struct logged *logged = devlog_take();
    int verdicts = 0;
    for (int i = 0; i < logged->count; i++) {
        if (strncmp(logged->line[i].text, "verdict=", 8) == 0)
            verdicts++;
        else
            ck_assert_int_eq(logged->line[i].priority, LOG_DEBUG);
    }
    ck_assert_int_eq(verdicts, 1);
}
END_TEST

START_TEST(an_error_of_argument_or_configuration_says_what_is_wrong)
{
    world_stack(&fixture.world, "imap", "auth required @ASP@ nullok\n");
    ck_code(verdict_fixture_login(&fixture, verdict_fixture_find(&fixture, "accepted")),
            PAM_SERVICE_ERR);
    struct logged *logged = devlog_take();
    ck_assert_int_eq(logged->count, 1);
    ck_assert_int_eq(logged->line[0].priority, LOG_ERR);
    ck_assert_msg(holds(logged->line[0].text, "nullok"), "\"%s\"", logged->line[0].text);
    world_stack(&fixture.world, "imap", "auth required @ASP@\n");
    world_configure(&fixture.world, "limit = 25;\nlimit = 501;");
    ck_code(verdict_fixture_login(&fixture, verdict_fixture_find(&fixture, "accepted")),
            PAM_SERVICE_ERR);
    logged = devlog_take();
    ck_assert_int_eq(logged->count, 1);
    ck_assert_int_eq(logged->line[0].priority, LOG_ERR);
    ck_assert_msg(holds(logged->line[0].text, fixture.world.conf), "no file: \"%s\"",
                  logged->line[0].text);
    ck_assert_msg(holds(logged->line[0].text, "5"), "no line number: \"%s\"", logged->line[0].text);
}
END_TEST

START_TEST(before_an_error_stands_no_service_that_forges_a_line_or_is_an_app_password)
{
    const char *const services[] = {"web", "a\n", "a\x7f",
                                    verdict_fixture_find(&fixture, "accepted")->password};

    world_stack(&fixture.world, "other", "auth required @ASP@ nullok\n");
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        (void)login(&fixture.world, services[i], "carol", NULL, "x");
        struct logged *logged = devlog_take();
        ck_assert_int_eq(logged->count, 1);
        ck_assert_msg(holds(logged->line[0].raw, i == 0 ? ": pam_asp(web:auth): wrong argument"
                                                        : ": PAM wrong argument"),
                      "\"%s\"", logged->line[0].raw);
    }
    world_stack(&fixture.world, "other", "auth required @ASP@\naccount required @ASP@\n");
}
END_TEST

START_TEST(a_missing_store_is_named_in_the_cause)
{
    static const char start[] =
        "verdict=unavailable rhost=- user=\"alice\" service=\"imap\" app=\"mail\" "
        "id=- label=- cause=\"";
    char moved[2 * WORLD_PATH_MAX];

    (void)snprintf(moved, sizeof moved, "%s.away", fixture.world.store);
    ck_assert(rename(fixture.world.store, moved) == 0);
    int code = login(&fixture.world, "imap", "alice", NULL, "x");
    ck_assert(rename(moved, fixture.world.store) == 0);
    const char *line = line_of(code, LOG_ERR);
    ck_assert_msg(strncmp(line, start, sizeof start - 1) == 0, "\"%s\"", line);
    ck_assert_msg(holds(line, fixture.world.store), "the store is not named: \"%s\"", line);
}
END_TEST

/* --- what could not be written ---------------------------------------------------------------- */

/* Stands before libc's for the module too. */
static int sync_failure;

int fsync(int fd)
{
    if (sync_failure == 0)
        return (int)syscall(SYS_fsync, fd);
    errno = sync_failure;
    return -1;
}

/* Lesson: google-authenticator-libpam #13 #57 #86 #177. */
START_TEST(why_a_first_use_could_not_be_written_is_in_the_cause)
{
    static const int failures[] = {ENOSPC, EROFS, EDQUOT, EIO};
    char password[PASSWORD_MAX], before[8192], after[8192];
    struct world world;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", "x", NULL);
    size_t length = file_read(store_path(&world, "users/alice"), before, sizeof before);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        (void)devlog_take();
        sync_failure = failures[i];
        int code = login(&world, "imap", "alice", NULL, password);
        sync_failure = 0;
        ck_code(code, PAM_AUTHINFO_UNAVAIL);
        const char *cause = strstr(line_of(code, LOG_ERR), " cause=\"");
        ck_assert_msg(cause != NULL && holds(cause, strerror(failures[i])), "\"%s\"",
                      last->line[0].text);
        ck_assert_uint_eq(file_read(store_path(&world, "users/alice"), after, sizeof after),
                          length);
        ck_assert_mem_eq(before, after, length);
    }
    ck_code(login(&world, "imap", "alice", NULL, password), PAM_SUCCESS);
}
END_TEST

int main(void)
{
    devlog_require();

    TCase *tests = harness_begin("log");

    tcase_add_unchecked_fixture(tests, make_fixture, NULL);
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, before_the_line_stand_module_service_and_facility);
    tcase_add_test(tests, each_verdict_is_one_line_to_the_letter);
    tcase_add_test(tests, the_escapes_of_a_label_are_lower_case_hex);
    tcase_add_test(tests, a_first_use_is_logged_with_the_app_that_it_bound);
    tcase_add_test(tests, accepted_logins_have_no_line_where_refused_ones_are_asked_for);
    tcase_add_test(tests, a_users_name_can_not_forge_a_line);
    tcase_add_test(tests, a_users_name_that_looks_like_an_app_password_is_not_logged);
    tcase_add_test(tests, an_app_password_in_any_item_is_not_logged);
    tcase_add_test(tests, a_label_that_holds_an_app_password_is_not_logged);
    tcase_add_test(tests, a_host_that_looks_like_an_app_password_is_not_stored);
    tcase_add_test(tests, rhost_is_logged_if_it_is_an_address_or_a_host_name);
    tcase_add_test(tests, an_rhost_longer_than_a_host_name_is_not_logged);
    tcase_add_test(tests, a_services_name_can_not_forge_a_line);
    tcase_add_test(tests, names_without_end_leave_one_line_in_order);
    tcase_add_test(tests, no_line_has_a_secret);
    tcase_add_test(tests, no_line_has_a_hash);
    tcase_add_test(tests, debug_says_more_at_level_debug);
    tcase_add_test(tests, an_error_of_argument_or_configuration_says_what_is_wrong);
    tcase_add_test(tests,
                   before_an_error_stands_no_service_that_forges_a_line_or_is_an_app_password);
    tcase_add_test(tests, a_missing_store_is_named_in_the_cause);
    tcase_add_test(tests, why_a_first_use_could_not_be_written_is_in_the_cause);
    return harness_run();
}
