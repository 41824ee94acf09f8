/* Logins of which the name service says whose they are, in a process that it may hold up. */
#include "question_worker.h"

#include "process_pool.h"
#include "worker.h"

#include "asp-admin/database/database.h"
#include "asp-admin/system/users.h"
#include "asp/clock.h"
#include "asp/redact.h"
#include "asp/safeio.h"
#include "pam_asp/name_service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_MS = 500,
    KEPT_MS = 60 * 1000,
    KEPT = 64,        /* answers; where there are more, the one that is nearest its end goes */
    TYPED_SIZE = 512, /* what is longer is asked each time */
};

/* One question, and the thread that puts it. Who waits in vain leaves it to that thread. */
struct question {
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    bool done;
    char *typed; /* NULL: the uid is what is asked for */
    uid_t uid;
    enum asp_answer answer;
    char name[ASP_USER_MAX + 1];
};

struct kept_answer {
    char typed[TYPED_SIZE];
    char name[ASP_USER_MAX + 1];
    enum asp_answer answer;
    int64_t until_ms; /* 0: none is kept here */
};

struct asking {
    bool stuck; /* the name service has not answered */
    struct kept_answer kept[KEPT];
};

static volatile sig_atomic_t stop;

static void ask_to_stop(int number)
{
    (void)number;
    stop = 1;
}

static void *put_question(void *context)
{
    struct question *question = context;
    char name[sizeof question->name];
    enum asp_answer answer = ASP_USER_KNOWN;

    if (question->typed != NULL)
        answer = name_service.ask(name_service.context, question->typed, name, sizeof name);
    else
        user_name_of(question->uid, name, sizeof name);
    (void)pthread_mutex_lock(&question->mutex);
    question->answer = answer;
    memcpy(question->name, name, sizeof name);
    question->done = true;
    (void)pthread_cond_signal(&question->answered);
    (void)pthread_mutex_unlock(&question->mutex);
    return NULL;
}

static bool wait_for(struct question *question)
{
    struct timespec until;
    bool done;
    int code = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ANSWER_MS % 1000 * 1000000L;
    until.tv_sec += ANSWER_MS / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_mutex_lock(&question->mutex);
    while (!question->done && code == 0)
        code = pthread_cond_timedwait(&question->answered, &question->mutex, &until);
    done = question->done;
    (void)pthread_mutex_unlock(&question->mutex);
    return done;
}

static bool begin_question(struct question *question, pthread_t *thread)
{
    pthread_condattr_t attributes;

    if (pthread_condattr_init(&attributes) != 0)
        return false;
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&question->mutex, NULL);
    (void)pthread_cond_init(&question->answered, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return pthread_create(thread, NULL, put_question, question) == 0;
}

/* What was typed may be a password. */
static void free_question(struct question *question)
{
    if (question->typed != NULL)
        sodium_memzero(question->typed, strlen(question->typed));
    free(question->typed);
    free(question);
}

/* Asks in a thread, which is left behind, with what it works on, where it does not come back: this
 * process ends soon after. */
static enum asp_answer ask_bounded(struct asking *asking, const char *typed, uid_t uid, char *name,
                                   size_t size)
{
    struct question *question = calloc(1, sizeof *question);
    enum asp_answer answer = ASP_USER_NOT_TOLD;
    pthread_t thread;

    if (question == NULL)
        return answer;
    question->uid = uid;
    question->typed = typed == NULL ? NULL : strdup(typed);
    if ((typed != NULL && question->typed == NULL) || !begin_question(question, &thread)) {
        free_question(question);
        return answer;
    }
    asking->stuck = !wait_for(question);
    if (asking->stuck)
        return answer;
    (void)pthread_join(thread, NULL);
    answer = question->answer;
    if (strlen(question->name) < size)
        memcpy(name, question->name, strlen(question->name) + 1);
    free_question(question);
    return answer;
}

/* An answer that is kept, or NULL. */
static const struct kept_answer *find_kept(const struct asking *asking, const char *typed,
                                           int64_t now)
{
    for (size_t i = 0; i < KEPT; i++) {
        if (asking->kept[i].until_ms > now && strcmp(asking->kept[i].typed, typed) == 0)
            return &asking->kept[i];
    }
    return NULL;
}

/* Nothing is kept that does not fit, and no app password that was typed in the place of a name. */
static void keep(struct asking *asking, const char *typed, const char *name, enum asp_answer answer,
                 int64_t now)
{
    struct kept_answer *place = &asking->kept[0];

    if (strlen(typed) >= sizeof place->typed || strlen(name) >= sizeof place->name ||
        asp_redact_needed(typed))
        return;
    for (size_t i = 1; i < KEPT; i++) {
        if (asking->kept[i].until_ms < place->until_ms)
            place = &asking->kept[i];
    }
    memcpy(place->typed, typed, strlen(typed) + 1);
    memcpy(place->name, name, strlen(name) + 1);
    place->answer = answer;
    place->until_ms = now + KEPT_MS;
}

/* An asp_name_service's ask. Where it was stuck once in this login it is not asked again. */
static enum asp_answer ask(void *context, const char *typed, char *name, size_t size)
{
    struct asking *asking = context;
    const int64_t now = asp_clock_ms();
    const struct kept_answer *kept = find_kept(asking, typed, now);
    enum asp_answer answer = ASP_USER_NOT_TOLD;

    name[0] = '\0';
    if (kept != NULL) {
        if (strlen(kept->name) < size)
            memcpy(name, kept->name, strlen(kept->name) + 1);
        return kept->answer;
    }
    if (!asking->stuck)
        answer = ask_bounded(asking, typed, 0, name, size);
    if (answer != ASP_USER_NOT_TOLD)
        keep(asking, typed, name, answer, now);
    return answer;
}

/* Of a client: what cannot be told now is its number, and this process ends soon. */
static void ask_uid(void *context, uid_t uid, char *name, size_t size)
{
    struct asking *asking = context;

    name[0] = '\0';
    if (!asking->stuck)
        (void)ask_bounded(asking, NULL, uid, name, size);
    if (name[0] == '\0')
        (void)snprintf(name, size, "uid %lu", (unsigned long)uid);
}

/* The lane whose turn it is, also for who takes the place of one that is stuck. */
static void answer_all(struct worker_state *state, const struct asking *asking,
                       struct lanes *questions)
{
    struct lane_client client;

    while (!asking->stuck && worker_fits(state) && lanes_take_next(questions, &client)) {
        (void)answer_client(&state->answering, &client);
        asp_close(client.fd);
    }
}

int question_worker_run(void *context)
{
    const struct worker *worker = context;
    struct asking *asking = calloc(1, sizeof *asking);
    const struct asp_name_service names = {ask, asking};
    struct worker_state state;
    struct sigaction action = {.sa_handler = ask_to_stop};
    sigset_t mask;

    if (asking == NULL) {
        syslog(LOG_ERR, "a worker that asks the name service has no memory");
        return 1;
    }
    lane_sets_stop(worker->lanes);
    worker_begin(worker, &state);
    state.answering.name_service = &names;
    state.answering.ask_uid = ask_uid;
    (void)sigaction(LAST_END, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    (void)sigdelset(&mask, LAST_END);
    while (!asking->stuck && stop == 0 && worker_fits(&state)) {
        lanes_wait(worker->lanes->questions, &mask);
        answer_all(&state, asking, worker->lanes->questions);
        database_flush(state.answering.database.store);
    }
    worker_end(&state);
    if (!asking->stuck) {
        free(asking);
        return 0;
    }
    /* The thread that is stuck still works on what there is: only the process's end frees it. */
    log_throttled(worker->log_throttle, THROTTLED_STUCK, 0, LOG_ERR,
                  "the name service does not answer within %d ms: logins that ask it are refused",
                  ANSWER_MS);
    return 0;
}
