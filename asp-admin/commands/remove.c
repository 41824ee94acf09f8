/* remove: all that is stored of a user goes, for good. */
#include "commands.h"
#include "counted.h"

#include "asp-admin/hooks/hooks_due.h"
#include "asp-admin/ui/ask_yes.h"
#include "asp-admin/ui/json.h"
#include "asp/revocation.h"

/* What goes. */
struct removing {
    const struct admin *admin;
    struct asp_usage usage; /* by which it is known what is active */
    bool is_known;          /* false: the account cannot be read, and nobody knows what was in it */
    struct counted counted;
};

static void count(struct removing *removing, const struct asp_account *account)
{
    removing->is_known = true;
    removing->counted = counted_of(account, &removing->usage, removing->admin->now);
}

static enum exit_code say_what_goes(const struct removing *removing)
{
    const struct admin *admin = removing->admin;
    struct asp_buffer words = {0};

    if (!removing->is_known) {
        console_say(admin->console, "what is stored of %s cannot be read; it goes, for good",
                    admin->user);
        return EXIT_DONE;
    }
    counted_add(&words, &removing->counted);
    if (words.failed)
        return fail_with(admin->console, EXIT_STORE, "out of memory");
    console_say(admin->console, "%s has %s; all that is stored of this user goes, for good",
                admin->user, words.text);
    asp_buffer_free(&words);
    return EXIT_DONE;
}

/* Says what is there, and asks whether it is to go. Where there is nothing, or nothing can be told,
 * the removal ends by itself. */
static enum exit_code ask(struct removing *removing)
{
    const struct admin *admin = removing->admin;
    struct asp_account account;
    enum asp_status status = asp_store_load(&admin->store, admin->user, NULL, &account, NULL);
    enum exit_code code;

    if (status == ASP_OK) {
        count(removing, &account);
        asp_account_free(&account);
    } else if (status != ASP_CORRUPT && status != ASP_NEWER && status != ASP_UNSAFE) {
        return EXIT_DONE;
    }
    code = say_what_goes(removing);
    if (code == EXIT_DONE && !ask_yes("Remove it all?"))
        code = fail_with(admin->console, EXIT_NO, "nothing was removed");
    return code;
}

/* An asp_change: what was active is revoked, so that the hook ends what is open. */
static enum asp_status revoke_and_drop(struct asp_account *account, void *context,
                                       struct asp_error *error)
{
    struct removing *removing = context;
    const struct admin *admin = removing->admin;
    const struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);

    (void)error;
    count(removing, account);
    (void)asp_account_revoke_all(account, how.when, how.by, ASP_REASON_REMOVED, how.hook_due);
    return ASP_DROP;
}

/* What cannot be read goes too: nobody knows what was in it. */
static enum asp_status remove_account(struct removing *removing, struct asp_error *error)
{
    const struct admin *admin = removing->admin;
    enum asp_status status = asp_store_drop_pending(&admin->store, admin->user, error);

    removing->is_known = false;
    if (status == ASP_OK)
        status =
            asp_store_update(&admin->store, admin->user, false, revoke_and_drop, removing, error);
    if (status == ASP_CORRUPT || status == ASP_NEWER || status == ASP_UNSAFE)
        status = asp_store_remove(&admin->store, admin->user, error);
    return status;
}

static enum exit_code remove_and_run_hook(struct removing *removing)
{
    const struct admin *admin = removing->admin;
    struct asp_error error = {0};
    struct asp_turn turn;
    enum asp_status status;

    hooks_take_turn(admin, &turn);
    status = remove_account(removing, &error);
    if (status == ASP_OK)
        admin_log_change(admin, admin->user, "removed", NULL, NULL);
    hooks_end_turn(admin, &turn, status == ASP_OK);
    return status == ASP_OK ? EXIT_DONE : fail_with_error(admin->console, &error);
}

static json_t *count_of(const struct removing *removing, size_t number)
{
    return removing->is_known ? json_integer((json_int_t)number) : json_null();
}

static bool show_removed(const struct removing *removing)
{
    const struct admin *admin = removing->admin;
    const struct console console = console_after(admin->console, "the account is removed");
    struct asp_buffer out = {0};

    if (admin->options->json)
        return json_write(&console,
                          json_pack("{s:o, s:b, s:o, s:o}", "user", json_from_text(admin->user),
                                    "removed", 1, "entries",
                                    count_of(removing, removing->counted.entries), "active",
                                    count_of(removing, removing->counted.active)));
    asp_buffer_add(&out, "removed ");
    asp_buffer_add_visible(&out, admin->user);
    asp_buffer_add(&out, ": ");
    if (removing->is_known)
        counted_add(&out, &removing->counted);
    else
        asp_buffer_add(&out, "what was stored could not be read");
    asp_buffer_add(&out, "\n");
    return console_print_sentences(&console, &out);
}

enum exit_code command_remove(struct admin *admin)
{
    struct removing removing = {.admin = admin};
    enum exit_code code = admin_open_store(admin, false);

    if (code != EXIT_DONE)
        return code;
    /* What cannot be known of the last uses keeps nobody from being removed. */
    (void)asp_store_usage(&admin->store, admin->user, &removing.usage, NULL);
    if (ask_yes_can())
        code = ask(&removing);
    if (code == EXIT_DONE)
        code = remove_and_run_hook(&removing);
    if (code == EXIT_DONE && !show_removed(&removing))
        code = EXIT_STORE;
    asp_usage_free(&removing.usage);
    return code;
}
