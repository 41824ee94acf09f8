/* One-time addresses, as a device sees them. */
#include "once_serve.h"

#include "once_page.h"
#include "reply.h"

#include "asp/clock.h"

/*
 * By GET there is a page, and nothing is used up: what looks at addresses before a person does, as
 * mail programs and messengers do, presses no button. One that has ended is as one that never was.
 */
enum MHD_Result once_serve(struct request *request)
{
    const char *languages =
        MHD_lookup_connection_value(request->handle, MHD_HEADER_KIND, "Accept-Language");
    const enum once_language language = once_page_language(languages);
    struct session *session = NULL;
    uint8_t *profile;
    size_t length;

    if (request->token_read)
        session = sessions_find_once(&request->web->sessions, asp_clock_ms(), &request->token);
    if (session == NULL)
        return reply_page(request, MHD_HTTP_NOT_FOUND, once_page_text(language, false));
    if (!request->posts)
        return reply_page(request, MHD_HTTP_OK, once_page_text(language, true));
    profile = once_take(&session->once, &length);
    return reply_profile(request, profile, length);
}
