/*
 * The signature of a profile, by which a device says whose it is.
 */
#ifndef ASP_ADMIN_PROFILE_SIGN_H
#define ASP_ADMIN_PROFILE_SIGN_H

#include "asp/buffer.h"
#include "asp/conf.h"
#include "asp/error.h"

/* True when profile.sign names a certificate. */
bool sign_is_wanted(const struct asp_conf *conf);

/*
 * Adds the profile as a signed message (PKCS #7, RFC 2315, in DER) of the certificate that
 * profile.sign names, with the others of its file, by openssl(1) through pipes. ASP_OK, or ASP_IO
 * with what openssl said.
 */
enum asp_status sign_add(struct asp_buffer *out, const struct asp_conf *conf,
                         const struct asp_buffer *profile, struct asp_error *error);

#endif
