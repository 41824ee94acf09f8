/* What is read of a log, whichever it is. */
#include "reading.h"

#include "asp-admin/ui/progress.h"
#include "asp/time_text.h"

#include <string.h>

void reading_saw(struct reading *reading, time_t when)
{
    if (reading->begins == ASP_NEVER || when < reading->begins)
        reading->begins = when;
}

/* Whether the stacks go on to the primary password then. */
static bool goes_on(enum asp_verdict verdict)
{
    return verdict == ASP_NOT_AN_APP_PASSWORD || verdict == ASP_NO_ACCOUNT ||
           verdict == ASP_UNAVAILABLE;
}

static void remember(struct reading *reading, const struct decision *decision)
{
    reading->recent[reading->recent_count++ % READING_RECENT] = *decision;
}

static bool is_of_same(const struct decision *a, const struct decision *b)
{
    return strcmp(a->typed, b->typed) == 0 && strcmp(a->service, b->service) == 0 &&
           strcmp(a->host, b->host) == 0;
}

/* Finds the decision that was passed over, which tells whose account it is; each is found once.
 * False: pam_asp was not asked, and pam_warn stands in a stack of another kind. */
static bool match(struct reading *reading, struct decision *let_in)
{
    for (size_t back = 1; back <= READING_RECENT && back <= reading->recent_count; back++) {
        struct decision *before = &reading->recent[(reading->recent_count - back) % READING_RECENT];

        if (before->let_in || !is_of_same(before, let_in))
            continue;
        before->let_in = true;
        let_in->verdict = before->verdict;
        memcpy(let_in->user, before->user, sizeof let_in->user);
        return true;
    }
    return false;
}

bool reading_take(struct reading *reading, time_t when, const char *program, const char *text,
                  unsigned times)
{
    struct decision decision;

    switch (decision_read(program, text, &decision)) {
    case DECISION_NONE:
        return true;
    case DECISION_BROKEN:
        reading->broken++;
        return true;
    case DECISION_READ:
        progress_count();
        break;
    }
    if (decision.let_in && !match(reading, &decision))
        return true;
    if (!decision.let_in && goes_on(decision.verdict))
        remember(reading, &decision);
    return when < reading->since ||
           tally_add(&reading->tally, &decision, when, decision.let_in ? 1 : times);
}

void reading_doubt(struct reading *reading, const char *program, const char *text)
{
    struct decision decision;

    if (decision_read(program, text, &decision) == DECISION_READ && !decision.let_in)
        reading->others++;
}
