"""The mutants of tests/unit/mutate that are another program with the same behaviour, and why no test can tell."""

# For each file: a line as it is, what it became, and why.
EQUIVALENT = {
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
    "asp/conf_keys.c": [
        (
            "for (size_t i = 1; i < GROUPS && length < OWNERS_SIZE; i++) {",
            ["for (size_t i = 0; i < GROUPS && length < OWNERS_SIZE; i++) {"],
            "what the first one, the file itself, has was refused before",
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
}


def is_equivalent(file, line, became):
    return any(line == one and became in others for one, others, _ in EQUIVALENT.get(file, ()))
