/*
 * How far a command is that takes more than a second: one line on standard error, where that is a
 * terminal of this process, which is gone when the command has its answer. Nothing of it reaches a
 * pipe, a file or a journal.
 */
#ifndef ASP_ADMIN_UI_PROGRESS_H
#define ASP_ADMIN_UI_PROGRESS_H

/* Begins one. `what` is short, of plain characters, and borrowed until the next one or the end. A
 * thread shows it: it holds no memory and no descriptor, and takes no signal. Where there is one
 * already, it goes on with `what`. */
void progress_begin(const char *what);

/* Goes on with another part, if there is one. */
void progress_say(const char *what);

/* One more of what this part is about is done. Cheap. */
void progress_count(void);

/* Erases it and ends it, if there is one. */
void progress_end(void);

/* Around each line that is written meanwhile: it stands by itself. */
void progress_pause(void);
void progress_resume(void);

#endif
