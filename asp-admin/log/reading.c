/* What is read of a log, whichever it is. */
#include "reading.h"

#include "asp/time_text.h"

void reading_saw(struct reading *reading, time_t when)
{
    if (reading->begins == ASP_NEVER || when < reading->begins)
        reading->begins = when;
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
        break;
    }
    return when < reading->since || tally_add(&reading->tally, &decision, when, times);
}

void reading_doubt(struct reading *reading, const char *program, const char *text)
{
    struct decision decision;

    if (decision_read(program, text, &decision) == DECISION_READ)
        reading->others++;
}
