/* A sign-in by the web server: PAM service asp-web, and whether its user may act here. */
#include "web_sign_in.h"

#include "self_account.h"
#include "self_pam.h"
#include "self_session.h"

#include "asp-admin/app.h"
#include "asp-admin/self/self_rules.h"

#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static bool report(const struct web_sign_in *sign_in, const struct self_report *what)
{
    return write(sign_in->report, what, sizeof *what) == (ssize_t)sizeof *what;
}

static void report_answer(void *context)
{
    const struct self_report what = {.process = getpid(), .kind = SELF_ANSWERED};

    (void)report(context, &what);
}

/* What was to be known of her account, in the place of what PAM says of nobody. */
static enum asp_status tell_unknown(const struct asp_error *unknown, struct asp_error *error)
{
    char line[ASP_ERROR_LINE];

    if (unknown->status == ASP_OK)
        return asp_fail(error, ASP_DENIED,
                        "the account has expired, or nothing can be told of the primary password");
    return asp_fail(error, unknown->status, "%s", asp_error_line(unknown, line));
}

/* What she is let in to, if she may be. All that is looked at before PAM has decided is the same
 * for everybody at the other end. */
static enum asp_status decide(struct web_sign_in *sign_in, struct admin *admin,
                              struct self_report *what, struct asp_error *error)
{
    struct asp_error unknown = {0};
    const bool has_account = self_account_find_typed(admin, sign_in->user, &unknown);
    char spelled[ASP_USER_MAX + 1];
    const struct self_pam pam = {
        .fd = sign_in->fd,
        .service = SERVICE_WEB,
        .user = has_account ? admin->user : spelled,
        .rhost = sign_in->address[0] != '\0' ? sign_in->address : NULL,
        .tells = true,
        .since_ms = sign_in->since_ms,
        .pause_ms = WEB_QUESTION_MS,
        .answered = report_answer,
        .context = sign_in,
    };
    enum asp_status status;

    asp_account_spell(admin->conf, sign_in->user, spelled);
    if (has_account)
        unknown.status = self_account_print(admin, &sign_in->key, &what->own, &unknown);
    status = self_pam_ask(&pam, admin, error);
    if (!has_account && unknown.status != ASP_DENIED && unknown.status != ASP_INVALID)
        return tell_unknown(&unknown, error);
    if (status == ASP_OK && !self_rules_admit(admin->conf, admin->user))
        status = asp_fail(error, ASP_DENIED, "self-service is not for this user");
    if (status == ASP_OK && !what->own.known)
        status = tell_unknown(&unknown, error);
    if (status == ASP_OK)
        status = self_account_ask(admin->user, &what->is_user, error);
    return status;
}

int web_sign_in_run(const struct web_sign_in *given)
{
    struct web_sign_in sign_in = *given;
    struct admin admin = {.now = time(NULL), .store = ASP_STORE_CLOSED};
    struct self_report what = {.process = getpid(), .kind = SELF_ADMITTED};
    struct asp_identity identity;
    struct asp_error error = {0};
    const char *address = sign_in.address[0] != '\0' ? sign_in.address : "-";
    char line[ASP_ERROR_LINE];
    int code = WEB_REFUSED;

    openlog("asp-admin", LOG_PID, LOG_AUTHPRIV);
    if (admin_load_conf(&admin, sign_in.conf_path, sign_in.conf_required, &identity, &error) !=
        ASP_OK) {
        syslog(LOG_ERR, "configuration: %s", asp_error_line(&error, line));
        return WEB_BROKEN;
    }
    if (decide(&sign_in, &admin, &what, &error) == ASP_OK) {
        memcpy(what.account, admin.user, sizeof what.account);
        code = report(&sign_in, &what) ? WEB_ADMITTED : WEB_BROKEN;
        if (code == WEB_ADMITTED && admin.conf->log_accepted)
            self_account_log_admission(sign_in.user, admin.user, address);
    } else {
        self_account_log_refusal(sign_in.user, error.text, address);
    }
    admin_close(&admin);
    return code;
}
