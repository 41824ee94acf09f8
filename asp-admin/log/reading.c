/* What is read of a log, whichever it is. */
#include "reading.h"

#include "asp-admin/ui/progress.h"
#include "asp/time_text.h"

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

static bool take_let_in(struct reading *reading, time_t when, struct decision *let_in,
                        unsigned times)
{
    const unsigned found = waiting_take(&reading->waiting, let_in, when, times);
    struct log_service *service;

    if (!services_note(&reading->services, let_in->service, &service))
        return false;
    if (service != NULL && found > 0)
        service->tells = true;
    if (service != NULL && when >= reading->since)
        service->lost += times - found;
    return found == 0 || when < reading->since || tally_add(&reading->tally, let_in, when, found);
}

static bool take_verdict(struct reading *reading, time_t when, const struct decision *decision,
                         unsigned times)
{
    struct log_service *service;

    if (!services_note(&reading->services, decision->service, &service))
        return false;
    if (service != NULL)
        service->decides = true;
    if (goes_on(decision->verdict) && !waiting_add(&reading->waiting, decision, when, times))
        return false;
    return when < reading->since || tally_add(&reading->tally, decision, when, times);
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
    return decision.let_in ? take_let_in(reading, when, &decision, times)
                           : take_verdict(reading, when, &decision, times);
}

void reading_doubt(struct reading *reading, const char *program, const char *text)
{
    struct decision decision;

    if (decision_read(program, text, &decision) == DECISION_READ && !decision.let_in)
        reading->others++;
}

bool reading_knows_let_in(const struct reading *reading, const struct tally_row *row)
{
    return goes_on(row->verdict) &&
           (row->let_in > 0 || services_tells(&reading->services, row->service));
}

void reading_free(struct reading *reading)
{
    waiting_free(&reading->waiting);
    services_free(&reading->services);
    tally_free(&reading->tally);
}
