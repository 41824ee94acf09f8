/* Hooks: what they are told, and when they are run. */
#include "hooks.h"

#include "asp-admin/system/program.h"
#include "asp/buffer.h"
#include "asp/redact.h"
#include "asp/scope.h"
#include "asp/time_text.h"

#include <string.h>
#include <syslog.h>

enum {
    VARIABLES = 11,
    /* The kernel takes 128 KiB for one variable, and a label may have 256 bytes. */
    ENTRIES_FOR_A_RUN = 400,
    LINE_MAX_LOGGED = 500,
    LINES_LOGGED = 200, /* of one run; a hook that floods is heard to its end, and not logged */
};

struct environment {
    struct asp_buffer texts[VARIABLES];
    char *list[VARIABLES + 1];
    size_t count;
};

/* What one of the hook's streams has written since the last line end. */
struct line {
    char text[LINE_MAX_LOGGED + 1];
    size_t length;
};

struct hook {
    const struct admin *admin;
    const char *user;
    enum hook_event event;
    const char *reason;
    const char *via;
    const char *path;
    struct line output;
    struct line errors;
    size_t logged;
};

static const char *const event_words[] = {
    [HOOK_CREATED] = "created",
    [HOOK_REVOKED] = "revoked",
    [HOOK_EXPIRED] = "expired",
};

/* Begins a variable; what is added to the text that is returned is its value. */
static struct asp_buffer *add_variable(struct environment *environment, const char *name)
{
    struct asp_buffer *text = &environment->texts[environment->count++];

    asp_buffer_add(text, name);
    asp_buffer_add(text, "=");
    return text;
}

static void set_variable(struct environment *environment, const char *name, const char *value)
{
    asp_buffer_add(add_variable(environment, name), value);
}

/* Adds a word to the value, which follows the first sign =; a word may have one too. */
static void add_word(struct asp_buffer *text, const char *between, const char *word)
{
    if (!text->failed && strchr(text->text, '=')[1] != '\0')
        asp_buffer_add(text, between);
    asp_buffer_add(text, word);
}

/* Adds a service in lower case, once. */
static void add_service(struct asp_buffer *text, const char *service)
{
    char folded[ASP_SERVICE_MAX + 1];
    size_t length = strlen(service);

    if (text->failed)
        return;
    for (size_t i = 0; i <= length; i++)
        folded[i] = asp_fold(service[i]);
    for (const char *at = strchr(text->text, '=') + 1; *at != '\0';) {
        const char *end = strchrnul(at, ' ');

        if ((size_t)(end - at) == length && memcmp(at, folded, length) == 0)
            return;
        at = *end == '\0' ? end : end + 1;
    }
    add_word(text, " ", folded);
}

/* The services that an entry opens, as far as it is known. */
static void add_services(struct asp_buffer *text, const struct asp_conf *conf,
                         const struct asp_entry *entry)
{
    bool any = strcmp(entry->app, ASP_APP_ANY) == 0;

    for (size_t i = 0; i < conf->app_count; i++) {
        const struct asp_app *app = &conf->apps[i];

        if (!any && strcmp(app->name, entry->app) != 0)
            continue;
        for (size_t j = 0; j < app->services.count; j++)
            add_service(text, app->services.names[j]);
    }
    if (entry->bound != ASP_NEVER)
        add_service(text, entry->bound_service);
    else if (!any && strcmp(entry->app, ASP_APP_FIRST_USE) != 0 &&
             !asp_scope_is_group(conf, entry->app))
        add_service(text, entry->app);
}

/* False: out of memory. */
static bool make_environment(const struct hook *hook, const struct asp_entry *entries, size_t count,
                             struct environment *environment)
{
    struct asp_buffer *ids;
    struct asp_buffer *labels;
    struct asp_buffer *apps;
    struct asp_buffer *services;

    set_variable(environment, "PATH",
                 "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    set_variable(environment, "LC_ALL", "C");
    set_variable(environment, "ASP_EVENT", event_words[hook->event]);
    set_variable(environment, "ASP_USER", hook->user);
    set_variable(environment, "ASP_REASON", hook->reason == NULL ? "" : hook->reason);
    set_variable(environment, "ASP_VIA", hook->via == NULL ? "" : hook->via);
    set_variable(environment, "ASP_PAGE", hook->admin->conf->web_origin);
    ids = add_variable(environment, "ASP_IDS");
    labels = add_variable(environment, "ASP_LABELS");
    apps = add_variable(environment, "ASP_APPS");
    services = add_variable(environment, "ASP_SERVICES");
    for (size_t i = 0; i < count; i++) {
        add_word(ids, " ", entries[i].id);
        add_word(labels, "\n", entries[i].label);
        add_word(apps, " ", entries[i].app);
        add_services(services, hook->admin->conf, &entries[i]);
    }
    for (size_t i = 0; i < environment->count; i++) {
        if (environment->texts[i].failed)
            return false;
        environment->list[i] = environment->texts[i].text;
    }
    return true;
}

static void free_environment(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++)
        asp_buffer_free(&environment->texts[i]);
}

/* One line in the system's log: hook=revoked user="alice" path="..." and what is said. */
static void log_hook(const struct hook *hook, int level, const char *key, const char *text)
{
    struct asp_buffer line = {0};

    asp_buffer_add(&line, "hook=");
    asp_buffer_add(&line, event_words[hook->event]);
    asp_buffer_add(&line, " user=");
    asp_buffer_add_logged(&line, hook->user);
    asp_buffer_add(&line, " path=");
    asp_buffer_add_logged(&line, hook->path);
    asp_buffer_add(&line, key);
    asp_buffer_add_logged(&line, text);
    if (!line.failed)
        syslog(level, "%s", line.text);
    asp_buffer_free(&line);
}

static void end_line(struct hook *hook, struct line *line)
{
    line->text[line->length] = '\0';
    if (line->length > 0 && hook->logged < LINES_LOGGED)
        log_hook(hook, LOG_NOTICE, " says=", line->text);
    else if (line->length > 0 && hook->logged == LINES_LOGGED)
        log_hook(hook, LOG_WARNING, " note=", "it says too much: the rest is not logged");
    hook->logged += line->length > 0;
    line->length = 0;
}

/* What there is of a line that is too long. Its end may be half of an app password, which would not
 * be known for one: that waits for what follows. */
static void end_piece(struct hook *hook, struct line *line)
{
    char rest[LINE_MAX_LOGGED];
    size_t cut = asp_redact_cut(line->text, line->length);
    size_t left = cut == 0 ? 0 : line->length - cut;

    memcpy(rest, line->text + line->length - left, left);
    line->length -= left;
    end_line(hook, line);
    memcpy(line->text, rest, left);
    line->length = left;
}

/* A NUL byte counts as a line end. */
static void take_bytes(struct hook *hook, struct line *line, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool ends = bytes[i] == '\n' || bytes[i] == '\0';

        if (ends)
            end_line(hook, line);
        else if (line->length == LINE_MAX_LOGGED)
            end_piece(hook, line);
        if (!ends)
            line->text[line->length++] = bytes[i];
    }
}

static bool take_output(void *context, const char *bytes, size_t length)
{
    struct hook *hook = context;

    take_bytes(hook, &hook->output, bytes, length);
    return true;
}

static bool take_errors(void *context, const char *bytes, size_t length)
{
    struct hook *hook = context;

    take_bytes(hook, &hook->errors, bytes, length);
    return true;
}

/* Without a default: the compiler finds an event that has none. */
static const char *path_of(const struct asp_conf *conf, enum hook_event event)
{
    switch (event) {
    case HOOK_CREATED:
        return conf->hook_created;
    case HOOK_REVOKED:
    case HOOK_EXPIRED:
        return conf->hook_revoked;
    }
    return "";
}

static enum program_end run_once(const struct admin *admin, const char *user, enum hook_event event,
                                 const struct asp_entry *entries, size_t count, const char *reason,
                                 const char *via)
{
    const struct asp_conf *conf = admin->conf;
    struct hook hook = {
        .admin = admin,
        .user = user,
        .event = event,
        .reason = reason,
        .via = via,
        .path = path_of(conf, event),
    };
    struct environment environment = {0};
    struct asp_error why = {0};
    struct program run = {
        .path = hook.path,
        .environment = environment.list,
        .timeout = conf->hook_timeout,
        .take_output = take_output,
        .take_errors = take_errors,
        .context = &hook,
    };
    enum program_end end = PROGRAM_NOT_STARTED;

    if (hook.path[0] == '\0' || count == 0)
        return PROGRAM_DONE;
    if (make_environment(&hook, entries, count, &environment))
        end = program_run(&run, &why);
    else
        (void)asp_fail(&why, ASP_NO_MEMORY, "out of memory");
    end_line(&hook, &hook.output);
    end_line(&hook, &hook.errors);
    if (end != PROGRAM_DONE)
        log_hook(&hook, LOG_ERR, " failed=", why.text);
    free_environment(&environment);
    return end;
}

/* In as many runs as it takes. */
size_t hooks_run(const struct admin *admin, const char *user, enum hook_event event,
                 const struct asp_entry *entries, size_t count, const char *reason, const char *via)
{
    size_t at = 0;

    while (at < count) {
        size_t left = count - at;
        size_t some = left < ENTRIES_FOR_A_RUN ? left : ENTRIES_FOR_A_RUN;
        enum program_end end = run_once(admin, user, event, entries + at, some, reason, via);

        if (end == PROGRAM_NOT_STARTED || end == PROGRAM_INTERRUPTED)
            break;
        at += some;
    }
    return at;
}
