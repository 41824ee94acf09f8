"""What libpam's functions return, as far as the tests speak of it (see _pam_types.h)."""

SUCCESS, AUTH_ERR, CRED_INSUFFICIENT, AUTHINFO_UNAVAIL, USER_UNKNOWN = 0, 7, 8, 9, 10
