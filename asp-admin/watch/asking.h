/*
 * When a running watch asks the name service, of whom, and what comes of the answers, which are
 * waited for beside everything else.
 */
#ifndef ASP_ADMIN_WATCH_ASKING_H
#define ASP_ADMIN_WATCH_ASKING_H

#include "compare_all.h"
#include "name_asker.h"
#include "report.h"

struct asking {
    struct name_asker asker;
    enum whom whom;  /* is being asked of now */
    size_t accounts; /* in the pass that began it */
    int64_t next;    /* ms, see asp_clock_ms: when it is asked again, at a pass */
    int64_t next_of_all;
    size_t held;               /* as it was logged last */
    char trouble[REPORT_LINE]; /* the same; empty: all is well */
};

#define ASKING_NOTHING ((struct asking){.asker = {.fd = -1}})

/* Of whom the next pass has questions: of nobody while some are open. */
enum whom asking_whom(const struct asking *asking);

/* After a pass: takes its questions, of those, and begins to ask. `questions` is empty then. */
void asking_begin(struct asking *asking, const struct admin *admin, enum whom whom,
                  struct name_questions *questions, size_t accounts);

/* ms until asking_look has something to do, unless the asker's descriptor is readable before; -1:
 * nothing. */
int64_t asking_wait(const struct asking *asking);

/* Looks whether there are answers; once all have come, or none comes any more, notes and reports
 * what they are. The store must be open. */
void asking_look(struct asking *asking, struct admin *admin);

/* Ends what is asked, if anything is; the next pass asks anew. */
void asking_drop(struct asking *asking);

#endif
