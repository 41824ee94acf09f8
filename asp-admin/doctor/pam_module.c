/* What the modules of PAM are known to answer. */
#include "pam_module.h"

#include "pam_walk.h"

#include <string.h>

#define SUCCESS PAM_REPLY(SUCCESS)
#define IGNORE PAM_REPLY(IGNORE)
#define AUTH_ERR PAM_REPLY(AUTH_ERR)
#define PERM_DENIED PAM_REPLY(PERM_DENIED)
#define USER_UNKNOWN PAM_REPLY(USER_UNKNOWN)
#define SERVICE_ERR PAM_REPLY(SERVICE_ERR)
#define UNAVAIL PAM_REPLY(AUTHINFO_UNAVAIL)
#define ABSENT PAM_REPLY(MODULE_UNKNOWN) /* the module has nothing for this facility */

struct module {
    const char *file;
    enum pam_kind kind;
    uint32_t auth; /* of KIND_PRIMARY: its refusals */
    uint32_t account;
};

static const struct module modules[] = {
    {MODULE_FILE, KIND_OURS, 0, 0},

    {"pam_unix.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},
    {"pam_tcb.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},
    {"pam_sss.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL | PERM_DENIED, 0},
    {"pam_ldap.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL | PERM_DENIED, 0},
    {"pam_ldapd.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL | PERM_DENIED, 0},
    {"pam_krb5.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},
    {"pam_winbind.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},
    {"pam_systemd_home.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | IGNORE, IGNORE},
    {"pam_userdb.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | SERVICE_ERR, 0},
    {"pam_pwdfile.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},
    {"pam_mysql.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},
    {"pam_pgsql.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},
    {"pam_radius_auth.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},
    {"pam_tacplus.so", KIND_PRIMARY, AUTH_ERR | USER_UNKNOWN | UNAVAIL, 0},

    {"pam_google_authenticator.so", KIND_FACTOR, SUCCESS | AUTH_ERR | IGNORE, ABSENT},
    {"pam_oath.so", KIND_FACTOR, SUCCESS | AUTH_ERR | USER_UNKNOWN, SUCCESS},
    {"pam_u2f.so", KIND_FACTOR, SUCCESS | AUTH_ERR | IGNORE | USER_UNKNOWN, SUCCESS},
    {"pam_yubico.so", KIND_FACTOR, SUCCESS | AUTH_ERR | USER_UNKNOWN | UNAVAIL, SUCCESS},
    {"pam_duo.so", KIND_FACTOR, SUCCESS | AUTH_ERR | SERVICE_ERR, SUCCESS},
    {"pam_fprintd.so", KIND_FACTOR, SUCCESS | AUTH_ERR | UNAVAIL, SUCCESS},
    {"pam_pkcs11.so", KIND_FACTOR, SUCCESS | AUTH_ERR | IGNORE | UNAVAIL, SUCCESS},

    {"pam_deny.so", KIND_RULE, AUTH_ERR, AUTH_ERR},
    {"pam_permit.so", KIND_RULE, SUCCESS, SUCCESS},
    {"pam_warn.so", KIND_RULE, IGNORE, IGNORE},
    {"pam_env.so", KIND_RULE, IGNORE, SERVICE_ERR},
    {"pam_group.so", KIND_RULE, IGNORE, ABSENT},
    {"pam_faildelay.so", KIND_RULE, IGNORE, ABSENT},
    {"pam_issue.so", KIND_RULE, IGNORE, ABSENT},
    {"pam_mail.so", KIND_RULE, IGNORE, ABSENT},
    {"pam_cap.so", KIND_RULE, SUCCESS | IGNORE, ABSENT},
    {"pam_gnome_keyring.so", KIND_RULE, SUCCESS | IGNORE, ABSENT},
    {"pam_nologin.so", KIND_RULE, IGNORE | AUTH_ERR | USER_UNKNOWN,
     IGNORE | AUTH_ERR | USER_UNKNOWN},
    {"pam_access.so", KIND_RULE, SUCCESS | PERM_DENIED, SUCCESS | PERM_DENIED},
    {"pam_listfile.so", KIND_RULE, SUCCESS | AUTH_ERR | IGNORE, SUCCESS | AUTH_ERR | IGNORE},
    {"pam_shells.so", KIND_RULE, SUCCESS | AUTH_ERR, SUCCESS | AUTH_ERR},
    {"pam_time.so", KIND_RULE, ABSENT, SUCCESS | PERM_DENIED},
    {"pam_securetty.so", KIND_RULE, SUCCESS | AUTH_ERR | USER_UNKNOWN,
     SUCCESS | AUTH_ERR | USER_UNKNOWN},
    {"pam_succeed_if.so", KIND_RULE, SUCCESS | AUTH_ERR | USER_UNKNOWN,
     SUCCESS | AUTH_ERR | USER_UNKNOWN},
    {"pam_localuser.so", KIND_RULE, SUCCESS | PERM_DENIED, SUCCESS | PERM_DENIED},
    {"pam_usertype.so", KIND_RULE, SUCCESS | AUTH_ERR, SUCCESS | AUTH_ERR},
    {"pam_rootok.so", KIND_RULE, SUCCESS | AUTH_ERR, SUCCESS | AUTH_ERR},
    {"pam_wheel.so", KIND_RULE, SUCCESS | IGNORE | PERM_DENIED, SUCCESS | IGNORE | PERM_DENIED},
    {"pam_timestamp.so", KIND_RULE, SUCCESS | AUTH_ERR, ABSENT},
    {"pam_sepermit.so", KIND_RULE, SUCCESS | IGNORE | AUTH_ERR, SUCCESS | IGNORE | AUTH_ERR},
    {"pam_loginuid.so", KIND_RULE, ABSENT, SUCCESS | IGNORE},
    {"pam_faillock.so", KIND_RULE, SUCCESS | IGNORE | AUTH_ERR, SUCCESS | IGNORE},
    {"pam_tally2.so", KIND_RULE, SUCCESS | IGNORE | AUTH_ERR, SUCCESS | IGNORE},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct module *find(const struct pam_line *line)
{
    for (size_t i = 0; i < COUNT(modules); i++) {
        if (pam_line_has(line, modules[i].file))
            return &modules[i];
    }
    return NULL;
}

/* pam_debug answers what it is told to, as auth=perm_denied. */
static uint32_t debug_answer(const struct pam_line *line, enum facility facility)
{
    const char *name = facility == FACILITY_AUTH ? "auth=" : "acct=";
    uint32_t bits = SUCCESS;

    for (int i = 0; i < line->argument_count; i++) {
        enum reply reply;

        if (strncmp(line->arguments[i], name, 5) == 0 &&
            pam_reply_of(line->arguments[i] + 5, &reply))
            bits = (uint32_t)1 << reply;
    }
    return bits;
}

bool pam_line_has_argument(const struct pam_line *line, const char *argument)
{
    for (int i = 0; i < line->argument_count; i++) {
        if (strcmp(line->arguments[i], argument) == 0)
            return true;
    }
    return false;
}

enum pam_kind pam_kind_of(const struct pam_line *line)
{
    const struct module *module = find(line);

    if (pam_line_has(line, "pam_debug.so"))
        return KIND_RULE;
    return module == NULL ? KIND_UNKNOWN : module->kind;
}

bool pam_counts(const struct pam_line *line)
{
    return pam_line_has(line, "pam_tally2.so") ||
           (pam_line_has(line, "pam_faillock.so") && pam_line_has_argument(line, "authfail"));
}

uint32_t pam_answers_of(const struct pam_line *line, enum facility facility)
{
    const struct module *module = find(line);

    if (pam_line_has(line, "pam_debug.so"))
        return debug_answer(line, facility);
    if (module == NULL)
        return SUCCESS | IGNORE | AUTH_ERR | PERM_DENIED | USER_UNKNOWN | UNAVAIL;
    if (facility == FACILITY_AUTH && pam_line_has(line, "pam_faillock.so") && pam_counts(line))
        return IGNORE | AUTH_ERR;
    if (pam_line_has(line, "pam_nologin.so") && pam_line_has_argument(line, "successok"))
        return SUCCESS | AUTH_ERR | USER_UNKNOWN;
    if (pam_line_has(line, "pam_wheel.so") && !pam_line_has_argument(line, "trust"))
        return IGNORE | PERM_DENIED;
    return facility == FACILITY_AUTH ? module->auth : module->account;
}

uint32_t pam_refusals_of(const struct pam_line *line)
{
    static const char *const ignored[] = {"ignore_unknown_user", "ignore_authinfo_unavail"};
    const struct module *module = find(line);
    uint32_t bits = module == NULL ? AUTH_ERR : module->auth;

    for (size_t i = 0; i < COUNT(ignored); i++) {
        if (pam_line_has_argument(line, ignored[i]))
            bits |= IGNORE;
    }
    for (int i = 0; i < line->argument_count; i++) {
        if (strncmp(line->arguments[i], "minimum_uid=", 12) == 0)
            bits |= IGNORE;
    }
    return bits;
}

uint32_t pam_ages_of(const struct pam_line *line)
{
    const struct module *module = find(line);
    uint32_t bits = module == NULL ? 0 : module->account;

    if (pam_line_has(line, "pam_unix.so") && pam_line_has_argument(line, "no_pass_expiry"))
        return SUCCESS;
    return bits | SUCCESS | USER_UNKNOWN | UNAVAIL | PAM_REPLY(NEW_AUTHTOK_REQD) |
           PAM_REPLY(AUTHTOK_EXPIRED);
}

enum pam_token pam_token_of(const struct pam_line *line, enum pam_token before)
{
    enum pam_kind kind = pam_kind_of(line);
    bool kept = pam_line_has_argument(line, "use_first_pass");

    if (before == TOKEN_SET || kind == KIND_RULE || kept)
        return before;
    if (kind == KIND_OURS)
        return TOKEN_SET;
    if (kind != KIND_PRIMARY || pam_line_has(line, "pam_systemd_home.so") ||
        (pam_line_has(line, "pam_sss.so") && !pam_line_has_argument(line, "forward_pass")))
        return TOKEN_MAYBE;
    return TOKEN_SET;
}

bool pam_is_kept_by_some(const struct pam_line *line, enum facility facility)
{
    uint32_t bits = pam_answers_of(line, facility);

    return pam_kind_of(line) == KIND_RULE && (bits & (SUCCESS | IGNORE)) != 0 &&
           (bits & ~(SUCCESS | IGNORE)) != 0 && !pam_line_has(line, "pam_faillock.so") &&
           !pam_line_has(line, "pam_tally2.so");
}

bool pam_bars(const struct pam_line *line, enum facility facility)
{
    uint32_t bits = pam_answers_of(line, facility) & ~(SUCCESS | IGNORE);

    if (!pam_is_kept_by_some(line, facility))
        return false;
    for (int i = 0; i < REPLIES; i++) {
        if ((bits >> i & 1) != 0 &&
            (line->actions[i] == ACTION_BAD || line->actions[i] == ACTION_DIE))
            return true;
    }
    return false;
}
