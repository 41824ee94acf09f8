/*
 * What the fuzz targets share. Each is a file with one function, given bytes by libFuzzer (built
 * with clang by tests/fuzz/run) or by regress.c (built with any compiler, and run with the other
 * tests).
 */
#ifndef ASP_TESTS_FUZZ_H
#define ASP_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, whatever the bytes were. */
#define FUZZ_NEED(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { FUZZ_FOLDER = 32 };

/* A new folder, in memory where there is some: what is written there is read at once. */
static inline void fuzz_folder(char folder[FUZZ_FOLDER])
{
    strcpy(folder, "/dev/shm/asp_fuzz.XXXXXX");
    if (mkdtemp(folder) != NULL)
        return;
    strcpy(folder, "/tmp/asp_fuzz.XXXXXX");
    FUZZ_NEED(mkdtemp(folder) != NULL);
}

/* A copy with a NUL behind it, of its very size. The target frees it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

#endif
