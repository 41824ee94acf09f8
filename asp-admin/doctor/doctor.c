/* doctor: the command, and the order of its parts. */
#include "doctor.h"

#include "broker.h"
#include "configuration.h"
#include "dovecot.h"
#include "pam.h"
#include "password_stack.h"
#include "store.h"
#include "watch.h"

#include "asp/time_text.h"

#include <unistd.h>

static void look_over(struct examination *exam)
{
    examine_configuration(exam);
    pam_folder_read(&exam->pam);
    if (exam->admin->conf != NULL) {
        examine_store(exam);
        examine_watch(exam);
    }
    examine_pam(exam);
    if (exam->admin->conf != NULL) {
        examine_password_stack(exam);
        examine_broker(exam);
    }
    examine_dovecot(exam);
    exam->findings.failed = exam->findings.failed || exam->pam.failed;
}

enum exit_code command_doctor(struct admin *admin)
{
    struct examination exam = {.admin = admin, .watch = {.looked = ASP_NEVER}};
    enum exit_code code;

    if (geteuid() != 0)
        return fail_with(admin->console, EXIT_STORE, "doctor is for root: run asp-admin as root");
    look_over(&exam);
    code = exam.findings.faults > 0 ? EXIT_NO : EXIT_DONE;
    if (!findings_show(&exam.findings, admin->console, admin->options->json))
        code = EXIT_STORE;
    findings_free(&exam.findings);
    pam_folder_free(&exam.pam);
    return code;
}
