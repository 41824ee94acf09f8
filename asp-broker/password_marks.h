/*
 * How often the broker was told that a user's primary password had been set, in memory that its
 * processes share: all that is seen of a change in a directory that revokes nothing.
 */
#ifndef ASP_BROKER_PASSWORD_MARKS_H
#define ASP_BROKER_PASSWORD_MARKS_H

struct password_marks;

/* Shared with the processes that are forked from now on; NULL when there is no memory. */
struct password_marks *password_marks_make(void);

/* The password of the user of this account was set. */
void password_marks_note(struct password_marks *marks, const char *account);

/* Another number than before it was set. Some accounts share one: then more is asked again than has
 * to be. */
unsigned long password_marks_of(const struct password_marks *marks, const char *account);

#endif
