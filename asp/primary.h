/*
 * The primary password: what it is now, against what was remembered of it.
 */
#ifndef ASP_PRIMARY_H
#define ASP_PRIMARY_H

enum asp_primary {
    ASP_PRIMARY_UNKNOWN, /* it could not be told; never counted as changed */
    ASP_PRIMARY_SAME,
    ASP_PRIMARY_CHANGED,
    ASP_PRIMARY_LOCKED, /* locked or expired for a while: nothing is destroyed */
    ASP_PRIMARY_ABSENT, /* it had one, and the user is gone */
};

#endif
