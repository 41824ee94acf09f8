/* What the tap and the programs under test share. */
#ifndef ASP_TESTS_TAP_H
#define ASP_TESTS_TAP_H

enum tap { TAP_AUTH, TAP_SETCRED, TAP_ACCOUNT, TAPS };

/* The code of the last call of each facility; -1: the module was not called. It lies in the
 * program. */
extern int pam_tapped[TAPS];

/* Called, where it is set, as soon as auth of the module has returned, before libpam goes on. */
extern void (*pam_tap_returned)(void);

#endif
