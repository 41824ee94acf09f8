/*
 * The document in the body of a request.
 */
#ifndef ASP_WEB_BODY_H
#define ASP_WEB_BODY_H

#include "asp/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    BODY_MAX = 16 * 1024, /* bytes */
    BODY_DEPTH = 4,       /* of arrays and objects in one another */
    BODY_WORDS_MAX = 64,  /* of a command */
    BODY_ANSWER_MAX = 511,
};

/*
 * Reads an object. ASP_OK: the caller frees it by json_decref, which wipes it. ASP_INVALID: it is
 * none, is too deep, has a member twice or a text with a NUL; ASP_NO_MEMORY.
 */
enum asp_status body_read(const char *text, size_t length, json_t **document);

/* A text of the object, of `most` bytes at most. Borrowed; NULL: there is none of that name. */
const char *body_text(const json_t *document, const char *name, size_t most);

/* A number from 1 to UINT_MAX of the object; 0: there is none of that name. */
unsigned body_number(const json_t *document, const char *name);

/* The texts of the array `words`, in order, borrowed. Their number; 0: it is none, is empty, or
 * has more than BODY_WORDS_MAX. */
size_t body_words(const json_t *document, const char *words[BODY_WORDS_MAX]);

#endif
