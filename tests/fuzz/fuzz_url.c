/* The address of a server: what was read of it, written again, is read as the same. */
#include "fuzz.h"

#include "asp/url.h"

#include <stdbool.h>

static const char *const schemes[] = {"imap", "imaps", "submission", "submissions", "https", NULL};
static const char *const https[] = {"https", NULL};

static void write_again(const char *text, const struct asp_url *url)
{
    const char *open = strchr(url->host, ':') != NULL ? "[" : "";
    const size_t size = strlen(text) + sizeof ":65535";
    char *written = malloc(size);
    struct asp_url again;

    FUZZ_NEED(written != NULL);
    (void)snprintf(written, size, "%s://%s%s%s:%u%s", url->scheme, open, url->host,
                   open[0] != '\0' ? "]" : "", url->port, url->path);
    FUZZ_NEED(asp_url_read(written, schemes, &again));
    FUZZ_NEED(strcmp(again.scheme, url->scheme) == 0 && strcmp(again.host, url->host) == 0);
    FUZZ_NEED(strcmp(again.path, url->path) == 0);
    FUZZ_NEED(again.port == url->port && again.tls == url->tls);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct asp_url url;
    struct asp_url narrow;
    const bool read = asp_url_read(text, schemes, &url);

    if (read) {
        FUZZ_NEED(url.port >= 1 && url.port <= 65535 && url.host[0] != '\0');
        FUZZ_NEED(strlen(url.host) <= ASP_URL_HOST_MAX && strpbrk(url.host, "/@ \"<>") == NULL);
        FUZZ_NEED(url.path[0] == '\0' || url.path[0] == '/');
        write_again(text, &url);
    }
    /* Fewer schemes take nothing else. */
    FUZZ_NEED(asp_url_read(text, https, &narrow) == (read && strcmp(url.scheme, "https") == 0));
    free(text);
    return 0;
}
