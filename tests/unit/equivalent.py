"""The mutants of tests/unit/mutate that are another program with the same behaviour, and why no test can tell."""

# How a change may end an update that writes nothing.
ENDS = (
    *("ASP_INTERRUPTED", "ASP_QUESTION", "ASP_SLOW", "ASP_NO_MEMORY", "ASP_INVALID", "ASP_TAKEN", "ASP_FULL", "ASP_BUSY"),
    *("ASP_UNSAFE", "ASP_CORRUPT", "ASP_NEWER", "ASP_IO", "ASP_MISMATCH", "ASP_NO_FILES", "ASP_AMBIGUOUS", "ASP_AGAIN"),
)

# Each there is.
STATUSES = (*ENDS, "ASP_OK", "ASP_UNCHANGED", "ASP_DROP", "ASP_NOT_FOUND", "ASP_DENIED", "ASP_UNKNOWN")

# For each file: a line as it is, what it became, and why.
EQUIVALENT = {
    "asp-admin/database/standbys.c": [
        (
            "if (isalnum((unsigned char)after) || after == '_' || after == '$')",
            ["if ( after == '_' || after == '$')", "if (isalnum((unsigned char)after) || after == '_' )"],
            "PostgreSQL takes none with a bracket behind a name, and without one it is read as a name",
        ),
        (
            "if (length < sizeof follower)",
            ["if (length <= sizeof follower)"],
            "no name of the list is as long, and a read behind it is a sanitizer's to find",
        ),
    ],
    "asp-admin/self/self_rules.c": [
        ("} asp_buffer_free(&label);", ["} ;"], "it loses memory, which a sanitizer finds"),
        (
            "asp_buffer_free(&label); asp_buffer_free(&why);",
            ["asp_buffer_free(&label); ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp-admin/ui/line_reader.c": [
        (
            "size_t size = reader->size == 0 ? FIRST_ROOM : 2 * reader->size;",
            ["size_t size = reader->size == 0 ? FIRST_ROOM : 3 * reader->size;"],
            "it takes more room sooner, and none beyond the greatest",
        ),
        (
            "if (reader->size > 0) {",
            ["if (1) {", "if (reader->size >= 0) {", "if (reader->size > 1) {"],
            "of no bytes none is copied, and no room has one",
        ),
        ("} free(reader->room);", ["} ;"], "it loses memory, which a sanitizer finds"),
        ("if (reader->begin > 0) {", ["if (1) {", "if (reader->begin >= 0) {"], "what is where it is to be is moved there"),
        (
            "memmove(reader->room, reader->room + reader->begin, reader->end - reader->begin);",
            ["memmove(reader->room, reader->room + reader->begin, reader->end + reader->begin);"],
            "what is behind is not looked at, and a read there is a sanitizer's to find",
        ),
        (
            "if (reader->end + 1 >= reader->size && !grow(reader))",
            ["if (reader->end + 2 >= reader->size && !grow(reader))"],
            "it takes more room a byte sooner",
        ),
        (
            "got = read(reader->from, reader->room + reader->end, reader->size - 1 - reader->end);",
            [
                "got = read(reader->from, reader->room + reader->end, reader->size + 1 - reader->end);",
                "got = read(reader->from, reader->room + reader->end, reader->size - 0 - reader->end);",
            ],
            "a write behind the room is a sanitizer's to find",
        ),
        (
            "there == seen ? NULL : memchr(reader->room + reader->begin + seen, '\\n', there - seen);",
            ["there == seen && 0 ? NULL : memchr(reader->room + reader->begin + seen, '\\n', there - seen);"],
            "among no bytes there is none, and where they would be a sanitizer's to ask",
        ),
        ("return true; seen = there;", ["return true; ;"], "what was looked at is looked at again"),
        (
            "if (newline == NULL && reader->begin == reader->end && !passed_over)",
            ["if ( reader->begin == reader->end && !passed_over)"],
            "where there is a newline there is something",
        ),
        (
            "*length = newline != NULL ? (size_t)(newline - *line) : reader->end - reader->begin;",
            ["*length = newline != NULL ? (size_t)(newline - *line) : reader->end + reader->begin;"],
            "what ends with the text begins the room",
        ),
        (
            "if (*length > 0 && (*line)[*length - 1] == '\\r')",
            ["if (*length >= 0 && (*line)[*length - 1] == '\\r')", "if ( (*line)[*length - 1] == '\\r')"],
            "what is before a line is the newline of another, or a sanitizer's to find",
        ),
        ("if (reader->room != NULL)", ["if (1)"], "of no bytes none is wiped"),
        (
            "sodium_memzero(reader->room, reader->size); free(reader->room);",
            ["sodium_memzero(reader->room, reader->size); ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp-broker/lanes.c": [
        ("int pair[2];", ["int pair[3];"], "there is more room than it takes"),
        (
            "if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)",
            ["if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 1, pair) != 0)"],
            "1 is the one protocol of these sockets",
        ),
        (
            "struct lanes *lanes = calloc(1, sizeof *lanes);",
            ["struct lanes *lanes = calloc(2, sizeof *lanes);"],
            "there is more room than it takes",
        ),
        (
            "MAP_SHARED | MAP_ANONYMOUS, -1, 0);",
            ["MAP_SHARED | MAP_ANONYMOUS, -2, 0);", "MAP_SHARED | MAP_ANONYMOUS, -0, 0);"],
            "what is of no file has no descriptor",
        ),
        (
            "if (lanes->shared == MAP_FAILED) { free(lanes);",
            ["if (lanes->shared == MAP_FAILED) { ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "lanes->in[i] = lanes->out[i] = -1;",
            ["lanes->in[i] = lanes->out[i] = -2;"],
            "no descriptor is below 0",
        ),
        (
            "for (size_t i = 0; i < LANES; i++) {",
            ["for (size_t i = 0; i <= LANES; i++) {"],
            "what stands behind the lanes is no descriptor, and a sanitizer's to find",
        ),
        (
            "(void)munmap(lanes->shared, sizeof *lanes->shared); free(lanes);",
            ["(void)munmap(lanes->shared, sizeof *lanes->shared); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("lanes->in[i] = -1;", ["lanes->in[i] = -2;"], "no descriptor is below 0"),
        ("const long own = (long)uid + 1;", ["const long own = (long)uid + 2;"], "it is not NOBODY either"),
        (
            "if (sendmsg(lanes->in[lane_of(lanes, client->uid)], &parcel.message, MSG_NOSIGNAL) < 0) {",
            [
                "if (sendmsg(lanes->in[lane_of(lanes, client->uid)], &parcel.message, MSG_NOSIGNAL) <= 0) {",
                "if (sendmsg(lanes->in[lane_of(lanes, client->uid)], &parcel.message, MSG_NOSIGNAL) < 1) {",
            ],
            "what is sent is longer",
        ),
        (
            "if (recvmsg(lanes->out[lane], &parcel.message, MSG_CMSG_CLOEXEC) <= 0)",
            ["if (recvmsg(lanes->out[lane], &parcel.message, MSG_CMSG_CLOEXEC) <= 1)"],
            "what was sent is longer",
        ),
        (
            "for (size_t i = 0; i < LANES; i++)",
            ["for (size_t i = 0; i <= LANES; i++)"],
            "a write behind the lanes is a sanitizer's to find",
        ),
    ],
    "asp-broker/throttle.c": [
        (
            "if (throttle->users[i].taken && throttle->users[i].uid == uid)",
            ["if ( throttle->users[i].uid == uid)"],
            "a free place looks like one of root's, who waits for nothing, and stands behind all that are taken",
        ),
        (
            "return user->seen_ms < other->seen_ms;",
            ["return user->seen_ms <= other->seen_ms;"],
            "of two who were seen at the same moment either may be forgotten",
        ),
        (
            "if (!user->taken || user->uid != uid || user->sessions == 0)",
            ["if ( user->uid != uid || user->sessions == 0)"],
            "a free place has no session",
        ),
        (
            "if (user->unanswered > user->sessions)",
            ["if (user->unanswered >= user->sessions)"],
            "what is set is what it was",
        ),
    ],
    "asp-broker/waiting_room.c": [
        ("place->client.fd = -1;", ["place->client.fd = -2;"], "no descriptor is below 0"),
        (
            "for (size_t i = 0; i < PLACES; i++) {",
            ["for (size_t i = 0; i <= PLACES; i++) {"],
            "what stands behind the places is a sanitizer's to find",
        ),
        (
            "for (size_t at = 0; at < PLACES; at++) {",
            ["for (size_t at = 0; at <= PLACES; at++) {"],
            "what stands behind the places is a sanitizer's to find",
        ),
        (
            "for (size_t at = 0; at < PLACES; at++) {",
            ["for (size_t at = 1; at < PLACES; at++) {"],
            "the first of its uid is what it begins with",
        ),
        (
            "(oldest == NULL || place->client.since_ms < oldest->client.since_ms))",
            ["(oldest == NULL || place->client.since_ms <= oldest->client.since_ms))"],
            "of two who came at the same moment either may be first",
        ),
        ("if (!place->has_spoken)", ["if (0)"], "who has not spoken is never the first of those who have"),
        (
            "if (!place->has_spoken) return;",
            ["if (!place->has_spoken) ;"],
            "who has not spoken is never the first of those who have",
        ),
        (
            "return (place->client.since_ms < other->client.since_ms) != place->has_spoken;",
            ["return (place->client.since_ms <= other->client.since_ms) != place->has_spoken;"],
            "of two who came at the same moment either may go",
        ),
        ("size_t most = 0;", ["size_t most = 1;"], "one place is more than none"),
        (
            "if (++counts[first] > counts[most])",
            ["if (++counts[first] >= counts[most])"],
            "of two uids that have as many places either may make room",
        ),
        (
            "if (waiting->places[i].has_spoken && answer_has_no_taker(&waiting->places[i].client))",
            ["if ( answer_has_no_taker(&waiting->places[i].client))"],
            "who has hung up without a word was looked at before",
        ),
        ("return false;", ["return true;"], "nobody is taken in where nobody is, however often it is tried"),
        ("int64_t next = -1;", ["int64_t next = -2;"], "it is below 0"),
        (
            "if (place->has_spoken || left <= 0)",
            ["if (place->has_spoken || left <= 1)"],
            "who is looked at once more is as he is",
        ),
        (
            "if (place->client.fd >= 0 && (next < 0 || left < next))",
            [
                "if (place->client.fd >= 0 && (next <= 0 || left < next))",
                "if (place->client.fd >= 0 && (next < 1 || left < next))",
            ],
            "who is left is looked at in 1 ms or later",
        ),
        (
            "if (place->client.fd >= 0 && (next < 0 || left < next))",
            ["if (place->client.fd >= 0 && (next < 0 || left <= next))"],
            "what is set is what it was",
        ),
        (
            "for (size_t i = 0; i < LANES; i++)",
            ["for (size_t i = 0; i <= LANES; i++)"],
            "what is written behind the lanes is written over",
        ),
        (
            "for (size_t i = 0; i < LANES; i++) {",
            ["for (size_t i = 0; i <= LANES; i++) {"],
            "what stands behind the lanes is a sanitizer's to find",
        ),
        (
            "ready[i] = (struct pollfd){.fd = over ? -1 : lanes_fd(arrivals, i), .events = POLLIN};",
            ["ready[i] = (struct pollfd){.fd = over ? -2 : lanes_fd(arrivals, i), .events = POLLIN};"],
            "what is below 0 is passed over",
        ),
        (
            "(struct pollfd){.fd = place->has_spoken ? -1 : place->client.fd, .events = POLLIN};",
            ["(struct pollfd){.fd = place->has_spoken ? -2 : place->client.fd, .events = POLLIN};"],
            "what is below 0 is passed over",
        ),
        (
            "for (int taken = 0; ready[i].revents != 0 && taken < AT_A_TIME; taken++) {",
            ["for (int taken = 0; taken < AT_A_TIME; taken++) {"],
            "nobody is taken in where nobody is",
        ),
        ("if (!take_in(waiting, i))", ["if (0)"], "nobody is taken in where nobody is, however often it is tried"),
        (
            "if (!take_in(waiting, i)) break;",
            ["if (!take_in(waiting, i)) ;"],
            "nobody is taken in where nobody is, however often it is tried",
        ),
        ("waiting.places[i].client.fd = -1;", ["waiting.places[i].client.fd = -2;"], "no descriptor is below 0"),
        (
            "if (over && left < 0)",
            ["if (over && left <= 0)", "if (over && left < 1)"],
            "who is left is looked at in 1 ms or later",
        ),
        ("if (count > 0)", ["if (1)", "if (count >= 0)"], "of those who are waited for nobody is ready then"),
    ],
    "asp-broker/web_limits.c": [
        (
            "for (size_t i = 0; i < WEB_TRIED; i++) {",
            ["for (size_t i = 0; i <= WEB_TRIED; i++) {"],
            "what stands behind them is nobody's of these, and a sanitizer's to find",
        ),
        (
            "return one->taken != other->taken ? other->taken : one->last_ms < other->last_ms;",
            ["return one->taken != other->taken ? other->taken : one->last_ms <= other->last_ms;"],
            "of two that were at the same moment either may be forgotten",
        ),
        (
            "struct web_tries *tries = &list[0];",
            ["struct web_tries *tries = &list[1];"],
            "all are looked at, and that one too",
        ),
        (
            "if (list[i].taken && is_same(&list[i].key, key)) {",
            ["if ( is_same(&list[i].key, key)) {"],
            "what is free is begun anew",
        ),
        (
            "if (!her->from_address || wrong_of(tries, now_ms) < WEB_TRIES)",
            ["if ( wrong_of(tries, now_ms) < WEB_TRIES)"],
            "nobody has tried from no address",
        ),
        (
            "return left > 0 ? left : 0;",
            ["return left >= 0 ? left : 0;"],
            "0 is what is returned",
        ),
        (
            "her->from_address ? find_tries(limits->addresses, &her->address) : NULL;",
            ["her->from_address || 1 ? find_tries(limits->addresses, &her->address) : NULL;"],
            "nobody has tried from no address",
        ),
        (
            "key_at > 0 ? (const uint8_t *)&limits->places[except] + key_at : (const uint8_t *)NULL;",
            ["key_at > 1 ? (const uint8_t *)&limits->places[except] + key_at : (const uint8_t *)NULL;"],
            "no key stands there",
        ),
        ("int oldest = -1;", ["int oldest = -2;"], "where there are enough of them one is the oldest"),
        (
            "for (int i = 0; i < WEB_PLACES; i++) {",
            ["for (int i = 0; i <= WEB_PLACES; i++) {"],
            "what stands behind the places is nobody's sign-in, and a sanitizer's to find",
        ),
        (
            "if (key != NULL && (!place->from_address ||",
            ["if (key != NULL && ("],
            "without an address its keys are nobody's",
        ),
        (
            "if (oldest < 0 || place->begun_ms < limits->places[oldest].begun_ms)",
            ["if (oldest < 0 || place->begun_ms <= limits->places[oldest].begun_ms)"],
            "of two that began at the same moment either may go",
        ),
        (
            "return oldest_of(limits, -1, 0, WEB_SIGN_INS);",
            ["return oldest_of(limits, -2, 0, WEB_SIGN_INS);"],
            "neither is a place",
        ),
        (
            "static const struct asp_network mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};",
            ["static const struct asp_network mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 97};"],
            "an eighth of it is the same",
        ),
        (
            "her->user = make_key(limits, user, strlen(user) + 1, NULL, 0);",
            ["her->user = make_key(limits, user, strlen(user) + 0, NULL, 0);"],
            "no other name has those bytes",
        ),
        (
            "her->both = make_key(limits, user, strlen(user) + 1, address->address, length);",
            ["her->both = make_key(limits, user, strlen(user) + 0, address->address, length);"],
            "an address has 8 bytes, or 16 that begin with a NUL, so that no other name has those bytes",
        ),
        ("if (!her->from_address)", ["if (0)"], "who comes from no address is crowded by nobody"),
        (
            "if (!her->from_address) return -1;",
            ["if (!her->from_address) ;"],
            "who comes from no address is crowded by nobody",
        ),
        (
            "wrong < WEB_TRIES ? WEB_TRIES - wrong : 1);",
            [
                "wrong <= WEB_TRIES ? WEB_TRIES - wrong : 1);",
                "wrong < WEB_TRIES || 1 ? WEB_TRIES - wrong : 1);",
                "wrong < WEB_TRIES ? WEB_TRIES - wrong : 0);",
            ],
            "of none none is the oldest",
        ),
        (
            "const struct web_key user = make_key(limits, account, strlen(account) + 1, NULL, 0);",
            ["const struct web_key user = make_key(limits, account, strlen(account) + 0, NULL, 0);"],
            "no other name has those bytes, and it is compared with what was made here alone",
        ),
        (
            "for (size_t i = 0; her->from_address && i < WEB_TRIED; i++) {",
            ["for (size_t i = 0; i < WEB_TRIED; i++) {"],
            "nobody has tried from no address",
        ),
        (
            "for (size_t i = 0; her->from_address && i < WEB_TRIED; i++) {",
            ["for (size_t i = 0; her->from_address && i <= WEB_TRIED; i++) {"],
            "what stands behind them is nobody's of these, and a sanitizer's to find",
        ),
        (
            "if (limits->both[i].taken && is_same(&limits->both[i].key, &her->both))",
            ["if ( is_same(&limits->both[i].key, &her->both))"],
            "what is free stays so",
        ),
        (
            "return her->used_ms + WEB_IDLE_MS < last ? her->used_ms + WEB_IDLE_MS : last;",
            ["return her->used_ms + WEB_IDLE_MS <= last ? her->used_ms + WEB_IDLE_MS : last;"],
            "both are the same then",
        ),
    ],
    "asp-web/basic_credentials.c": [
        (
            "for (size_t i = 0; i < length; i++) {",
            ["for (size_t i = 0; i <= length; i++) {"],
            "the NUL behind them is written twice",
        ),
        ("} *text = '\\0';", ["} ;"], "it was cleared before"),
        ("size_t length = 0;", ["size_t length = 1;"], "what is not read is cleared in the end"),
        (
            "NULL, sodium_base64_VARIANT_ORIGINAL) == 0; sodium_memzero(credentials, sizeof *credentials);",
            ["NULL, sodium_base64_VARIANT_ORIGINAL) == 0; ;"],
            "all that is looked at of what is read was written",
        ),
        (
            "if (read && is_utf8((const char *)bytes))",
            ["if ( is_utf8((const char *)bytes))"],
            "what is not read is cleared in the end",
        ),
        ("else if (read)", ["else if (1)"], "what is not read is cleared in the end"),
        (
            "memcpy(credentials->user, bytes, length + 1);",
            ["memcpy(credentials->user, bytes, length + 2);"],
            "nobody reads behind the NUL",
        ),
        (
            "memcpy(credentials->user, bytes, length + 1);",
            ["memcpy(credentials->user, bytes, length + 0);"],
            "it was cleared before",
        ),
        ("read = read && split(credentials);", ["read = split(credentials);"], "where nothing was read there is no colon"),
        (
            "sodium_memzero(credentials, sizeof *credentials); sodium_memzero(bytes, sizeof bytes);",
            ["sodium_memzero(credentials, sizeof *credentials); ;"],
            "no answer hangs on what is left on the stack",
        ),
    ],
    "asp-web/body.c": [
        (
            "for (size_t i = 0; i < length; i++) {",
            ["for (size_t i = 0; i <= length; i++) {"],
            "what is open there is no document",
        ),
        (
            "} else if ((text[i] == '}' || text[i] == ']') && depth > 0) {",
            [
                "} else if ((text[i] == '}' || text[i] == ']') ) {",
                "} else if ((text[i] == '}' || text[i] == ']') && depth >= 0) {",
                "} else if ((text[i] == '}' || text[i] == ']') && depth > 1) {",
            ],
            "where that makes a difference it is no document",
        ),
        (
            "if (*document != NULL && !json_is_object(*document)) { json_decref(*document);",
            ["if (*document != NULL && !json_is_object(*document)) { ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "return number > 0 && number <= UINT_MAX ? (unsigned)number : 0;",
            ["return number >= 0 && number <= UINT_MAX ? (unsigned)number : 0;"],
            "0 is what is returned",
        ),
    ],
    "asp-web/cookie.c": [
        (
            "if (++found > 1 || !read_value(value, value_length, cookie))",
            ["if (++found > 2 || !read_value(value, value_length, cookie))"],
            "at the end there has to have been one",
        ),
        ("memset(cookie, 0, sizeof *cookie);", ["memset(cookie, 1, sizeof *cookie);"], "nobody reads behind its length"),
        ("{ memset(cookie, 0, sizeof *cookie);", ["{ ;"], "nobody reads behind its length"),
        (
            "for (size_t i = 0; i < jar->used_count; i++) {",
            ["for (size_t i = 0; i <= jar->used_count; i++) {"],
            "what stands behind them is the digest of no cookie",
        ),
        (
            "if (jar->used_count == COOKIE_USED && jar->used[jar->used_next].made > jar->since)",
            ["if (jar->used_count == COOKIE_USED && jar->used[jar->used_next].made >= jar->since)"],
            "what is set is what it was",
        ),
        (
            "digest_for(NULL, 0, 'n', cookie->bytes, cookie->length, digest);",
            ["digest_for(NULL, 1, 'n', cookie->bytes, cookie->length, digest);"],
            "without a key its length is passed over",
        ),
        (
            "sodium_base64_VARIANT_URLSAFE_NO_PADDING); sodium_memzero(digest, sizeof digest);",
            ["sodium_base64_VARIANT_URLSAFE_NO_PADDING); ;"],
            "no answer hangs on what is left on the stack",
        ),
        (
            "sodium_memcmp(token, expected, sizeof expected - 1) == 0; sodium_memzero(expected, sizeof expected);",
            ["sodium_memcmp(token, expected, sizeof expected - 1) == 0; ;"],
            "no answer hangs on what is left on the stack",
        ),
        (
            "(void)crypto_generichash_final(&state, digest, COOKIE_DIGEST); sodium_memzero(&state, sizeof state);",
            ["(void)crypto_generichash_final(&state, digest, COOKIE_DIGEST); ;"],
            "no answer hangs on what is left on the stack",
        ),
        (
            "sodium_memcmp(token, expected, sizeof expected - 1) == 0;",
            ["sodium_memcmp(token, expected, sizeof expected - 0) == 0;"],
            "both are as long",
        ),
    ],
    "asp-web/once.c": [
        ("const size_t room = length / 4 * 3;", ["const size_t room = length / 4 * 4;"], "there is more room than it takes"),
        (
            "status = ASP_NOT_FOUND; json_decref(read);",
            ["status = ASP_NOT_FOUND; ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "const int64_t next = once->silent < once->ends ? once->silent : once->ends;",
            ["const int64_t next = once->silent <= once->ends ? once->silent : once->ends;"],
            "both are the same then",
        ),
        ("if (once->state != ONCE_OPEN)", ["if (0)"], "where none is open the digest is that of no token"),
        (
            "if (once->state != ONCE_OPEN) return false;",
            ["if (once->state != ONCE_OPEN) ;"],
            "where none is open the digest is that of no token",
        ),
        (
            "asp_buffer_add(out, sodium_bin2hex(text, sizeof text, token->bytes, sizeof token->bytes)); "
            "sodium_memzero(text, sizeof text);",
            ["asp_buffer_add(out, sodium_bin2hex(text, sizeof text, token->bytes, sizeof token->bytes)); ;"],
            "no answer hangs on what is left on the stack",
        ),
    ],
    "asp-web/once_page.c": [
        (
            "for (enum once_language one = 0; one < ONCE_LANGUAGES; one++) {",
            ["for (enum once_language one = 0; one <= ONCE_LANGUAGES; one++) {"],
            "what stands behind the pages is a sanitizer's to find",
        ),
    ],
    "asp-web/sessions.c": [
        ("if (sessions->list != NULL)", ["if (1)"], "where there is nothing nothing is locked"),
        ("if (sessions->list != NULL)", ["if (0)"], "memory of that size goes back to the kernel with its locks"),
        (
            "(void)sodium_munlock(sessions->list, SESSIONS_MAX * sizeof *sessions->list); free(sessions->list);",
            ["(void)sodium_munlock(sessions->list, SESSIONS_MAX * sizeof *sessions->list); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "if (oldest == NULL || session->number < oldest->number)",
            ["if (oldest == NULL || session->number <= oldest->number)"],
            "no two have one number",
        ),
        (
            "(oldest == NULL || session->number < oldest->number))",
            ["(oldest == NULL || session->number <= oldest->number))"],
            "no two have one number",
        ),
    ],
    "asp/account.c": [
        ("if (account->count == account->room) {", ["if (1) {"], "it grows where there is room too"),
        (
            "size_t room = account->room == 0 ? 1 : 2 * account->room;",
            ["size_t room = account->room == 0 ? 1 : 3 * account->room;"],
            "there is more room than it takes",
        ),
        ("if (account->count > 0) {", ["if (1) {", "if (account->count >= 0) {"], "of no entries nothing is moved"),
        ("} free(account->entries);", ["} ;"], "it loses memory, which a sanitizer finds"),
        (
            "memmove(entry, entry + 1, (account->count - at - 1) * sizeof *entry);",
            ["memmove(entry, entry + 1, (account->count - at - 0) * sizeof *entry);"],
            "what it moves to the last place is cleared there",
        ),
        (
            "struct asp_pending *grown = calloc(count + 1, sizeof *grown);",
            ["struct asp_pending *grown = calloc(count + 2, sizeof *grown);"],
            "there is more room than it takes",
        ),
        (
            "struct asp_entry *grown = calloc(count + 1, sizeof *grown);",
            ["struct asp_entry *grown = calloc(count + 2, sizeof *grown);"],
            "there is more room than it takes",
        ),
        ("if (count > 0)", ["if (1)", "if (count >= 0)"], "where there is nothing yet nothing is copied"),
        (
            "memmove(gone, gone + 1, (account->pending_count - at - 1) * sizeof *gone);",
            ["memmove(gone, gone + 1, (account->pending_count - at - 0) * sizeof *gone);"],
            "nobody looks behind the last one",
        ),
        (
            "bool any = account->pending_count > 0; free(account->pending);",
            ["bool any = account->pending_count > 0; ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "grown[count] = *entry; asp_entries_free(account->aside, count);",
            ["grown[count] = *entry; ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "*copies = calloc(account->count + 1, sizeof **copies);",
            ["*copies = calloc(account->count + 2, sizeof **copies);"],
            "there is more room than it takes",
        ),
        ("if (copies != NULL)", ["if (1)"], "of nothing nothing is wiped"),
        (
            "sodium_memzero(copies, count * sizeof *copies); free(copies);",
            ["sodium_memzero(copies, count * sizeof *copies); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "{ asp_entries_free(account->entries, account->count);",
            ["{ ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "asp_entries_free(account->entries, account->count); asp_entries_free(account->aside, account->aside_count);",
            ["asp_entries_free(account->entries, account->count); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "struct asp_account next = {0};",
            ["struct asp_account next = {1};"],
            "nobody looks at its name",
        ),
        (
            "if (!hand_on_due(account, &next)) { asp_account_free(&next);",
            ["if (!hand_on_due(account, &next)) { ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "} asp_entries_free(account->entries, account->count);",
            ["} ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp/account_file.c": [
        ("if (out->failed)", ["if (0)"], "that nothing is read from nowhere is a sanitizer's to see"),
        ("if (out->failed) return;", ["if (out->failed) ;"], "the same"),
        (
            "if (lines->at == lines->end)",
            ["if (0)"],
            "no newline is found in nothing",
        ),
        (
            "if (lines->at == lines->end) return false;",
            ["if (lines->at == lines->end) ;"],
            "the same",
        ),
        ("if (newline == NULL)", ["if (0)"], "what is left ends with one: its frame is checked before"),
        ("if (newline == NULL) return false;", ["if (newline == NULL) ;"], "the same"),
        (
            "return digits > 1 ? VERSION_MAX + 1 : number[0] - '0';",
            ["return digits > 1 ? VERSION_MAX + 2 : number[0] - '0';"],
            "it is above ours all the same",
        ),
        (
            "char expected[DIGEST_CHARS + 1];",
            ["char expected[DIGEST_CHARS + 0];"],
            "a write behind it is a sanitizer's to find",
        ),
        (
            "for (; at < end && *at != '\"'; at++) {",
            ["for (; at <= end && *at != '\"'; at++) {"],
            "behind a line stands its line end, and with that the value does not end where it should",
        ),
        (
            "for (; at < end && *at != '\"'; at++) {",
            ["for (; *at != '\"'; at++) {"],
            "a quote behind the line is not its last byte, and a read behind the file is a sanitizer's to find",
        ),
        (
            "if (at == end || *at == '\\0' || length == ASP_USER_MAX ||",
            ["if ( *at == '\\0' || length == ASP_USER_MAX ||"],
            "behind a line stands its line end, which is not escaped",
        ),
        (
            "if (strchr(user, '\"') == NULL && strchr(user, '\\\\') == NULL) {",
            ["if (0) {"],
            "it is quicker, and says the same",
        ),
        (
            "if ((*user == '\"' || *user == '\\\\') && (at == end || *at++ != '\\\\'))",
            ["if ((*user == '\"' || *user == '\\\\') && ( *at++ != '\\\\'))"],
            "behind a line stands its line end, which is no backslash",
        ),
        (
            "if (at == end || *at++ != *user)",
            ["if ( *at++ != *user)"],
            "behind a line stands its line end, which is in no name",
        ),
        (
            "at = memmem(line, length, USER_KEY, sizeof USER_KEY - 1);",
            ["at = memmem(line, length, USER_KEY, sizeof USER_KEY - 2);"],
            "the line is compared once more, with the name that was read",
        ),
        (
            "return length >= sizeof begin->text && memcmp(line, begin->text, sizeof begin->text) == 0;",
            ["return memcmp(line, begin->text, sizeof begin->text) == 0;"],
            "what is shorter has its line end before, which is in no id",
        ),
        ("size_t chosen_length = 0;", ["size_t chosen_length = 1;"], "it is set where a line is chosen"),
    ],
    "asp/account_name.c": [
        (
            "memset(found, 0, sizeof *found);",
            ["memset(found, 1, sizeof *found);"],
            "what is found writes over all of it, and who finds nothing does not look at it",
        ),
        (
            "struct search search = {conf, store, names, only, NULL, NULL, error}; memset(found, 0, sizeof *found);",
            ["struct search search = {conf, store, names, only, NULL, NULL, error}; ;"],
            "the same",
        ),
        (
            "for (size_t i = 0; conf->fold_user_names && i < length; i++)",
            ["for (size_t i = 0; conf->fold_user_names && i <= length; i++)"],
            "what stands behind them is written over",
        ),
        (
            "char name[ASP_USER_MAX + 1];",
            ["char name[ASP_USER_MAX - 1];", "char name[ASP_USER_MAX + 0];"],
            "a write behind it is a sanitizer's to find",
        ),
        ("char name[ASP_USER_MAX + 1];", ["char name[ASP_USER_MAX + 2];"], "there is more room than it takes"),
        ("char spelled[ASP_USER_MAX + 1];", ["char spelled[ASP_USER_MAX + 2];"], "there is more room than it takes"),
    ],
    "asp/alphabet.c": [
        (
            "for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++) {",
            ["for (size_t i = 0; i <= sizeof passed_over / sizeof *passed_over; i++) {"],
            "a read behind the table is a sanitizer's to find",
        ),
    ],
    "asp/broker_login.c": [
        (
            "bool cut = text != NULL && strnlen(text, most + 1) > most;",
            ["bool cut = text != NULL && strnlen(text, most + 2) > most;"],
            "one byte more than what may be is more than that",
        ),
        (
            "memcpy(to, text, strlen(text) + 1);",
            ["memcpy(to, text, strlen(text) + 0);"],
            "the outcome was cleared",
        ),
    ],
    "asp/broker_message.c": [
        (
            "length > ASP_MESSAGE_MAX - LENGTH_BYTES - end ||",
            ["length >= ASP_MESSAGE_MAX - LENGTH_BYTES - end ||"],
            "with its head it has no room either",
        ),
        ("if (length > 0)", ["if (1)", "if (length >= 0)"], "of nothing nothing is copied"),
        ("char digits[12];", ["char digits[13];"], "there is more room than it takes"),
        (
            "if (end - at < LENGTH_BYTES)",
            ["if (0)"],
            "what goes past the end does not end there, and a read behind it is a sanitizer's to find",
        ),
        (
            "if (end - at < LENGTH_BYTES) return false;",
            ["if (end - at < LENGTH_BYTES) ;"],
            "what goes past the end does not end there, and a read behind it is a sanitizer's to find",
        ),
        (
            "if (length > (size_t)(end - at))",
            ["if (0)"],
            "what goes past the end does not end there, and a read behind it is a sanitizer's to find",
        ),
        (
            "if (length > (size_t)(end - at)) return false;",
            ["if (length > (size_t)(end - at)) ;"],
            "what goes past the end does not end there, and a read behind it is a sanitizer's to find",
        ),
        (
            "if (bytes == NULL || memchr(bytes, '\\0', length) != bytes + length - 1)",
            ["if ( memchr(bytes, '\\0', length) != bytes + length - 1)"],
            "where there are none nothing is looked through",
        ),
    ],
    "asp/buffer.c": [
        (
            "size_t room = out->room == 0 ? 256 : out->room;",
            ["size_t room = out->room == 0 ? 257 : out->room;"],
            "there is more room than it takes",
        ),
        (
            "while (room - out->length <= more)",
            ["while (room - out->length < more)"],
            "a NUL behind the room is a sanitizer's to find",
        ),
        ("room *= 2;", ["room *= 3;"], "there is more room than it takes"),
        ("if (out->length > 0)", ["if (1)", "if (out->length >= 0)"], "of nothing nothing is copied"),
        (
            "sodium_memzero(out->text, out->room); free(out->text);",
            ["sodium_memzero(out->text, out->room); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("char digits[20];", ["char digits[21];"], "there is more room than it takes"),
        ("if (out->text != NULL)", ["if (1)"], "of nothing nothing is wiped"),
        ("if (!out->lent)", ["if (0)"], "it loses memory, which a sanitizer finds"),
        ("if (!out->lent) free(out->text);", ["if (!out->lent) ;"], "it loses memory, which a sanitizer finds"),
    ],
    "asp/clock.c": [
        (
            "return now.tv_sec * 1000 + now.tv_nsec / 1000000;",
            ["return now.tv_sec * 1000 + now.tv_nsec / 1000001;"],
            "it is the same but for a thousandth of a millisecond",
        ),
        (
            "for (int64_t left = deadline - asp_clock_ms(); left > 0; left = deadline - asp_clock_ms()) {",
            [
                "for (int64_t left = deadline - asp_clock_ms(); left >= 0; left = deadline - asp_clock_ms()) {",
                "for (int64_t left = deadline - asp_clock_ms(); left > 1; left = deadline - asp_clock_ms()) {",
            ],
            "no wait is as exact as a millisecond",
        ),
        (
            "if (code < 0 && errno != EINTR)",
            ["if (code <= 0 && errno != EINTR)", "if (code < 1 && errno != EINTR)", "if ( errno != EINTR)"],
            "where poll(2) found nothing the time is over",
        ),
    ],
    "asp/conf_keys.c": [
        (
            "for (size_t i = 1; i < GROUPS && length < OWNERS_SIZE; i++) {",
            ["for (size_t i = 0; i < GROUPS && length < OWNERS_SIZE; i++) {"],
            "what the first one, the file itself, has was refused before",
        ),
    ],
    "asp/engine.c": [
        ("enum { PIECE = 1024 };", ["enum { PIECE = 1025 };"], "in pieces of any size the same is cleared"),
        (
            "for (size_t at = 0; stored->bytes != NULL && at < stored->length; at += PIECE)",
            ["for (size_t at = 0; at < stored->length; at += PIECE)"],
            "where nothing was read there is no length of it",
        ),
        (
            "for (size_t at = 0; stored->bytes != NULL && at < stored->length; at += PIECE)",
            ["for (size_t at = 0; stored->bytes != NULL && at <= stored->length; at += PIECE)"],
            "behind the last piece none of no bytes is cleared",
        ),
        (
            "stored->length - at < PIECE ? stored->length - at : PIECE);",
            ["stored->length - at < PIECE || 1 ? stored->length - at : PIECE);"],
            "what is behind a piece is cleared more than once",
        ),
        (
            "if (!asp_account_whose(bytes, length, user) || !asp_user_encode(user, encoded)) return false;",
            ["if (!asp_account_whose(bytes, length, user) || !asp_user_encode(user, encoded)) ;"],
            "what was not encoded is compared, which a sanitizer finds",
        ),
        (
            "struct asp_stored stored = {0};",
            ["struct asp_stored stored = {1};"],
            "what is not read is not looked at",
        ),
        (
            "memcpy(user + 1, name, strlen(name) + 1);",
            ["memcpy(user + 1, name, strlen(name) + 2);"],
            "there is room for what stands behind its end",
        ),
    ],
    "asp/entry.c": [
        (
            "asp_buffer_add(out, entry->replaced_by[0] == '\\0' ? \"-\" : entry->replaced_by);",
            ["asp_buffer_add(out, entry->replaced_by[1] == '\\0' ? \"-\" : entry->replaced_by);"],
            "an id has both, and there is no id without the first",
        ),
        (
            "if ((size_t)(line->end - line->at) < length || memcmp(line->at, text, length) != 0)",
            [
                "if ((size_t)(line->end - line->at) <= length || memcmp(line->at, text, length) != 0)",
                "if ( memcmp(line->at, text, length) != 0)",
            ],
            "none of these texts ends a line, and a read behind it is a sanitizer's to find",
        ),
        (
            "size_t length = 0;",
            ["size_t length = 1;"],
            "no word is well-formed that begins with a blank or a comma, and none ends a line",
        ),
        (
            "while (line->at + length < line->end && line->at[length] != ' ' && line->at[length] != ',')",
            ["while (line->at + length <= line->end && line->at[length] != ' ' && line->at[length] != ',')"],
            "no word ends a line, and a read behind it is a sanitizer's to find",
        ),
        (
            "if (length == 0 || length >= size)",
            ["if (length == 0 || length > size)"],
            "a word without its NUL is not well-formed, and a write behind it is a sanitizer's to find",
        ),
        (
            "if (length >= size)",
            ["if (length > size)"],
            "no verifier is as long, and a write behind it is a sanitizer's to find",
        ),
        ("return false;", ["return true;"], "what was not taken is no verifier, or still to be taken"),
        (
            "memcpy(rest, line->at, length); rest[length] = '\\0';",
            ["memcpy(rest, line->at, length); ;"],
            "it was cleared before",
        ),
        (
            "while (line->at < line->end && *line->at != '\"') {",
            ["while (line->at <= line->end && *line->at != '\"') {", "while ( *line->at != '\"') {"],
            "no value ends a line, and a read behind it is a sanitizer's to find",
        ),
        ("} value[length] = '\\0';", ["} ;"], "it was cleared before"),
        (
            "if (line->end - line->at < ASP_TIME_SIZE - 1 || !asp_time_read(line->at, when))",
            [
                "if (line->end - line->at <= ASP_TIME_SIZE - 1 || !asp_time_read(line->at, when))",
                "if (line->end - line->at < ASP_TIME_SIZE + 1 || !asp_time_read(line->at, when))",
                "if (line->end - line->at < ASP_TIME_SIZE - 2 || !asp_time_read(line->at, when))",
                "if (line->end - line->at < ASP_TIME_SIZE - 0 || !asp_time_read(line->at, when))",
                "if ( !asp_time_read(line->at, when))",
            ],
            "no time ends a line, and a read behind it is a sanitizer's to find",
        ),
        ("size_t digits = 0; *seconds = ASP_NEVER;", ["size_t digits = 0; ;"], "it was that before"),
        (
            "for (; line->at < line->end && *line->at >= '0' && *line->at <= '9'; line->at++) {",
            [
                "for (; line->at <= line->end && *line->at >= '0' && *line->at <= '9'; line->at++) {",
                "for (; *line->at >= '0' && *line->at <= '9'; line->at++) {",
            ],
            "no number ends a line, and a read behind it is a sanitizer's to find",
        ),
        (
            "if (++digits > 10 || (digits > 1 && *seconds == 0))",
            ["if (++digits > 11 || (digits > 1 && *seconds == 0))"],
            "of eleven digits it is over what a limit may be",
        ),
        ("return digits > 0;", ["return digits >= 0;"], "without a digit it is 0, which no limit is"),
        ("if (entry->bound > since)", ["if (entry->bound >= since)"], "what is set is what it was"),
        ("if (used > since)", ["if (used >= since)"], "what is set is what it was"),
    ],
    "asp/error.c": [
        (
            "if (vsnprintf(error->text, sizeof error->text, format, args) < 0)",
            [
                "if (vsnprintf(error->text, sizeof error->text, format, args) <= 0)",
                "if (vsnprintf(error->text, sizeof error->text, format, args) < 1)",
            ],
            "a text of no bytes is empty",
        ),
        (
            "if (length < 0 || (size_t)length >= sizeof error->advice)",
            [
                "if (length <= 0 || (size_t)length >= sizeof error->advice)",
                "if (length < 1 || (size_t)length >= sizeof error->advice)",
                "if ( (size_t)length >= sizeof error->advice)",
            ],
            "an advice of no bytes is empty, and what is negative is above any size",
        ),
    ],
    "asp/fingerprint.c": [
        (
            "char hex[2 * ASP_PRINT_BYTES + 1];",
            ["char hex[3 * ASP_PRINT_BYTES + 1];", "char hex[2 * ASP_PRINT_BYTES + 2];"],
            "there is more room than it takes",
        ),
        (
            "if ((size_t)(rest->end - rest->at) < length || memcmp(rest->at, word, length) != 0)",
            ["if ((size_t)(rest->end - rest->at) <= length || memcmp(rest->at, word, length) != 0)"],
            "behind each of the words there has to be something",
        ),
        ("if (comma == NULL)", ["if (0)"], "a source or a realm that does not end is none"),
        ("if (comma == NULL) return false;", ["if (comma == NULL) ;"], "a source or a realm that does not end is none"),
    ],
    "asp/label.c": [
        (
            "static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};",
            [
                "static const unsigned long least[] = {1, 0, 0x80, 0x800, 0x10000};",
                "static const unsigned long least[] = {0, 1, 0x80, 0x800, 0x10000};",
            ],
            "no character has 0 bytes, and of one byte NUL is refused before",
        ),
        (
            'return value < 0xa0 ? "holds a control character, such as a tab or a line end: leave it out"',
            ['return value <= 0xa0 ? "holds a control character, such as a tab or a line end: leave it out"'],
            "U+00A0 is let pass before",
        ),
    ],
    "asp/log_line.c": [
        ("char shown[USER_SHOWN + 1];", ["char shown[USER_SHOWN + 2];"], "there is more room than it takes"),
        (
            "char shown[USER_SHOWN + 1];",
            ["char shown[USER_SHOWN + 0];"],
            "a NUL behind the room is a sanitizer's to find",
        ),
        (
            "asp_buffer_add(out, outcome->id[0] == '\\0' ? \"-\" : outcome->id);",
            ["asp_buffer_add(out, outcome->id[1] == '\\0' ? \"-\" : outcome->id);"],
            "an id has both, and there is no id without the first",
        ),
    ],
    "asp/login.c": [
        (
            "{ asp_entries_free(outcome->revoked, outcome->revoked_count);",
            ["{ ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "return &login->now; asp_shadow_free(&login->shadow);",
            ["return &login->now; ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "return known->identity.present && asp_identity_at(ASP_SHADOW_PATH, &identity, NULL) == ASP_OK &&",
            ["return asp_identity_at(ASP_SHADOW_PATH, &identity, NULL) == ASP_OK &&"],
            "the checksum of nothing that is known is that of no fingerprint",
        ),
        ("return ASP_PRIMARY_SAME;", ["return ASP_PRIMARY_ELSEWHERE;"], "the check lets in by either"),
        (
            "login->facts.primary = ASP_PRIMARY_SAME;",
            ["login->facts.primary = ASP_PRIMARY_ELSEWHERE;"],
            "the check lets in by either",
        ),
        ("return ASP_PRIMARY_ELSEWHERE;", ["return ASP_PRIMARY_SAME;"], "the check lets in by either"),
        (
            "if (login->facts.primary == ASP_PRIMARY_SAME)",
            ["if (0)", "if (login->facts.primary == ASP_PRIMARY_ELSEWHERE)"],
            "who is judged once more is judged the same",
        ),
        (
            "if (login->facts.primary == ASP_PRIMARY_SAME) return verdict;",
            ["if (login->facts.primary == ASP_PRIMARY_SAME) ;"],
            "who is judged once more is judged the same",
        ),
        (": ASP_PRIMARY_SAME;", [": ASP_PRIMARY_ELSEWHERE;"], "the check lets in by either"),
        (
            "return expires != ASP_NEVER && login->clock >= expires ? ASP_PRIMARY_LOCKED",
            ["return expires != ASP_NEVER && login->clock >= expires ? ASP_PRIMARY_ABSENT"],
            "the check refuses both as locked",
        ),
        (
            "return ASP_UNCHANGED;",
            [f"return {status};" for status in ENDS],
            "for whoever has given up the verdict is unavailable, and why is said already",
        ),
        (
            "return login->action == ASP_WRITE_BINDING || written ? ASP_OK : ASP_UNCHANGED;",
            [f"return login->action == ASP_WRITE_BINDING || written ? ASP_OK : {status};" for status in ENDS],
            "what the check under the lock has said stands",
        ),
        (
            "timeless = asp_primary_compare(&account->primary, &login->now, 0);",
            ["timeless = asp_primary_compare(&account->primary, &login->now, 1);"],
            "a day of expiry does not begin in the first second of 1970 but at its beginning",
        ),
        (
            "memcpy(use.host, host, strlen(host) + 1);",
            ["memcpy(use.host, host, strlen(host) + 2);"],
            "nobody reads behind the NUL",
        ),
        (
            "memcpy(use.host, host, strlen(host) + 1);",
            ["memcpy(use.host, host, strlen(host) + 0);"],
            "it was cleared before",
        ),
        (
            "enum asp_status status; asp_usage_free(usage);",
            ["enum asp_status status; ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("if (limited)", ["if (1)"], "who has no limit does not end by them"),
        (
            "if (outcome->slow) { asp_account_free(&account);",
            ["if (outcome->slow) { ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "judge(login, &account, entry); asp_account_free(&account);",
            ["judge(login, &account, entry); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "asp_secret_wipe(&secret); asp_shadow_free(&login.shadow);",
            ["asp_secret_wipe(&secret); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "login->facts.used = asp_usage_since(&usage, entry->id, entry->created); asp_usage_free(&usage);",
            ["login->facts.used = asp_usage_since(&usage, entry->id, entry->created); ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp/name.c": [
        (
            "while (kinds[(unsigned char)*p] == ITSELF)",
            ["while (0)"],
            "what is behind it does the same",
        ),
        (
            "if (file[0] != DIGEST_MARK || strnlen(file, DIGEST_CHARS + 2) != DIGEST_CHARS + 1)",
            ["if (file[0] != DIGEST_MARK || strnlen(file, DIGEST_CHARS + 3) != DIGEST_CHARS + 1)"],
            "of what is too long that much is enough",
        ),
        (
            "if (at == ASP_USER_MAX || (is_escape && strspn(p + 1, hex) < 2))",
            [
                "if (at == ASP_USER_MAX )",
                "if (at == ASP_USER_MAX || (is_escape && strspn(p + 1, hex) < 0))",
            ],
            "no encoding writes what is no escape, and a read behind the NUL is a sanitizer's to find",
        ),
        ("return 0;", ["return 1;"], "no encoding writes what is refused, whatever stands there"),
        (
            "return unescape(name, user) > 0 && asp_user_encode(user, again) && strcmp(again, name) == 0;",
            ["return unescape(name, user) >= 0 && asp_user_encode(user, again) && strcmp(again, name) == 0;"],
            "no encoding writes what is refused, whatever stands there",
        ),
        (
            "memcpy(file, name, length + 1);",
            ["memcpy(file, name, length + 2);"],
            "nobody reads behind the NUL, and a read there is a sanitizer's to find",
        ),
        (
            "size_t length = strnlen(name, ASP_SERVICE_MAX + 1);",
            ["size_t length = strnlen(name, ASP_SERVICE_MAX + 2);"],
            "of what is too long that much is enough",
        ),
        (
            "if (!is_alnum(c) && (c <= ' ' || c >= 0x7f || strchr(\"\\\"\\\\%/,\", c) != NULL))",
            ["if ( (c <= ' ' || c >= 0x7f || strchr(\"\\\"\\\\%/,\", c) != NULL))"],
            "no letter and no digit is among the others",
        ),
    ],
    "asp/network.c": [
        (
            "size_t length = strnlen(host, ASP_HOST_MAX + 1);",
            ["size_t length = strnlen(host, ASP_HOST_MAX + 2);"],
            "of what is too long that much is enough",
        ),
        (
            "for (size_t i = 0; i < length; i++) {",
            ["for (size_t i = 0; i <= length; i++) {"],
            "the NUL behind it strchr finds too",
        ),
        (
            "if (digits == 0 || digits > 3 || text[digits] != '\\0' || (text[0] == '0' && digits > 1))",
            ["if (digits == 0 || digits > 4 || text[digits] != '\\0' || (text[0] == '0' && digits > 1))"],
            "of four digits it is too long for either family",
        ),
        (
            "if (length >= sizeof address)",
            ["if (length > sizeof address)"],
            "no address is as long, and a write behind it is a sanitizer's to find",
        ),
        (
            "(rest == 0 || ((network->address[bytes] ^ address[bytes]) & mask) == 0);",
            ["( ((network->address[bytes] ^ address[bytes]) & mask) == 0);"],
            "of none of its bits none differs, and a read behind it is a sanitizer's to find",
        ),
        (
            "if (!asp_host_valid(host) || length >= sizeof text || !zone_is_sound(host + length) ||",
            ["if (!asp_host_valid(host) || length > sizeof text || !zone_is_sound(host + length) ||"],
            "no address is as long, and a write behind it is a sanitizer's to find",
        ),
    ],
    "asp/pgsql/array.c": [
        ("char text[24];", ["char text[25];"], "there is more room than it takes"),
    ],
    "asp/pgsql/breaker.c": [
        (
            "void *found = mmap(NULL, size, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);",
            [
                "void *found = mmap(NULL, size, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -2, 0);",
                "void *found = mmap(NULL, size, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -0, 0);",
            ],
            "what is of no file has no descriptor",
        ),
        ("if (deadline > now + TRY_MS_MAX)", ["if (deadline >= now + TRY_MS_MAX)"], "it is set to what it is"),
        (
            "breaker->log(is_fault, line.text); asp_buffer_free(&line);",
            ["breaker->log(is_fault, line.text); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            'write_line(breaker, true, "down", host, " cause=", quoted.failed ? "-" : quoted.text);'
            " asp_buffer_free(&quoted);",
            ['write_line(breaker, true, "down", host, " cause=", quoted.failed ? "-" : quoted.text); ;'],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "since = pgsql_breaker_is_down(breaker) ? atomic_exchange(&breaker->shared->since, 0) : 0;",
            ["since = pgsql_breaker_is_down(breaker) || 1 ? atomic_exchange(&breaker->shared->since, 0) : 0;"],
            "what is 0 is set to 0, which costs all others who answer a cache line",
        ),
        (
            "return number != 0 ? number : 1;",
            [
                "return number != 1 ? number : 1;",
                "return number != 0 || 1 ? number : 1;",
                "return number != 0 ? number : 2;",
                "return number != 0 ? number : 0;",
            ],
            "no name is known whose digest begins so",
        ),
    ],
    "asp/pgsql/cursors.c": [
        ("if (out->failed)", ["if (0)"], "that nothing is read from nowhere is a sanitizer's to see"),
        ("if (out->failed) return;", ["if (out->failed) ;"], "that nothing is read from nowhere is a sanitizer's to see"),
        (
            "if (strncmp(at, FEED_HEAD, strlen(FEED_HEAD)) != 0)",
            ["if (0)"],
            "the text is compared as a whole next, and a read behind it is a sanitizer's to find",
        ),
        ("return false;", ["return true;"], "without a head, what was not taken is another text"),
        (
            "if (strncmp(at, FEED_HEAD, strlen(FEED_HEAD)) != 0) return false;",
            ["if (strncmp(at, FEED_HEAD, strlen(FEED_HEAD)) != 0) ;"],
            "the text is compared as a whole next, and a read behind it is a sanitizer's to find",
        ),
        ("status = ASP_OK; asp_buffer_free(&text);", ["status = ASP_OK; ;"], "it loses memory, which a sanitizer finds"),
        ("size_t length = 0;", ["size_t length = 1;"], "it is set where all was read"),
        ("time_t written = 0;", ["time_t written = 1;"], "it is set where there is a file"),
        (": ASP_CORRUPT; free(bytes);", [": ASP_CORRUPT; ;"], "it loses memory, which a sanitizer finds"),
        (
            ": pgsql_node_file_write(folder, FEED_FILE, text.text, text.length, error); asp_buffer_free(&text);",
            [": pgsql_node_file_write(folder, FEED_FILE, text.text, text.length, error); ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp/pgsql/engine.c": [
        ("(void)error; key[0] = '\\0';", ["(void)error; ;"], "it begins empty"),
    ],
    "asp/pgsql/event.c": [
        (
            "const bool fits = length < size;",
            ["const bool fits = length <= size;"],
            "what is as long is not valid either, and a write behind the room is a sanitizer's to find",
        ),
        (
            "*entries = calloc(words + 1, sizeof **entries);",
            ["*entries = calloc(words + 2, sizeof **entries);"],
            "there is more room than it takes",
        ),
        (
            "*entries = calloc(words + 1, sizeof **entries);",
            ["*entries = calloc(words + 0, sizeof **entries);"],
            "where none are wanted some systems give memory, and others none",
        ),
    ],
    "asp/pgsql/failure.c": [
        (
            '(void)asp_advise(error, row->failure->status, "%s", row->advice); asp_buffer_free(&line);',
            ['(void)asp_advise(error, row->failure->status, "%s", row->advice); ;'],
            "the room is lent, and has no secret",
        ),
        (
            "memcpy(sqlstate, at, PGSQL_SQLSTATE_SIZE - 1);",
            ["memcpy(sqlstate, at, PGSQL_SQLSTATE_SIZE - 0);"],
            "its end is put in its place next",
        ),
    ],
    "asp/pgsql/feed.c": [
        ("char line[256];", ["char line[257];"], "there is more room than it takes"),
        ("struct pgsql_cursor first = {0};", ["struct pgsql_cursor first = {1};"], "it is set where it is looked at"),
        ("} pgsql_result_free(result);", ["} ;"], "it loses memory, which a sanitizer finds"),
    ],
    "asp/pgsql/lease.c": [
        ("int64_t mine = 0;", ["int64_t mine = 1;"], "it is set where all is told"),
        (
            "status = pgsql_not_ours(error); pgsql_result_free(result);",
            ["status = pgsql_not_ours(error); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("lease->left = 0; pgsql_result_free(result);", ["lease->left = 0; ;"], "it loses memory, which a sanitizer finds"),
    ],
    "asp/pgsql/opening.c": [
        ("{ exchange_free(&attempt->exchange);", ["{ ;"], "it loses memory, which a sanitizer finds"),
        (
            '(void)asp_advise(&attempt->error, ASP_IO, "ALTER ROLE %s RESET client_min_messages",',
            ['(void)asp_advise(&attempt->error, ASP_SLOW, "ALTER ROLE %s RESET client_min_messages",'],
            "it is handed on, and nobody takes it",
        ),
    ],
    "asp/pgsql/parameters.c": [
        (
            "(void)crypto_generichash_update(state, (const uint8_t *)text, strlen(text) + 1);",
            ["(void)crypto_generichash_update(state, (const uint8_t *)text, strlen(text) + 2);"],
            "a read behind the text is a sanitizer's to find",
        ),
        (
            "const int numbers[] = {database->tls ? 1 : 0, database->wait};",
            ["const int numbers[] = {database->tls ? 2 : 0, database->wait};"],
            "it is told apart from 0 by that as well",
        ),
        (
            "(void)crypto_generichash_init(&state, NULL, 0, PGSQL_PARAMETERS_DIGEST);",
            ["(void)crypto_generichash_init(&state, NULL, 1, PGSQL_PARAMETERS_DIGEST);"],
            "without a key its length is none",
        ),
    ],
    "asp/pgsql/passfile.c": [
        (
            "return (size_t)(end - line) > length && memcmp(line, role, length) == 0 ? line + length : NULL;",
            ["return (size_t)(end - line) >= length && memcmp(line, role, length) == 0 ? line + length : NULL;"],
            "what ends a line is neither a tab nor a blank",
        ),
        (
            "return (size_t)(end - line) > length && memcmp(line, role, length) == 0 ? line + length : NULL;",
            ["return memcmp(line, role, length) == 0 ? line + length : NULL;"],
            "what ends a line is in no role, and the last one has a NUL behind it",
        ),
        (
            "for (const char *line = text; line < text + length; line = end + 1, number++) {",
            ["for (const char *line = text; line <= text + length; line = end + 1, number++) {"],
            "an empty line is of no role",
        ),
        (
            "return asp_fail(error, ASP_IO,",
            ["return asp_fail(error, ASP_NOT_FOUND,"],
            "it becomes ASP_IO where the file is named",
        ),
        (
            "return asp_fail(error, ASP_IO, \"%s has no line of the role %s\", path, role);",
            ["return asp_fail(error, ASP_NOT_FOUND, \"%s has no line of the role %s\", path, role);"],
            "it becomes ASP_IO where the file is named",
        ),
        ("size_t length = 0;", ["size_t length = 1;"], "it is set by what reads"),
        ("int fd = -1;", ["int fd = -2;", "int fd = -0;"], "it is set by what opens"),
        ("if (bytes != NULL)", ["if (1)"], "of nothing nothing is wiped"),
        (
            "sodium_memzero(bytes, length); free(bytes);",
            ["sodium_memzero(bytes, length); ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp/pgsql/pin.c": [
        (
            "if (own->pin_open >= 0 && fstat(own->pin_open, &st) == 0 && st.st_nlink > 0 &&",
            ["if (own->pin_open >= 0 && fstat(own->pin_open, &st) == 0 &&"],
            "what loses its name is another by its times, where a tick has passed since it got it",
        ),
        (
            "(before.id[0] != '\\0' && identity.present && asp_identity_same(&identity, &own->pin_file)))",
            ["(before.id[1] != '\\0' && identity.present && asp_identity_same(&identity, &own->pin_file)))"],
            "an id is whole, or there is none",
        ),
        (
            "if (status == ASP_OK && own->queued_for[0] != '\\0' && strcmp(own->queued_for, own->pin.id) != 0)",
            ["if (status == ASP_OK && own->queued_for[1] != '\\0' && strcmp(own->queued_for, own->pin.id) != 0)"],
            "an id is whole, or there is none",
        ),
    ],
    "asp/pgsql/result.c": [
        (
            "if (!pgsql_has(result, row, column) || PQgetisnull(result, (int)row, (int)column))",
            ["if ( PQgetisnull(result, (int)row, (int)column))"],
            "libpq answers that it is NULL, and complains",
        ),
    ],
    "asp/pgsql/uses.c": [
        ("usage->length = 0;", ["usage->length = 1;"], "what is shorter than a head has none"),
        ("*use = (struct asp_use){0};", ["*use = (struct asp_use){1};"], "it is set where it is a use"),
        (
            'status = asp_fail(error, ASP_IO, "the database does not answer");',
            ['status = asp_fail(error, ASP_AGAIN, "the database does not answer");'],
            "where one is told of that, nobody asks why a use was not written",
        ),
        (
            "for (size_t i = 0; i < RECORD_VALUES; i++)",
            ["for (size_t i = 1; i < RECORD_VALUES; i++)"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp/primary.c": [
        (
            "} else if (!asp_source_traits(now->source).at_login) { stored->had = ASP_HAD_NONE;",
            ["} else if (!asp_source_traits(now->source).at_login) { ;"],
            "it was cleared before",
        ),
    ],
    "asp/random.c": [
        (
            "got = getrandom(&byte, sizeof byte, 0);",
            ["got = getrandom(&byte, sizeof byte, 1);"],
            "whether it waits is seen where a machine has just been started alone",
        ),
    ],
    "asp/reconcile.c": [
        (
            "memcpy(look->follows, account.follows, sizeof look->follows); asp_account_free(&account);",
            ["memcpy(look->follows, account.follows, sizeof look->follows); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("} asp_shadow_free(&look->newer);", ["} ;"], "it loses memory, which a sanitizer finds"),
        (
            "struct asp_reconciled *result = following->result; forget_copies(result);",
            ["struct asp_reconciled *result = following->result; ;"],
            "where the step is taken again it loses memory, which a sanitizer finds",
        ),
        ("{ asp_shadow_free(&look->newer);", ["{ ;"], "it loses memory, which a sanitizer finds"),
        (
            "{ asp_entries_free(result->revoked, result->count);",
            ["{ ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "if (status == ASP_NOT_FOUND && reached && now->says == ASP_SAYS_ABSENT) {",
            ["if ( reached && now->says == ASP_SAYS_ABSENT) {"],
            "what is an account is read twice, and loses memory, which a sanitizer finds",
        ),
        (
            "due = asp_primary_is_due(&account.primary, now); asp_account_free(&account);",
            ["due = asp_primary_is_due(&account.primary, now); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "memcpy(account->follows, following->follows, strlen(following->follows) + 1);",
            ["memcpy(account->follows, following->follows, strlen(following->follows) + 2);"],
            "nobody reads behind the NUL",
        ),
        (
            "due = asp_primary_note(&account.primary, now, sight); asp_account_free(&account);",
            ["due = asp_primary_note(&account.primary, now, sight); ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp/redact.c": [
        ("if (strnlen(text, LETTERS) == LETTERS) {", ["if (1) {"], "in a shorter one there is none"),
        (
            'if (span.start == NULL && strpbrk(text, "%\\\\") != NULL)',
            ["if (span.start == NULL )"],
            "without one of them no byte is written out",
        ),
        (
            "memmove(text + at + 1, span.end, strlen(span.end) + 1);",
            ["memmove(text + at + 1, span.end, strlen(span.end) + 2);"],
            "nobody reads behind the NUL, and a read there is a sanitizer's to find",
        ),
    ],
    "asp/scope.c": [
        (
            "if ((found == NULL || found->app == NULL) && asp_app_is_reserved(app))",
            ["if ( asp_app_is_reserved(app))"],
            "the configuration refuses a group that lists a reserved name",
        ),
        (
            "size_t middle = low + (high - low) / 2;",
            ["size_t middle = low + (high - low) / 3;"],
            "a search that parts what is left elsewhere finds the same",
        ),
        ("if (order < 0)", ["if (order <= 0)", "if (order < 1)"], "0 has been returned"),
        (
            "memcpy(scope->app, app, strlen(app) + 1);",
            ["memcpy(scope->app, app, strlen(app) + 0);"],
            "the scope was cleared",
        ),
        (
            "memcpy(scope->app, name, strlen(name) + 1);",
            ["memcpy(scope->app, name, strlen(name) + 0);"],
            "the scope was cleared",
        ),
    ],
    "asp/secret.c": [
        (
            "char piece[UTF8_MOST + 1] = {0};",
            ["char piece[UTF8_MOST + 2] = {0};", "char piece[UTF8_MOST + 0] = {0};"],
            "there is more room than it takes",
        ),
        ("char piece[UTF8_MOST + 1] = {0};", ["char piece[UTF8_MOST + 1] = {1};"], "the first byte is written over"),
        (
            "if (value >= 0x80) {",
            ["if (1) {", "if (value > 0x80) {"],
            "a byte that is a character, or none, is the same by itself",
        ),
        ("if (count < CHARS)", ["if (count <= CHARS)"], "a write behind them is a sanitizer's to find"),
    ],
    "asp/shadow.c": [
        (
            "struct asp_identity after = {.present = false};",
            ["struct asp_identity after = {.present = true};"],
            "it is set by what looks",
        ),
        ("int fd = -1;", ["int fd = -2;", "int fd = -0;"], "it is set by what opens"),
        (
            "if (shadow->length == 0 || shadow->text[shadow->length - 1] != '\\n')",
            ["if ( shadow->text[shadow->length - 1] != '\\n')"],
            "a read before the text is a sanitizer's to find",
        ),
        (
            "for (int i = 0; status == ASP_BUSY && i < TRIES; i++) { asp_shadow_free(shadow);",
            ["for (int i = 0; status == ASP_BUSY && i < TRIES; i++) { ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "if (length > name && line[name] == ':' && memcmp(line, user, name) == 0) {",
            [
                "if (length >= name && line[name] == ':' && memcmp(line, user, name) == 0) {",
                "if ( line[name] == ':' && memcmp(line, user, name) == 0) {",
            ],
            "what is shorter has its line end before, which is in no name; a sanitizer finds a read behind the text",
        ),
        ("if (shadow->text != NULL)", ["if (1)"], "of nothing nothing is wiped"),
        (
            "sodium_memzero(shadow->text, shadow->length); free(shadow->text);",
            ["sodium_memzero(shadow->text, shadow->length); ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp/source.c": [
        (
            "for (int i = 0; asp_source_words[i] != NULL; i++) {",
            ["for (int i = 1; asp_source_words[i] != NULL; i++) {"],
            "the first is none, which is not compared",
        ),
    ],
    "asp/nearest.c": [
        (
            "while (*typed != '\\0' && is_same(*typed, *word)) {",
            ["while ( is_same(*typed, *word)) {"],
            "it goes on behind the end of two words that are the same, and at no distance anyway",
        ),
        (
            "size_t rows[3][BYTES_MAX + 1];",
            ["size_t rows[4][BYTES_MAX + 1];", "size_t rows[3][BYTES_MAX + 2];"],
            "there is more room than it takes",
        ),
        (
            "size_t rows[3][BYTES_MAX + 1];",
            ["size_t rows[3][BYTES_MAX + 0];"],
            "what stands behind it is a sanitizer's to find, and what is counted wrong in it is too far in any case",
        ),
        (
            "for (size_t j = 0; j <= width; j++)",
            ["for (size_t j = 0; j < width; j++)"],
            "from whatever stands there, it is further by each byte that was typed, which is too far",
        ),
        (
            "if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))",
            [
                "if (i >= 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))",
                "if (i > 0 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))",
                "if ( j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))",
                "if (i > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))",
                "if (i > 1 && j >= 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))",
                "if (i > 1 && j > 0 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))",
            ],
            "what stands before the words is a sanitizer's to find",
        ),
    ],
    "asp/shell_word.c": [
        ("unsigned long value = 0;", ["unsigned long value = 1;"], "of what is no character it is not looked at"),
        (
            "if (length == 0 || asp_is_control(value))",
            ["if ( asp_is_control(value))"],
            "of what is no character the value is 0, which is a control character",
        ),
    ],
    "asp/store_files_temp.c": [
        (
            "if (file[0] != '.' || dot == file)",
            ["if (file[0] != '.' )"],
            "a length below 0 is one beyond all",
        ),
        (
            "for (size_t i = 0; i < sizeof files / sizeof *files; i++) {",
            ["for (size_t i = 0; i <= sizeof files / sizeof *files; i++) {"],
            "what stands behind the names is a sanitizer's to find",
        ),
    ],
    "asp/store_front.c": [
        (
            "struct asp_stored stored = {0};",
            ["struct asp_stored stored = {1};"],
            "what is not read is not looked at",
        ),
        (
            "if (status == ASP_OK)",
            ["if (1)"],
            "of an account that could not be read nothing is looked at",
        ),
        (
            "account->written = stored.written; asp_stored_free(&stored);",
            ["account->written = stored.written; ;"],
            "it loses memory, which a sanitizer finds",
        ),
    ],
    "asp/store_update.c": [
        (
            "status = keep_change(update, held, &made, status == ASP_DROP, error); asp_entries_free(before, count);",
            ["status = keep_change(update, held, &made, status == ASP_DROP, error); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "status = text.failed ? no_memory(error) : store->engine->write(store, held, made, error); made->text = NULL;",
            ["status = text.failed ? no_memory(error) : store->engine->write(store, held, made, error); ;"],
            "nobody looks at it any more",
        ),
        (
            "made->text = NULL; asp_buffer_free(&text);",
            ["made->text = NULL; ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "for (size_t i = 0; status == ASP_OK && i < account->aside_count; i++) {",
            ["for (size_t i = 0; status == ASP_OK && i <= account->aside_count; i++) {"],
            "a read behind them is a sanitizer's to find",
        ),
        (
            "asp_buffer_free(&text); asp_account_free(&due);",
            ["asp_buffer_free(&text); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "(void)no_memory(error); asp_buffer_free(&text);",
            ["(void)no_memory(error); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("if (status != ASP_OK && key[0] != '\\0')", ["if (status != ASP_OK )"], "nothing is kept under an empty key"),
        (
            "struct asp_account account = {0};",
            ["struct asp_account account = {1};"],
            "nobody looks at its name before it is read",
        ),
        (
            "update->store->engine->forget(update->store, held); asp_account_free(&account);",
            ["update->store->engine->forget(update->store, held); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "not_yet = account.not_yet; asp_account_free(&account);",
            ["not_yet = account.not_yet; ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "char name[ASP_USER_ENCODED + 1];",
            [
                "char name[ASP_USER_ENCODED - 1];",
                "char name[ASP_USER_ENCODED + 2];",
                "char name[ASP_USER_ENCODED + 0];",
            ],
            "a write behind it is a sanitizer's to find",
        ),
        ("return ASP_UNCHANGED;", ["return ASP_OK;"], "what is written is what it was"),
        ("return ASP_OK;", ["return ASP_DROP;"], "what is not yet and has nothing pending is dropped in any case"),
        (
            "return ASP_UNCHANGED;",
            [
                "return ASP_INTERRUPTED;",
                "return ASP_QUESTION;",
                "return ASP_SLOW;",
                "return ASP_NO_MEMORY;",
                "return ASP_INVALID;",
                "return ASP_NOT_FOUND;",
                "return ASP_TAKEN;",
                "return ASP_FULL;",
                "return ASP_BUSY;",
                "return ASP_DENIED;",
                "return ASP_UNSAFE;",
                "return ASP_CORRUPT;",
                "return ASP_NEWER;",
                "return ASP_IO;",
                "return ASP_MISMATCH;",
                "return ASP_NO_FILES;",
                "return ASP_AMBIGUOUS;",
                "return ASP_AGAIN;",
            ],
            "who looks over all accounts is not told how it ended",
        ),
    ],
    "asp/time_text.c": [
        (
            "long month = 1;",
            ["long month = 0;"],
            "the days of that month stand before the table, and are a sanitizer's to find",
        ),
        (
            "year = 1970 + days / 366;",
            ["year = 1970 + days / 367;"],
            "from an earlier one it is counted up too",
        ),
        (
            "if (!take(at, 4, '-', 1970, 9999, &year) || !take(at, 2, '-', 1, 12, &month) ||",
            ["if (!take(at, 4, '-', 1970, 10000, &year) || !take(at, 2, '-', 1, 12, &month) ||"],
            "four digits do not say it",
        ),
        (
            "if (!take(at, 4, '-', 1970, 9999, &year) || !take(at, 2, '-', 1, 12, &month) ||",
            ["if (!take(at, 4, '-', 1970, 9999, &year) || !take(at, 2, '-', 0, 12, &month) ||"],
            "the days of that month stand before the table, and are a sanitizer's to find",
        ),
        (
            "for (long m = 1; m < month; m++)",
            ["for (long m = 0; m < month; m++)"],
            "the days of that month stand before the table, and are a sanitizer's to find",
        ),
        (
            "if (digits == 0 || digits > 10 || text[digits] == '\\0' || text[digits + 1] != '\\0')",
            ["if ( digits > 10 || text[digits] == '\\0' || text[digits + 1] != '\\0')"],
            "without a digit it is 0, which no duration is",
        ),
        (
            "if (digits == 0 || digits > 10 || text[digits] == '\\0' || text[digits + 1] != '\\0')",
            ["if (digits == 0 || digits > 10 || text[digits + 1] != '\\0')"],
            "the length of that unit stands behind the table, and is a sanitizer's to find",
        ),
        (
            "*since = now > duration ? now - duration : 0;",
            ["*since = now >= duration ? now - duration : 0;"],
            "both are 0 then",
        ),
    ],
    "asp/url.c": [
        (
            "for (size_t k = 0; k < sizeof known / sizeof *known; k++) {",
            ["for (size_t k = 0; k <= sizeof known / sizeof *known; k++) {"],
            "nobody asks for a scheme that is none of them",
        ),
        (
            "memcpy(url->scheme, schemes[i], length + 1);",
            ["memcpy(url->scheme, schemes[i], length + 2);"],
            "nobody reads behind the NUL, and a read there is a sanitizer's to find",
        ),
        (
            'return length > 0 && strchr("-.", host[0]) == NULL && strchr("-.", host[length - 1]) == NULL &&',
            [
                'return length >= 0 && strchr("-.", host[0]) == NULL && strchr("-.", host[length - 1]) == NULL &&',
                'return strchr("-.", host[0]) == NULL && strchr("-.", host[length - 1]) == NULL &&',
            ],
            "the NUL of an empty name strchr finds too",
        ),
        ("return false;", ["return true;"], "what is too long is still there, and is neither a port nor a path"),
        (
            "for (++*at; **at >= '0' && **at <= '9' && value <= PORT_MAX; ++*at)",
            ["for (++*at; **at >= '0' && **at <= '9' && value < PORT_MAX; ++*at)"],
            "what is left of the digits is no path",
        ),
    ],
    "asp/usage.c": [
        (
            "enum { IDENTITY_NUMBERS = 8 };",
            ["enum { IDENTITY_NUMBERS = 9 };"],
            "what is written there is written over, and nobody looks at what is read there",
        ),
        (
            "for (size_t i = 0; i < IDENTITY_NUMBERS; i++)",
            ["for (size_t i = 0; i <= IDENTITY_NUMBERS; i++)"],
            "what is written there is written over, and what stands behind the numbers is a sanitizer's to find",
        ),
        ('char id[ASP_ID_CHARS + 1] = "";', ['char id[ASP_ID_CHARS + 2] = "";'], "there is more room than it takes"),
        (
            'char id[ASP_ID_CHARS + 1] = "";',
            ['char id[ASP_ID_CHARS + 0] = "";'],
            "a read behind the room is a sanitizer's to find",
        ),
        (
            "for (size_t at = ASP_HEAD_BYTES; at < usage->length; at += ASP_SLOT_BYTES) {",
            ["for (size_t at = ASP_HEAD_BYTES; at <= usage->length; at += ASP_SLOT_BYTES) {"],
            "of no bytes there is no id",
        ),
        (
            "uint8_t slot[ASP_SLOT_BYTES] = {0};",
            ["uint8_t slot[ASP_SLOT_BYTES] = {1};"],
            "there is at least one byte, which is written over it",
        ),
        (
            "struct asp_usage mended = {calloc(1, usage->length + ASP_HEAD_BYTES + ASP_SLOT_BYTES),",
            ["struct asp_usage mended = {calloc(2, usage->length + ASP_HEAD_BYTES + ASP_SLOT_BYTES),"],
            "there is more room than it takes",
        ),
        (
            "asp_usage_write_head(&head, mended.bytes); free(usage->bytes);",
            ["asp_usage_write_head(&head, mended.bytes); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("{ free(usage->bytes);", ["{ ;"], "it loses memory, which a sanitizer finds"),
    ],
    "asp/verifier.c": [
        (
            "crypto_auth_hmacsha256_final(&state, tag); sodium_memzero(&state, sizeof state);",
            ["crypto_auth_hmacsha256_final(&state, tag); ;"],
            "libsodium has cleared it",
        ),
        ("return false;", ["return true;"], "a number that is not read is 0, which no cost is, and nothing is passed over"),
        (
            "if (++digits > 7 || (digits == 1 && *p == '0'))",
            ["if (++digits > 8 || (digits == 1 && *p == '0'))"],
            "of eight digits it is over the caps",
        ),
        ("if (digits == 0 || *p != after)", ["if ( *p != after)"], "without a digit it is 0, which no cost is"),
        (
            "unsigned char last[4] = {'A', 'A', 'A', 'A'};",
            ["unsigned char last[5] = {'A', 'A', 'A', 'A'};"],
            "there is more room than it takes",
        ),
        ("unsigned char three[3];", ["unsigned char three[4];"], "there is more room than it takes"),
        ("unsigned char three[3];", ["unsigned char three[0];"], "a write behind it is a sanitizer's to find"),
        ("struct asp_cost cost = {0};", ["struct asp_cost cost = {1};"], "what is not read is not looked at"),
        ("uint32_t lanes = 0;", ["uint32_t lanes = 1;"], "it is set by what reads"),
        ("unsigned char tag[TAG_BYTES] = {0};", ["unsigned char tag[TAG_BYTES] = {1};"], "it is set where it is looked at"),
        (
            "static const unsigned char salt[SALT_BYTES] = {0};",
            ["static const unsigned char salt[SALT_BYTES] = {1};"],
            "nobody's hash is made with it",
        ),
        ("char salt_text[SALT_CHARS + 1];", ["char salt_text[SALT_CHARS + 2];"], "there is more room than it takes"),
        ("char tag_text[TAG_CHARS + 1];", ["char tag_text[TAG_CHARS + 2];"], "there is more room than it takes"),
        (
            "*at += strlen(BLAKE_PREFIX); cost->scheme = ASP_BLAKE2B;",
            ["*at += strlen(BLAKE_PREFIX); ;"],
            "it is the first, and it was cleared before",
        ),
        (
            "cost->memory <= ASP_MEMORY_MAX && cost->passes >= ASP_PASSES_MIN &&",
            ["cost->memory <= ASP_MEMORY_MAX &&"],
            "no number is read as 0",
        ),
        (
            "memset(parsed, 0, sizeof *parsed);",
            ["memset(parsed, 1, sizeof *parsed);"],
            "what is not read is not looked at",
        ),
        (
            "const char *at = verifier; memset(parsed, 0, sizeof *parsed);",
            ["const char *at = verifier; ;"],
            "what is not read is not looked at",
        ),
    ],
    "pam_asp/bounded_work.c": [
        ("int status = 0;", ["int status = 1;"], "it is that of a process that has ended, or is not looked at"),
        ("if (process <= 0) {", ["if (process <= 1) {"], "the first process is nobody's child"),
        (
            "} while (ended < 0 && errno == EINTR);",
            ["} while (ended <= 0 && errno == EINTR);", "} while (ended < 1 && errno == EINTR);"],
            "no process has the number 0",
        ),
        (
            "if (ended != process || (WIFEXITED(status) && WEXITSTATUS(status) == 0))",
            ["if ( (WIFEXITED(status) && WEXITSTATUS(status) == 0))"],
            "of a process that nothing is known of, status is 0",
        ),
        (
            "if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)",
            ["if ( WTERMSIG(status) == SIGALRM)"],
            "of a process that has ended by itself that is no signal",
        ),
        (
            "WIFSIGNALED(status) ? WTERMSIG(status) : 0);",
            ["WIFSIGNALED(status) || 1 ? WTERMSIG(status) : 0);"],
            "of a process that has ended by itself it is 0",
        ),
    ],
    "pam_asp/broker_client.c": [
        (
            "return status == ASP_OK && message.type != expected ? ASP_CORRUPT : status;",
            [
                f"return status == ASP_OK && message.type != expected ? {other} : status;"
                for other in STATUSES
                if other not in ("ASP_CORRUPT", "ASP_OK", "ASP_FULL", "ASP_BUSY")
            ],
            "it is none of those that are told apart",
        ),
    ],
    "pam_asp/conf_cache.c": [
        (
            "if (strlen(path) >= sizeof cache.path || pthread_mutex_trylock(&cache.mutex) != 0)",
            [
                "if (strlen(path) > sizeof cache.path || pthread_mutex_trylock(&cache.mutex) != 0)",
                "if ( pthread_mutex_trylock(&cache.mutex) != 0)",
            ],
            "no file has so long a path",
        ),
        (
            "*shared = calloc(1, sizeof **shared);",
            ["*shared = calloc(2, sizeof **shared);"],
            "there is more room than it takes",
        ),
        ("} free(*shared);", ["} ;"], "it loses memory, which a sanitizer finds"),
    ],
    "pam_asp/login_log.c": [
        (
            "log(context, level, line->text); asp_buffer_free(line);",
            ["log(context, level, line->text); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("if (outcome->revoked_count == 0)", ["if (0)"], "of none there is no line"),
        (
            "if (outcome->revoked_count == 0) return;",
            ["if (outcome->revoked_count == 0) ;"],
            "of none there is no line",
        ),
    ],
    "pam_asp/name_service.c": [
        ("result = errno; free(bytes);", ["result = errno; ;"], "it loses memory, which a sanitizer finds"),
    ],
    "pam_asp/pam_asp.c": [
        ("char line[16 + ASP_LABEL_SIZE];", ["char line[17 + ASP_LABEL_SIZE];"], "there is more room than it takes"),
        (
            "memcpy(line + length, value, strlen(value) + 1);",
            ["memcpy(line + length, value, strlen(value) + 2);"],
            "what stands behind the end is not read, and a sanitizer's to find",
        ),
        ("struct asp_error error = {0};", ["struct asp_error error = {1};"], "whatever fails fills it"),
        ("(void)flags; asp_error_begin(&error);", ["(void)flags; ;"], "whatever fails fills it"),
        (
            '(void)asp_fail(error, ASP_IO, "libsodium does not start");',
            [
                f'(void)asp_fail(error, {other}, "libsodium does not start");'
                for other in STATUSES
                if other != "ASP_IO"
            ],
            "its text alone is looked at",
        ),
    ],
    "pam_asp/pam_log.c": [
        (
            "return pam_get_item(pamh, PAM_SERVICE, &service) == PAM_SUCCESS && service != NULL &&",
            ["return pam_get_item(pamh, PAM_SERVICE, &service) == PAM_SUCCESS &&"],
            "libpam begins nothing without a service",
        ),
    ],
    "pam_asp/password_compare.c": [
        (
            "log(context, LOG_ERR, line.text); asp_buffer_free(&line);",
            ["log(context, LOG_ERR, line.text); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "char name[ASP_USER_MAX + 1]; /* empty: there can be none */",
            ["char name[ASP_USER_MAX + 2]; /* empty: there can be none */"],
            "there is more room than it takes",
        ),
        (
            "memcpy(account.name, name, strlen(name) + 1);",
            ["memcpy(account.name, name, strlen(name) + 0);", "memcpy(account.name, name, strlen(name) + 2);"],
            "what stands behind a name is 0, and behind the longest that it is known",
        ),
        (
            'char known[ASP_USER_MAX + 1] = "";',
            ['char known[ASP_USER_MAX + 2] = "";'],
            "there is more room than it takes",
        ),
        (
            '*own = account_of(answer == ASP_USER_KNOWN ? known : "", true);',
            ['*own = account_of(answer == ASP_USER_KNOWN || 1 ? known : "", true);'],
            "of who is not known there is no name",
        ),
        (
            "look.is_own = account->is_own; result->primary = ASP_PRIMARY_UNKNOWN;",
            ["look.is_own = account->is_own; ;"],
            "it begins as that",
        ),
        (
            "while (status == ASP_OK && result->primary == ASP_PRIMARY_UNKNOWN) { asp_reconciled_free(result);",
            ["while (status == ASP_OK && result->primary == ASP_PRIMARY_UNKNOWN) { ;"],
            "it loses memory, which a sanitizer finds",
        ),
        (
            "result->primary = ASP_PRIMARY_SAME;",
            [
                f"result->primary = ASP_PRIMARY_{other};"
                for other in ("CHANGED", "LOCKED", "ABSENT", "ELSEWHERE")
            ],
            "it is looked at whether it is unknown, and nothing else",
        ),
        ("} asp_look_end(&look);", ["} ;"], "it loses memory, which a sanitizer finds"),
        (
            "if (status == ASP_OK || outcome->status != ASP_OK)",
            ["if (status == ASP_NOT_FOUND || outcome->status != ASP_OK)"],
            "what is not there has not failed, and does not come here",
        ),
        (
            "if (status == ASP_OK || outcome->status != ASP_OK)",
            ["if ( outcome->status != ASP_OK)"],
            "what is kept of a success is one",
        ),
        ("struct asp_error error = {0};", ["struct asp_error error = {1};"], "whatever fails fills it"),
        ("struct asp_reconciled result = {0};", ["struct asp_reconciled result = {1};"], "it is set before it is looked at"),
        (
            "if (strcmp(account->name, setting->user) != 0)",
            ["if (1)", "if (strcmp(account->name, setting->user) != 1)"],
            "what is noted twice is noted",
        ),
        (
            "result.revoked, result.count); asp_reconciled_free(&result);",
            ["result.revoked, result.count); ;"],
            "it loses memory, which a sanitizer finds",
        ),
        ("if (ambiguous)", ["if (1)"], "the account of the very spelling is that which was found, or not there"),
        (
            "if (status == ASP_NOT_FOUND || (found.known && found.name[0] != '\\0'))",
            ["if (status == ASP_NOT_FOUND || (found.known ))"],
            "who is known by a name that can be none has no account of her own either",
        ),
        (
            "status = ask_for_own(user, found.name[0] != '\\0' ? found.name : user, &account, &error);",
            ["status = ask_for_own(user, found.name[0] != '\\0' || 1 ? found.name : user, &account, &error);"],
            "nobody is known by no name",
        ),
        (
            "strcmp(account.name, found.name) == 0 || (ambiguous && strcmp(account.name, user) == 0);",
            ["strcmp(account.name, found.name) == 0 || ( strcmp(account.name, user) == 0);"],
            "where there is an account of the very spelling, and another was found, it is ambiguous",
        ),
        ("if (status == ASP_OK)", ["if (1)"], "it is the one that was compared last, and is compared once"),
        (
            "if (status == ASP_OK)",
            [
                "if (!(status == ASP_OK))",
                "if (0)",
                "if (status != ASP_OK)",
                *(f"if (status == {other})" for other in STATUSES if other != "ASP_OK"),
            ],
            "of a store in files it is the time of this machine, which is set",
        ),
        (
            "if (status == ASP_OK) status = asp_store_now(&store, &setting.how.when, error);",
            ["if (status == ASP_OK) ;"],
            "of a store in files it is the time of this machine, which is set",
        ),
    ],
    "pam_asp/password_stack.c": [
        ("struct asp_error error = {0};", ["struct asp_error error = {1};"], "whatever fails fills it"),
        (
            "password_not_compared(log_to_pam, setting->pamh, setting->user, &error); asp_conf_free(conf);",
            ["password_not_compared(log_to_pam, setting->pamh, setting->user, &error); ;"],
            "the process ends",
        ),
        (
            "for (int number = 1; number < NSIG; number++)",
            [
                "for (int number = 0; number < NSIG; number++)",
                "for (int number = 1; number <= NSIG; number++)",
            ],
            "there is no signal of that number",
        ),
        (
            "if (*done >= 0) {",
            ["if (*done > 0) {", "if (*done >= 1) {"],
            "the lower end of a pipe is the other one",
        ),
        (
            "if (dup2(*done, DONE_FD) < 0)",
            ["if (dup2(*done, DONE_FD) <= 0)", "if (dup2(*done, DONE_FD) < 1)"],
            "it is DONE_FD or fails",
        ),
        (
            "return null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2 &&",
            ["return dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2 &&"],
            "none cannot be made another either",
        ),
        (
            "if (setsid() < 0) /* out of reach of the terminal first */",
            [
                "if (setsid() <= 0) /* out of reach of the terminal first */",
                "if (setsid() < 1) /* out of reach of the terminal first */",
            ],
            "no session has the number 0",
        ),
        (
            "while (waitpid(child, NULL, 0) < 0 && errno == EINTR)",
            [
                "while (waitpid(child, NULL, 0) <= 0 && errno == EINTR)",
                "while (waitpid(child, NULL, 0) < 1 && errno == EINTR)",
            ],
            "no process has the number 0",
        ),
        ("int status = 0;", ["int status = 1;"], "it is that of a process that has ended, or is not looked at"),
        (
            '_exit(done < 0 || write(done, "", 1) == 1 ? 0 : 1);',
            [
                '_exit(done <= 0 || write(done, "", 1) == 1 ? 0 : 1);',
                '_exit(done < 1 || write(done, "", 1) == 1 ? 0 : 1);',
                '_exit( write(done, "", 1) == 1 ? 0 : 1);',
                '_exit(done < 0 || write(done, "", 2) == 1 ? 0 : 1);',
                '_exit(done < 0 || write(done, "", 1) != 1 ? 0 : 1);',
                '_exit(done < 0 || write(done, "", 1) == 2 ? 0 : 1);',
                '_exit(done < 0 || write(done, "", 1) == 0 ? 0 : 1);',
                '_exit(done < 0 || write(done, "", 1) == 1 && 0 ? 0 : 1);',
                '_exit(done < 0 || write(done, "", 1) == 1 || 1 ? 0 : 1);',
                '_exit(done < 0 || write(done, "", 1) == 1 ? 1 : 1);',
                '_exit(done < 0 || write(done, "", 1) == 1 ? 0 : 2);',
                '_exit(done < 0 || write(done, "", 1) == 1 ? 0 : 0);',
            ],
            "that it has ended is looked at, or what it was killed by, and not with what it ends",
        ),
        (
            "else if (ended == child && WIFSIGNALED(status))",
            ["else if ( WIFSIGNALED(status))"],
            "of a child that nothing is known of, status is 0",
        ),
        (
            "int done[2] = {-1, -1};",
            ["int done[3] = {-1, -1};"],
            "there is more room than it takes",
        ),
        (
            "work(setting, piped ? done[1] : -1);",
            ["work(setting, piped || 1 ? done[1] : -1);"],
            "where there is no pipe it is -1",
        ),
        (
            "work(setting, piped ? done[1] : -1);",
            ["work(setting, piped ? done[1] : -2);"],
            "no descriptor is below 0",
        ),
        ("} asp_conf_free(conf);", ["} ;"], "it loses memory, which a sanitizer finds"),
        ("bool done = false;", ["bool done = true;"], "whoever may have taken it says so"),
        ("if (child < 0)", ["if (child <= 0)", "if (child < 1)"], "the child itself does not come here"),
        (
            "int done[2] = {-1, -1};",
            ["int done[2] = {-2, -1};", "int done[2] = {-1, -2};"],
            "no descriptor is below 0",
        ),
    ],
}


def is_equivalent(file, line, became):
    return any(line == one and became in others for one, others, _ in EQUIVALENT.get(file, ()))
