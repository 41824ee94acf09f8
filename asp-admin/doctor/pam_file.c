/* A file of PAM, cut into lines and words as libpam cuts it. */
#include "pam_file.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ACTION_UNSET = INT_MIN };

#define BLANKS " \t\n\r"

/*
 * Takes the next line, over a backslash at its end and without its comment, and ends it where it
 * stands. NULL at the end of the text.
 */
static char *next_line(char **at, size_t *number)
{
    char *line = *at;
    char *to = line;

    if (*line == '\0')
        return NULL;
    for (;;) {
        char *end = strchrnul(*at, '\n');
        size_t length = strcspn(*at, "#\n");
        bool whole = *at + length == end; /* a comment is not continued */

        memmove(to, *at, length);
        to += length;
        *at = *end == '\n' ? end + 1 : end;
        ++*number;
        if (!whole || to == line || to[-1] != '\\' || **at == '\0')
            break;
        to[-1] = ' ';
    }
    *to = '\0';
    return line;
}

/*
 * Takes the next word: what stands between blanks or, with blanks in it, in brackets, where \] is a
 * bracket. NULL when there is none.
 */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, BLANKS);
    char *end;

    if (*word == '\0')
        return NULL;
    if (*word == '[') {
        char *to = ++word;

        for (end = word; *end != '\0' && *end != ']'; end++) {
            if (*end == '\\' && end[1] == ']')
                end++;
            *to++ = *end;
        }
        *at = *end == '\0' ? end : end + 1;
        *to = '\0';
        return word;
    }
    end = word + strcspn(word, BLANKS);
    *at = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

static void set_unset(int actions[REPLIES], int action)
{
    for (int i = 0; i < REPLIES; i++) {
        if (actions[i] == ACTION_UNSET)
            actions[i] = action;
    }
}

/* Takes the letters of a name from a control. */
static size_t letters(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyz_");
}

static bool is_name(const char *at, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(at, name, length) == 0;
}

static bool read_action(const char **at, int *action)
{
    static const char *const names[] = {"ignore", "ok", "done", "bad", "die", "reset"};
    size_t length = letters(*at);
    char *end;
    unsigned long jump;

    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        if (is_name(*at, length, names[i])) {
            *at += length;
            *action = -i;
            return true;
        }
    }
    if (!isdigit((unsigned char)**at))
        return false;
    jump = strtoul(*at, &end, 10);
    *at = end;
    *action = jump < INT_MAX ? (int)jump : INT_MAX;
    return jump > 0;
}

/* Sets what one name of a control stands for. False: it is none of libpam's. */
static bool set_action(const char *name, size_t length, int action, int actions[REPLIES])
{
    static const char *const ours[REPLIES] = {
        [REPLY_SUCCESS] = "success",         [REPLY_AUTH_ERR] = "auth_err",
        [REPLY_PERM_DENIED] = "perm_denied", [REPLY_NEW_AUTHTOK_REQD] = "new_authtok_reqd",
        [REPLY_AUTHTOK_ERR] = "authtok_err",
    };
    static const char *const others[] = {
        "open_err",
        "symbol_err",
        "service_err",
        "system_err",
        "buf_err",
        "cred_insufficient",
        "authinfo_unavail",
        "user_unknown",
        "maxtries",
        "acct_expired",
        "session_err",
        "cred_unavail",
        "cred_expired",
        "cred_err",
        "no_module_data",
        "conv_err",
        "authtok_recover_err",
        "authtok_lock_busy",
        "authtok_disable_aging",
        "try_again",
        "ignore",
        "abort",
        "authtok_expired",
        "module_unknown",
        "bad_item",
        "conv_again",
        "incomplete",
    };

    if (is_name(name, length, "default")) {
        set_unset(actions, action);
        return true;
    }
    for (int i = 0; i < REPLIES; i++) {
        if (is_name(name, length, ours[i])) {
            actions[i] = action;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (is_name(name, length, others[i]))
            return true;
    }
    return false;
}

/* success=done default=die: NAME=ACTION, as many as are wanted. */
static bool read_control(const char *at, int actions[REPLIES])
{
    for (at += strspn(at, BLANKS); *at != '\0'; at += strspn(at, BLANKS)) {
        const char *name = at;
        size_t length = letters(at);
        int action;

        at += length;
        at += strspn(at, BLANKS);
        if (length == 0 || *at++ != '=')
            return false;
        at += strspn(at, BLANKS);
        if (!read_action(&at, &action) || !set_action(name, length, action, actions))
            return false;
    }
    return true;
}

/* The words that stand for a control each. */
static bool set_control(const char *word, int actions[REPLIES])
{
    static const struct {
        const char *word;
        int good;
        int bad;
    } controls[] = {
        {"required", ACTION_OK, ACTION_BAD},
        {"requisite", ACTION_OK, ACTION_DIE},
        {"optional", ACTION_OK, ACTION_IGNORE},
        {"sufficient", ACTION_DONE, ACTION_IGNORE},
    };

    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
        if (strcasecmp(word, controls[i].word) != 0)
            continue;
        actions[REPLY_SUCCESS] = actions[REPLY_NEW_AUTHTOK_REQD] = controls[i].good;
        set_unset(actions, controls[i].bad);
        return true;
    }
    return false;
}

static void read_how(const char *word, struct pam_line *line)
{
    if (word == NULL) {
        line->kind = LINE_BROKEN;
    } else if (strcasecmp(word, "include") == 0) {
        line->kind = LINE_INCLUDE;
    } else if (strcasecmp(word, "substack") == 0) {
        line->kind = LINE_SUBSTACK;
    } else if (!set_control(word, line->actions) && !read_control(word, line->actions)) {
        line->fails = true;
        for (int i = 0; i < REPLIES; i++)
            line->actions[i] = ACTION_BAD;
    }
    /* What is not said counts as a failure. */
    set_unset(line->actions, ACTION_BAD);
}

static bool read_arguments(char *at, struct pam_line *line)
{
    size_t most = strlen(at) / 2 + 1;
    char *word;

    if (at[strspn(at, BLANKS)] == '\0')
        return true;
    line->arguments = calloc(most, sizeof *line->arguments);
    if (line->arguments == NULL)
        return false;
    while ((size_t)line->argument_count < most && (word = next_word(&at)) != NULL)
        line->arguments[line->argument_count++] = word;
    return true;
}

/* -auth is auth, and no word in the log when the module is missing. */
static enum facility read_facility(const char *word)
{
    static const char *const names[] = {"auth", "account", "password", "session"};

    if (word[0] == '-')
        word++;
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        if (strcasecmp(word, names[i]) == 0)
            return (enum facility)i;
    }
    return FACILITY_UNKNOWN;
}

/* A line that is not empty. False: out of memory. */
static bool read_line(char *at, char *first, struct pam_line *line)
{
    bool all = strcasecmp(first, "@include") == 0;

    for (int i = 0; i < REPLIES; i++)
        line->actions[i] = ACTION_UNSET;
    line->facility = all ? FACILITY_ANY : read_facility(first);
    read_how(all ? "include" : next_word(&at), line);
    line->word = next_word(&at);
    if (line->word == NULL || line->facility == FACILITY_UNKNOWN)
        line->kind = LINE_BROKEN;
    return read_arguments(at, line);
}

bool pam_file_read(struct pam_file *file)
{
    size_t most = 1;
    size_t number = 0;
    char *at = file->text;
    char *line;

    for (const char *c = at; *c != '\0'; c++)
        most += *c == '\n';
    file->lines = calloc(most, sizeof *file->lines);
    if (file->lines == NULL)
        return false;
    for (size_t begun = 1; (line = next_line(&at, &number)) != NULL; begun = number + 1) {
        char *first = next_word(&line);

        if (first == NULL)
            continue;
        file->lines[file->count].number = begun;
        if (!read_line(line, first, &file->lines[file->count]))
            return false;
        file->count++;
    }
    return true;
}

bool pam_line_has(const struct pam_line *line, const char *module)
{
    const char *slash;

    if (line->kind != LINE_MODULE)
        return false;
    slash = strrchr(line->word, '/');
    return strcmp(slash != NULL ? slash + 1 : line->word, module) == 0;
}

void pam_file_free(struct pam_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->lines[i].arguments);
    free(file->lines);
    free(file->text);
    free(file->path);
    free(file->name);
    *file = (struct pam_file){0};
}
