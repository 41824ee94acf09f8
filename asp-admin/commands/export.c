/* export: accounts as lines of JSON, in the order of names, each read when it is its turn. */
#include "account_json.h"
#include "commands.h"

#include "asp-admin/system/name_list.h"
#include "asp-admin/ui/private_output.h"

#include <string.h>

/* False: all are wanted. */
static bool names_some(const struct admin *admin)
{
    return admin->options->argument_count > 0;
}

/* An asp_visit. */
static enum asp_status add_name(const char *user, void *context)
{
    return name_list_add(context, user) ? ASP_OK : ASP_NO_MEMORY;
}

/* The worse of the two, by which the command ends: nothing hides that something is not there. */
static enum exit_code worse(enum exit_code a, enum exit_code b)
{
    return a > b ? a : b;
}

/* Those that were named, by whatever spelling. One that is not found keeps none of the others. */
static enum exit_code take_named(struct admin *admin, struct name_list *names)
{
    const struct options *options = admin->options;
    enum exit_code worst = EXIT_DONE;

    for (int i = 0; i < options->argument_count; i++) {
        struct options of_one = *options;
        struct admin one = *admin;
        enum exit_code code;

        of_one.arguments = &options->arguments[i];
        of_one.argument_count = 1;
        one.options = &of_one;
        code = admin_take_user(&one);
        if (code == EXIT_DONE)
            code = admin_find_user(&one);
        if (code == EXIT_DONE)
            code = admin_check_account(&one);
        if (code == EXIT_DONE && add_name(one.user, names) != ASP_OK)
            return fail_with(admin->console, EXIT_STORE, "out of memory");
        worst = worse(worst, code);
    }
    return worst;
}

static enum exit_code take_all(struct admin *admin, struct name_list *names)
{
    struct asp_error error = {0};
    enum asp_status status = asp_store_each(&admin->store, add_name, names, &error);

    if (status == ASP_NO_MEMORY)
        return fail_with(admin->console, EXIT_STORE, "out of memory");
    return status == ASP_OK ? EXIT_DONE : fail_with_error(admin->console, &error);
}

static enum asp_status add_account(const struct admin *admin, const char *user,
                                   struct asp_buffer *out, struct asp_error *error)
{
    struct asp_account account;
    struct asp_usage usage = {0};
    enum asp_status mended;
    enum asp_status status = asp_store_load(&admin->store, user, NULL, &account, error);

    if (status != ASP_OK)
        return status;
    status = admin_read_usage(admin, &account, true, &usage, &mended, error);
    if (status == ASP_OK) {
        admin_say_mended(admin, user, 1, mended, error);
        account_json_add(out, &account, &usage);
    }
    asp_usage_free(&usage);
    asp_account_free(&account);
    return status;
}

/* EXIT_DONE, or what is wrong with this one was said. `*stop`: nothing can follow it. */
static enum exit_code write_account(const struct admin *admin, const char *user, bool *stop)
{
    struct asp_buffer out = {0};
    struct asp_error error = {0};
    enum asp_status status = add_account(admin, user, &out, &error);
    enum exit_code code = EXIT_DONE;

    *stop = status == ASP_NO_MEMORY || (status == ASP_OK && !console_print(admin->console, &out));
    /* Of all, those that are there are written: it was removed since it was seen. */
    if (status != ASP_OK && (names_some(admin) || status != ASP_NOT_FOUND))
        code = admin_fail(admin, user, &error);
    asp_buffer_free(&out);
    return *stop ? EXIT_STORE : code;
}

static enum exit_code write_accounts(const struct admin *admin, const struct name_list *names)
{
    enum exit_code worst = EXIT_DONE;
    bool stop = false;

    for (size_t i = 0; i < names->count && !stop; i++) {
        if (i == 0 || strcmp(names->list[i - 1], names->list[i]) != 0)
            worst = worse(worst, write_account(admin, names->list[i], &stop));
    }
    return worst;
}

enum exit_code command_export(struct admin *admin)
{
    struct name_list names = {0};
    enum exit_code code = admin_open_store(admin, false);

    if (code == EXIT_DONE)
        code = names_some(admin) ? take_named(admin, &names) : take_all(admin, &names);
    if (names.count > 0) {
        name_list_sort(&names);
        private_output(admin->console);
        code = worse(code, write_accounts(admin, &names));
    }
    name_list_clear(&names);
    return code;
}
