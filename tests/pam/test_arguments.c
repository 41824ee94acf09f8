/* Arguments of the module, and configurations that are wrong. */
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct world world;
static char mail[PASSWORD_MAX], calendar[PASSWORD_MAX], any[PASSWORD_MAX], unbound[PASSWORD_MAX];

static void make_world(void)
{
    world_make(&world, NULL);
    create(&world, mail, "alice", "--label", "mail", "--app", "mail", NULL);
    create(&world, calendar, "alice", "--label", "calendar", "--app", "calendar", NULL);
    create(&world, any, "alice", "--label", "any", "--app", "any", NULL);
    create(&world, unbound, "alice", "--label", "unbound", NULL);
}

/* Each test finds the configuration, its owners and modes as they were, and a stack for `imap`. */
static void begin(void)
{
    ck_assert(chmod(world.dir, 0755) == 0 && chown(world.dir, 0, 0) == 0);
    world_configure(&world, NULL);
    world_stack(&world, "imap", "auth required @ASP@\n");
}

/* Logs alice in at SERVICE, whose only line has ARGUMENTS behind the module. */
static int with(const char *service, const char *arguments, const char *password)
{
    char line[1024];
    (void)snprintf(line, sizeof line, "auth required @MODULE@ %s\n", arguments);
    world_stack(&world, service, line);
    return login(&world, service, "alice", "192.0.2.7", password);
}

/* --- arguments -------------------------------------------------------------------------------- */

START_TEST(arguments_that_are_known_are_taken)
{
    ck_code(with("imap", "config=@CONF@", mail), PAM_SUCCESS);
    ck_code(with("imap", "config=@CONF@ try_first_pass", mail), PAM_SUCCESS);
    ck_code(with("imap", "debug config=@CONF@", mail), PAM_SUCCESS);
    ck_code(with("imap", "debug config=@CONF@ try_first_pass app=mail", mail), PAM_SUCCESS);
}
END_TEST

START_TEST(an_argument_that_is_not_known_is_an_error)
{
    static const char *const wrong[] = {"nullok",
                                        "Debug",
                                        "debug=1",
                                        "use_first_pas",
                                        "use_first_pass=1",
                                        "app",
                                        "config",
                                        "try_first_pass=",
                                        "=",
                                        "-",
                                        "CONFIG=/etc",
                                        "alwaysok",
                                        "use_authtok",
                                        "debugg",
                                        "store=/tmp"};
    char arguments[256];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(arguments, sizeof arguments, "config=@CONF@ %s", wrong[i]);
        ck_code_msg(with("imap", arguments, mail), PAM_SERVICE_ERR, "%s", wrong[i]);
        (void)snprintf(arguments, sizeof arguments, "%s config=@CONF@", wrong[i]);
        ck_code_msg(with("imap", arguments, mail), PAM_SERVICE_ERR, "%s first", wrong[i]);
    }
}
END_TEST

START_TEST(app_overrides_the_service)
{
    ck_code(with("imap", "config=@CONF@ app=calendar", calendar), PAM_SUCCESS);
    ck_code(with("imap", "config=@CONF@ app=calendar", mail), PAM_AUTH_ERR);
    ck_code(with("webmail", "config=@CONF@ app=mail", mail), PAM_SUCCESS);
    ck_code(with("webmail", "config=@CONF@", mail), PAM_AUTH_ERR);
}
END_TEST

START_TEST(an_app_that_can_not_be_is_an_error)
{
    static const char *const wrong[] = {"app=",    "app=any", "app=first-use",
                                        "app=a/b", "app=a%b", "app=a,b"};
    char arguments[256];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(arguments, sizeof arguments, "config=@CONF@ %s", wrong[i]);
        ck_code_msg(with("imap", arguments, mail), PAM_SERVICE_ERR, "%s", wrong[i]);
        ck_code_msg(with("imap", arguments, any), PAM_SERVICE_ERR, "%s", wrong[i]);
        ck_code_msg(with("imap", arguments, unbound), PAM_SERVICE_ERR, "%s", wrong[i]);
    }
}
END_TEST

START_TEST(app_does_not_open_a_guarded_service_to_any_or_first_use)
{
    ck_code(with("sudo", "config=@CONF@ app=mail", any), PAM_AUTH_ERR);
    ck_code(with("sudo", "config=@CONF@ app=mail", unbound), PAM_AUTH_ERR);
    ck_code(with("sudo", "config=@CONF@ app=sudo", any), PAM_AUTH_ERR);
}
END_TEST

/* A stack in which PASSWORD is asked for by a module before ours. */
static int after_another(const char *argument, const char *password, int *prompts)
{
    char lines[1024];
    struct conversation conversation = {.text = password};

    (void)snprintf(lines, sizeof lines,
                   "auth optional @STANDIN@ password=x\nauth [success=done default=die] @ASP@ %s\n",
                   argument);
    world_stack(&world, "imap", lines);
    int code = login_with(&world, "imap", "alice", "192.0.2.7", &conversation);
    *prompts = conversation.prompts;
    return code;
}

START_TEST(a_token_that_is_there_is_used)
{
    static const char *const arguments[] = {"", "try_first_pass", "use_first_pass"};
    int prompts;

    for (size_t i = 0; i < 3; i++) {
        ck_code_msg(after_another(arguments[i], mail, &prompts), PAM_SUCCESS, "%s", arguments[i]);
        ck_assert_int_eq(prompts, 1);
        ck_code_msg(after_another(arguments[i], "x", &prompts), PAM_CRED_INSUFFICIENT, "%s",
                    arguments[i]);
        ck_assert_int_eq(prompts, 1);
    }
}
END_TEST

START_TEST(use_first_pass_never_asks)
{
    struct conversation conversation = {.text = mail};
    world_stack(&world, "imap", "auth required @ASP@ use_first_pass\n");
    ck_code(login_with(&world, "imap", "alice", "192.0.2.7", &conversation), PAM_AUTH_ERR);
    ck_assert_int_eq(conversation.prompts, 0);
}
END_TEST

/* --- configurations --------------------------------------------------------------------------- */

START_TEST(a_configuration_that_is_not_there_is_an_error)
{
    ck_code(with("imap", "config=", mail), PAM_SERVICE_ERR);
    ck_code(with("imap", "config=/", mail), PAM_SERVICE_ERR);
    ck_code(with("imap", "config=asp.conf", mail), PAM_SERVICE_ERR);
    ck_code(with("imap", "config=@CONF@.not", mail), PAM_SERVICE_ERR);
    ck_code(with("imap", "config=@CONF@/asp.conf", mail), PAM_SERVICE_ERR);
    ck_code(with("imap", "config=/not/there/asp.conf", mail), PAM_SERVICE_ERR);
}
END_TEST

START_TEST(a_wrong_configuration_is_an_error)
{
    static const char *const wrong[] = {
        "limit = 0;",
        "limit = 501;",
        "limit = 4294967321;",
        "limit = \"25\";",
        "limit = ;",
        "history = 501;",
        "usage_interval = 86401;",
        "usage_interval = -1;",
        "user_name = \"upper\";",
        "log = \"none\";",
        "colour = \"red\";",
        "hash: { scheme = \"md5\"; };",
        "hash: { memory = 1; };",
        "hash: { passes = 11; };",
        "@include \"/etc/passwd\"",
        "guarded = \"sudo\";",
        "apps:({name=\"a\";services=[\"x\"];}, {name=\"b\";services=[\"x\"];});",
        "apps: ( { name = \"any\"; services = [ \"x\" ]; } );",
        "apps: ( { name = \"first-use\"; services = [ \"x\" ]; } );",
        "}",
        "\"",
        "\xff\xfe",
        "log = \"refused;",
        "/* without an end\nlimit = 25;"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        world_configure(&world, wrong[i]);
        ck_code_msg(with("imap", "config=@CONF@", mail), PAM_SERVICE_ERR, "%s", wrong[i]);
    }
    world_configure(&world, NULL);
    ck_code(with("imap", "config=@CONF@", mail), PAM_SUCCESS);
}
END_TEST

START_TEST(a_configuration_with_a_nul_or_without_end_is_an_error)
{
    static const char nul[] = "limit = 25;\n\0limit = 26;\n";
    size_t huge = 8 << 20;
    char *text = malloc(huge);

    file_write(world.conf, nul, sizeof nul - 1);
    ck_code(with("imap", "config=@CONF@", mail), PAM_SERVICE_ERR);
    ck_assert(text != NULL);
    memset(text, '#', huge);
    file_write(world.conf, text, huge);
    ck_code(with("imap", "config=@CONF@", mail), PAM_SERVICE_ERR);
    free(text);
    world_configure(&world, NULL);
    ck_code(with("imap", "config=@CONF@", mail), PAM_SUCCESS);
}
END_TEST

static void expect_error_at_once(const char *what)
{
    long long begun = now_ms();
    ck_code_msg(with("imap", "config=@CONF@", mail), PAM_SERVICE_ERR, "%s", what);
    at_once_since(begun, what);
    ck_assert(remove(world.conf) == 0);
    world_configure(&world, NULL);
    ck_code(with("imap", "config=@CONF@", mail), PAM_SUCCESS);
}

/* Lesson: libconfig. */
START_TEST(a_configuration_that_is_no_plain_file_is_refused_at_once)
{
    char real[WORLD_PATH_MAX + 8];

    ck_assert(unlink(world.conf) == 0 && mkfifo(world.conf, 0644) == 0);
    expect_error_at_once("a FIFO");
    ck_assert(unlink(world.conf) == 0 && mkdir(world.conf, 0755) == 0);
    expect_error_at_once("a folder");
    (void)snprintf(real, sizeof real, "%s.real", world.conf);
    ck_assert(rename(world.conf, real) == 0 && symlink(real, world.conf) == 0);
    expect_error_at_once("a link to a good one");
}
END_TEST

START_TEST(a_configuration_that_others_can_write_is_refused)
{
    static const mode_t modes[] = {0664, 0646, 0666, 0622};

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        ck_assert(chmod(world.conf, modes[i]) == 0);
        expect_error_at_once("writable by others");
    }
    ck_assert(chown(world.conf, 12345, 0) == 0);
    expect_error_at_once("another's");
}
END_TEST

START_TEST(a_configuration_in_a_folder_that_others_can_write_is_refused)
{
    static const mode_t modes[] = {0775, 0757, 0777};

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        world_configure(&world, NULL); /* one that no login has read yet */
        ck_assert(chmod(world.dir, modes[i]) == 0);
        ck_code_msg(with("imap", "config=@CONF@", mail), PAM_SERVICE_ERR, "mode %o", modes[i]);
    }
    ck_assert(chmod(world.dir, 0755) == 0 && chown(world.dir, 12345, 0) == 0);
    ck_code(with("imap", "config=@CONF@", mail), PAM_SERVICE_ERR);
    ck_assert(chown(world.dir, 0, 0) == 0);
    ck_code(with("imap", "config=@CONF@", mail), PAM_SUCCESS);
}
END_TEST

START_TEST(a_change_of_the_configuration_is_seen_by_the_next_login)
{
    for (int i = 0; i < 100; i++) {
        world_configure(&world, i % 2 == 0
                                    ? "apps: ( { name = \"mail\"; services = [ \"smtp\" ]; } );"
                                    : "apps: ( { name = \"mail\"; services = [ \"imap\" ]; } );");
        ck_code_msg(with("imap", "config=@CONF@", mail), i % 2 == 0 ? PAM_AUTH_ERR : PAM_SUCCESS,
                    "change %d", i);
    }
}
END_TEST

START_TEST(two_configurations_in_one_process_are_kept_apart)
{
    char password[PASSWORD_MAX];
    struct world second;

    world_make(&second, NULL);
    create(&second, password, "alice", "--label", "x", "--app", "mail", NULL);
    world_stack(&world, "imap", "auth required @ASP@\n");
    for (int i = 0; i < 10; i++) {
        ck_code(login(&world, "imap", "alice", NULL, mail), PAM_SUCCESS);
        ck_code(login(&second, "imap", "alice", NULL, password), PAM_SUCCESS);
        ck_assert(login(&second, "imap", "alice", NULL, mail) != PAM_SUCCESS);
        ck_assert(login(&world, "imap", "alice", NULL, password) != PAM_SUCCESS);
    }
}
END_TEST

/* Logs in as uid 65534 with PASSWORD in a process of its own; returns the code. */
static int as_nobody(const char *password)
{
    int status = 0;
    pid_t child = fork();

    ck_assert(child >= 0);
    if (child == 0) {
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
            _exit(200);
        _exit(login(&world, "imap", "alice", NULL, password));
    }
    ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
    ck_assert_msg(WEXITSTATUS(status) != 200, "the uid can't be changed");
    return WEXITSTATUS(status);
}

START_TEST(a_host_that_is_not_root_gets_unavailable)
{
    char stack[2 * WORLD_PATH_MAX];

    /* Loaded here, so that the folder of the module need not be open to that uid. */
    ck_code(with("imap", "config=@CONF@", mail), PAM_SUCCESS);
    (void)snprintf(stack, sizeof stack, "%s/imap", world.confdir);
    ck_assert(chmod(stack, 0644) == 0);
    ck_code(as_nobody(mail), PAM_AUTHINFO_UNAVAIL);
    ck_code(as_nobody("correct horse"), PAM_AUTHINFO_UNAVAIL);
    ck_assert(chmod(world.conf, 0600) == 0);
    ck_code(as_nobody(mail), PAM_SERVICE_ERR);
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("arguments");

    tcase_add_unchecked_fixture(tests, make_world, NULL);
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, arguments_that_are_known_are_taken);
    tcase_add_test(tests, an_argument_that_is_not_known_is_an_error);
    tcase_add_test(tests, app_overrides_the_service);
    tcase_add_test(tests, an_app_that_can_not_be_is_an_error);
    tcase_add_test(tests, app_does_not_open_a_guarded_service_to_any_or_first_use);
    tcase_add_test(tests, a_token_that_is_there_is_used);
    tcase_add_test(tests, use_first_pass_never_asks);
    tcase_add_test(tests, a_configuration_that_is_not_there_is_an_error);
    tcase_add_test(tests, a_wrong_configuration_is_an_error);
    tcase_add_test(tests, a_configuration_with_a_nul_or_without_end_is_an_error);
    tcase_add_test(tests, a_configuration_that_is_no_plain_file_is_refused_at_once);
    tcase_add_test(tests, a_configuration_that_others_can_write_is_refused);
    tcase_add_test(tests, a_configuration_in_a_folder_that_others_can_write_is_refused);
    tcase_add_test(tests, a_change_of_the_configuration_is_seen_by_the_next_login);
    tcase_add_test(tests, two_configurations_in_one_process_are_kept_apart);
    tcase_add_test(tests, a_host_that_is_not_root_gets_unavailable);
    return harness_run();
}
