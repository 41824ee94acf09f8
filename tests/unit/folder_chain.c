/* A chain of folders, for the tests of what is opened in them. */
#include "folder_chain.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct asp_error chain_error;
char chain_top[UNIT_PATH];
char chain[4][UNIT_PATH];

void make_chain(void)
{
    static const char *const names[] = {"", "/a", "/a/b", "/a/b/c"};

    (void)snprintf(chain_top, sizeof chain_top, "%.400s", unit_folder());
    for (size_t i = 0; i < UNIT_COUNT(chain); i++) {
        (void)snprintf(chain[i], sizeof chain[i], "%.400s%s", chain_top, names[i]);
        if (i > 0)
            make_folder(chain[i]);
    }
}

void make_folder(const char *path)
{
    ck_assert_msg(mkdir(path, 0700) == 0, "%s: %s", path, strerror(errno));
}

int held(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    return fd;
}

void old_kernel(int way)
{
    static const struct unit_plan no_openat2 = {.call = "openat2", .first = 1, .number = ENOSYS};

    if (way == 1)
        unit_calls_begin(&no_openat2);
}

void says(const char *word)
{
    ck_assert_msg(strstr(chain_error.text, word) != NULL, "%s: not in: %s", word, chain_error.text);
}
