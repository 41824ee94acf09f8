/* Many at once: races for a first use, threads, a configuration that changes meanwhile, forks. */
#include "stored.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 4
#define THREADS 4
#define RACERS (PROCESSES * THREADS)

/* --- the race for a first use ----------------------------------------------------------------- */

static const char *const services[] = {"imap", "caldav", "smtp", "webmail", "nginx", "wiki"};
static const char *const apps[] = {"mail", "calendar", "mail", "webmail", "calendar", "wiki"};
#define SERVICES (sizeof services / sizeof *services)

/* In memory that the processes share. */
struct race {
    struct world world;
    char password[PASSWORD_MAX];
    atomic_int waiting;
    atomic_bool go;
    int code[RACERS];
    char app[RACERS][32]; /* ASP_APP of the accepted */
    atomic_int next;
};

static void *run_race(void *data)
{
    struct race *race = data;
    int me = atomic_fetch_add(&race->next, 1);
    struct conversation conversation = {.text = race->password};
    pam_handle_t *pamh = handle_open(&race->world, services[(size_t)me % SERVICES], "alice",
                                     "192.0.2.7", &conversation);

    atomic_fetch_add(&race->waiting, 1);
    while (!atomic_load(&race->go))
        (void)sched_yield();
    race->code[me] = pam_authenticate(pamh, 0);
    const char *app = pam_getenv(pamh, "ASP_APP");
    (void)snprintf(race->app[me], sizeof race->app[me], "%s", app == NULL ? "" : app);
    (void)handle_close(pamh, race->code[me]);
    return NULL;
}

static void run_process(struct race *race)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, run_race, race) != 0)
            _exit(1);
    }
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    _exit(0);
}

static void start_race(struct race *race)
{
    pid_t children[PROCESSES];
    int status;

    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        ck_assert(children[i] >= 0);
        if (children[i] == 0)
            run_process(race);
    }
    while (atomic_load(&race->waiting) < RACERS)
        (void)usleep(200);
    atomic_store(&race->go, true);
    for (int i = 0; i < PROCESSES; i++)
        ck_assert(waitpid(children[i], &status, 0) == children[i] && status == 0);
}

static void check_race(const struct race *race)
{
    struct stored stored = stored_entry(&race->world, "alice", race->password);
    int accepted = 0;
    bool by_winner = false;

    for (int i = 0; i < RACERS; i++) {
        const char *app = apps[(size_t)i % SERVICES];
        bool winner = strcmp(app, stored.app) == 0;
        ck_code_msg(race->code[i], winner ? PAM_SUCCESS : PAM_AUTH_ERR,
                    "racer for %s, the winner is %s", app, stored.app);
        ck_assert_str_eq(race->app[i], winner ? stored.app : "");
        accepted += winner;
        by_winner = by_winner ||
                    (winner && strcmp(services[(size_t)i % SERVICES], stored.bound_service) == 0);
    }
    ck_assert_msg(accepted > 0, "bound to %s, which nobody raced for", stored.app);
    ck_assert_msg(by_winner, "bound by %s, of another app than %s", stored.bound_service,
                  stored.app);
    ck_assert_int_eq(stored_events(&race->world, "alice", race->password, "bound"), 1);
}

/* Lesson: pam_oath CVE-2024-47191. */
/* Lesson: processes and threads at once. */
START_TEST(processes_and_threads_that_race_for_a_first_use_bind_once)
{
    struct race *race =
        mmap(NULL, sizeof *race, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char label[16];

    ck_assert(race != MAP_FAILED);
    world_make(&race->world, "limit = 500;\nlog = \"refused\";");
    for (int round = 0; round < (harness_all() ? 400 : 30); round++) {
        (void)snprintf(label, sizeof label, "%d", round);
        create(&race->world, race->password, "alice", "--label", label, NULL);
        atomic_store(&race->waiting, 0);
        atomic_store(&race->next, 0);
        atomic_store(&race->go, false);
        start_race(race);
        check_race(race);
    }
}
END_TEST

/* --- threads ---------------------------------------------------------------------------------- */

struct crowd {
    struct world world;
    char alices[PASSWORD_MAX];
    char bobs[PASSWORD_MAX];
    int logins;           /* for each thread */
    const char *rhost[2]; /* of alice and bob */
    atomic_int wrong;
    atomic_int code; /* one that was wrong */
    atomic_bool over;
};

static void make_crowd(struct crowd *crowd, int logins)
{
    memset(crowd, 0, sizeof *crowd);
    world_make(&crowd->world, "log = \"refused\";");
    create(&crowd->world, crowd->alices, "alice", "--label", "x", "--app", "mail", NULL);
    create(&crowd->world, crowd->bobs, "bob", "--label", "x", "--app", "calendar", NULL);
    crowd->logins = logins;
    crowd->rhost[0] = "192.0.2.7";
    crowd->rhost[1] = "2001:db8::1";
    ck_code(login(&crowd->world, "imap", "alice", NULL, crowd->alices), PAM_SUCCESS);
}

static void expect_in_crowd(struct crowd *crowd, int code, int must)
{
    if (code != must) {
        atomic_fetch_add(&crowd->wrong, 1);
        atomic_store(&crowd->code, code);
    }
}

static void *log_in(void *data)
{
    struct crowd *crowd = data;
    const struct world *world = &crowd->world;

    for (int i = 0; i < crowd->logins && !atomic_load(&crowd->over); i++) {
        expect_in_crowd(crowd, login(world, "imap", "alice", crowd->rhost[0], crowd->alices),
                        PAM_SUCCESS);
        expect_in_crowd(crowd, login(world, "caldav", "bob", crowd->rhost[1], crowd->bobs),
                        PAM_SUCCESS);
        expect_in_crowd(crowd, login(world, "caldav", "alice", NULL, crowd->alices), PAM_AUTH_ERR);
        expect_in_crowd(crowd, login(world, "imap", "carol", NULL, crowd->bobs), PAM_USER_UNKNOWN);
    }
    return NULL;
}

static void start_threads(pthread_t *threads, int count, struct crowd *crowd)
{
    for (int i = 0; i < count; i++)
        ck_assert(pthread_create(&threads[i], NULL, log_in, crowd) == 0);
}

static void join_threads(pthread_t *threads, int count, struct crowd *crowd)
{
    for (int i = 0; i < count; i++)
        ck_assert(pthread_join(threads[i], NULL) == 0);
    ck_assert_msg(atomic_load(&crowd->wrong) == 0, "%d logins went wrong, one with %s",
                  atomic_load(&crowd->wrong), code_name(atomic_load(&crowd->code)));
}

START_TEST(threads_log_in_side_by_side)
{
    pthread_t threads[8];
    struct crowd crowd;

    make_crowd(&crowd, harness_all() ? 5000 : 300);
    start_threads(threads, 8, &crowd);
    join_threads(threads, 8, &crowd);
}
END_TEST

START_TEST(threads_log_in_while_the_configuration_changes)
{
    pthread_t threads[8];
    struct crowd crowd;
    char settings[128];

    make_crowd(&crowd, harness_all() ? 5000 : 300);
    start_threads(threads, 8, &crowd);
    for (int i = 0; i < (harness_all() ? 3000 : 300); i++) {
        (void)snprintf(settings, sizeof settings, "log = \"refused\";\nlimit = %d;\nhistory = %d;",
                       1 + i % 500, i % 300);
        world_configure(&crowd.world, settings);
        (void)usleep(300);
    }
    join_threads(threads, 8, &crowd);
}
END_TEST

static void *bind_first_use(void *data)
{
    struct crowd *crowd = data;
    expect_in_crowd(crowd, login(&crowd->world, "imap", "dora", "192.0.2.7", crowd->bobs),
                    PAM_SUCCESS);
    return NULL;
}

START_TEST(threads_of_one_process_that_bind_at_once_all_get_in)
{
    pthread_t threads[8];
    struct crowd crowd;

    make_crowd(&crowd, 1);
    create(&crowd.world, crowd.bobs, "dora", "--label", "x", NULL);
    for (int i = 0; i < 8; i++)
        ck_assert(pthread_create(&threads[i], NULL, bind_first_use, &crowd) == 0);
    join_threads(threads, 8, &crowd);
    ck_assert_int_eq(stored_events(&crowd.world, "dora", crowd.bobs, "bound"), 1);
}
END_TEST

/* --- forks ------------------------------------------------------------------------------------ */

START_TEST(a_process_forked_while_threads_log_in_can_log_in)
{
    pthread_t threads[4];
    struct crowd crowd;
    int status;

    make_crowd(&crowd, 1 << 30);
    /* libpam looks an rhost up for the kernel's audit, under a lock that libc does not free in a
     * forked process. */
    crowd.rhost[0] = crowd.rhost[1] = NULL;
    /* The module is there before, and what the name service loads for who has no account: the
     * loader ends a process that was forked while another thread had it load a library. */
    ck_code(login(&crowd.world, "imap", "alice", NULL, crowd.alices), PAM_SUCCESS);
    ck_code(login(&crowd.world, "imap", "carol", NULL, crowd.bobs), PAM_USER_UNKNOWN);
    start_threads(threads, 4, &crowd);
    for (int i = 0; i < (harness_all() ? 3000 : 60); i++) {
        pid_t child = fork();
        ck_assert(child >= 0);
        if (child == 0) {
            /* Check's own handler, which is inherited, would end the whole test without a word. */
            (void)signal(SIGALRM, SIG_DFL);
            (void)alarm(20);
            _exit(login(&crowd.world, "imap", "alice", NULL, crowd.alices));
        }
        ck_assert(waitpid(child, &status, 0) == child);
        ck_assert_msg(WIFEXITED(status), "child %d ended by signal %d", i, WTERMSIG(status));
        ck_code_msg(WEXITSTATUS(status), PAM_SUCCESS, "child %d", i);
        if (i % 10 == 0)
            world_configure(&crowd.world,
                            i % 20 == 0 ? "log = \"refused\";\nlimit = 7;" : "log = \"refused\";");
    }
    atomic_store(&crowd.over, true);
    join_threads(threads, 4, &crowd);
}
END_TEST

START_TEST(an_auth_in_a_child_and_the_account_in_it_as_sshd_does)
{
    struct conversation conversation;
    struct crowd crowd;
    int status;

    make_crowd(&crowd, 0);
    conversation = (struct conversation){.text = crowd.alices};
    pam_handle_t *pamh = handle_open(&crowd.world, "imap", "alice", "192.0.2.7", &conversation);
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0) {
        int code = pam_authenticate(pamh, 0);
        _exit(code != PAM_SUCCESS ? code : pam_acct_mgmt(pamh, 0));
    }
    ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
    ck_code(WEXITSTATUS(status), PAM_SUCCESS);
    ck_assert_msg(pam_acct_mgmt(pamh, 0) != PAM_SUCCESS,
                  "the parent took over what the child was given");
    (void)handle_close(pamh, PAM_SUCCESS);
}
END_TEST

/* Lesson: processes and threads at once. */
START_TEST(a_login_after_a_reported_revocation_is_refused)
{
    char password[PASSWORD_MAX], label[16];
    pthread_t threads[2];
    struct crowd crowd;

    make_crowd(&crowd, 1 << 30);
    start_threads(threads, 2, &crowd);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(label, sizeof label, "%d", i);
        create(&crowd.world, password, "alice", "--label", label, "--app", "mail", NULL);
        ck_code(login(&crowd.world, "imap", "alice", NULL, password), PAM_SUCCESS);
        admin_do(&crowd.world, "revoke", "alice", id_of(password), NULL);
        ck_code(login(&crowd.world, "imap", "alice", NULL, password), PAM_AUTH_ERR);
    }
    atomic_store(&crowd.over, true);
    join_threads(threads, 2, &crowd);
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("parallel");

    tcase_set_timeout(tests, harness_all() ? 300 : 60);
    tcase_add_test(tests, processes_and_threads_that_race_for_a_first_use_bind_once);
    tcase_add_test(tests, threads_log_in_side_by_side);
    tcase_add_test(tests, threads_log_in_while_the_configuration_changes);
    tcase_add_test(tests, threads_of_one_process_that_bind_at_once_all_get_in);
    if (is_sanitized())
        harness_skip("forks beside threads", "a sanitizer's malloc does not survive them");
    else
        tcase_add_test(tests, a_process_forked_while_threads_log_in_can_log_in);
    tcase_add_test(tests, an_auth_in_a_child_and_the_account_in_it_as_sshd_does);
    tcase_add_test(tests, a_login_after_a_reported_revocation_is_refused);
    return harness_run();
}
