/* watch, and its one pass: --once and --confirm. */
#include "watch.h"

#include "compare_all.h"
#include "feed_hooks.h"
#include "hook_queue.h"
#include "loop.h"
#include "primary_lease.h"
#include "report.h"
#include "signals.h"
#include "tidy.h"

#include "asp-admin/primary/primary_source.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/plural.h"
#include "asp-admin/ui/progress.h"
#include "asp/buffer.h"
#include "asp/store_watch.h"

/* That another machine, `elsewhere`, compares is no failure: each may be told to make a pass every
 * few minutes. */
static bool show(const struct admin *admin, const struct compare_result *result,
                 const char *elsewhere)
{
    struct asp_buffer out = {0};

    if (admin->options->json)
        return json_write(
            admin->console,
            json_pack("{s:I, s:I, s:I, s:I, s:I}", "accounts", (json_int_t)result->accounts,
                      "changed", (json_int_t)result->changed, "revoked",
                      (json_int_t)result->revoked, "unknown", (json_int_t)result->unknown, "held",
                      (json_int_t)result->held + (json_int_t)result->gone_held));
    if (elsewhere[0] != '\0') {
        asp_buffer_add(&out, "primary.command is run by ");
        asp_buffer_add(&out, elsewhere);
        asp_buffer_add(&out, ": no primary password was compared here\n");
        return console_print_sentences(admin->console, &out);
    }
    plural_add(&out, result->accounts, "account");
    asp_buffer_add(&out, ": ");
    asp_buffer_add_number(&out, result->changed);
    asp_buffer_add(&out, " changed, ");
    plural_add(&out, result->revoked, "app password");
    asp_buffer_add(&out, " revoked, ");
    asp_buffer_add_number(&out, result->unknown);
    asp_buffer_add(&out, " unknown, ");
    asp_buffer_add_number(&out, result->held + result->gone_held);
    asp_buffer_add(&out, " held back\n");
    return console_print_sentences(admin->console, &out);
}

/* Those of accounts that are in files, under the lock. */
static enum exit_code run_due_hooks(struct admin *admin, const struct asp_watch_lock *lock,
                                    time_t looked)
{
    struct hook_queue queue = {.walk = false};
    size_t left;

    hook_queue_begin(&queue, looked);
    left = hook_queue_finish(admin, &queue);
    if (hook_queue_is_settled(&queue))
        asp_watch_lock_mark(lock, queue.looked);
    hook_queue_end(&queue);
    /* Without a hook there is none to be run of an account that cannot be read. */
    if (left == 0 || !asp_has_revoked_hook(admin->conf))
        return EXIT_DONE;
    return fail_with(admin->console, EXIT_STORE,
                     "the hooks of %zu user%s could not be run, and stay due: the system's log "
                     "says why",
                     left, plural(left));
}

/* Those that a database tells of. */
static enum exit_code run_told_hooks(struct admin *admin, const struct asp_watch_lock *lock)
{
    struct asp_error error = {0};
    enum asp_status status =
        asp_has_revoked_hook(admin->conf) ? feed_hooks_run_once(admin, &error) : ASP_OK;

    feed_hooks_forget(admin->conf);
    if (status == ASP_OK)
        asp_watch_lock_mark(lock, admin->now);
    return status == ASP_OK ? EXIT_DONE : fail_unreadable(admin->console, &error);
}

/* Hooks, and the time of this pass for doctor. What runs beside us does both when it is a watch. */
static enum exit_code finish_pass(struct admin *admin)
{
    struct asp_error error = {0};
    struct asp_watch_lock lock;
    time_t looked;
    enum exit_code code;
    enum asp_status status;

    admin->now = time(NULL); /* as the lock's time is */
    status = asp_watch_lock_acquire(&admin->store, admin->now, &lock, &looked, &error);
    if (status == ASP_BUSY)
        return EXIT_DONE;
    if (status != ASP_OK)
        return fail_with_error(admin->console, &error);
    code = admin->conf->database.host_count > 0 ? run_told_hooks(admin, &lock)
                                                : run_due_hooks(admin, &lock, looked);
    asp_watch_lock_release(&lock);
    return code;
}

static void say_held(const struct admin *admin, const struct compare_result *result)
{
    struct asp_buffer command = {0};
    const char *confirm =
        admin_command(admin, &command, (const char *[]){"watch", "--confirm", NULL});

    if (result->held > 0)
        console_say(admin->console,
                    "the primary passwords of %zu of %zu users seem to have changed at once: "
                    "nothing was revoked; if it is so, say: %s",
                    result->held, result->accounts, confirm);
    if (result->gone_held > 0)
        console_say(admin->console,
                    "%zu of %zu users seem to be gone at once: nothing was written; if it is so, "
                    "say: %s",
                    result->gone_held, result->accounts, confirm);
    asp_buffer_free(&command);
}

static void say_gone(const struct admin *admin, const struct compare_result *result)
{
    struct asp_buffer command = {0};

    if (result->gone > 0)
        console_say(
            admin->console,
            "%zu of %zu users are gone, and their app passwords are refused. To see who: %s",
            result->gone, result->accounts,
            admin_command(admin, &command, (const char *[]){"doctor", NULL}));
    asp_buffer_free(&command);
}

/* Who is gone, and who is another; asked before the hooks run for what comes of it. That a name
 * service does not say it is told, and is no failure of this pass. */
static enum exit_code ask(struct admin *admin, struct name_questions *questions,
                          struct compare_result *result)
{
    struct name_asker asker = NAME_ASKER_IDLE;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum asp_status status;
    enum asp_status told;

    progress_say("asking the name service");
    told = name_asker_begin(&asker, questions, &error);
    if (told == ASP_OK)
        told = name_asker_wait(&asker, &error);
    if (told != ASP_OK)
        console_say(admin->console, "%s", asp_error_line(&error, line));
    status = compare_answers(admin, admin->options->confirm, &asker.questions, result, &error);
    name_asker_end(&asker);
    if (status == ASP_OK)
        return told == ASP_NO_MEMORY ? EXIT_STORE : EXIT_DONE;
    error.status = status;
    return fail_unreadable(admin->console, &error);
}

/* By a machine that has the lease. Who is ended within it leaves that to another at once, but for a
 * watch beside it, whose it is too. */
static enum asp_status compare_here(struct admin *admin, struct primary_lease *lease,
                                    struct name_questions *questions, struct compare_result *result,
                                    struct asp_error *error)
{
    char by[PGSQL_HOLDER_MAX + 1];
    struct asp_watch_seen seen;
    enum asp_status status =
        compare_all(admin, admin->options->confirm, ASK_OF_ALL, lease, questions, result, error);

    if (status == ASP_UNCHANGED)
        status = asp_fail(error, ASP_BUSY,
                          "primary.command is run by %s by now: this pass was not finished",
                          primary_lease_holder(lease, by));
    if (signals_stop_is_pending() && asp_watch_lock_look(&admin->store, &seen, NULL) == ASP_OK &&
        !seen.runs)
        primary_lease_give(lease, admin);
    return status;
}

/* Where another machine runs primary.command nothing is compared, and `elsewhere` names it: what is
 * to be confirmed is what was held back there. */
static enum asp_status compare(struct admin *admin, struct name_questions *questions,
                               struct compare_result *result, char elsewhere[PGSQL_HOLDER_MAX + 1],
                               struct asp_error *error)
{
    struct primary_lease lease = {0};
    sigset_t before;
    enum asp_status status;

    *result = (struct compare_result){0};
    signals_block_stop(&before);
    status = primary_lease_keep(&lease, admin, error);
    if (status == ASP_OK) {
        status = compare_here(admin, &lease, questions, result, error);
    } else if (status == ASP_UNCHANGED) {
        (void)primary_lease_holder(&lease, elsewhere);
        status =
            admin->options->confirm
                ? asp_fail(error, ASP_BUSY, "primary.command is run by %s: say it there", elsewhere)
                : ASP_OK;
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL); /* what has come ends us here */
    return status;
}

static enum exit_code watch_once(struct admin *admin)
{
    struct asp_error error = {0};
    struct name_questions questions = {0};
    struct compare_result result;
    char failed[REPORT_LINE];
    enum exit_code code = admin_open_store(admin, admin->conf->database.host_count > 0);
    char elsewhere[PGSQL_HOLDER_MAX + 1] = "";
    enum exit_code asked = EXIT_DONE;
    enum asp_status status;

    if (code != EXIT_DONE)
        return code;
    tidy_store(admin, false);
    status = compare(admin, &questions, &result, elsewhere, &error);
    if (status == ASP_OK && questions.count > 0)
        asked = ask(admin, &questions, &result);
    name_questions_clear(&questions);
    if (status != ASP_OK) {
        error.status = status; /* of the pass: that of a call in it is in the text */
        primary_source_advise(admin->conf, &error);
        return fail_unreadable(admin->console, &error);
    }
    progress_say("running the hooks");
    code = finish_pass(admin);
    if (asked != EXIT_DONE)
        code = asked;
    if (!show(admin, &result, elsewhere))
        code = EXIT_STORE;
    say_held(admin, &result);
    say_gone(admin, &result);
    report_failed(&result, failed);
    if (failed[0] != '\0')
        code = fail_with(admin->console, EXIT_STORE, "%s", failed);
    return code;
}

enum exit_code command_watch(struct admin *admin)
{
    const struct options *options = admin->options;
    enum exit_code code;

    if (options->once || options->confirm) {
        progress_begin("comparing primary passwords");
        code = watch_once(admin);
        progress_end();
        return code;
    }
    if (options->json)
        return fail_with(admin->console, EXIT_USAGE,
                         "watch has a document with --once or --confirm only");
    return watch_run(admin);
}
