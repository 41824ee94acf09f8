/* rotate: a new password in place of another, decided before anything is locked. */
#include "commands.h"
#include "new_password.h"

static enum exit_code read_wanted(const struct admin *admin, struct new_password *wanted)
{
    wanted->replaces = admin->options->arguments[1];
    wanted->sets_expires = admin->options->expires != NULL;
    return wanted->sets_expires ? new_password_read_expires(admin, &wanted->entry.expires)
                                : EXIT_DONE;
}

enum exit_code command_rotate_validate(const struct admin *admin)
{
    struct new_password wanted = {0};

    return read_wanted(admin, &wanted);
}

enum exit_code command_rotate(struct admin *admin)
{
    struct new_password wanted = {0};
    enum exit_code code = new_password_check_user(admin);

    if (code == EXIT_DONE)
        code = admin_open_account(admin);
    /* By the store's clock. */
    if (code == EXIT_DONE)
        code = read_wanted(admin, &wanted);
    if (code == EXIT_DONE)
        code = new_password_make(admin, &wanted);
    return code;
}
