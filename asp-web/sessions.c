/* The sessions there are. */
#include "sessions.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

bool sessions_open(struct sessions *sessions)
{
    sessions->list = calloc(SESSIONS_MAX, sizeof *sessions->list);
    if (sessions->list != NULL)
        (void)sodium_mlock(sessions->list, SESSIONS_MAX * sizeof *sessions->list);
    return sessions->list != NULL;
}

void sessions_close(struct sessions *sessions)
{
    for (size_t i = 0; sessions->list != NULL && i < SESSIONS_MAX; i++)
        session_end(&sessions->list[i]);
    if (sessions->list != NULL)
        (void)sodium_munlock(sessions->list, SESSIONS_MAX * sizeof *sessions->list);
    free(sessions->list);
    sessions->list = NULL;
}

struct session *sessions_find(const struct sessions *sessions, const struct cookie *cookie)
{
    uint8_t digest[COOKIE_DIGEST];
    struct session *found = NULL;

    if (cookie->length != COOKIE_RANDOM)
        return NULL;
    cookie_digest(cookie, digest);
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *session = &sessions->list[i];

        if (session->taken && sodium_memcmp(session->digest, digest, sizeof digest) == 0)
            found = session;
    }
    return found;
}

struct session *sessions_find_once(const struct sessions *sessions, int64_t now,
                                   const struct once_token *token)
{
    struct session *found = NULL;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *session = &sessions->list[i];

        (void)once_look(&session->once, now);
        if (once_is(&session->once, token))
            found = session;
    }
    return found;
}

/* The oldest that signs in from near there. NULL: there are fewer than SESSIONS_NEAR. */
static struct session *find_crowded(const struct sessions *sessions, const struct origin *from)
{
    struct session *oldest = NULL;
    size_t count = 0;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *session = &sessions->list[i];

        if (session->conversation.state != CONVERSATION_ASKING ||
            !origin_is_near(&session->from, from))
            continue;
        count++;
        if (oldest == NULL || session->number < oldest->number)
            oldest = session;
    }
    return count >= SESSIONS_NEAR ? oldest : NULL;
}

/* The oldest in this state. NULL: there is none. */
static struct session *find_oldest(const struct sessions *sessions, enum conversation_state state)
{
    struct session *oldest = NULL;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *session = &sessions->list[i];

        if (session->conversation.state == state &&
            (oldest == NULL || session->number < oldest->number))
            oldest = session;
    }
    return oldest;
}

struct session *sessions_first_to_go(const struct sessions *sessions, const struct origin *from)
{
    struct session *session = find_crowded(sessions, from);

    if (session != NULL || find_oldest(sessions, CONVERSATION_CLOSED) != NULL)
        return session;
    session = find_oldest(sessions, CONVERSATION_OVER);
    return session != NULL ? session : find_oldest(sessions, CONVERSATION_ASKING);
}

struct session *sessions_add(struct sessions *sessions, const struct origin *from)
{
    struct session *session = sessions->list;

    while (session < sessions->list + SESSIONS_MAX && session->taken)
        session++;
    if (session == sessions->list + SESSIONS_MAX)
        return NULL;
    session->taken = true;
    session->number = ++sessions->last;
    session->from = *from;
    return session;
}

void session_name(struct session *session, struct cookie *cookie)
{
    cookie_make(cookie);
    cookie_digest(cookie, session->digest);
}

bool session_may_change(struct session *session, int64_t now)
{
    if (session->changes == 0 || now - session->counted_since >= SESSION_CHANGES_MS) {
        session->counted_since = now;
        session->changes = 0;
    }
    if (session->changes == SESSION_CHANGES)
        return false;
    session->changes++;
    return true;
}

void session_end(struct session *session)
{
    if (!session->taken)
        return;
    conversation_end(&session->conversation);
    once_end(&session->once);
    sodium_memzero(session, sizeof *session);
}
