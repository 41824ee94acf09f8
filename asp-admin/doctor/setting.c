/* Lines of a key and its value. */
#include "setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *setting_value(char *line, const char *key, const char *ends)
{
    const size_t length = strlen(key);

    line += strspn(line, " \t");
    if (strncasecmp(line, key, length) != 0 || line[length] == '\0' ||
        strchr(ends, line[length]) == NULL)
        return NULL;
    line += length + 1;
    line += strspn(line, " \t");
    line[strcspn(line, "\r\n")] = '\0';
    for (size_t end = strlen(line); end > 0 && strchr(" \t", line[end - 1]) != NULL; end--)
        line[end - 1] = '\0';
    return line;
}

void setting_find(struct examination *exam, const char *pattern, const char *key, const char *ends,
                  struct setting *found)
{
    glob_t paths;

    exam_glob(exam, pattern, &paths);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        char *text = exam_text(exam, paths.gl_pathv[i]);
        char *rest = NULL;

        for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            const char *value = setting_value(line, key, ends);

            if (value == NULL)
                continue;
            (void)snprintf(found->path, sizeof found->path, "%s", paths.gl_pathv[i]);
            (void)snprintf(found->value, sizeof found->value, "%s", value);
        }
        free(text);
    }
    globfree(&paths);
}

void setting_fix(struct examination *exam, const char *key, const char *ends, const char *line,
                 const char *path)
{
    struct asp_buffer script = {0};

    asp_buffer_add(&script, "sed -i 's/^[[:space:]]*");
    asp_buffer_add(&script, key);
    asp_buffer_add(&script, "[");
    asp_buffer_add(&script, ends);
    asp_buffer_add(&script, "].*/");
    asp_buffer_add(&script, line);
    asp_buffer_add(&script, "/I' ");
    (void)exam_word(exam, &script, path);
    exam->findings.failed = exam->findings.failed || script.failed;
    finding_fix_script(&exam->findings, script.failed ? "" : script.text);
    asp_buffer_free(&script);
}
