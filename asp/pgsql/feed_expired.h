/*
 * What has expired: nothing is written then, so each machine asks for it. Private to the feed.
 */
#ifndef ASP_PGSQL_FEED_EXPIRED_H
#define ASP_PGSQL_FEED_EXPIRED_H

#include "feed.h"

/* Tells what has expired since the last time, by the heads that were read. */
enum asp_status pgsql_feed_expired(struct pgsql_feed *feed, struct asp_error *error);

#endif
