/* A process that compares one account with a new primary password, for the password stack. */
#include "password_work.h"

#include "credentials.h"

#include "asp-admin/database/database.h"
#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "pam_asp/bounded_work.h"
#include "pam_asp/password_compare.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define CLIENT "the password stack"

enum {
    ASKER_FD = 3, /* where it answers */
    RUNNING_FD,   /* its end of the pipe */
    ASKING_FD,    /* where it asks for what root alone may read; closed where it is root */
    FIRST_FREE_FD,
    WORK_SECONDS = 30, /* after which it is ended, whatever it does */
    AWAY_MS = 20000,   /* for which a database is waited for */
    PAUSE_MS = 250,
};

static void log_to_syslog(void *context, int level, const char *line)
{
    (void)context;
    syslog(level, "%s", line);
}

static enum asp_status say(struct asp_message *answer, unsigned version)
{
    asp_message_set_version(answer, version);
    return asp_broker_send(ASKER_FD, CLIENT, answer, NULL);
}

static void refuse(const struct asp_error *error, unsigned version)
{
    struct asp_message answer;
    char line[ASP_ERROR_LINE];

    asp_message_refuse(&answer, asp_error_line(error, line));
    (void)say(&answer, version);
}

static bool accept_work(unsigned version)
{
    struct asp_message answer;

    asp_message_begin(&answer, ASP_MESSAGE_ACCEPTED);
    return say(&answer, version) == ASP_OK;
}

static void say_done(unsigned version)
{
    struct asp_message answer;

    asp_message_begin(&answer, ASP_MESSAGE_DONE);
    asp_message_number(&answer, 0);
    (void)say(&answer, version);
}

/* The configuration, when it is the one that the password stack has. */
static enum asp_status load_same_conf(const struct password_works *works,
                                      const struct asp_broker_password *set, struct asp_conf **conf,
                                      struct asp_error *error)
{
    char state[ASP_BROKER_CONF_STATE];
    struct asp_identity identity;
    enum asp_status status =
        asp_conf_load(works->conf_path, works->conf_required, conf, &identity, error);

    if (status != ASP_OK)
        return status;
    asp_broker_conf_state(&identity, state);
    if (strcmp(works->conf_path, set->conf_path) == 0 && strcmp(state, set->conf_state) == 0)
        return ASP_OK;
    return asp_fail(error, ASP_INVALID, "asp-broker reads another configuration: %s",
                    works->conf_path);
}

struct work {
    const struct password_works *works;
    const struct asp_broker_password *set;
    unsigned version;
};

static void give_up(const struct work *work, const struct asp_error *error)
{
    password_not_compared(log_to_syslog, NULL, work->set->user, error);
    refuse(error, work->version);
}

/* Waits until accounts can be read: a database may be away for as long as its next primary takes.
 * Nobody else would tell it later of a password that is in no file here. */
static void wait_for_accounts(const struct asp_conf *conf, struct asp_store_kept *kept,
                              const char *user)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    const int64_t end = asp_clock_ms() + AWAY_MS;
    struct asp_store store = ASP_STORE_CLOSED;
    struct asp_account account;
    bool is_away = asp_store_open(&store, conf, kept, NULL) == ASP_OK;

    while (is_away && asp_clock_ms() < end) {
        enum asp_status status = asp_store_load(&store, user, "", &account, NULL);

        if (status == ASP_OK)
            asp_account_free(&account);
        is_away = status == ASP_IO || status == ASP_BUSY;
        if (is_away)
            (void)nanosleep(&pause, NULL);
    }
    asp_store_close(&store);
}

static enum asp_status compare(const struct asp_conf *conf, const struct asp_broker_password *set,
                               const struct pgsql_reader *reader, struct asp_error *error)
{
    struct pgsql_store *database = NULL;
    struct asp_store_kept kept;
    enum asp_status status;

    if (!database_use(&database, conf, conf->database.user, "asp-broker", &kept))
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    if (database != NULL) {
        database_read_by(database, reader);
        wait_for_accounts(conf, &kept, set->user);
    }
    status = password_compare(conf, &kept, set->user, set->service, log_to_syslog, NULL, error);
    database_end(&database);
    return status;
}

/* Nothing is done for one who does not wait to hear that it is accepted: it is done there then.
 * What was accepted is done, whether anybody still waits or not. */
static void do_work(void *context)
{
    const struct work *work = context;
    const struct asp_broker_password *set = work->set;
    struct asp_error error = {0};
    struct asp_conf *conf = NULL;
    int asking = ASKING_FD;
    const struct pgsql_reader reader = credentials_reader(&asking);
    enum asp_status status = load_same_conf(work->works, set, &conf, &error);

    if (status != ASP_OK) {
        refuse(&error, work->version);
    } else if (accept_work(work->version)) {
        status = compare(conf, set, work->works->asking >= 0 ? &reader : NULL, &error);
        if (status == ASP_OK)
            say_done(work->version);
        else
            give_up(work, &error);
    }
    asp_conf_free(conf);
}

/* Only what it works with is kept: the worker's connections end when the worker drops them. */
static bool keep_descriptors(int asker, int running, int asking)
{
    const bool asks = asking >= 0;

    /* All out of the way of the places that they go to. */
    asker = fcntl(asker, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    running = fcntl(running, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    asking = asks ? fcntl(asking, F_DUPFD_CLOEXEC, FIRST_FREE_FD) : -1;
    closelog(); /* else the log would go to whatever is opened under its number next */
    if (asker < 0 || running < 0 || dup2(asker, ASKER_FD) < 0 || dup2(running, RUNNING_FD) < 0 ||
        (asks && dup2(asking, ASKING_FD) < 0))
        return false;
    if (!asks)
        (void)close(ASKING_FD);
    asp_close_from(FIRST_FREE_FD);
    return true;
}

/* A free place; -1: there is none. */
static int find_place(struct password_works *works)
{
    int place = -1;

    for (int i = 0; i < PASSWORD_WORKS; i++) {
        struct pollfd end = {.fd = works->running[i]};

        if (works->running[i] >= 0 && poll(&end, 1, 0) > 0) {
            (void)close(works->running[i]);
            works->running[i] = -1;
        }
        if (works->running[i] < 0)
            place = i;
    }
    return place;
}

void password_works_begin(struct password_works *works, const char *conf_path, bool conf_required,
                          int asking)
{
    works->conf_path = conf_path;
    works->conf_required = conf_required;
    works->asking = asking;
    for (int i = 0; i < PASSWORD_WORKS; i++)
        works->running[i] = -1;
    (void)signal(SIGCHLD, SIG_IGN);
}

bool password_work_begin(struct password_works *works, int fd,
                         const struct asp_broker_password *set, unsigned version)
{
    const int place = find_place(works);
    struct work work = {works, set, version};
    int running[2];
    pid_t process;

    if (place < 0 || pipe2(running, O_CLOEXEC) != 0)
        return false;
    process = fork();
    if (process == 0) {
        struct asp_error why = {0};

        if (keep_descriptors(fd, running[1], works->asking) &&
            !bounded_work(WORK_SECONDS, do_work, &work, &why))
            give_up(&work, &why);
        _exit(0);
    }
    (void)close(running[1]);
    works->running[place] = running[0];
    return process > 0;
}
