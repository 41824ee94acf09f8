/*
 * The units of systemd that are shipped, as far as they are installed on this machine.
 */
#ifndef ASP_ADMIN_DOCTOR_UNITS_H
#define ASP_ADMIN_DOCTOR_UNITS_H

#include "examination.h"

#define UNIT_AUTHORIZE_SOCKET "asp-authorize.socket"
#define UNIT_BROKER "asp-broker.service"
#define UNIT_BROKER_SOCKET "asp-broker.socket"
#define UNIT_SELF "asp-self.service"
#define UNIT_SELF_SOCKET "asp-self.socket"
#define UNIT_SELF_WEB_SOCKET "asp-self-web.socket"
#define UNIT_WATCH "asp-watch.service"
#define UNIT_WEB_SOCKET "asp-web.socket"

/* True where systemd runs. */
bool units_run(void);

/* True where this unit is installed. */
bool unit_is_there(const char *unit);

/* Gives the command that has systemd run this unit, now and from the start of the machine on, as
 * the fix of the fault that was added last. False: systemd does not run here, or has no such unit,
 * and no fix was given. */
bool unit_fix_start(struct findings *findings, const char *unit);

/* The same for one that systemd is to start again, the first of these that it has. */
bool unit_fix_restart(struct findings *findings, const char *const units[], size_t count);

/* A setting of a unit, by systemd's names; its value may be written to. */
typedef void unit_setting(void *context, const char *key, char *value);

/* Tells each setting of a unit, in the order in which a later one counts: of its file, and of its
 * drop-ins. False: it is not installed. */
bool units_read(struct examination *exam, const char *unit, unit_setting *take, void *context);

/* Writes the line for a shell that makes these lines the drop-in `file` of a unit, and has it hold.
 */
void unit_add_drop_in(struct asp_buffer *out, const char *unit, const char *file,
                      const char *const lines[], size_t count);

/* The store, where the units may not write to it. */
void examine_units(struct examination *exam);

#endif
