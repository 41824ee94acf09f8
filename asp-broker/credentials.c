/* What root alone may read, told by one process to others. */
#include "credentials.h"

#include "asp/clock.h"
#include "asp/safeio.h"
#include "pam_asp/conf_cache.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

enum what { PIN, CREDENTIALS };

enum { DESCRIPTORS = PGSQL_CREDENTIALS + 1 }; /* beside an answer: the pin's file and these */

/* A message: its bytes, and descriptors beside. */
struct parcel {
    struct iovec bytes;
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
    struct msghdr message;
};

struct answer {
    enum asp_status status;
    struct asp_error error;
    struct pgsql_pin pin;
    int pin_file; /* -1: none; it and a file that is there come beside */
    struct pgsql_credentials credentials;
};

bool credentials_make(struct credentials_ends *ends)
{
    int pair[2];

    *ends = (struct credentials_ends){-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    *ends = (struct credentials_ends){pair[0], pair[1]};
    return true;
}

void credentials_close(struct credentials_ends *ends)
{
    asp_close(ends->asking);
    asp_close(ends->hearing);
    *ends = (struct credentials_ends){-1, -1};
}

static void prepare(struct parcel *parcel, void *bytes, size_t length, size_t descriptors)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->bytes = (struct iovec){bytes, length};
    parcel->message.msg_iov = &parcel->bytes;
    parcel->message.msg_iovlen = 1;
    if (descriptors == 0)
        return;
    parcel->message.msg_control = parcel->control;
    /* Without the room behind the last, in which there would be one more. */
    parcel->message.msg_controllen = (socklen_t)CMSG_LEN(sizeof(int) * descriptors);
}

static bool put(int to, void *bytes, size_t length, const int *descriptors, size_t count)
{
    struct parcel parcel;

    prepare(&parcel, bytes, length, count);
    if (count > 0) {
        struct cmsghdr *head = CMSG_FIRSTHDR(&parcel.message);

        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = (socklen_t)CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(head), descriptors, sizeof(int) * count);
    }
    return sendmsg(to, &parcel.message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
}

/* How many bytes there were, and in `descriptors` what came beside, which the caller closes; -1
 * where there is none. */
static ssize_t take(int from, void *bytes, size_t length, int *descriptors, size_t most)
{
    struct parcel parcel;
    const struct cmsghdr *head;
    ssize_t taken;

    for (size_t i = 0; i < most; i++)
        descriptors[i] = -1;
    prepare(&parcel, bytes, length, most);
    do {
        taken = recvmsg(from, &parcel.message, MSG_CMSG_CLOEXEC);
    } while (taken < 0 && errno == EINTR);
    head = taken >= 0 ? CMSG_FIRSTHDR(&parcel.message) : NULL;
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len <= CMSG_LEN(sizeof(int) * most))
        memcpy(descriptors, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
    return taken;
}

static void read_for(const struct credentials_worker *worker, enum what what, struct answer *answer)
{
    struct shared_conf *shared = NULL;

    answer->credentials = PGSQL_NO_CREDENTIALS;
    answer->pin_file = -1;
    answer->status =
        conf_cache_acquire(worker->conf_path, worker->conf_required, &shared, &answer->error);
    if (answer->status != ASP_OK)
        return;
    if (what == PIN)
        answer->status = database_pin_read(conf_cache_read(shared), &answer->pin, &answer->pin_file,
                                           &answer->error);
    else
        answer->status = database_credentials_open(conf_cache_read(shared), &answer->credentials,
                                                   &answer->error);
    conf_cache_release(shared);
}

/* Who asks waits at a socket of its own, which comes beside the question. */
static void tell(const struct credentials_worker *worker, int to, enum what what)
{
    struct answer answer = {0};
    int descriptors[DESCRIPTORS];
    size_t count = 0;

    read_for(worker, what, &answer);
    for (size_t i = 0; i < PGSQL_CREDENTIALS; i++) {
        if (answer.status == ASP_OK && answer.credentials.files[i] >= 0)
            descriptors[count++] = answer.credentials.files[i];
    }
    if (answer.status == ASP_OK && answer.pin_file >= 0)
        descriptors[count++] = answer.pin_file;
    (void)put(to, &answer, sizeof answer, descriptors, count);
    asp_close(answer.pin_file);
    database_credentials_close(&answer.credentials);
    sodium_memzero(&answer, sizeof answer);
}

int credentials_worker_run(void *context)
{
    const struct credentials_worker *worker = context;
    uint8_t what;
    int to;

    asp_close(worker->ends->asking); /* else somebody would be left for ever */
    lane_sets_close(worker->lanes);
    while (take(worker->ends->hearing, &what, sizeof what, &to, 1) > 0) {
        if (to >= 0)
            tell(worker, to, what == PIN ? PIN : CREDENTIALS);
        asp_close(to);
    }
    return 0;
}

static bool wait_for(int fd, int64_t deadline)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    int64_t left = deadline - asp_clock_ms();
    int count;

    do {
        count = poll(&polled, 1, left > 0 ? (int)left : 0);
        left = deadline - asp_clock_ms();
    } while (count < 0 && errno == EINTR);
    return count > 0;
}

/* Puts the next that came into the place of one that is there. False: it is missing. */
static bool place(const struct answer *answer, int *file, const int **next)
{
    const bool is_there = answer->status == ASP_OK && *file >= 0;

    *file = is_there ? *(*next)++ : -1;
    return !is_there || *file >= 0;
}

/* In the order of tell(). */
static bool place_files(struct answer *answer, const int descriptors[DESCRIPTORS])
{
    const int *next = descriptors;
    bool all = true;

    for (size_t i = 0; i < PGSQL_CREDENTIALS; i++)
        all = place(answer, &answer->credentials.files[i], &next) && all;
    return place(answer, &answer->pin_file, &next) && all;
}

static enum asp_status ask(int asking, enum what what, int64_t deadline, struct answer *answer,
                           struct asp_error *error)
{
    uint8_t byte = (uint8_t)what;
    int pair[2] = {-1, -1};
    int descriptors[DESCRIPTORS];
    bool heard;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return asp_fail_errno(error, "what root alone may read cannot be asked for");
    heard = put(asking, &byte, sizeof byte, &pair[1], 1);
    asp_close(pair[1]);
    heard =
        heard && wait_for(pair[0], deadline) &&
        take(pair[0], answer, sizeof *answer, descriptors, DESCRIPTORS) == (ssize_t)sizeof *answer;
    asp_close(pair[0]);
    if (!heard)
        return asp_fail(error, ASP_IO, "what root alone may read was not told in time");
    if (!place_files(answer, descriptors)) {
        database_credentials_close(&answer->credentials);
        asp_close(answer->pin_file);
        return asp_fail(error, ASP_NO_FILES, "no descriptor is left for a file of the database");
    }
    if (answer->status != ASP_OK && error != NULL)
        *error = answer->error;
    return answer->status;
}

static enum asp_status ask_pin(void *context, int64_t deadline, struct pgsql_pin *pin, int *file,
                               struct asp_error *error)
{
    struct answer answer = {0};
    const enum asp_status status = ask(*(const int *)context, PIN, deadline, &answer, error);

    if (status == ASP_OK) {
        *pin = answer.pin;
        *file = answer.pin_file;
    }
    return status;
}

static enum asp_status ask_credentials(void *context, int64_t deadline,
                                       struct pgsql_credentials *credentials,
                                       struct asp_error *error)
{
    struct answer answer = {0};
    const enum asp_status status =
        ask(*(const int *)context, CREDENTIALS, deadline, &answer, error);

    if (status == ASP_OK)
        *credentials = answer.credentials;
    sodium_memzero(&answer, sizeof answer);
    return status;
}

struct pgsql_reader credentials_reader(int *asking)
{
    return (struct pgsql_reader){ask_pin, ask_credentials, asking};
}
