/* doctor: what pam-auth-update(8) has written, compared with what is there, as it does that itself
 * (diff_profiles). */
#include "pam_auth_update.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES "/etc/pam.d/common-"
#define KEPT "/var/lib/pam/"

static const char *const types[] = {"auth", "account", "password", "session",
                                    "session-noninteractive"};

#define ADDITIONAL_MARK "# and here are more per-package modules (the \"Additional\" block)"

/* Its marks, each of which ends a part of the file. */
static const char *const marks[] = {"# here are the per-package modules (the \"Primary\" block)",
                                    "# here's the fallback if no module succeeds", ADDITIONAL_MARK,
                                    "# end of pam-auth-update config"};
enum {
    PRIMARY = 1, /* how many marks stand above a block */
    ADDITIONAL = 3,
    MARKS = sizeof marks / sizeof *marks,
};

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Takes out how far it jumps: [success=2 default=ignore]. That follows from the lines below. */
static void drop_jump(char *line)
{
    char *bracket = strchr(line, '[');
    char *number = bracket != NULL ? strpbrk(bracket, "0123456789") : NULL;
    char *end = number;

    while (end != NULL && isdigit((unsigned char)*end))
        end++;
    if (end != NULL && strchr(end, ']') != NULL)
        memmove(number, end, strlen(end) + 1);
}

/* The same of what it has kept, in which the last such word is "end". */
static void drop_end(char *line)
{
    char *bracket = strrchr(line, ']');
    char *end = NULL;

    for (char *at = strchr(line, '['); at != NULL && at < bracket; at++) {
        if (begins_with(at, "end"))
            end = at;
    }
    if (end != NULL)
        memmove(end, end + strlen("end"), strlen(end + strlen("end")) + 1);
}

/* Cuts off the arguments: control and module are what it knows a line by. False: there are none. */
static bool cut_arguments(char *line)
{
    char *at = line[0] == '[' ? strchr(line, ']') : line + strcspn(line, " \t");
    size_t blanks;

    if (at == NULL)
        return false;
    at += *at == ']';
    blanks = strspn(at, " \t");
    at += blanks + strcspn(at + blanks, " \t");
    *at = '\0';
    return blanks > 0;
}

/* The next line of what it has kept that is a module's, or NULL. */
static char *next_kept(char **rest)
{
    char *line;

    while ((line = strsep(rest, "\n")) != NULL) {
        if (begins_with(line, "Module: "))
            continue;
        drop_jump(line);
        drop_end(line);
        if (cut_arguments(line))
            return line;
    }
    return NULL;
}

/* True where the line is one of those that are left of what it has kept, which are used up to it.
 */
static bool is_kept(char *line, const char *type, char **rest)
{
    const size_t length = strcspn(type, "-");
    const char *kept;

    if (strncmp(line, type, length) == 0 && strchr(" \t", line[length]) != NULL)
        line += length + strspn(line + length, " \t");
    drop_jump(line);
    while ((kept = next_kept(rest)) != NULL) {
        if (begins_with(line, kept))
            return true;
    }
    return false;
}

static bool is_as_written(char *text, const char *type, char *kept)
{
    size_t above = 0;
    char *line;

    while (above < MARKS && (line = strsep(&text, "\n")) != NULL) {
        if (text == NULL && line[0] == '\0')
            break; /* behind the last line end */
        if (begins_with(line, marks[above]))
            above++;
        else if ((above == PRIMARY || above == ADDITIONAL) && !is_kept(line, type, &kept))
            return false;
    }
    return above == MARKS;
}

bool pam_auth_update_would(struct examination *exam, char edited[PATH_MAX])
{
    bool would = true;

    for (size_t i = 0; would && i < sizeof types / sizeof *types; i++) {
        char *text;
        char *kept;

        (void)snprintf(edited, PATH_MAX, KEPT "%s", types[i]);
        kept = exam_text(exam, edited);
        would = kept != NULL;
        if (would)
            (void)snprintf(edited, PATH_MAX, FILES "%s", types[i]);
        text = would ? exam_text(exam, edited) : NULL;
        would = text != NULL && is_as_written(text, types[i], kept);
        free(kept);
        free(text);
    }
    return would;
}
