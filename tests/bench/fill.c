/*
 * fill FOLDER COUNT ENTRIES: writes the accounts of as many users, with as many app passwords each,
 * into FOLDER as a store keeps them, without its locks and fsyncs. Their lines of /etc/shadow go to
 * standard output.
 *
 * The users are user0, user1 and so on; an app password is an id, 00, 01 and so on, and a secret of
 * zeros alone.
 */
#include "asp/account_file.h"
#include "asp/buffer.h"
#include "asp/primary.h"
#include "asp/time_text.h"
#include "asp/verifier.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_entry(struct asp_account *account, size_t number)
{
    static const struct asp_cost cost = {.scheme = ASP_BLAKE2B};
    struct asp_secret secret = {.key = "00000000000000000000000"};
    struct asp_entry entry;

    secret.id[0] = ASP_ALPHABET[number / 32 % 32];
    secret.id[1] = ASP_ALPHABET[number % 32];
    asp_entry_init(&entry);
    memcpy(entry.id, secret.id, sizeof entry.id);
    if (asp_verifier_make(&cost, account->user, &secret, entry.verifier) != ASP_OK)
        exit(1);
    (void)snprintf(entry.label, sizeof entry.label, "Device %zu", number);
    (void)snprintf(entry.app, sizeof entry.app, "mail");
    (void)snprintf(entry.created_by, sizeof entry.created_by, "root");
    entry.created = 1700000000;
    if (asp_entry_fault(&entry) != NULL || asp_account_add(account, &entry) != ASP_OK)
        exit(1);
}

static void write_account(const char *folder, const struct asp_account *account)
{
    char path[4096];
    struct asp_buffer text = {0};
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", folder, account->user);
    asp_account_write(account, &text);
    file = fopen(path, "we");
    if (file == NULL || text.failed || fwrite(text.text, 1, text.length, file) != text.length ||
        fclose(file) != 0)
        exit(1);
    asp_buffer_free(&text);
}

int main(int argc, char **argv)
{
    size_t count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    size_t entries = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

    if (count == 0 || sodium_init() < 0)
        return 2;
    for (size_t i = 0; i < count; i++) {
        char user[32];
        char hash[64];
        struct asp_account account;
        struct asp_primary_now now = {
            .source = ASP_SOURCE_SHADOW, .says = ASP_SAYS_HASH, .hash = hash, .expires = ASP_NEVER};

        (void)snprintf(user, sizeof user, "user%zu", i);
        (void)snprintf(hash, sizeof hash, "$6$saltsaltsaltsalt$%040zu", i);
        now.length = strlen(hash);
        asp_account_init(&account, user);
        asp_primary_take(&now, &account.primary);
        for (size_t j = 0; j < entries; j++)
            add_entry(&account, j);
        write_account(argv[1], &account);
        (void)printf("%s:%s:20000:0:99999:7:::\n", user, hash);
        asp_account_free(&account);
    }
    return 0;
}
