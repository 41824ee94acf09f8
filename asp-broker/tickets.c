/* Who was let in a few minutes ago, and where. */
#include "tickets.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAT_SIZE = 1024 };

/* Reads a file of /proc that is about a process. `owner`, when not NULL: whose the process is. */
static bool read_proc(pid_t process, const char *name, char text[STAT_SIZE], uid_t *owner)
{
    char path[48];
    struct stat st;
    ssize_t got = -1;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)process, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0)
        got = read(fd, text, STAT_SIZE - 1);
    (void)close(fd);
    if (got <= 0)
        return false;
    text[got] = '\0';
    if (owner != NULL)
        *owner = st.st_uid;
    return true;
}

bool ticket_place_read(const char *text, struct ticket_place *place)
{
    /* The name may have anything in it. */
    const char *after = strrchr(text, ')');
    int session;
    int terminal;
    int got;

    if (after == NULL)
        return false;
    /* The kernel's own numbers. NOLINTNEXTLINE(cert-err34-c) */
    got = sscanf(after + 1,
                 " %*c %*d %*d %d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                 &session, &terminal, &place->begun);
    if (got != 3)
        return false;
    place->session = session;
    place->terminal = (unsigned long)(unsigned)terminal;
    return true;
}

static bool read_stat(pid_t process, uid_t *owner, struct ticket_place *place)
{
    char text[STAT_SIZE];

    return read_proc(process, "stat", text, owner) && ticket_place_read(text, place);
}

static unsigned long read_login(pid_t process)
{
    char text[STAT_SIZE];

    return read_proc(process, "sessionid", text, NULL) ? strtoul(text, NULL, 10) : ULONG_MAX;
}

void ticket_place_of(pid_t process, uid_t uid, struct ticket_place *place)
{
    struct ticket_place leader;
    uid_t owner;

    if (process > 0 && read_stat(process, &owner, place) && owner == uid && place->session > 0 &&
        read_stat(place->session, NULL, &leader) && leader.session == place->session) {
        place->begun = leader.begun;
        place->login = read_login(process);
        return;
    }
    memset(place, 0, sizeof *place);
}

static bool same_place(const struct ticket_place *one, const struct ticket_place *other)
{
    return one->session == other->session && one->begun == other->begun &&
           one->terminal == other->terminal && one->login == other->login;
}

/* NULL: there is none. */
static const struct ticket *find(const struct tickets *tickets, uid_t uid,
                                 const struct ticket_place *place)
{
    for (size_t i = 0; i < TICKETS_MAX; i++) {
        const struct ticket *ticket = &tickets->list[i];

        if (ticket->until_ms != 0 && ticket->uid == uid && same_place(&ticket->place, place))
            return ticket;
    }
    return NULL;
}

const struct own_primary *ticket_find(const struct tickets *tickets, uid_t uid,
                                      const struct ticket_place *place, int64_t now_ms)
{
    const struct ticket *ticket = place->session == 0 ? NULL : find(tickets, uid, place);

    return ticket != NULL && ticket->until_ms > now_ms ? &ticket->own : NULL;
}

void ticket_give(struct tickets *tickets, uid_t uid, const struct ticket_place *place,
                 const struct own_primary *own, int64_t now_ms)
{
    const struct ticket *given = find(tickets, uid, place);
    struct ticket *taken = &tickets->list[0];

    if (place->session == 0)
        return;
    for (size_t i = 0; i < TICKETS_MAX; i++) {
        if (tickets->list[i].until_ms < taken->until_ms)
            taken = &tickets->list[i];
    }
    if (given != NULL)
        taken = &tickets->list[given - tickets->list];
    *taken =
        (struct ticket){.uid = uid, .place = *place, .own = *own, .until_ms = now_ms + TICKET_MS};
}
