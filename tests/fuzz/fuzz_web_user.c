/* The web server's user, by /etc/passwd, /etc/group and /etc/login.defs: who is found is whom the
 * name service knows by these files, and nobody who is something else. */
#include "machine.h"

#include "asp-admin/system/web_user.h"

#include <pwd.h>

static const char *const paths[] = {"/etc/passwd", "/etc/group", "/etc/login.defs"};

enum { PATHS = sizeof paths / sizeof *paths, NOBODY = 65534, ALL = 1000000 };

static void find(const char *name)
{
    const struct asp_conf conf = {.self_web_user = name};
    struct asp_error error = {0};
    const struct passwd *known;
    uid_t uid = ALL;
    enum asp_status status = web_user_find(&conf, &uid, &error);

    FUZZ_NEED(status == ASP_OK || status == ASP_INVALID || status == ASP_NOT_FOUND);
    FUZZ_NEED((status == ASP_OK) == (error.text[0] == '\0'));
    if (status != ASP_OK)
        return;
    FUZZ_NEED(name[0] != '\0' && uid != 0 && uid != NOBODY);
    known = getpwnam(name);
    FUZZ_NEED(known != NULL && known->pw_uid == uid);
    known = getpwuid(uid);
    FUZZ_NEED(known != NULL && strcmp(known->pw_name, name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    machine_fill(data, size, paths, PATHS);
    find("www-data");
    find("nobody");
    find("");
    return 0;
}
