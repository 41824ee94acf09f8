/* doctor: packages. They are Debian's; what other systems call theirs is not known here. */
#include "package.h"

#include "asp-admin/system/program.h"

#define APT "apt-get"

static bool is_debian(void)
{
    char path[PROGRAM_PATH_SIZE];

    return program_find("dpkg", path);
}

void package_fix(struct findings *findings, const char *package, const char *what)
{
    if (is_debian())
        finding_fix_command(findings, false, (const char *[]){APT, "install", package, NULL});
    else
        finding_fix(findings, "install %s", what);
}

void package_add(struct asp_buffer *out, const char *package, const char *what)
{
    const bool debian = is_debian();

    asp_buffer_add(out, debian ? APT " install " : "install ");
    asp_buffer_add(out, debian ? package : what);
}
