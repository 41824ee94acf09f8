/* Wrong answers and sessions of users, counted and bounded. */
#include "throttle.h"

#include <stddef.h>

static const struct throttled_user *find_user(const struct throttle *throttle, uid_t uid)
{
    for (size_t i = 0; i < THROTTLE_USERS; i++) {
        if (throttle->users[i].taken && throttle->users[i].uid == uid)
            return &throttle->users[i];
    }
    return NULL;
}

/* Whether one user's place is rather given away than the other's: one without wrong answers, which
 * nobody is to be rid of by having others come, then by age. A free one looks like that of a user
 * who was never wrong and whom nobody has seen. */
static bool is_worth_less(const struct throttled_user *user, const struct throttled_user *other)
{
    if ((user->wrong == 0) != (other->wrong == 0))
        return user->wrong == 0;
    return user->seen_ms < other->seen_ms;
}

/* The user's place, a new one where she has none: that of whoever has no session and is worth
 * least. NULL when all have sessions. */
static struct throttled_user *take_user(struct throttle *throttle, uid_t uid, int64_t now_ms)
{
    struct throttled_user *best = NULL;

    for (size_t i = 0; i < THROTTLE_USERS; i++) {
        struct throttled_user *user = &throttle->users[i];

        if (user->taken && user->uid == uid) {
            user->seen_ms = now_ms;
            return user;
        }
        if (user->sessions == 0 && (best == NULL || is_worth_less(user, best)))
            best = user;
    }
    if (best != NULL)
        *best = (struct throttled_user){.taken = true, .uid = uid, .seen_ms = now_ms};
    return best;
}

void throttle_right(struct throttle *throttle, uid_t uid, int64_t now_ms)
{
    struct throttled_user *user = take_user(throttle, uid, now_ms);

    if (user == NULL)
        return;
    user->wrong = 0;
    user->unanswered -= user->unanswered > 0;
}

void throttle_wrong(struct throttle *throttle, uid_t uid, int64_t now_ms)
{
    struct throttled_user *user = take_user(throttle, uid, now_ms);

    if (user == NULL)
        return;
    if (now_ms - user->last_wrong_ms > THROTTLE_KEPT_MS)
        user->wrong = 0;
    user->wrong++;
    user->unanswered -= user->unanswered > 0;
    user->last_wrong_ms = now_ms;
}

int64_t throttle_wait(const struct throttle *throttle, uid_t uid, int64_t now_ms)
{
    const struct throttled_user *user = find_user(throttle, uid);
    int wrong;
    int64_t left;

    if (user == NULL)
        return 0;
    wrong = now_ms - user->last_wrong_ms > THROTTLE_KEPT_MS ? 0 : user->wrong;
    left = wrong < THROTTLE_TRIES ? 0 : user->last_wrong_ms + THROTTLE_WAIT_MS - now_ms;
    if (left > 0)
        return left;
    /* What is asked at once beside others may be answered wrong as well. */
    return user->unanswered > 1 && wrong + user->unanswered > THROTTLE_TRIES ? THROTTLE_BESIDE_MS
                                                                             : 0;
}

const char *throttle_enter(struct throttle *throttle, uid_t uid, int64_t now_ms)
{
    struct throttled_user *user = take_user(throttle, uid, now_ms);

    if (user == NULL)
        return "too many users are at it: try again in a moment";
    if (user->sessions >= THROTTLE_SESSIONS_EACH)
        return "you have three commands running: end one first";
    if (now_ms - user->second_ms >= 1000) {
        user->second_ms = now_ms;
        user->in_second = 0;
    }
    if (user->in_second >= THROTTLE_SESSIONS_A_SECOND)
        return "too many commands in a second: try again in a moment";
    user->in_second++;
    user->sessions++;
    user->unanswered++;
    return NULL;
}

void throttle_leave(struct throttle *throttle, uid_t uid)
{
    for (size_t i = 0; i < THROTTLE_USERS; i++) {
        struct throttled_user *user = &throttle->users[i];

        if (!user->taken || user->uid != uid || user->sessions == 0)
            continue;
        user->sessions--;
        if (user->unanswered > user->sessions)
            user->unanswered = user->sessions;
    }
}
