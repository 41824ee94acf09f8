/* Whether there are random bytes to be had. */
#include "random.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>

enum asp_status asp_random_check(struct asp_error *error)
{
    char byte;
    ssize_t got;

    do
        got = getrandom(&byte, sizeof byte, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof byte
               ? ASP_OK
               : asp_fail_errno(error, "the system gives no random numbers");
}

enum asp_status asp_random_check_start(struct asp_error *error)
{
    enum asp_status status = asp_random_check(error);

    return status != ASP_OK && access("/dev/urandom", R_OK) == 0 ? ASP_OK : status;
}
