#include "tickets.h"

#include "asp/shadow.h"

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

/* The fields of /proc/PID/stat, proc(5), after the name, which may have anything in it. */
static bool read_stat(pid_t process, uid_t *owner, struct ticket_place *place)
{
    char text[STAT_SIZE];
    const char *after;
    int session;
    int terminal;
    int got;

    if (!read_proc(process, "stat", text, owner))
        return false;
    after = strrchr(text, ')');
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
        read_stat(place->session, NULL, &leader) && leader.session == place->session &&
        asp_identity_at(ASP_SHADOW_PATH, &place->shadow, NULL) == ASP_OK) {
        place->begun = leader.begun;
        place->login = read_login(process);
        return;
    }
    memset(place, 0, sizeof *place);
}

static bool same_place(const struct ticket_place *one, const struct ticket_place *other)
{
    return one->session == other->session && one->begun == other->begun &&
           one->terminal == other->terminal && one->login == other->login &&
           asp_identity_same(&one->shadow, &other->shadow);
}

bool ticket_holds(const struct tickets *tickets, uid_t uid, const struct ticket_place *place,
                  int64_t now_ms)
{
    for (size_t i = 0; place->session != 0 && i < TICKETS; i++) {
        const struct ticket *ticket = &tickets->list[i];

        if (ticket->until_ms > now_ms && ticket->uid == uid && same_place(&ticket->place, place))
            return true;
    }
    return false;
}

static const struct ticket_user *find_user(const struct tickets *tickets, uid_t uid)
{
    for (size_t i = 0; i < USERS; i++) {
        if (tickets->users[i].taken && tickets->users[i].uid == uid)
            return &tickets->users[i];
    }
    return NULL;
}

/* Whether one user's place is rather given away than the other's: a free one, then one without
 * wrong answers, which nobody is to be rid of by having others come, then by age. */
static bool is_worth_less(const struct ticket_user *user, const struct ticket_user *other)
{
    if (!user->taken || !other->taken)
        return other->taken;
    if ((user->wrong == 0) != (other->wrong == 0))
        return user->wrong == 0;
    return user->seen_ms < other->seen_ms;
}

/* The user's place, a new one where she has none: that of whoever has no session and is worth
 * least. NULL when all have sessions. */
static struct ticket_user *take_user(struct tickets *tickets, uid_t uid, int64_t now_ms)
{
    struct ticket_user *best = NULL;

    for (size_t i = 0; i < USERS; i++) {
        struct ticket_user *user = &tickets->users[i];

        if (user->taken && user->uid == uid) {
            user->seen_ms = now_ms;
            return user;
        }
        if (user->sessions == 0 && (best == NULL || is_worth_less(user, best)))
            best = user;
    }
    if (best != NULL)
        *best = (struct ticket_user){.taken = true, .uid = uid, .seen_ms = now_ms};
    return best;
}

void ticket_give(struct tickets *tickets, uid_t uid, const struct ticket_place *place,
                 int64_t now_ms)
{
    struct ticket *oldest = &tickets->list[0];
    struct ticket_user *user = take_user(tickets, uid, now_ms);

    if (user != NULL) {
        user->wrong = 0;
        user->unanswered -= user->unanswered > 0;
    }
    if (place->session == 0)
        return;
    for (size_t i = 0; i < TICKETS; i++) {
        if (tickets->list[i].until_ms < oldest->until_ms)
            oldest = &tickets->list[i];
    }
    *oldest = (struct ticket){.uid = uid, .place = *place, .until_ms = now_ms + TICKET_MS};
}

void ticket_wrong(struct tickets *tickets, uid_t uid, int64_t now_ms)
{
    struct ticket_user *user = take_user(tickets, uid, now_ms);

    if (user == NULL)
        return;
    if (now_ms - user->last_wrong_ms > TRIES_KEPT_MS)
        user->wrong = 0;
    user->wrong++;
    user->unanswered -= user->unanswered > 0;
    user->last_wrong_ms = now_ms;
}

int64_t ticket_wait(const struct tickets *tickets, uid_t uid, int64_t now_ms)
{
    const struct ticket_user *user = find_user(tickets, uid);
    int wrong;
    int64_t left;

    if (user == NULL)
        return 0;
    wrong = now_ms - user->last_wrong_ms > TRIES_KEPT_MS ? 0 : user->wrong;
    left = wrong < TRIES ? 0 : user->last_wrong_ms + TRIES_WAIT_MS - now_ms;
    if (left > 0)
        return left;
    /* What is asked at once beside others may be answered wrong as well. */
    return user->unanswered > 1 && wrong + user->unanswered > TRIES ? BESIDE_WAIT_MS : 0;
}

const char *ticket_enter(struct tickets *tickets, uid_t uid, int64_t now_ms)
{
    struct ticket_user *user = take_user(tickets, uid, now_ms);

    if (user == NULL)
        return "too many users are at it: try again in a moment";
    if (user->sessions >= SESSIONS_EACH)
        return "you have three commands running: end one first";
    if (now_ms - user->second_ms >= 1000) {
        user->second_ms = now_ms;
        user->in_second = 0;
    }
    if (user->in_second >= SESSIONS_A_SECOND)
        return "too many commands in a second: try again in a moment";
    user->in_second++;
    user->sessions++;
    user->unanswered++;
    return NULL;
}

void ticket_leave(struct tickets *tickets, uid_t uid)
{
    for (size_t i = 0; i < USERS; i++) {
        struct ticket_user *user = &tickets->users[i];

        if (!user->taken || user->uid != uid || user->sessions == 0)
            continue;
        user->sessions--;
        if (user->unanswered > user->sessions)
            user->unanswered = user->sessions;
    }
}
