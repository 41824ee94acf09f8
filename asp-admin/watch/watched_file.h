/*
 * A file of which every new content is heard, also where it is replaced: by inotify(7), on its
 * folder.
 */
#ifndef ASP_ADMIN_WATCH_WATCHED_FILE_H
#define ASP_ADMIN_WATCH_WATCHED_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/inotify.h>

struct watched_file {
    char path[PATH_MAX]; /* absolute */
    int folder;          /* by the number that inotify gives it; -1: it is not watched */
};

/* Watches the folder of a file by this descriptor of inotify, or the folder that is there now; the
 * same one keeps its number. False, with errno: it cannot be watched. */
bool watched_file_follow(struct watched_file *file, int events);

/* Whether the event is of this file. */
bool watched_file_is_of(const struct watched_file *file, const struct inotify_event *event);

#endif
