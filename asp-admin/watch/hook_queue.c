/* The accounts whose hooks are due, and whose app passwords have expired. */
#include "hook_queue.h"

#include "hook_job.h"
#include "signals.h"

#include "asp-admin/hooks/hooks_due.h"
#include "asp/buffer.h"
#include "asp/clock.h"
#include "asp/revocation.h"
#include "asp/time_text.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>

enum {
    NOTED_MAX = 4096, /* accounts whose files were written, or that are put off; with more, all are
                         looked at */
    JOBS_MAX = 16,
    WALK_GAP = 2,    /* seconds between two looks at all accounts for expired ones */
    DELAY_MAX = 300, /* seconds: what could not be done is tried after 1, 2, 4 and so on */
    SECOND = 1000,   /* ms */
};

static bool has_expired(const struct hook_work *work)
{
    return work->since < work->until;
}

void hook_queue_begin(struct hook_queue *queue, time_t looked)
{
    hook_works_clear(&queue->waiting);
    hook_works_clear(&queue->later);
    for (size_t i = 0; i < queue->running.count; i++)
        queue->running.list[i].since = queue->running.list[i].until;
    queue->looked = looked;
    queue->next = ASP_NEVER;
    hook_queue_note_all(queue);
    /* Whoever started us may have it ignored, and then nobody's end would be seen. */
    (void)signal(SIGCHLD, SIG_DFL);
}

void hook_queue_note_all(struct hook_queue *queue)
{
    queue->walk = true;
    queue->walk_at = 0;
    queue->walk_delay = 0;
}

static int longer(int delay)
{
    if (delay == 0)
        return 1;
    return 2 * delay < DELAY_MAX ? 2 * delay : DELAY_MAX;
}

static void put_off_walk(struct hook_queue *queue)
{
    queue->walk = true;
    queue->walk_delay = longer(queue->walk_delay);
    queue->walk_at = asp_clock_ms() + queue->walk_delay * (int64_t)SECOND;
}

/* There is no room for it: it is found again by a look at all. */
static void leave_to_walk(struct hook_queue *queue, const struct hook_work *work)
{
    if (has_expired(work) && work->since < queue->looked)
        queue->looked = work->since;
    put_off_walk(queue);
}

static void add_waiting(struct hook_queue *queue, const char *user, time_t since, time_t until)
{
    struct hook_work work = {.user = strdup(user), .since = since, .until = until};

    if (work.user == NULL || !hook_works_add(&queue->waiting, work))
        leave_to_walk(queue, &work);
}

void hook_queue_note(struct hook_queue *queue, const char *user)
{
    if (queue->waiting.count < NOTED_MAX)
        add_waiting(queue, user, queue->looked, queue->looked);
    else
        queue->walk = true;
}

/* Takes the work: there is one for a user among those put off. */
static void add_later(struct hook_queue *queue, struct hook_work work)
{
    struct hook_work *other = hook_works_find(&queue->later, work.user);

    if (other != NULL) {
        hook_work_join(other, &work);
        other->at = work.at < other->at ? work.at : other->at;
        other->delay = work.delay > other->delay ? work.delay : other->delay;
        other->left = work.left;
        hook_work_free(&work);
    } else if (queue->later.count == NOTED_MAX) {
        leave_to_walk(queue, &work);
        hook_work_free(&work);
    } else if (!hook_works_add(&queue->later, work)) {
        leave_to_walk(queue, &work);
    }
}

static void put_off(struct hook_queue *queue, struct hook_work work, bool left)
{
    work.delay = longer(work.delay);
    work.at = asp_clock_ms() + work.delay * (int64_t)SECOND;
    work.left = left;
    add_later(queue, work);
}

static void see_end(struct hook_queue *queue, struct hook_work work, enum job_end end)
{
    struct hook_work *later = hook_works_find(&queue->later, work.user);

    if (later != NULL)
        later->at = 0;
    if (end == JOB_BUSY) /* what has expired was run */
        work.since = work.until;
    if (end == JOB_DONE)
        hook_work_free(&work);
    else
        put_off(queue, work, end == JOB_AGAIN);
}

void hook_queue_reap(struct hook_queue *queue)
{
    for (size_t i = queue->running.count; i-- > 0;) {
        enum job_end end = hook_job_look(queue->running.list[i].job, false);

        if (end != JOB_RUNS)
            see_end(queue, hook_works_take(&queue->running, i), end);
    }
}

/* Looking */

/* Which of it is to be looked for. */
struct look {
    const struct admin *admin;
    struct hook_queue *queue;
    time_t since;
    time_t until;
};

/* ASP_OK: there is something to be done, and `*expired` whether it is that too. ASP_UNCHANGED:
 * there is nothing. Else it cannot be told. */
static enum asp_status look_at(const struct look *look, const char *user, bool *expired,
                               struct asp_error *error)
{
    bool hooked = asp_has_revoked_hook(look->admin->conf);
    time_t *next = &look->queue->next;
    struct asp_account account;
    bool due = false;
    enum asp_status status = asp_store_load(&look->admin->store, user, NULL, &account, error);

    *expired = false;
    if (status == ASP_NOT_FOUND)
        return ASP_UNCHANGED;
    if (status != ASP_OK)
        return status;
    for (size_t i = 0; i < account.count; i++) {
        const struct asp_entry *entry = &account.entries[i];

        due = due || entry->hook_due;
        if (!hooked || entry->revoked != ASP_NEVER || entry->expires == ASP_NEVER)
            continue;
        if (entry->expires > look->until)
            *next = *next == ASP_NEVER || entry->expires < *next ? entry->expires : *next;
        else if (entry->expires > look->since)
            *expired = true;
    }
    asp_account_free(&account);
    return due || *expired ? ASP_OK : ASP_UNCHANGED;
}

static enum asp_status visit(const char *user, void *context)
{
    const struct look *look = context;
    struct hook_work work = {.since = look->since, .until = look->until};
    bool expired;
    enum asp_status status;

    if (signals_stop_is_pending())
        return ASP_INTERRUPTED;
    status = look_at(look, user, &expired, NULL);
    if (status == ASP_OK) {
        add_waiting(look->queue, user, expired ? look->since : look->until, look->until);
    } else if (status != ASP_UNCHANGED) {
        work.user = strdup(user);
        if (work.user == NULL)
            return ASP_NO_MEMORY;
        put_off(look->queue, work, true);
    }
    return ASP_OK;
}

/* Something is due of this user, and not in the account. */
static enum asp_status visit_aside(const char *user, void *context)
{
    const struct look *look = context;

    add_waiting(look->queue, user, look->until, look->until);
    return ASP_OK;
}

static void walk_all(struct admin *admin, struct hook_queue *queue)
{
    struct look look = {admin, queue, .until = admin->now};
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum asp_status status;

    queue->walk = false;
    queue->next = ASP_NEVER;
    /* The clock may have been set back. */
    look.since = queue->looked < admin->now ? queue->looked : admin->now;
    queue->looked = admin->now;
    status = asp_store_each(&admin->store, visit, &look, &error);
    if (status == ASP_OK)
        status = asp_due_each(&admin->store, visit_aside, &look, &error);
    if (status == ASP_OK && !queue->walk)
        queue->walk_delay = 0;
    if (status == ASP_OK)
        return;
    queue->looked = look.since;
    if (status == ASP_NO_MEMORY)
        (void)asp_fail(&error, status, "out of memory");
    if (status != ASP_INTERRUPTED && queue->walk_delay < DELAY_MAX)
        syslog(LOG_ERR, "hooks that are due were not all found: %s", asp_error_line(&error, line));
    put_off_walk(queue);
}

/* Doing */

static void log_wait(const struct hook_work *work, const struct asp_error *error)
{
    struct asp_buffer line = {0};
    char room[ASP_ERROR_LINE];

    if (work->delay == DELAY_MAX) /* it was said often enough */
        return;
    asp_buffer_add(&line, "hooks that are due for ");
    asp_buffer_add_logged(&line, work->user);
    asp_buffer_add(&line, " wait: ");
    asp_buffer_add(&line, asp_error_line(error, room));
    if (!line.failed)
        syslog(LOG_ERR, "%s", line.text);
    asp_buffer_free(&line);
}

/* Takes the work, for which there is something to be done. */
static void start(struct admin *admin, struct hook_queue *queue, struct hook_work work)
{
    struct asp_turn turn = ASP_TURN_FREE;
    struct asp_error error = {0};
    enum asp_status status;

    if (!asp_has_revoked_hook(admin->conf)) {
        status = hooks_run_due(admin, work.user, &turn); /* nothing is run, and the marks go */
        see_end(queue, work,
                status == ASP_OK     ? JOB_DONE
                : status == ASP_BUSY ? JOB_BUSY
                                     : JOB_AGAIN);
        return;
    }
    work.job = hook_job_start(admin, work.user, work.since, work.until);
    if (work.job < 0) {
        (void)asp_fail_errno(&error, "no process can be started for them");
        log_wait(&work, &error);
        put_off(queue, work, true);
    } else if (!hook_works_add(&queue->running, work)) {
        hook_job_stop(work.job);
        (void)hook_job_look(work.job, true);
        leave_to_walk(queue, &work);
    }
}

static void take_up(struct admin *admin, struct hook_queue *queue, struct hook_work work)
{
    struct look look = {admin, queue, work.since, work.until};
    struct asp_error error = {0};
    bool expired;
    enum asp_status status;

    if (hook_works_find(&queue->running, work.user) != NULL) {
        work.at = INT64_MAX;
        add_later(queue, work);
        return;
    }
    status = look_at(&look, work.user, &expired, &error);
    if (status == ASP_OK || (status == ASP_UNCHANGED && asp_due_is_any(&admin->store, work.user))) {
        start(admin, queue, work);
    } else if (status == ASP_UNCHANGED) {
        hook_work_free(&work);
    } else {
        log_wait(&work, &error);
        put_off(queue, work, true);
    }
}

static void take_up_late(struct hook_queue *queue)
{
    int64_t now = asp_clock_ms();

    for (size_t i = queue->later.count; i-- > 0;) {
        if (queue->later.list[i].at <= now) {
            struct hook_work work = hook_works_take(&queue->later, i);

            if (!hook_works_add(&queue->waiting, work))
                leave_to_walk(queue, &work);
        }
    }
}

static bool can_start(const struct hook_queue *queue)
{
    return queue->waiting.count > 0 && queue->running.count < JOBS_MAX;
}

/* In how many ms all are to be looked at, once nothing waits; -1: that is not known. */
static int64_t time_to_walk(const struct hook_queue *queue, time_t now)
{
    time_t next = queue->next;
    int64_t left = queue->walk_at - asp_clock_ms();

    if (queue->walk)
        return left > 0 ? left : 0;
    if (now < queue->looked)
        return 0;
    if (next == ASP_NEVER)
        return -1;
    if (next < queue->looked + WALK_GAP)
        next = queue->looked + WALK_GAP;
    if (next - now > DELAY_MAX)
        return DELAY_MAX * (int64_t)SECOND;
    return next > now ? (next - now) * (int64_t)SECOND : 0;
}

int64_t hook_queue_wait(const struct hook_queue *queue, time_t now)
{
    int64_t wait = queue->waiting.count > 0 ? -1 : time_to_walk(queue, now);
    int64_t clock = asp_clock_ms();

    if (can_start(queue))
        return 0;
    for (size_t i = 0; i < queue->later.count; i++) {
        int64_t left = queue->later.list[i].at - clock;

        left = left > 0 ? left : 0;
        wait = wait < 0 || left < wait ? left : wait;
    }
    return wait;
}

void hook_queue_step(struct admin *admin, struct hook_queue *queue)
{
    take_up_late(queue);
    if (can_start(queue))
        take_up(admin, queue, hook_works_take(&queue->waiting, queue->waiting.count - 1));
    else if (queue->waiting.count == 0 && time_to_walk(queue, admin->now) == 0)
        walk_all(admin, queue);
}

bool hook_queue_is_settled(const struct hook_queue *queue)
{
    const struct hook_works *const lists[] = {&queue->running, &queue->later};

    if (queue->waiting.count > 0)
        return false;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it holds pointers */
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t j = 0; j < lists[i]->count; j++) {
            if (has_expired(&lists[i]->list[j]))
                return false;
        }
    }
    return true;
}

size_t hook_queue_finish(struct admin *admin, struct hook_queue *queue)
{
    siginfo_t ended;
    size_t left = 0;

    for (;;) {
        hook_queue_reap(queue);
        admin->now = time(NULL);
        if (hook_queue_wait(queue, admin->now) == 0)
            hook_queue_step(admin, queue);
        else if (queue->running.count == 0)
            break;
        else
            (void)waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
    }
    for (size_t i = 0; i < queue->later.count; i++)
        left += queue->later.list[i].left;
    return left;
}

void hook_queue_end(struct hook_queue *queue)
{
    for (size_t i = 0; i < queue->running.count; i++)
        hook_job_stop(queue->running.list[i].job);
    for (size_t i = 0; i < queue->running.count; i++)
        (void)hook_job_look(queue->running.list[i].job, true);
    hook_works_clear(&queue->running);
    hook_works_clear(&queue->waiting);
    hook_works_clear(&queue->later);
}
