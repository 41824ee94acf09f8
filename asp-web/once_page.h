/*
 * The page at a one-time address, which is seen on a device that has nothing of the account page:
 * it needs no script, and is in the language that the browser says.
 */
#ifndef ASP_WEB_ONCE_PAGE_H
#define ASP_WEB_ONCE_PAGE_H

#include <stdbool.h>

enum once_language { ONCE_ENGLISH, ONCE_GERMAN, ONCE_FRENCH, ONCE_LANGUAGES };

/* The first language of a header `Accept-Language` (RFC 9110, 12.5.4; NULL: there is none) that
 * there are words for. Browsers say the best first: their weights are passed over. */
enum once_language once_page_language(const char *header);

/* Of an address that is open, with its button; else one sentence. */
const char *once_page_text(enum once_language language, bool open);

#endif
