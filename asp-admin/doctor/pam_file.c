/* A file of PAM, cut into lines and words as libpam cuts it. */
#include "pam_file.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ACTION_UNSET = INT_MIN };

/* What parts words; a carriage return does not, and is one more letter of the word. */
#define BLANKS " \t\n"
#define BLANKS_IN_LINE " \t"

/* What parts the words of a control. */
#define CONTROL_BLANKS " \t\n\v\f\r"

static const char *const reply_names[REPLIES] = {
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
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

const char *pam_reply_name(enum reply reply)
{
    return reply_names[reply];
}

bool pam_reply_of(const char *name, enum reply *reply)
{
    for (int i = 0; i < REPLIES; i++) {
        if (strcmp(name, reply_names[i]) == 0) {
            *reply = (enum reply)i;
            return true;
        }
    }
    return false;
}

/* True when the line goes on in the next one: a backslash, with nothing but blanks behind it. It
 * becomes a blank, and the end of the line. */
static bool goes_on(const char *line, char **to)
{
    char *end = *to;

    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (end == line || end[-1] != '\\')
        return false;
    end[-1] = ' ';
    *to = end;
    return true;
}

/* Passes over lines with nothing to read in them. */
static void pass_empty(char **at, size_t *number)
{
    for (;;) {
        char *first = *at + strspn(*at, BLANKS_IN_LINE);

        if (*first == '\0')
            *at = first;
        if (*first != '#' && *first != '\n')
            return;
        *at = strchrnul(*at, '\n');
        *at += **at == '\n';
        ++*number;
    }
}

/*
 * Takes the next line, over a backslash at its end and without its comment, and ends it where it
 * stands. NULL at the end of the text.
 */
static char *next_line(struct pam_file *file, char **at, size_t *number)
{
    char *line = *at;
    char *to = line;
    size_t begun = *number + 1;

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
        if (!whole || !goes_on(line, &to))
            break;
        end = *at;
        pass_empty(at, number);
        if (*at != end && file->torn == 0)
            file->torn = begun;
        if (**at == '\0') {
            file->is_cut = true;
            break;
        }
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

/* Takes a name that the text begins with, whatever comes behind it, as libpam does. */
static bool take(const char **at, const char *name)
{
    size_t length = strlen(name);

    if (strncmp(*at, name, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool read_action(const char **at, int *action)
{
    static const char *const names[] = {"ignore", "ok", "done", "bad", "die", "reset"};
    char *end;
    unsigned long jump;

    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        if (take(at, names[i])) {
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

/* The answer that a part of a control speaks of; REPLIES for those that no part does. */
static bool read_reply(const char **at, int *reply)
{
    for (*reply = 0; *reply < REPLIES; ++*reply) {
        if (take(at, reply_names[*reply]))
            return true;
    }
    return take(at, "default");
}

/* success=done default=die: NAME=ACTION, as many as are wanted. */
static bool read_control(const char *at, int actions[REPLIES])
{
    for (at += strspn(at, CONTROL_BLANKS); *at != '\0'; at += strspn(at, CONTROL_BLANKS)) {
        int reply;
        int action;

        if (!read_reply(&at, &reply))
            return false;
        at += strspn(at, CONTROL_BLANKS);
        if (*at++ != '=')
            return false;
        at += strspn(at, CONTROL_BLANKS);
        if (!read_action(&at, &action))
            return false;
        if (reply == REPLIES)
            set_unset(actions, action);
        else
            actions[reply] = action;
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
        actions[REPLY_IGNORE] = ACTION_IGNORE;
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
    for (size_t begun = 1; (line = next_line(file, &at, &number)) != NULL; begun = number + 1) {
        char *first = next_word(&line);

        if (first == NULL || file->is_cut)
            continue;
        file->lines[file->count].number = begun;
        file->lines[file->count].last = number;
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
    free(file->whole);
    free(file->path);
    free(file->name);
    *file = (struct pam_file){0};
}
