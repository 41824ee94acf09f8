"""What libpam's functions return, as far as the tests speak of it (see _pam_types.h)."""

SUCCESS, SERVICE_ERR, SYSTEM_ERR, BUF_ERR = 0, 3, 4, 5
AUTH_ERR, CRED_INSUFFICIENT, AUTHINFO_UNAVAIL, USER_UNKNOWN = 7, 8, 9, 10
