/* Standard output that others are not to read. */
#include "private_output.h"

#include <sys/stat.h>
#include <unistd.h>

void private_output(const struct console *console)
{
    struct stat st;

    if (fstat(STDOUT_FILENO, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077) == 0)
        return;
    if (st.st_size == 0 && st.st_uid == geteuid() && fchmod(STDOUT_FILENO, 0600) == 0)
        console_say(console, "note: others had rights to the file that is standard output: its "
                             "mode is 0600 now");
    else
        console_say(console, "note: others have rights to the file that is standard output: chmod "
                             "600 takes them away");
}
