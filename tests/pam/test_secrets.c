/* Memory after a login: a core dump of the host holds no secret, and nothing of the account. */
#include "devlog.h"
#include "verdict_fixture.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct verdict_fixture fixture;

/* Without a line for what is accepted: libc's work for it would cover the traces on the stack. */
static void make_fixture(void)
{
    verdict_fixture_make(&fixture, "log = \"refused\";");
    world_stack(&fixture.world, "imap", "auth required @TAP@\n");
}

/* --- a driver, and what it can write to ------------------------------------------------------ */

struct driver {
    pid_t pid;
    int to;   /* its standard input */
    int from; /* its standard output */
};

/* A driver that logs in as SAMPLE says; MODE as it takes it. */
static struct driver start_driver(const struct verdict_sample *sample, const char *mode)
{
    struct driver driver;
    int in[2], out[2];
    char masked[PASSWORD_MAX];

    (void)snprintf(masked, sizeof masked, "%s", sample->password);
    mask(masked);
    ck_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    driver.pid = fork();
    ck_assert(driver.pid >= 0);
    if (driver.pid == 0) {
        (void)setenv("ASP_PASSWORD", masked, 1);
        (void)unsetenv("MALLOC_PERTURB_"); /* it would wipe what is freed */
        if (dup2(in[0], STDIN_FILENO) == 0 && dup2(out[1], STDOUT_FILENO) == 1)
            (void)execl(harness_path("ASP_DRIVER"), "driver", mode, fixture.world.confdir,
                        sample->service, sample->user, sample->rhost, NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    driver.to = in[1];
    driver.from = out[0];
    return driver;
}

/* Waits until the module has returned, in the middle of the transaction. */
static void await_stop(const struct driver *driver)
{
    int status = 0;
    ck_assert(waitpid(driver->pid, &status, WUNTRACED) == driver->pid);
    ck_assert_msg(WIFSTOPPED(status), "the driver did not stop: status 0x%x", (unsigned)status);
}

/* Waits until the transaction is over; returns its code. */
static int await_end(const struct driver *driver)
{
    char text[64] = "";
    int code = -1;
    ck_assert(read(driver->from, text, sizeof text - 1) > 0);
    ck_assert_msg(sscanf(text, "code %d", &code) == 1, "the driver says \"%s\"", text);
    return code;
}

static void end_driver(const struct driver *driver)
{
    int status;
    (void)close(driver->to);
    (void)close(driver->from);
    ck_assert(waitpid(driver->pid, &status, 0) == driver->pid && status == 0);
}

#define REGIONS_MAX 128

static struct {
    char name[128];
    char *bytes;
    size_t length;
} regions[REGIONS_MAX];
static int region_count;

/* Takes what the driver can write to, as a core dump would. */
static void dump(const struct driver *driver)
{
    char path[64], line[512], mode[8];
    unsigned long from, to;

    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)driver->pid);
    FILE *maps = fopen(path, "re");
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)driver->pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert(maps != NULL && mem >= 0);
    for (; region_count > 0; region_count--)
        free(regions[region_count - 1].bytes);
    while (fgets(line, sizeof line, maps) != NULL) {
        char name[128] = "memory without a name";
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %127s", &from, &to, mode, name) < 3 ||
            strncmp(mode, "rw", 2) != 0)
            continue;
        ck_assert(region_count < REGIONS_MAX);
        char *bytes = malloc(to - from);
        ck_assert(bytes != NULL);
        ck_assert(pread(mem, bytes, to - from, (off_t)from) == (ssize_t)(to - from));
        (void)snprintf(regions[region_count].name, sizeof regions->name, "%s", name);
        regions[region_count].bytes = bytes;
        regions[region_count++].length = to - from;
    }
    (void)close(mem);
    (void)fclose(maps);
    ck_assert_msg(region_count > 3, "only %d regions were read", region_count);
}

/* The name of a region that has NEEDLE, or NULL. PART is the one to look in, NULL for all. */
static const char *find(const char *part, const char *needle)
{
    for (int i = 0; i < region_count; i++) {
        if (part != NULL && strcmp(regions[i].name, part) != 0)
            continue;
        if (memmem(regions[i].bytes, regions[i].length, needle, strlen(needle)) != NULL)
            return regions[i].name;
    }
    return NULL;
}

/* No ten characters in a row of TEXT were there. */
static void expect_absent(const char *part, const char *text, const char *what)
{
    char piece[16];
    for (size_t at = 0; at + 10 <= strlen(text); at++) {
        (void)snprintf(piece, sizeof piece, "%.10s", text + at);
        const char *where = find(part, piece);
        ck_assert_msg(where == NULL, "%s: characters %zu to %zu are in %s", what, at, at + 10,
                      where);
    }
}

/* With dashes and without, as it was typed and in small letters, as which the module reads it. */
static void expect_no_password(const char *password, const char *what)
{
    char text[PASSWORD_MAX], plain[PASSWORD_MAX];

    (void)snprintf(text, sizeof text, "%s", password);
    for (int folded = 0; folded < 2; folded++) {
        bare(plain, text);
        expect_absent(NULL, text, what);
        expect_absent(NULL, plain, what);
        for (char *at = text; *at != '\0'; at++)
            *at = (char)tolower(*at);
    }
}

static void expect_no_verifier(const char *what)
{
    char account[16384];
    int verifiers = 0;

    (void)file_read(store_path(&fixture.world, "users/alice"), account, sizeof account);
    for (char *at = account; (at = strstr(at, "$blake2b$")) != NULL; verifiers++) {
        char verifier[128];
        at += strlen("$blake2b$");
        (void)snprintf(verifier, sizeof verifier, "%.*s", (int)strcspn(at, " \n"), at);
        expect_absent(NULL, verifier, what);
    }
    ck_assert_msg(verifiers > 1, "%d verifiers are in the account", verifiers);
}

/* --- tests ------------------------------------------------------------------------------------ */

/* Lesson: linux-pam CVE-2024-10041. */
/* Lesson: pam_mysql #77. */
START_TEST(after_a_login_no_secret_and_no_verifier_is_left_in_memory)
{
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        struct driver driver = start_driver(sample, "once");

        ck_code_msg(await_end(&driver), sample->code, "%s", sample->verdict);
        dump(&driver);
        end_driver(&driver);
        ck_assert_msg(find(NULL, fixture.world.confdir) != NULL, "nothing is found at all");
        expect_no_password(sample->password, sample->verdict);
        expect_no_verifier(sample->verdict);
    }
}
END_TEST

/*
 * libpam still holds the token, as it was typed. Ten characters in a row without dashes are in no
 * place of that: they can only be of the module's own making.
 */
/* Lesson: linux-pam CVE-2024-10041. */
START_TEST(when_auth_returns_the_module_has_wiped_its_own_copies)
{
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        struct driver driver = start_driver(sample, "stopped");
        char plain[PASSWORD_MAX];

        await_stop(&driver);
        dump(&driver);
        ck_assert(kill(driver.pid, SIGCONT) == 0);
        ck_code_msg(await_end(&driver), sample->code, "%s", sample->verdict);
        end_driver(&driver);
        bare(plain, sample->password);
        if (strcmp(plain, sample->password) != 0) {
            ck_assert_msg(find(NULL, sample->password) != NULL, "libpam's token is not found");
            expect_absent(NULL, plain, sample->verdict);
            for (char *at = plain; *at != '\0'; at++)
                *at = (char)tolower(*at);
            expect_absent(NULL, plain, sample->verdict);
        }
        expect_absent("[stack]", sample->password, sample->verdict);
        expect_no_verifier(sample->verdict);
    }
}
END_TEST

/* --- the primary passwords -------------------------------------------------------------------- */

#define ALICES "Alices0alices1alices2alices3alices4alices5"
#define HER_NEXT "Alices6alices7alices8alices9alicesAalicesB"
#define BOBS "Bobbob0bobbob1bobbob2bobbob3bobbob4bobbob5"

static void shadow(const char *alices)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "alice:$6$saltsalt$%s:19000:0:99999:7:::\nbob:$6$saltsalt$" BOBS
                   ":19000:0:99999:7:::\n",
                   alices);
    file_write("/etc/shadow", text, strlen(text));
}

/* A login that reads the file, stopped when auth has returned, and another one at its end. */
static void expect_no_hash(const struct verdict_sample *sample)
{
    static const char *const modes[] = {"stopped", "once"};

    for (size_t i = 0; i < 2; i++) {
        struct driver driver = start_driver(sample, modes[i]);

        if (i == 0) {
            await_stop(&driver);
            dump(&driver);
            ck_assert(kill(driver.pid, SIGCONT) == 0);
        }
        ck_code_msg(await_end(&driver), sample->code, "%s", sample->verdict);
        if (i == 1)
            dump(&driver);
        end_driver(&driver);
        ck_assert_msg(find(NULL, fixture.world.confdir) != NULL, "nothing is found at all");
        expect_absent(NULL, ALICES, sample->verdict);
        expect_absent(NULL, HER_NEXT, sample->verdict);
        expect_absent(NULL, BOBS, sample->verdict);
    }
}

/* Lesson: linux-pam CVE-2024-10041. */
START_TEST(after_a_login_no_hash_of_a_primary_password_is_left_in_memory)
{
    struct verdict_sample sample = {
        .verdict = "accepted", .user = "alice", .service = "imap", .rhost = "192.0.2.7"};
    const char *refused = devlog_open();

    if (refused != NULL) {
        harness_skip("a shadow file of our own", refused);
        return;
    }
    world_make(&fixture.world, "log = \"refused\";\nprimary: { source = \"shadow\"; };");
    world_stack(&fixture.world, "imap", "auth required @TAP@\n");
    world_own_etc(&fixture.world);
    shadow(ALICES);
    create(&fixture.world, sample.password, "alice", "--label", "x", "--app", "mail", NULL);
    expect_no_hash(&sample);
    shadow(HER_NEXT);
    sample.verdict = "primary-changed, and revoked";
    sample.code = PAM_AUTH_ERR;
    expect_no_hash(&sample);
}
END_TEST

int main(void)
{
    if (is_sanitized()) {
        puts("skipped: secrets in memory: a sanitizer keeps what is freed");
        return 77;
    }

    TCase *tests = harness_begin("secrets");

    tcase_add_unchecked_fixture(tests, make_fixture, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, after_a_login_no_secret_and_no_verifier_is_left_in_memory);
    tcase_add_test(tests, when_auth_returns_the_module_has_wiped_its_own_copies);
    tcase_add_test(tests, after_a_login_no_hash_of_a_primary_password_is_left_in_memory);
    return harness_run();
}
