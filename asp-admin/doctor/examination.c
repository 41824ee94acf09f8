/* What all parts of the look share: faults of the core's, and names in a sentence. */
#include "examination.h"

#include "asp/buffer.h"
#include "asp/safeio.h"
#include "asp/shell_word.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PROC_PATH = 64,
    NAMES_SHOWN = 10,        /* how many of many are named */
    BYTES_MAX = 1024 * 1024, /* of a text of others */
};

bool exam_ran_out(struct examination *exam, enum asp_status status)
{
    exam->findings.failed = exam->findings.failed || status == ASP_NO_MEMORY;
    return status == ASP_NO_MEMORY;
}

static void advise(struct examination *exam, const struct asp_error *error)
{
    if (error->advice[0] != '\0')
        finding_fix(&exam->findings, "%s", error->advice);
    else if (error->status == ASP_UNSAFE)
        finding_fix(&exam->findings, "it and every folder above it have to be root's, writable "
                                     "by nobody else, and no link");
    else
        finding_fix(&exam->findings, "see what the system's log says of it");
}

void exam_fault(struct examination *exam, const char *check, const struct asp_error *error)
{
    if (exam_ran_out(exam, error->status))
        return;
    finding_fault(&exam->findings, check, "%s", error->text);
    advise(exam, error);
}

void exam_fix_at(struct examination *exam, const struct asp_error *error, const char *path,
                 enum path_wanted wanted)
{
    if (error->status != ASP_UNSAFE || !path_fix(&exam->findings, path, wanted))
        advise(exam, error);
}

void exam_fault_at(struct examination *exam, const char *check, const struct asp_error *error,
                   const char *path, enum path_wanted wanted)
{
    if (exam_ran_out(exam, error->status))
        return;
    finding_fault(&exam->findings, check, "%s", error->text);
    exam_fix_at(exam, error, path, wanted);
}

const char *exam_command(struct examination *exam, struct asp_buffer *out,
                         const char *const words[])
{
    const char *command = admin_command(exam->admin, out, words);

    exam->findings.failed = exam->findings.failed || out->failed;
    return command;
}

const char *exam_word(struct examination *exam, struct asp_buffer *out, const char *word)
{
    asp_shell_word_add(out, word);
    exam->findings.failed = exam->findings.failed || out->failed;
    return out->failed ? "" : out->text;
}

const char *exam_remove(struct examination *exam, struct asp_buffer *out, size_t count,
                        const char *user)
{
    const char *command = admin_remove_command(exam->admin, count == 1 ? user : "USER", out);

    exam->findings.failed = exam->findings.failed || out->failed;
    return command;
}

/* Adds the first of them, and how many there are beside. */
static void add_names(struct asp_buffer *out, struct name_list *names)
{
    size_t shown = names->count <= NAMES_SHOWN ? names->count : NAMES_SHOWN;

    name_list_sort(names);
    asp_buffer_add(out, "");
    for (size_t i = 0; i < shown; i++) {
        asp_buffer_add(out, i == 0 ? "" : i + 1 == names->count ? " and " : ", ");
        asp_buffer_add(out, names->list[i]);
    }
    if (shown == names->count)
        return;
    asp_buffer_add(out, " and ");
    asp_buffer_add_number(out, names->count - shown);
    asp_buffer_add(out, " more");
}

const char *exam_names(struct examination *exam, struct asp_buffer *out, struct name_list *names)
{
    add_names(out, names);
    exam->findings.failed = exam->findings.failed || out->failed;
    return out->failed ? "" : out->text;
}

const struct pam_file *exam_asks(struct examination *exam, const char *service)
{
    const struct pam_file *file = pam_folder_find(&exam->pam, service);
    struct pam_stack auth = {0};
    bool asks = false;

    if (file != NULL)
        pam_folder_stack(&exam->pam, file, FACILITY_AUTH, &auth);
    for (size_t i = 0; i < auth.count; i++)
        asks = asks || pam_line_has(auth.entries[i].line, MODULE_FILE);
    pam_stack_free(&auth);
    return asks ? file : NULL;
}

const struct pam_file *exam_first_asking(struct examination *exam, const char *const services[])
{
    const struct pam_file *file = NULL;

    for (size_t i = 0; services[i] != NULL && file == NULL; i++)
        file = exam_asks(exam, services[i]);
    return file;
}

char *exam_text(struct examination *exam, const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    enum asp_status status = ASP_IO;
    uint8_t *bytes = NULL;
    size_t length;
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        status = asp_file_read(fd, NULL, path, &st, BYTES_MAX, &bytes, &length, NULL);
    asp_close(fd);
    (void)exam_ran_out(exam, status);
    return (char *)bytes;
}

void exam_glob(struct examination *exam, const char *pattern, glob_t *paths)
{
    *paths = (glob_t){.gl_pathc = 0};
    exam_glob_also(exam, pattern, paths);
}

void exam_glob_also(struct examination *exam, const char *pattern, glob_t *paths)
{
    int others = paths->gl_pathv != NULL ? GLOB_APPEND : 0;

    if (glob(pattern, others, NULL, paths) == GLOB_NOSPACE)
        exam->findings.failed = true;
}

void exam_processes(struct examination *exam, exam_process *look, void *context)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    bool enough = false;

    exam->findings.failed = exam->findings.failed || (dir == NULL && errno == ENOMEM);
    while (dir != NULL && !enough && (entry = readdir(dir)) != NULL) {
        const char *pid = entry->d_name;

        enough = pid[strspn(pid, "0123456789")] == '\0' && look(pid, context);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

FILE *exam_process_open(const char *pid, const char *name)
{
    char path[PROC_PATH];

    (void)snprintf(path, sizeof path, "/proc/%.20s/%s", pid, name);
    return fopen(path, "re");
}
