/*
 * The process of asp-broker in which those wait who have not said anything yet, or find no room in
 * their lane. It does nothing else, and so none of them waits for a worker that is at something.
 */
#ifndef ASP_BROKER_WAITING_ROOM_H
#define ASP_BROKER_WAITING_ROOM_H

/*
 * A process_pool_work for a `struct worker` (worker.h). A connection that says nothing is dropped
 * 500 ms after it was let in. Where all places are taken, one of the uid that has most of them
 * makes room. It passes SIGTERM over, and returns when its arrivals are over and nobody waits.
 */
int waiting_room_run(void *worker);

#endif
