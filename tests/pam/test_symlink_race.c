/* A second process swaps folders of the store for links in a loop: no login is led out of the
 * store. */
#include "harness.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct world inside, outside;
static char right[PASSWORD_MAX], lured[PASSWORD_MAX];

/* Outside of the store lies one that is good in every respect, with an account for the same user.
 */
static void make_worlds(void)
{
    char password[PASSWORD_MAX];

    world_make(&inside, NULL);
    world_make(&outside, NULL);
    create(&inside, right, "alice", "--label", "x", "--app", "mail", NULL);
    create(&outside, lured, "alice", "--label", "x", "--app", "mail", NULL);
    create(&outside, password, "mallory", "--label", "x", "--app", "mail", NULL);
}

/* Not every C library has renameat2. */
static bool swap(const char *here, const char *there)
{
    return syscall(SYS_renameat2, AT_FDCWD, here, AT_FDCWD, there, RENAME_EXCHANGE) == 0;
}

/* Swaps HERE and THERE until it is ended. */
static pid_t start_swapping(const char *here, const char *there)
{
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child != 0)
        return child;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (swap(here, there))
        continue;
    _exit(1);
}

struct tally {
    int accepted;
    int refused;
};

/* Logs in for a while, with what is right in the store and with what is right outside of it only.
 */
static struct tally log_in_meanwhile(void)
{
    struct tally tally = {0, 0};
    long long end = now_ms() + (harness_all() ? 20000 : 1500);

    while (now_ms() < end) {
        int code = login(&inside, "imap", "alice", NULL, right);
        ck_assert_msg(code == PAM_SUCCESS || code == PAM_AUTHINFO_UNAVAIL, "%s", code_name(code));
        tally.accepted += code == PAM_SUCCESS;
        tally.refused += code != PAM_SUCCESS;
        code = login(&inside, "imap", "alice", NULL, lured);
        ck_assert_msg(code != PAM_SUCCESS, "a login was led out of the store");
        code = login(&inside, "imap", "mallory", NULL, lured);
        ck_assert_msg(code == PAM_USER_UNKNOWN || code == PAM_AUTHINFO_UNAVAIL, "%s",
                      code_name(code));
    }
    return tally;
}

/* NAME is the same path in both worlds. */
static void expect_held(const char *name)
{
    char here[2 * WORLD_PATH_MAX], there[2 * WORLD_PATH_MAX], lure[2 * WORLD_PATH_MAX];
    struct stat found;

    (void)snprintf(here, sizeof here, "%s/%s", inside.dir, name);
    (void)snprintf(there, sizeof there, "%s/link", inside.dir);
    (void)snprintf(lure, sizeof lure, "%s/%s", outside.dir, name);
    ck_assert(symlink(lure, there) == 0);
    pid_t swapper = start_swapping(here, there);
    struct tally tally = log_in_meanwhile();
    ck_assert_msg(waitpid(swapper, NULL, WNOHANG) == 0, "the swapping came to an end by itself");
    ck_assert(kill(swapper, SIGKILL) == 0 && waitpid(swapper, NULL, 0) == swapper);
    ck_assert_msg(tally.accepted > 0 && tally.refused > 0,
                  "%d accepted, %d refused: no race was met", tally.accepted, tally.refused);
    ck_assert(lstat(here, &found) == 0);
    if (S_ISLNK(found.st_mode))
        ck_assert(swap(here, there));
    ck_code(login(&inside, "imap", "alice", NULL, right), PAM_SUCCESS);
}

/* Lesson: linux-pam CVE-2025-6020. */
START_TEST(the_users_folder_swapped_for_a_link_lets_no_login_out)
{
    expect_held("store/users");
}
END_TEST

/* Lesson: linux-pam CVE-2025-6020. */
START_TEST(the_store_swapped_for_a_link_lets_no_login_out)
{
    expect_held("store");
}
END_TEST

/* Lesson: linux-pam CVE-2025-6020. */
START_TEST(a_users_file_swapped_for_a_link_lets_no_login_out)
{
    expect_held("store/users/alice");
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("symlink_race");

    tcase_add_checked_fixture(tests, make_worlds, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_users_folder_swapped_for_a_link_lets_no_login_out);
    tcase_add_test(tests, the_store_swapped_for_a_link_lets_no_login_out);
    tcase_add_test(tests, a_users_file_swapped_for_a_link_lets_no_login_out);
    return harness_run();
}
