/* What pam_asp.so is as a file: its exports, its imports, the libraries it needs, its flags. */
#include "harness.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTING_MAX (1 << 20)

static char listing[LISTING_MAX];

/* What readelf says of the module. */
static void read_elf(const char *options)
{
    char command[1024];
    size_t used = 0, got;

    (void)snprintf(command, sizeof command, "LC_ALL=C readelf -W %s '%s'", options,
                   harness_path("ASP_MODULE"));
    FILE *from = popen(command, "re");
    ck_assert(from != NULL);
    while ((got = fread(listing + used, 1, LISTING_MAX - 1 - used, from)) > 0)
        used += got;
    listing[used] = '\0';
    ck_assert_msg(pclose(from) == 0 && used > 0, "readelf failed");
}

/* The name of the next dynamic symbol that is DEFINED or not, without its version; NULL at the end.
 */
static const char *next_symbol(char **at, bool defined)
{
    static char name[256];
    char index[16], kind[16], line[512];

    while (**at != '\0') {
        size_t length = strcspn(*at, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)length, *at);
        *at += length + ((*at)[length] == '\n');
        if (sscanf(line, "%*d: %*s %*s %15s %*s %*s %15s %255s", kind, index, name) != 3)
            continue;
        name[strcspn(name, "@")] = '\0';
        if ((strcmp(index, "UND") != 0) == defined)
            return name;
    }
    return NULL;
}

static bool listed(const char *name, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(name, *list) == 0)
            return true;
    }
    return false;
}

START_TEST(it_exports_the_entry_points_of_its_facilities_alone)
{
    static const char *const facilities[] = {"pam_sm_authenticate", "pam_sm_setcred",
                                             "pam_sm_acct_mgmt", "pam_sm_chauthtok", NULL};
    const char *name;
    int count = 0;

    read_elf("--dyn-syms");
    for (char *at = listing; (name = next_symbol(&at, true)) != NULL; count++)
        ck_assert_msg(listed(name, facilities), "%s is exported", name);
    ck_assert_msg(count >= 3, "only %d symbols are exported", count);
    void *module = dlopen(harness_path("ASP_MODULE"), RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(module != NULL, "%s", dlerror());
    for (int i = 0; i < 3; i++)
        ck_assert_msg(dlsym(module, facilities[i]) != NULL, "%s is not there", facilities[i]);
    ck_assert(dlsym(module, "pam_sm_open_session") == NULL);
    ck_assert(dlsym(module, "pam_sm_close_session") == NULL);
}
END_TEST

/* What no facility may call. What auth alone may not is counted call by call in test_residue. */
/* Lesson: pam_oath CVE-2024-47191. */
/* Lesson: libconfig. */
/* Lesson: libsodium. */
START_TEST(it_imports_nothing_that_its_host_would_feel)
{
    static const char *const banned[] = {
        /* environment, programs */
        "getenv", "secure_getenv", "setenv", "putenv", "unsetenv", "system", "popen", "execv",
        "execve", "execvp", "execl", "posix_spawn", "wordexp",
        /* the end of the host */
        "exit", "abort", "atexit", "raise", "__assert_fail",
        /* streams */
        "fopen", "fdopen", "freopen", "fread", "fwrite", "fgets", "getline", "printf", "fprintf",
        "puts", "fputs", "perror", "stdin", "stdout", "stderr", "__printf_chk", "__fprintf_chk",
        /* look-ups of names, and state of the process */
        "getaddrinfo", "gethostbyname", "openlog", "setlogmask", "vsyslog", "setlocale", "strtok",
        "localtime", "gmtime", "asctime", "ctime", "rand", "srand", "random", "signal",
        /* owners of files, and names of them that can be guessed */
        "chown", "fchown", "lchown", "fchownat", "mktemp", "tempnam", "tmpnam", "tmpfile",
        /* of our libraries, what may end the host or read by itself */
        "config_read_file", "config_read", "sodium_misuse", "sodium_set_misuse_handler", NULL};
    const char *name;
    int count = 0;

    read_elf("--dyn-syms");
    for (char *at = listing; (name = next_symbol(&at, false)) != NULL; count++)
        ck_assert_msg(!listed(name, banned), "%s is imported", name);
    ck_assert_msg(count > 10, "only %d symbols are imported", count);
}
END_TEST

START_TEST(it_needs_libpam_libsodium_libconfig_and_libc_alone)
{
    static const char *const allowed[] = {"libpam.so.", "libsodium.so.", "libconfig.so.",
                                          "libc.so."};
    bool seen[4] = {false};

    read_elf("-d");
    for (const char *at = listing; (at = strstr(at, "(NEEDED)")) != NULL;) {
        const char *name = strchr(at, '[');
        bool known = false;
        ck_assert(name != NULL);
        for (int i = 0; i < 4; i++) {
            if (strncmp(name + 1, allowed[i], strlen(allowed[i])) == 0)
                known = seen[i] = true;
        }
        ck_assert_msg(known || is_sanitized(), "it needs %.*s", (int)strcspn(name, "\n"), name);
        at = name;
    }
    for (int i = 0; i < 4; i++)
        ck_assert_msg(seen[i], "%s is not needed", allowed[i]);
    ck_assert_msg(!holds(listing, "(RPATH)"), "it has an RPATH");
}
END_TEST

START_TEST(it_stays_loaded_binds_at_once_and_is_read_only_where_it_can_be)
{
    read_elf("-d");
    ck_assert_msg(holds(listing, "NODELETE"), "no -z nodelete");
    ck_assert_msg(holds(listing, "BIND_NOW") || holds(listing, "Flags: NOW"), "no -z now");
    ck_assert_msg(!holds(listing, "(TEXTREL)"), "it has text relocations");
    read_elf("-l");
    ck_assert_msg(holds(listing, "GNU_RELRO"), "no -z relro");
    const char *stack = strstr(listing, "GNU_STACK");
    ck_assert_msg(stack != NULL && !holds(stack, " RWE "), "its stack is executable");
}
END_TEST

START_TEST(it_stays_where_it_is_when_it_is_closed)
{
    void *module = dlopen(harness_path("ASP_MODULE"), RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(module != NULL, "%s", dlerror());
    ck_assert(dlclose(module) == 0);
    ck_assert(dlopen(harness_path("ASP_MODULE"), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD) == module);
}
END_TEST

int main(void)
{
    (void)harness_path("ASP_MODULE");
    if (system("command -v readelf >/dev/null") != 0) {
        puts("skipped: readelf is not there");
        return 77;
    }

    TCase *tests = harness_case("module");

    tcase_add_test(tests, it_exports_the_entry_points_of_its_facilities_alone);
    tcase_add_test(tests, it_imports_nothing_that_its_host_would_feel);
    tcase_add_test(tests, it_needs_libpam_libsodium_libconfig_and_libc_alone);
    tcase_add_test(tests, it_stays_loaded_binds_at_once_and_is_read_only_where_it_can_be);
    tcase_add_test(tests, it_stays_where_it_is_when_it_is_closed);
    return harness_run();
}
