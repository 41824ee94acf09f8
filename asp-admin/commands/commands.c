/* The table of asp-admin's commands: their lines, what help says of them, and what runs them. */
#include "commands.h"

#include "asp-admin/doctor/doctor.h"
#include "asp-admin/log/log.h"
#include "asp-admin/store/store.h"
#include "asp-admin/watch/watch.h"

#include <limits.h>
#include <string.h>

#define BIT(option) OPTION_BIT(OPTION_##option)

static const struct command commands[] = {
    {
        .name = "create",
        .arguments = "(USER --label TEXT [--quiet] | --batch) [--app APP] [--new-app] "
                     "[--from CIDR]... [--expires WHEN] [--unused DURATION] [--profile FILE] "
                     "[--qr] [--virtual]",
        .help = "make an app password and show it, once",
        .min_args = 1,
        .max_args = 1,
        .options = {{OPTION_LABEL, "what it is called, such as the device that will hold it"},
                    {OPTION_APP, "the app that it opens; any opens all but guarded services; "
                                 "first-use binds it to the app that uses it first"},
                    {OPTION_NEW_APP, "the APP is none yet, and meant: for a service to come"},
                    {OPTION_FROM, "from this network only; may be given up to 32 times"},
                    {OPTION_EXPIRES, "it ends then"},
                    {OPTION_UNUSED, "it ends when it was not used for so long"},
                    {OPTION_PROFILE, "write a profile for an iPhone, iPad or Mac with the password "
                                     "in it to this new file, or to - for standard output"},
                    {OPTION_QR, "show it as a QR code for a camera; --qr=thunderbird the whole "
                                "mail account, --qr=davx5 that of calendars and contacts"},
                    {OPTION_VIRTUAL, "take a USER whom the system does not know"},
                    {OPTION_QUIET, "print the password alone, and no notes"},
                    {OPTION_BATCH, "one for each line of standard input: USER, a tab, LABEL and, "
                                   "if it is for another app, a tab and APP"}},
        .needed = BIT(LABEL),
        .instead = BIT(BATCH),
        .examples = {"create alice --label Phone --app mail",
                     "create scan --label Scanner --app ssh --from 192.0.2.0/24"},
        .validate = command_create_validate,
        .run = command_create,
        .self_use = SELF_ASKED,
    },
    {
        .name = "apps",
        .arguments = "",
        .help = "show the apps, their services, and which of them are open to you",
        .examples = {"apps", "apps --json"},
        .run = command_apps,
        .self_use = SELF_FREE,
    },
    {
        .name = "list",
        .arguments = "[USER] [--all] [--quiet]",
        .help = "show the app passwords of a user, or every user",
        .max_args = 1,
        .options = {{OPTION_ALL, "revoked ones too"},
                    {OPTION_QUIET, "lines for a script: ID, a tab, label; without USER, names"}},
        .examples = {"list", "list alice --all"},
        .run = command_list,
        .self_use = SELF_FREE,
    },
    {
        .name = "label",
        .arguments = "USER ID TEXT",
        .help = "give one another label",
        .min_args = 3,
        .max_args = 3,
        .examples = {"label alice 7k Tablet", "label alice 7k 'Old phone'"},
        .validate = command_label_validate,
        .run = command_label,
        .self_use = SELF_ASKED,
    },
    {
        .name = "rotate",
        .arguments = "USER ID [--expires WHEN] [--virtual] [--quiet]",
        .help = "a new one with the same label, app and limits; revokes the old one",
        .min_args = 2,
        .max_args = 2,
        .options = {{OPTION_EXPIRES, "the new one ends then"},
                    {OPTION_VIRTUAL, "take a USER whom the system does not know"},
                    {OPTION_QUIET, "print the password alone, and no notes"}},
        .examples = {"rotate alice 7k", "rotate alice 7k --expires 365d"},
        .validate = command_rotate_validate,
        .run = command_rotate,
        .self_use = SELF_ASKED,
    },
    {
        .name = "revoke",
        .arguments = "USER (ID... | --label TEXT | --all) [--reason TEXT]",
        .help = "refuse apps from the next login on, for good; a hook ends what is open",
        .min_args = 1,
        .max_args = ASP_IDS,
        .options = {{OPTION_LABEL, "all with this label"},
                    {OPTION_ALL, "all of the user's"},
                    {OPTION_REASON, "why: kept with them, and shown by history"}},
        .examples = {"revoke alice 7k", "revoke alice --label Phone --reason 'left in the train'"},
        .validate = command_revoke_validate,
        .run = command_revoke,
        .takes_exact = true,
        .self_use = SELF_ASKED,
    },
    {
        .name = "history",
        .arguments = "USER",
        .help = "show what happened to the app passwords of a user, oldest first",
        .min_args = 1,
        .max_args = 1,
        .examples = {"history alice", "history alice --json"},
        .run = command_history,
        .self_use = SELF_FREE,
    },
    {
        .name = "check",
        .arguments = "USER --service NAME [--rhost ADDR]",
        .help = "try a password from standard input; changes nothing",
        .min_args = 1,
        .max_args = 1,
        .options = {{OPTION_SERVICE, "as if this PAM service asked"},
                    {OPTION_RHOST, "as if from this address"}},
        .needed = BIT(SERVICE),
        .examples = {"check alice --service dovecot",
                     "check alice --service dovecot --rhost 192.0.2.7"},
        .run = command_check,
        .takes_any_name = true,
        .self_use = SELF_FREE,
    },
    {
        .name = "remove",
        .arguments = "USER",
        .help = "drop all that is stored of a user, for good",
        .min_args = 1,
        .max_args = 1,
        .examples = {"remove alice", "remove alice --json"},
        .run = command_remove,
        .takes_exact = true,
    },
    {
        .name = "export",
        .arguments = "[USER...]",
        .help = "write accounts as lines of JSON, to be imported: verifiers, and no secrets",
        .max_args = INT_MAX,
        .examples = {"export", "export alice bob"},
        .run = command_export,
        .takes_any_name = true, /* one that is not well-formed keeps none of the others */
    },
    {
        .name = "import",
        .arguments = "[--replace] [--virtual]",
        .help = "read what export has written from standard input, each account whole",
        .options = {{OPTION_REPLACE, "put it in the place of an account that is there, which is "
                                     "kept otherwise"},
                    {OPTION_VIRTUAL, "take users whom the system does not know"}},
        .examples = {"import", "import --replace"},
        .run = command_import,
        .reads_input = true,
    },
    {
        .name = "watch",
        .arguments = "[--once] [--confirm]",
        .help = "follow primary passwords, revoke when one changes, run hooks",
        .options = {{OPTION_ONCE, "compare all, run the hooks that are due, and end"},
                    {OPTION_CONFIRM, "the same, also where so many have changed at once that "
                                     "watch waits"}},
        .examples = {"watch --once", "watch --confirm"},
        .run = command_watch,
        .by = "watch",
    },
    {
        .name = "log",
        .arguments = "[--since TIME] [--file FILE]... [--primary | --refused]",
        .help = "show who came how, from the system's log",
        .options = {{OPTION_SINCE, "leave out what is older: a number with s, m, h, d or w; "
                                   "YYYY-MM-DD (its begin, UTC); or RFC 3339"},
                    {OPTION_FILE,
                     "read this one, journal, or - for standard input; may be given up to "
                     "32 times"},
                    {OPTION_PRIMARY, "who has come with a password that is no app password"},
                    {OPTION_REFUSED, "devices that have an app password, and were refused"}},
        .examples = {"log --since 30d --primary", "log --file /var/log/auth.log --refused"},
        .run = command_log,
        .opens_own_conf = true,
    },
    {
        .name = "store",
        .arguments =
            "(init [--sql] [--uses-lost] | join | copy FROM TO [--realm NAME] | check | tidy)",
        .help = "a store for many machines, in a database: make it, have this machine join it, "
                "copy all app passwords from files to the database or back, check all of it, take "
                "away what is old",
        .max_args = INT_MAX,
        .options = {{OPTION_SQL, "print what makes it, for who may run that"},
                    {OPTION_USES_LOST, "last uses were lost, as by a restore: they are known from "
                                       "now on"},
                    {OPTION_REALM,
                     "of which machines the /etc/shadow is, where an account does not "
                     "say it: primary.realm"}},
        .examples = {"store init --sql", "store copy files database"},
        .run = command_store,
        .opens_own_conf = true,
        .is_run_here = true,
    },
    {
        .name = "doctor",
        .arguments = "[--fix]",
        .help = "look over configuration, store, PAM files and watch; say what is wrong, and the "
                "mend",
        .options = {{OPTION_FIX, "ask for each command that is safe to run, and run it"}},
        .examples = {"doctor", "doctor --fix"},
        .run = command_doctor,
        .opens_own_conf = true,
    },
};

_Static_assert(sizeof commands / sizeof *commands <= COMMANDS_MAX, "help lists all of them");

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

unsigned command_options_of(const char *name)
{
    const struct command *command = command_find(name);

    return command != NULL ? command_allowed(command) : OPTIONS_ALL;
}

const struct command *command_at(size_t index)
{
    return index < sizeof commands / sizeof *commands ? &commands[index] : NULL;
}
