/* What a machine is called. */
#include "machine.h"

#include "asp/safeio.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MACHINE_ID "/etc/machine-id" /* machine-id(5) */

enum {
    ID_BYTES = 32,
    SHORT_BYTES = 4,
    HOST_MAX = 64,
};

/* The id of a machine is not to be handed on, says machine-id(5), but what is made of it may be. */
void machine_name(char name[MACHINE_NAME_SIZE])
{
    static const char purpose[crypto_generichash_KEYBYTES] = "asp: the lease of a machine";
    unsigned char digest[crypto_generichash_BYTES];
    unsigned char id[ID_BYTES] = {0};
    char hex[2 * SHORT_BYTES + 1];
    char host[HOST_MAX + 1] = "";
    int fd = open(MACHINE_ID, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && read(fd, id, sizeof id) < 0)
        memset(id, 0, sizeof id);
    asp_close(fd);
    (void)crypto_generichash(digest, sizeof digest, id, sizeof id, (const unsigned char *)purpose,
                             sizeof purpose);
    (void)gethostname(host, HOST_MAX);
    (void)snprintf(name, MACHINE_NAME_SIZE, "%s %s", host[0] != '\0' ? host : "localhost",
                   sodium_bin2hex(hex, sizeof hex, digest, SHORT_BYTES));
}

int machine_name_length(const char *name)
{
    return (int)strcspn(name, " ");
}
