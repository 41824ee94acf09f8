/*
 * The commands of asp-admin: their lines, and what runs them.
 */
#ifndef ASP_ADMIN_COMMANDS_COMMANDS_H
#define ASP_ADMIN_COMMANDS_COMMANDS_H

#include "asp-admin/admin.h"

/* What a user who is not root may do with a command, on her own account. */
enum self_use {
    SELF_NO,
    SELF_FREE,  /* it changes nothing and shows nothing that is secret */
    SELF_ASKED, /* after PAM has let her in */
};

enum { COMMANDS_MAX = 32, COMMAND_OPTIONS = 16, COMMAND_EXAMPLES = 2 };

struct command {
    const char *name;
    const char *arguments; /* as the help shows them */
    const char *help;
    /* Of those that only some commands take, what each does here; after the last, NULL. */
    struct {
        enum option_id id;
        const char *help;
    } options[COMMAND_OPTIONS];
    const char *examples[COMMAND_EXAMPLES]; /* lines of it, without the name of the program */
    const char *by; /* in whose name it acts, whoever calls it; NULL: in the caller's */
    int min_args;
    int max_args;
    unsigned needed;  /* options, see OPTION_BIT */
    unsigned instead; /* with one of these it takes no arguments, and needs no option besides */
    /* What is said of the line before anybody is asked who she is; NULL: nothing. `run` validates
     * too. */
    enum exit_code (*validate)(const struct admin *admin);
    enum exit_code (*run)(struct admin *admin);
    enum self_use self_use;
    bool takes_any_name; /* its USER need not be a well-formed name */
    bool takes_exact;    /* its USER may be the very name of an account, whomever that stands for */
    bool reads_input;    /* what others take as arguments is its standard input */
    bool opens_own_conf; /* it opens what it needs by itself, and tells what is wrong with it */
    bool is_run_here;    /* by whoever says it, and no broker is asked: it says who may */
};

/* NULL when there is none of that name. */
const struct command *command_find(const char *name);

/* Each of them, from 0; NULL behind the last. */
const struct command *command_at(size_t index);

/* The options that this command takes, by OPTION_BIT; those that every command takes are not
 * among them. */
static inline unsigned command_allowed(const struct command *command)
{
    unsigned bits = 0;

    for (size_t i = 0; i < COMMAND_OPTIONS && command->options[i].help != NULL; i++)
        bits |= OPTION_BIT(command->options[i].id);
    return bits;
}

/* An options_of. */
unsigned command_options_of(const char *name);

/* Each prints its answer and returns the exit code. */
enum exit_code command_create(struct admin *admin);
enum exit_code command_rotate(struct admin *admin);
enum exit_code command_apps(struct admin *admin);
enum exit_code command_list(struct admin *admin);
enum exit_code command_history(struct admin *admin);
enum exit_code command_label(struct admin *admin);
enum exit_code command_revoke(struct admin *admin);
enum exit_code command_remove(struct admin *admin);
enum exit_code command_check(struct admin *admin);
enum exit_code command_export(struct admin *admin);
enum exit_code command_import(struct admin *admin);

/* What is wrong with their lines, said on the console. */
enum exit_code command_create_validate(const struct admin *admin);
enum exit_code command_rotate_validate(const struct admin *admin);
enum exit_code command_label_validate(const struct admin *admin);
enum exit_code command_revoke_validate(const struct admin *admin);

#endif
