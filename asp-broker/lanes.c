/* Clients that wait for a worker, each uid's in a lane of its own. */
#include "lanes.h"

#include "asp/safeio.h"

#include <poll.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum {
    NOBODY = 0,
    ON_THEIR_WAY = 65536, /* more than all lanes have room for, as the kernel comes */
};

/* In memory that the processes share. */
struct shared {
    _Atomic long owners[LANES]; /* a uid and 1, or NOBODY */
    atomic_size_t last;         /* from which somebody was taken */
    atomic_int waiting; /* a worker that is killed may leave it too high, and then nobody is served
                           past the lanes */
};

/* Each process's own. */
struct lanes {
    struct shared *shared;
    int in[LANES]; /* -1: this process puts nobody in */
    int out[LANES];
};

static bool open_lane(struct lanes *lanes, size_t lane)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return false;
    lanes->in[lane] = pair[0];
    lanes->out[lane] = pair[1];
    return true;
}

/* Without a privilege a user's descriptors that are on their way, in whatever lane, are as many as
 * one process may open: some uids would leave no room to others. */
static void raise_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= ON_THEIR_WAY)
        return;
    files.rlim_cur = files.rlim_max < ON_THEIR_WAY ? files.rlim_max : ON_THEIR_WAY;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

struct lanes *lanes_make(void)
{
    struct lanes *lanes = calloc(1, sizeof *lanes);

    if (lanes == NULL)
        return NULL;
    lanes->shared = mmap(NULL, sizeof *lanes->shared, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (lanes->shared == MAP_FAILED) {
        free(lanes);
        return NULL;
    }
    raise_limit();
    for (size_t i = 0; i < LANES; i++)
        lanes->in[i] = lanes->out[i] = -1;
    for (size_t i = 0; i < LANES; i++) {
        if (!open_lane(lanes, i)) {
            lanes_close(lanes);
            return NULL;
        }
    }
    return lanes;
}

void lanes_close(struct lanes *lanes)
{
    if (lanes == NULL)
        return;
    for (size_t i = 0; i < LANES; i++) {
        asp_close(lanes->in[i]);
        asp_close(lanes->out[i]);
    }
    (void)munmap(lanes->shared, sizeof *lanes->shared);
    free(lanes);
}

void lanes_stop(struct lanes *lanes)
{
    for (size_t i = 0; i < LANES; i++) {
        asp_close(lanes->in[i]);
        lanes->in[i] = -1;
    }
}

bool lanes_are_over(const struct lanes *lanes)
{
    char byte;

    for (size_t i = 0; i < LANES; i++) {
        if (recv(lanes->out[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 0)
            return false;
    }
    return true;
}

int lanes_fd(const struct lanes *lanes, size_t lane)
{
    return lanes->out[lane];
}

/* The uid's own, taken for good where it has none; one that is another's too when there are more
 * uids than lanes. */
static size_t lane_of(struct lanes *lanes, uid_t uid)
{
    const long own = (long)uid + 1;

    for (size_t i = 0; i < LANES; i++) {
        long owner = NOBODY;

        if (atomic_compare_exchange_strong(&lanes->shared->owners[i], &owner, own) || owner == own)
            return i;
    }
    return uid % LANES;
}

/* One message of a lane: what is known of the client, and its descriptor beside. */
struct parcel {
    struct lane_client client;
    struct iovec bytes;
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message;
};

static void prepare(struct parcel *parcel)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->bytes = (struct iovec){&parcel->client, sizeof parcel->client};
    parcel->message.msg_iov = &parcel->bytes;
    parcel->message.msg_iovlen = 1;
    parcel->message.msg_control = parcel->control;
    parcel->message.msg_controllen = sizeof parcel->control;
}

bool lanes_put(struct lanes *lanes, const struct lane_client *client)
{
    struct parcel parcel;
    struct cmsghdr *head;

    prepare(&parcel);
    parcel.client = *client;
    head = CMSG_FIRSTHDR(&parcel.message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof client->fd);
    memcpy(CMSG_DATA(head), &client->fd, sizeof client->fd);
    atomic_fetch_add(&lanes->shared->waiting, 1);
    if (sendmsg(lanes->in[lane_of(lanes, client->uid)], &parcel.message, MSG_NOSIGNAL) < 0) {
        atomic_fetch_sub(&lanes->shared->waiting, 1);
        return false;
    }
    asp_close(client->fd);
    return true;
}

bool lanes_take(struct lanes *lanes, size_t lane, struct lane_client *client)
{
    struct parcel parcel;
    const struct cmsghdr *head;

    prepare(&parcel);
    if (recvmsg(lanes->out[lane], &parcel.message, MSG_CMSG_CLOEXEC) <= 0)
        return false;
    atomic_fetch_sub(&lanes->shared->waiting, 1);
    atomic_store(&lanes->shared->last, lane);
    /* Without room for another descriptor the kernel leaves it out, and closes it. */
    head = CMSG_FIRSTHDR(&parcel.message);
    if (head == NULL)
        return false;
    *client = parcel.client;
    memcpy(&client->fd, CMSG_DATA(head), sizeof client->fd);
    return true;
}

bool lanes_take_of(struct lanes *lanes, uid_t uid, struct lane_client *client)
{
    return lanes_take(lanes, lane_of(lanes, uid), client);
}

bool lanes_take_next(struct lanes *lanes, struct lane_client *client)
{
    const size_t first = atomic_load(&lanes->shared->last) + 1;

    for (size_t i = 0; i < LANES; i++) {
        if (lanes_take(lanes, (first + i) % LANES, client))
            return true;
    }
    return false;
}

void lanes_wait(const struct lanes *lanes, const sigset_t *mask)
{
    struct pollfd waiting[LANES];

    for (size_t i = 0; i < LANES; i++)
        waiting[i] = (struct pollfd){.fd = lanes_fd(lanes, i), .events = POLLIN};
    (void)ppoll(waiting, LANES, NULL, mask);
}

bool lanes_are_empty(const struct lanes *lanes)
{
    return atomic_load(&lanes->shared->waiting) == 0;
}

bool lane_sets_make(struct lane_sets *sets)
{
    sets->logins = lanes_make();
    sets->arrivals = lanes_make();
    sets->slow = lanes_make();
    sets->questions = lanes_make();
    return sets->logins != NULL && sets->arrivals != NULL && sets->slow != NULL &&
           sets->questions != NULL;
}

void lane_sets_stop(const struct lane_sets *sets)
{
    lanes_stop(sets->arrivals);
    lanes_stop(sets->logins);
}

void lane_sets_close(const struct lane_sets *sets)
{
    lanes_close(sets->logins);
    lanes_close(sets->arrivals);
    lanes_close(sets->slow);
    lanes_close(sets->questions);
}
