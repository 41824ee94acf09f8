/* Connections that cannot be answered yet: until they have spoken, and there is room for them. */
#include "waiting_room.h"

#include "worker.h"

#include "asp/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum {
    PLACES = 512,
    AT_A_TIME = 64, /* taken in of a lane before the others are looked at again */
    SAY_MS = 500,
    RETRY_MS = 10, /* until room in a lane is looked for again */
};

struct place {
    struct lane_client client; /* its fd is -1 where the place is free */
    bool has_spoken;           /* and its lane is full */
};

struct waiting {
    const struct worker *worker;
    struct place places[PLACES];
};

static void leave(struct place *place)
{
    (void)close(place->client.fd);
    place->client.fd = -1;
}

/* The one of a uid that has waited longest for room in its lane; NULL: none does. */
static struct place *find_first(struct waiting *waiting, uid_t uid)
{
    struct place *oldest = NULL;

    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &waiting->places[i];

        if (place->client.fd >= 0 && place->has_spoken && place->client.uid == uid &&
            (oldest == NULL || place->client.since_ms < oldest->client.since_ms))
            oldest = place;
    }
    return oldest;
}

/* Whoever has said something gets into his lane, or waits on until there is room. Nobody passes one
 * of his own uid who has waited longer. */
static void look_at(struct waiting *waiting, struct place *place)
{
    const struct place *first;

    if (!place->has_spoken) {
        bool has_ended;

        place->has_spoken = answer_has_spoken(&place->client, &has_ended);
        if (has_ended)
            leave(place);
        if (!place->has_spoken)
            return;
    }
    first = find_first(waiting, place->client.uid);
    if (first == place && lanes_put(waiting->worker->lanes->logins, &place->client))
        place->client.fd = -1;
}

/* Of two of one uid: the silent one, then the older of the silent, and the newer of the others. */
static bool is_worth_less(const struct place *place, const struct place *other)
{
    if (place->has_spoken != other->has_spoken)
        return !place->has_spoken;
    return (place->client.since_ms < other->client.since_ms) != place->has_spoken;
}

/* Where all places are taken: the first one of the uid that has most of them. */
static struct place *find_most(struct waiting *waiting)
{
    size_t counts[PLACES] = {0};
    size_t most = 0;

    for (size_t i = 0; i < PLACES; i++) {
        size_t first = 0;

        while (waiting->places[first].client.uid != waiting->places[i].client.uid)
            first++;
        if (++counts[first] > counts[most])
            most = first;
    }
    return &waiting->places[most];
}

/* One whose client has given up; NULL: none has. */
static struct place *find_given_up(struct waiting *waiting)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (waiting->places[i].has_spoken && answer_has_no_taker(&waiting->places[i].client))
            return &waiting->places[i];
    }
    return NULL;
}

/* Of the uid that has most the one that is worth least. */
static struct place *find_worst(struct waiting *waiting)
{
    struct place *worst = find_most(waiting);

    for (size_t at = 0; at < PLACES; at++) {
        struct place *place = &waiting->places[at];

        if (place->client.uid == worst->client.uid && is_worth_less(place, worst))
            worst = place;
    }
    return worst;
}

static struct place *make_room(struct waiting *waiting)
{
    struct place *worst = find_given_up(waiting);

    if (worst == NULL)
        worst = find_worst(waiting);
    look_at(waiting, worst);
    if (worst->client.fd < 0)
        return worst;
    if (!answer_has_no_taker(&worst->client))
        answer_crowded(waiting->worker->log_throttle, &worst->client, worst->has_spoken);
    leave(worst);
    return worst;
}

static struct place *find_free(struct waiting *waiting)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (waiting->places[i].client.fd < 0)
            return &waiting->places[i];
    }
    return make_room(waiting);
}

/* The next of a lane. False: there is none. */
static bool take_in(struct waiting *waiting, size_t lane)
{
    struct lane_client client;
    struct place *place;

    if (!lanes_take(waiting->worker->lanes->arrivals, lane, &client))
        return false;
    place = find_free(waiting);
    *place = (struct place){.client = client};
    look_at(waiting, place);
    return true;
}

/* Drops one that has not said anything in time. */
static void drop_silent(const struct waiting *waiting, struct place *place)
{
    const uid_t uid = place->client.uid;

    log_throttled(waiting->worker->log_throttle, THROTTLED_SILENT, uid, LOG_NOTICE,
                  "uid %lu has connected and said nothing for %d ms: dropped", (unsigned long)uid,
                  SAY_MS);
    leave(place);
}

/* Looks at those who may have spoken, as `ready` has them, whose time is over, or who wait for
 * room. Returns how long it is until somebody is to be looked at again, -1: nobody. */
static int look_after(struct waiting *waiting)
{
    const int64_t now = asp_clock_ms();
    int64_t next = -1;

    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &waiting->places[i];
        int64_t left;

        if (place->client.fd < 0)
            continue;
        left = place->client.since_ms + SAY_MS - now;
        if (place->has_spoken || left <= 0)
            look_at(waiting, place);
        if (place->client.fd < 0)
            continue;
        if (place->has_spoken)
            left = RETRY_MS;
        else if (left <= 0)
            drop_silent(waiting, place);
        if (place->client.fd >= 0 && (next < 0 || left < next))
            next = left;
    }
    return (int)next;
}

/* Those who have spoken wait for something else. poll passes over what is -1. */
static int wait_for_some(const struct waiting *waiting, bool over, int most_ms,
                         struct pollfd ready[LANES + PLACES])
{
    const struct lanes *arrivals = waiting->worker->lanes->arrivals;

    for (size_t i = 0; i < LANES; i++)
        ready[i] = (struct pollfd){.fd = over ? -1 : lanes_fd(arrivals, i), .events = POLLIN};
    for (size_t i = 0; i < PLACES; i++) {
        const struct place *place = &waiting->places[i];

        ready[LANES + i] =
            (struct pollfd){.fd = place->has_spoken ? -1 : place->client.fd, .events = POLLIN};
    }
    return poll(ready, LANES + PLACES, most_ms);
}

/* Some of each lane, and so of each uid, at a time. */
static void look_at_ready(struct waiting *waiting, const struct pollfd ready[LANES + PLACES])
{
    for (size_t i = 0; i < PLACES; i++) {
        if (ready[LANES + i].revents != 0)
            look_at(waiting, &waiting->places[i]);
    }
    for (size_t i = 0; i < LANES; i++) {
        for (int taken = 0; ready[i].revents != 0 && taken < AT_A_TIME; taken++) {
            if (!take_in(waiting, i))
                break;
        }
    }
}

int waiting_room_run(void *context)
{
    struct waiting waiting = {.worker = context};
    const struct lane_sets *lanes = waiting.worker->lanes;
    struct pollfd ready[LANES + PLACES];

    for (size_t i = 0; i < PLACES; i++)
        waiting.places[i].client.fd = -1;
    worker_give_up(waiting.worker);
    lanes_stop(lanes->arrivals);
    lanes_close(lanes->slow);
    lanes_close(lanes->questions);
    for (;;) {
        const bool over = lanes_are_over(lanes->arrivals);
        const int left = look_after(&waiting);
        int count;

        if (over && left < 0)
            return 0;
        count = wait_for_some(&waiting, over, left, ready);
        if (count < 0 && errno != EINTR) {
            syslog(LOG_ERR, "who has said nothing yet cannot be waited for: %s", strerror(errno));
            return 1;
        }
        if (count > 0)
            look_at_ready(&waiting, ready);
    }
}
