/* Decisions that wait for a line of pam_warn's. */
#include "waiting.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const struct decision *x = &((const struct waiting_login *)a)->decision;
    const struct decision *y = &((const struct waiting_login *)b)->decision;
    int order = strcmp(x->typed, y->typed);

    if (order == 0)
        order = strcmp(x->service, y->service);
    return order != 0 ? order : strcmp(x->host, y->host);
}

static struct waiting_login *find(const struct waiting *waiting, const struct decision *decision)
{
    const struct waiting_login key = {.decision = *decision};
    void *found = tfind(&key, &waiting->tree, compare);

    return found != NULL ? *(struct waiting_login **)found : NULL;
}

/* Files may be read in any order, and clocks are set. */
static bool is_near(time_t a, time_t b)
{
    return (a > b ? a - b : b - a) <= WAITING_SECONDS;
}

static void drop(struct waiting *waiting, struct waiting_login *login)
{
    (void)tdelete(login, &waiting->tree, compare);
    TAILQ_REMOVE(&waiting->logins, login, link);
    waiting->count--;
    free(login);
}

/* NULL without memory. */
static struct waiting_login *make(struct waiting *waiting, const struct decision *decision)
{
    struct waiting_login *login = calloc(1, sizeof *login);

    if (login == NULL)
        return NULL;
    login->decision = *decision;
    if (tsearch(login, &waiting->tree, compare) == NULL) {
        free(login);
        return NULL;
    }
    if (waiting->count++ == 0)
        TAILQ_INIT(&waiting->logins);
    TAILQ_INSERT_TAIL(&waiting->logins, login, link);
    return login;
}

bool waiting_add(struct waiting *waiting, const struct decision *decision, time_t when,
                 unsigned times)
{
    struct waiting_login *login = find(waiting, decision);

    if (login == NULL) {
        login = make(waiting, decision);
        if (login == NULL)
            return false;
        if (waiting->count > WAITING_MAX)
            drop(waiting, TAILQ_FIRST(&waiting->logins));
    } else {
        TAILQ_REMOVE(&waiting->logins, login, link);
        TAILQ_INSERT_TAIL(&waiting->logins, login, link);
        if (!is_near(login->when, when))
            login->count = 0;
    }
    login->decision = *decision;
    login->when = when;
    login->count += times;
    return true;
}

unsigned waiting_take(struct waiting *waiting, struct decision *let_in, time_t when, unsigned times)
{
    struct waiting_login *login = find(waiting, let_in);

    if (login == NULL || !is_near(login->when, when))
        return 0;
    let_in->verdict = login->decision.verdict;
    memcpy(let_in->user, login->decision.user, sizeof let_in->user);
    if (login->count > times) {
        login->count -= times;
        return times;
    }
    times = (unsigned)login->count;
    drop(waiting, login);
    return times;
}

void waiting_free(struct waiting *waiting)
{
    while (waiting->count > 0)
        drop(waiting, TAILQ_FIRST(&waiting->logins));
}
