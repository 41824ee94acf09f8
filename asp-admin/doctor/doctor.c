/* doctor: the command, and the order of its parts. */
#include "doctor.h"

#include "account_page.h"
#include "beside_pam.h"
#include "broker.h"
#include "configuration.h"
#include "database.h"
#include "dovecot.h"
#include "fix.h"
#include "old_processes.h"
#include "pam.h"
#include "password_stack.h"
#include "store.h"
#include "watch.h"

#include "asp-admin/ui/progress.h"

#include "asp/time_text.h"

#include <unistd.h>

static void look_over(struct examination *exam)
{
    progress_begin("looking at the configuration");
    examine_configuration(exam);
    pam_folder_read(&exam->pam);
    if (exam->admin->conf != NULL) {
        progress_say("looking at the accounts");
        examine_store(exam);
        progress_say("looking at the watch and its hooks");
        examine_database_feed(exam);
        examine_watch(exam);
    }
    progress_say("looking at the PAM files");
    examine_pam(exam);
    if (exam->admin->conf != NULL) {
        examine_password_stack(exam);
        progress_say("looking at the broker");
        examine_broker(exam);
        examine_account_page(exam);
    }
    progress_say("asking Dovecot");
    examine_dovecot(exam);
    examine_beside_pam(exam);
    progress_say("looking at what runs");
    examine_old_processes(exam);
    progress_end();
    exam->findings.failed = exam->findings.failed || exam->pam.failed;
}

/* Looks, and shows what was found; or, with `fixing`, asks what is to be mended, and shows it where
 * nothing was done for it. *again: it was. */
static enum exit_code look(struct admin *admin, struct fixing *fixing, bool *again)
{
    struct examination exam = {.admin = admin, .watch = {.looked = ASP_NEVER}};
    enum exit_code code;

    look_over(&exam);
    if (fixing != NULL && !exam.findings.failed)
        fix_faults(fixing, &exam.findings, admin->console);
    *again = fixing != NULL && fixing->ran && !fixing->failed;
    exam.findings.failed = exam.findings.failed || (fixing != NULL && fixing->failed);
    code = exam.findings.faults > 0 ? EXIT_NO : EXIT_DONE;
    if (!*again && !findings_show(&exam.findings, admin->console, admin->options->json))
        code = EXIT_STORE;
    findings_free(&exam.findings);
    pam_folder_free(&exam.pam);
    return code;
}

enum exit_code command_doctor(struct admin *admin)
{
    struct fixing fixing = {.ran = false};
    bool fixes = admin->options->fix;
    bool again = false;
    enum exit_code code = EXIT_DONE;

    if (geteuid() != 0)
        return fail_with(admin->console, EXIT_STORE, "doctor is for root: run asp-admin as root");
    if (fixes)
        code = fix_check(admin);
    if (code != EXIT_DONE)
        return code;
    do {
        /* What was mended may have been the configuration, and the store another one. */
        admin_close(admin);
        admin->now = time(NULL);
        code = look(admin, fixes ? &fixing : NULL, &again);
    } while (again);
    name_list_clear(&fixing.asked);
    return code;
}
