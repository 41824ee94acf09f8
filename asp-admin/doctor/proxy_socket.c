/* doctor: whether somebody runs who may connect to asp-web. Which web server is its proxy is not
 * known: but that has the group of the socket. */
#include "proxy_socket.h"

#include "process.h"

#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>

struct search {
    gid_t group;
    bool found;
};

/* An exam_process. Those of root's may connect whatever their groups, and hand nothing on. */
static bool is_of_group(const char *pid, void *context)
{
    struct search *search = context;
    struct process process;

    search->found =
        process_read(pid, search->group, &process) && process.uid != 0 && process.in_group;
    return search->found;
}

void proxy_socket_tell(struct examination *exam, const char *check, const char *path)
{
    struct search search = {0};
    struct stat st;
    const struct group *group;
    char name[32];

    if (stat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    search.group = st.st_gid;
    exam_processes(exam, is_of_group, &search);
    if (search.found)
        return;
    group = getgrgid(st.st_gid);
    (void)snprintf(name, sizeof name, "%lu", (unsigned long)st.st_gid);
    finding_note(
        &exam->findings, check,
        "%s is for the group %s, and nothing that runs is in it: a web server of another user "
        "cannot connect, and answers 502; run it as a user of that group, or give the "
        "socket the group of its user",
        path, group != NULL ? group->gr_name : name);
}
