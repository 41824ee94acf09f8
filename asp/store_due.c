/* The store's front for the one who runs hooks. */
#include "store_due.h"

#include "engine.h"

enum asp_status asp_turn_take(const struct asp_store *store, const char *user,
                              struct asp_turn *turn, struct asp_error *error)
{
    enum asp_status status;

    *turn = ASP_TURN_FREE;
    if (!asp_user_encode(user, turn->name))
        return asp_fail(error, ASP_INVALID, "the user's name is not well-formed");
    status = store->engine->take_turn(store, turn->name, &turn->own, error);
    if (status == ASP_OK)
        turn->store = store;
    return status;
}

bool asp_turn_is_held(const struct asp_turn *turn)
{
    return turn->store != NULL;
}

void asp_turn_give(struct asp_turn *turn)
{
    if (turn->store != NULL)
        turn->store->engine->give_turn(turn->store, turn->name, &turn->own);
    *turn = ASP_TURN_FREE;
}
