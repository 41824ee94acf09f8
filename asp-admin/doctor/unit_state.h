/*
 * What systemd says of a unit.
 */
#ifndef ASP_ADMIN_DOCTOR_UNIT_STATE_H
#define ASP_ADMIN_DOCTOR_UNIT_STATE_H

#include <stdbool.h>

enum { UNIT_WORD = 32 };

/* As systemctl(1) has them; what it has not said is empty. */
struct unit_state {
    char file[UNIT_WORD];   /* enabled, disabled */
    char active[UNIT_WORD]; /* active, activating, inactive, failed */
    char sub[UNIT_WORD];    /* running, auto-restart */
    char result[UNIT_WORD]; /* of its last run: success, exit-code */
    char status[UNIT_WORD]; /* the code with which that ended */
};

/* False: systemd does not run here, or does not say. */
bool unit_state_ask(const char *unit, struct unit_state *state);

/* True for one that is to run from the start of the machine on, and neither does nor is about to.
 */
bool unit_state_is_down(const struct unit_state *state);

#endif
