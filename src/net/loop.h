/* net/loop.h -- libuv's loops and its pool, with all that libuv would end the process for not getting.
 * It calls abort() where it has no memory for a longer table of descriptors, and where it cannot start the threads of
 * its pool. So both are asked for before anybody can come in. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "numeric/status.h"

#include <stdint.h>
#include <uv.h>

/* A loop that has a place for every descriptor of a process with so many connections, as many as the process may
 * have at the most. Errors: NABLA_ENOMEM; *loop is then closed. */
MUST_CHECK enum nabla_status loop_open(uv_loop_t *loop, uint64_t connections);

/* Returns when the threads of the pool run. loop: has no handle, and no thread that runs it. Once a process is enough.
 * Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status loop_start_pool(uv_loop_t *loop);

#endif
