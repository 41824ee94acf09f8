/* The connections, and the time that they have. */
#include "connections.h"

#include <string.h>
#include <sys/socket.h>

struct connection *connections_add(struct connections *connections, struct MHD_Connection *handle,
                                   int64_t now)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *connection = &connections->list[i];

        if (connection->handle != NULL)
            continue;
        *connection = (struct connection){.handle = handle, .deadline = now + CONNECTION_READ_MS};
        return connection;
    }
    return NULL;
}

void connection_remove(struct connection *connection)
{
    connection->handle = NULL;
}

bool connections_are_full(const struct connections *connections,
                          const struct connection *connection)
{
    size_t count = 0;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        const struct connection *other = &connections->list[i];

        if (other->handle != NULL && other != connection && other->at_work &&
            origin_is_near(&connection->from, &other->from))
            count++;
    }
    return count >= CONNECTIONS_NEAR;
}

int64_t connections_shut_late(struct connections *connections, int64_t now)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *connection = &connections->list[i];

        if (connection->handle == NULL || connection->deadline == 0)
            continue;
        if (connection->deadline <= now) {
            const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection->handle, MHD_CONNECTION_INFO_CONNECTION_FD);

            /* The library finds it at its end, and removes it. */
            if (info != NULL)
                (void)shutdown(info->connect_fd, SHUT_RDWR);
            connection->deadline = 0;
        } else if (connection->deadline < next) {
            next = connection->deadline;
        }
    }
    return next;
}
