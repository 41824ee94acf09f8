/* The text of /etc/shadow: what is read of a user in it is what libc reads. */
#include "fuzz.h"

#include "asp/shadow.h"
#include "asp/time_text.h"

#include <shadow.h>

enum { DAY = 86400, LINE = 16384 };

/* As libc has it, until the next one; NULL: it is none. */
static const struct spwd *read_line(char *text)
{
#ifdef __GLIBC__
    /* Those of it without _r ask for more room for ever where a number is too large. */
    static char room[LINE];
    static struct spwd entry;
    struct spwd *found = NULL;

    return sgetspent_r(text, &entry, room, sizeof room, &found) == 0 ? found : NULL;
#else
    /* In musl files alone are read. */
    FILE *file = fmemopen(text, strlen(text) + 1, "r");
    const struct spwd *found;

    FUZZ_NEED(file != NULL);
    found = fgetspent(file);
    (void)fclose(file);
    return found;
#endif
}

/* Where libc knows the first line of this user, it has the hash and the day that were found. */
static void compare_with_libc(const struct asp_shadow *shadow, const char *user,
                              const struct asp_primary_now *now)
{
    const size_t length = strlen(user);
    const char *line = shadow->text;
    char text[LINE];
    const struct spwd *entry;

    while (line != NULL && (strncmp(line, user, length) != 0 || line[length] != ':')) {
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    if (line == NULL || strcspn(line, "\n") >= sizeof text)
        return;
    (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    entry = read_line(text);
    /* A text of fewer fields is read by libc, too, and so are days that are none of these. */
    if (entry == NULL || now->says != ASP_SAYS_HASH)
        return;
    FUZZ_NEED(strcmp(entry->sp_namp, user) == 0);
    FUZZ_NEED(strlen(entry->sp_pwdp) == now->length &&
              memcmp(entry->sp_pwdp, now->hash, now->length) == 0);
    FUZZ_NEED(now->day == ASP_NO_DAY || now->day == entry->sp_lstchg);
    FUZZ_NEED(now->expires ==
              (entry->sp_expire == -1 ? ASP_NEVER : (time_t)entry->sp_expire * DAY));
}

/* Who has no line counts as whom the account follows. */
static void follow(const struct asp_shadow *shadow)
{
    static const char nobody[] = "nobody at all";
    struct asp_primary_now one;
    struct asp_primary_now other;

    if (memmem(shadow->text, shadow->length, nobody, sizeof nobody - 1) != NULL)
        return;
    asp_shadow_find(shadow, nobody, "root", &one);
    asp_shadow_find(shadow, "root", NULL, &other);
    FUZZ_NEED(one.says == other.says || one.says != ASP_SAYS_ABSENT);
    FUZZ_NEED(one.says != other.says || (one.hash == other.hash && one.day == other.day));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const users[] = {"alice", "root", "a", ""};
    struct asp_shadow shadow = {.text = malloc(size + 2), .length = size + 1};

    FUZZ_NEED(shadow.text != NULL);
    if (size > 0)
        memcpy(shadow.text, data, size);
    /* It ends with a line end: without one it is not read. */
    strcpy(shadow.text + size, "\n");
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        struct asp_primary_now now;

        asp_shadow_find(&shadow, users[i], "", &now);
        FUZZ_NEED(now.expires == ASP_NEVER || now.expires >= 0);
        if (now.says == ASP_SAYS_HASH) {
            FUZZ_NEED(now.hash > shadow.text);
            FUZZ_NEED(now.hash + now.length < shadow.text + shadow.length);
            FUZZ_NEED(memchr(now.hash, ':', now.length) == NULL);
            FUZZ_NEED(memchr(now.hash, '\n', now.length) == NULL);
        }
        if (users[i][0] != '\0' && strlen(shadow.text) == shadow.length)
            compare_with_libc(&shadow, users[i], &now);
    }
    follow(&shadow);
    asp_shadow_free(&shadow);
    return 0;
}
