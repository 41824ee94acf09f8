/* What was wrong with a certificate: it is for OpenSSL to tell, and libpq hands on its words. */
#include "certificate.h"

#include "asp/buffer.h"
#include "asp/shell_word.h"

#include <stddef.h>
#include <string.h>

/* What is to be looked at. */
enum place {
    THEIRS_AND_CA,
    THEIR_NAME,
    OUR_CA,
    OUR_DATES,
    OUR_KEY,
};

struct pgsql_certificate_fault {
    const char *words;
    const char *cause;
    enum place place;
};

/* The first that is in it. Those of an alert are what the server has said of the certificate of
 * this machine. No program of ours sets a language for messages. */
static const struct pgsql_certificate_fault faults[] = {
    {"certificate verify failed", "its certificate is not to be trusted", THEIRS_AND_CA},
    {"does not match host name", "its certificate is for another name", THEIR_NAME},
    {"root certificate", "database.ca is not to be used", OUR_CA},
    {"alert certificate", "it refuses this machine's certificate", OUR_DATES},
    {"alert bad certificate", "it refuses this machine's certificate", OUR_DATES},
    {"alert unknown ca", "it refuses this machine's certificate", OUR_DATES},
    {"private key file", "this machine's key is not to be used", OUR_KEY},
    {"certificate file", "this machine's certificate is not to be used", OUR_KEY},
};

const struct pgsql_certificate_fault *pgsql_certificate_fault_in(const char *word)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strstr(word, faults[i].words) != NULL)
            return &faults[i];
    }
    return NULL;
}

const char *pgsql_certificate_cause(const struct pgsql_certificate_fault *fault)
{
    return fault->cause;
}

const char *pgsql_certificate_word(const struct pgsql_certificate_fault *fault, const char *word)
{
    const char *file = strstr(word, " file \"");
    const char *end = file != NULL ? strstr(file, "\": ") : NULL;

    if (end == NULL || (fault->place != OUR_CA && fault->place != OUR_KEY))
        return word;
    return end + strlen("\": ");
}

/* A command that shows that of the server, with these options. */
static void add_theirs(struct asp_buffer *out, const struct asp_database_host *host,
                       const char *options)
{
    const bool is_ipv6 = strchr(host->address, ':') != NULL;

    asp_buffer_add(out, "openssl s_client -starttls postgres -connect ");
    asp_buffer_add(out, is_ipv6 ? "'[" : "");
    asp_buffer_add(out, host->address);
    asp_buffer_add(out, is_ipv6 ? "]:" : ":");
    asp_buffer_add_number(out, (unsigned long long)host->port);
    asp_buffer_add(out, is_ipv6 ? "'" : "");
    asp_buffer_add(out, " </dev/null | openssl x509 -noout ");
    asp_buffer_add(out, options);
}

static void add_file(struct asp_buffer *out, const char *command, const char *path)
{
    asp_buffer_add(out, command);
    asp_shell_word_add(out, path);
}

void pgsql_certificate_advise(const struct pgsql_certificate_fault *fault,
                              const struct asp_database *database,
                              const struct asp_database_host *host, struct asp_error *error)
{
    struct asp_buffer advice = {0};

    switch (fault->place) {
    case THEIRS_AND_CA:
        asp_buffer_add(&advice, "look who has signed it and until when it is good: ");
        add_theirs(&advice, host, "-issuer -dates");
        add_file(&advice, "; and at database.ca: openssl x509 -noout -subject -dates -in ",
                 database->ca);
        break;
    case THEIR_NAME:
        asp_buffer_add(&advice, "give the host in asp.conf a name that is in it: ");
        add_theirs(&advice, host, "-subject -ext subjectAltName");
        break;
    case OUR_CA:
        add_file(&advice, "look at it: openssl x509 -noout -subject -dates -in ", database->ca);
        break;
    case OUR_DATES:
        add_file(&advice,
                 "look who has signed it and until when it is good: openssl x509 -noout "
                 "-issuer -dates -in ",
                 database->cert);
        asp_buffer_add(&advice, "; the server takes those of its ssl_ca_file");
        break;
    case OUR_KEY:
        add_file(&advice, "these have to show the same: openssl x509 -noout -pubkey -in ",
                 database->cert);
        add_file(&advice, "; and openssl pkey -pubout -in ", database->key);
        break;
    }
    if (!advice.failed)
        (void)asp_advise(error, error->status, "%s", advice.text);
    asp_buffer_free(&advice);
}
