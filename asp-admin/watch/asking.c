/* The name service, asked beside the loop of a running watch. */
#include "asking.h"

#include "asp/clock.h"

#include <string.h>

enum {
    VIRTUAL_INTERVAL = 24 * 60 * 60, /* seconds until it is asked of all virtual users again */
    SECOND = 1000,                   /* ms */
};

#define ANSWERS_AGAIN "the name service answers again"

static bool is_open(const struct asking *asking)
{
    return asking->asker.fd >= 0;
}

enum whom asking_whom(const struct asking *asking)
{
    const int64_t now = asp_clock_ms();

    if (is_open(asking) || now < asking->next)
        return ASK_OF_NOBODY;
    return now < asking->next_of_all ? ASK_OF_SOME : ASK_OF_ALL;
}

int64_t asking_wait(const struct asking *asking)
{
    const int64_t left = asking->asker.end_ms - asp_clock_ms();

    if (!is_open(asking))
        return -1;
    return left > 0 ? left : 0;
}

void asking_drop(struct asking *asking)
{
    name_asker_end(&asking->asker);
    asking->next = asking->next_of_all = 0;
}

static void note_all_told(struct asking *asking)
{
    if (asking->whom == ASK_OF_ALL)
        asking->next_of_all = asp_clock_ms() + VIRTUAL_INTERVAL * (int64_t)SECOND;
}

static void report(struct asking *asking, const struct admin *admin,
                   const struct compare_result *result, enum asp_status status,
                   const struct asp_error *error)
{
    char line[ASP_ERROR_LINE];
    char failed[REPORT_LINE];

    report_gone(admin, result, &asking->held);
    report_failed(result, failed);
    /* A file that is being written is read at the next interval. */
    if (status != ASP_BUSY)
        report_trouble(asking->trouble, status != ASP_OK ? asp_error_line(error, line) : failed,
                       ANSWERS_AGAIN);
}

void asking_begin(struct asking *asking, const struct admin *admin, enum whom whom,
                  struct name_questions *questions, size_t accounts)
{
    struct asp_error error = {0};
    struct compare_result none = {0};
    enum asp_status status;

    if (whom == ASK_OF_NOBODY)
        return;
    asking->whom = whom;
    asking->accounts = accounts;
    asking->next = asp_clock_ms() + admin->conf->primary_interval * (int64_t)SECOND;
    if (questions->count == 0) {
        note_all_told(asking);
        return;
    }
    status = name_asker_begin(&asking->asker, questions, &error);
    if (status == ASP_OK)
        return;
    name_asker_end(&asking->asker);
    report(asking, admin, &none, status, &error);
}

void asking_look(struct asking *asking, struct admin *admin)
{
    struct asp_error error = {0};
    struct compare_result result = {.accounts = asking->accounts};
    enum asp_status told;
    enum asp_status status;

    if (!is_open(asking))
        return;
    told = name_asker_look(&asking->asker, &error);
    if (told == ASP_UNCHANGED)
        return;
    status = compare_answers(admin, false, &asking->asker.questions, &result,
                             told == ASP_OK ? &error : NULL);
    name_asker_end(&asking->asker);
    if (status == ASP_INTERRUPTED)
        return;
    if (told == ASP_OK && status == ASP_OK)
        note_all_told(asking);
    report(asking, admin, &result, told != ASP_OK ? told : status, &error);
}
