/* A file of which every new content is heard, by its folder. */
#include "watched_file.h"

#include <string.h>

/* The file is replaced or closed after it was written in place. A watch on the file itself would go
 * blind when it is replaced. */
#define WRITTEN (IN_MOVED_TO | IN_CLOSE_WRITE)

bool watched_file_follow(struct watched_file *file, int events)
{
    char folder[PATH_MAX];
    size_t length = (size_t)(strrchr(file->path, '/') - file->path);
    int before = file->folder;

    memcpy(folder, file->path, length + 1);
    folder[length == 0 ? 1 : length] = '\0';
    file->folder = inotify_add_watch(events, folder, WRITTEN | IN_ONLYDIR | IN_DONT_FOLLOW);
    if (before >= 0 && before != file->folder)
        (void)inotify_rm_watch(events, before);
    return file->folder >= 0;
}

bool watched_file_is_of(const struct watched_file *file, const struct inotify_event *event)
{
    return event->wd == file->folder && event->len > 0 &&
           strcmp(event->name, strrchr(file->path, '/') + 1) == 0;
}
