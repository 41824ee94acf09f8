/*
 * pam_host CONFDIR LOGINS: a long-lived process that logs in through libpam as often as it is told
 * to.
 * CONFDIR takes the place of /etc/pam.d. LOGINS has a line for each login, "SERVICE USER PASSWORD
 * CODE", where CODE is what PAM has to answer: another answer ends the program. A transaction is
 * pam_start_confdir, pam_authenticate and pam_end; they are made with the logins by turns.
 * PAM_RHOST is not set: libpam hands it to the kernel's audit, and looks it up first.
 *
 * Commands come on standard input, a line each, and each is answered by a line:
 *   use FIRST COUNT   takes turns with these logins from now on (at first: with all): "used"
 *   say NUMBER PASSWORD   that login's password from now on: "said"
 *   time COUNT        as many transactions: the nanoseconds of each, and behind them those that the
 *                     processor worked for all of them
 *   mix COUNT SEED    as many, each of a login that is drawn: its number and its nanoseconds
 *   for MILLISECONDS  as many as there is time for: how many
 *   mark COUNT        as many, each inside of marked_transaction and of two getppid: "marked"
 *   many COUNT        as many: descriptors and resident bytes before, and behind
 */
#include <dirent.h>
#include <security/pam_appl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOGINS_MAX = 20000, TIMES_MAX = 100000, WORD = 80 };

struct login {
    char service[WORD];
    char user[WORD];
    char password[WORD];
    int code;
};

struct ring {
    const char *confdir;
    struct login *logins;
    size_t first;
    size_t count;
    size_t next;
};

int marked_transaction(const char *confdir, const struct login *login) __attribute__((noinline));

static void stop(const char *why)
{
    (void)fprintf(stderr, "pam_host: %s\n", why);
    exit(1);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *data)
{
    const struct login *login = data;
    struct pam_response *made = calloc((size_t)count, sizeof *made);

    if (made == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            made[i].resp = strdup(login->password);
    }
    *responses = made;
    return PAM_SUCCESS;
}

static int transaction(const char *confdir, const struct login *login)
{
    const struct pam_conv with = {converse, (void *)(uintptr_t)login};
    pam_handle_t *pamh = NULL;
    int code = pam_start_confdir(login->service, login->user, &with, confdir, &pamh);

    if (code != PAM_SUCCESS)
        return -1;
    code = pam_authenticate(pamh, 0);
    return pam_end(pamh, code) == PAM_SUCCESS ? code : -1;
}

int marked_transaction(const char *confdir, const struct login *login)
{
    return transaction(confdir, login);
}

static const struct login *turn(struct ring *ring)
{
    const struct login *login = &ring->logins[ring->first + ring->next];

    ring->next = (ring->next + 1) % ring->count;
    return login;
}

static void expect(const struct login *login, int code)
{
    if (code == login->code)
        return;
    (void)fprintf(stderr, "pam_host: %s at %s: code %d and not %d\n", login->user, login->service,
                  code, login->code);
    exit(1);
}

static void one(struct ring *ring)
{
    const struct login *login = turn(ring);

    expect(login, transaction(ring->confdir, login));
}

static long long now(clockid_t clock)
{
    struct timespec at;

    (void)clock_gettime(clock, &at);
    return (long long)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void time_each(struct ring *ring, long count)
{
    static long long times[TIMES_MAX];

    if (count < 1 || count > TIMES_MAX)
        stop("too many to time");
    long long worked = now(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 0; i < count; i++) {
        long long begin = now(CLOCK_MONOTONIC);

        one(ring);
        times[i] = now(CLOCK_MONOTONIC) - begin;
    }
    worked = now(CLOCK_PROCESS_CPUTIME_ID) - worked;
    for (long i = 0; i < count; i++)
        printf("%lld ", times[i]);
    printf("%lld\n", worked);
}

/* A generator is no secret's here: xorshift64 (Marsaglia 2003). */
static size_t draw(uint64_t *state, size_t count)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (size_t)((*state >> 11) % count);
}

static void time_mixed(struct ring *ring, long count, unsigned long seed)
{
    static struct {
        size_t login;
        long long time;
    } taken[TIMES_MAX];
    uint64_t state = (seed + 1) * 0x9e3779b97f4a7c15; /* no small number */

    if (count < 1 || count > TIMES_MAX)
        stop("too many to time");
    for (long i = 0; i < count; i++) {
        ring->next = draw(&state, ring->count);
        taken[i].login = ring->next;
        long long begin = now(CLOCK_MONOTONIC);

        one(ring);
        taken[i].time = now(CLOCK_MONOTONIC) - begin;
    }
    for (long i = 0; i < count; i++)
        printf("%zu %lld ", taken[i].login, taken[i].time);
    (void)puts("");
}

static void go_on_for(struct ring *ring, long milliseconds)
{
    long long end = now(CLOCK_MONOTONIC) + milliseconds * 1000000LL;
    long count = 0;

    for (; now(CLOCK_MONOTONIC) < end; count++)
        one(ring);
    printf("%ld\n", count);
}

static void mark(struct ring *ring, long count)
{
    for (long i = 0; i < count; i++) {
        const struct login *login = turn(ring);
        int code;

        (void)getppid();
        code = marked_transaction(ring->confdir, login);
        (void)getppid();
        expect(login, code);
    }
    (void)puts("marked");
}

static long descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long count = 0;

    if (folder == NULL)
        stop("no /proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

/* The sum over the pages: what statm says is rounded by what each processor has not reported yet.
 */
static long resident(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    char line[256];
    long kib = -1;

    while (file != NULL && kib < 0 && fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "Rss: %ld kB", &kib);
    if (kib < 0)
        stop("no /proc/self/smaps_rollup");
    (void)fclose(file);
    return kib * 1024;
}

static void many(struct ring *ring, long count)
{
    long fds, bytes;

    (void)resident(); /* what reading it takes, it has now */
    fds = descriptors();
    bytes = resident();
    for (long i = 0; i < count; i++)
        one(ring);
    printf("%ld %ld %ld %ld\n", fds, bytes, descriptors(), resident());
}

static void handle_command(struct ring *ring, size_t login_count, const char *line)
{
    char command[8], word[WORD];
    unsigned long number = 0, count = 0;
    int words = sscanf(line, "%7s %lu %lu", command, &number, &count);

    if (words == 3 && strcmp(command, "use") == 0 && count > 0 && number + count <= login_count) {
        ring->first = number;
        ring->count = count;
        ring->next = 0;
        (void)puts("used");
    } else if (sscanf(line, "say %lu %79s", &number, word) == 2 && number < login_count) {
        (void)snprintf(ring->logins[number].password, WORD, "%s", word);
        (void)puts("said");
    } else if (words == 2 && strcmp(command, "time") == 0) {
        time_each(ring, (long)number);
    } else if (words == 3 && strcmp(command, "mix") == 0) {
        time_mixed(ring, (long)number, count);
    } else if (words == 2 && strcmp(command, "for") == 0) {
        go_on_for(ring, (long)number);
    } else if (words == 2 && strcmp(command, "mark") == 0) {
        mark(ring, (long)number);
    } else if (words == 2 && strcmp(command, "many") == 0) {
        many(ring, (long)number);
    } else {
        stop("not a command");
    }
    (void)fflush(stdout);
}

static size_t read_logins(const char *path, struct login *logins)
{
    FILE *file = fopen(path, "re");
    size_t count = 0;
    char line[4 * WORD];

    if (file == NULL)
        stop("the logins cannot be read");
    while (fgets(line, sizeof line, file) != NULL) {
        struct login *login = &logins[count];

        if (count == LOGINS_MAX || sscanf(line, "%79s %79s %79s %d", login->service, login->user,
                                          login->password, &login->code) != 4)
            stop("a line of the logins is none");
        count++;
    }
    (void)fclose(file);
    return count;
}

int main(int argc, char **argv)
{
    static struct login logins[LOGINS_MAX];
    struct ring ring = {.logins = logins};
    char line[2 * WORD];

    if (argc != 3)
        stop("pam_host CONFDIR LOGINS");
    ring.confdir = argv[1];
    ring.count = read_logins(argv[2], logins);
    if (ring.count == 0)
        stop("there are no logins");
    for (size_t login_count = ring.count; fgets(line, sizeof line, stdin) != NULL;)
        handle_command(&ring, login_count, line);
    return 0;
}
