/* Which PAM service nginx and Apache ask for, by their configurations, and as whom they run. */
#include "machine.h"

#include "asp-admin/doctor/service_users.h"

static const char *const paths[] = {"/etc/nginx/nginx.conf", "/etc/apache2/apache2.conf",
                                    "/etc/pam.d/nginx", "/etc/pam.d/web", "/etc/pam.d/radicale"};

enum { PATHS = sizeof paths / sizeof *paths };

static const char passwd[] = "www-data:x:33:33::/:/bin/false\nradicale:x:34:34::/:/bin/false\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct service_users users = {.count = 0};
    struct examination exam;
    struct admin admin;

    machine_make();
    machine_put("/etc/passwd", passwd, strlen(passwd));
    machine_fill(data, size, paths, PATHS);
    machine_examine(&exam, &admin);
    pam_folder_read(&exam.pam);
    service_users_find(&exam, &users);
    FUZZ_NEED(users.count <= SERVICE_SERVERS);
    for (size_t i = 0; i < users.count; i++) {
        const struct pam_file *file = users.list[i].file;

        FUZZ_NEED(exam_asks(&exam, file->name) == file);
        FUZZ_NEED(strcmp(users.list[i].name, "www-data") == 0 ||
                  strcmp(users.list[i].name, "radicale") == 0);
    }
    FUZZ_NEED(!exam.findings.failed && exam.findings.count == 0);
    pam_folder_free(&exam.pam);
    return 0;
}
