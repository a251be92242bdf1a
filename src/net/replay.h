/* net/replay.h -- what was taken once is not taken again: signed datagrams by their MACs, within a window of time.
 *
 *     too old ──│── floor ... MACs that were seen ... ──│── now ──│── the future
 *               now - window                                      now + window
 *
 * Bounded: REPLAY_SEEN_MAX MACs. When there are more, those of the oldest times go, and the floor rises to them: what
 * is not remembered any more is too old. So nothing is ever taken twice; under such a flood what comes late is lost.
 * Of several threads, one at a time. No clock. */
#ifndef NET_REPLAY_H
#define NET_REPLAY_H

#include "numeric/status.h"

#include <stdint.h>

enum { REPLAY_SEEN_MAX = 256 * 1024, REPLAY_MAC = 16 /* bytes: that much of a MAC is enough */ };

struct replay;

enum replay_verdict { REPLAY_NEW, REPLAY_OLD, REPLAY_FUTURE, REPLAY_AGAIN };

/* Nothing of floor_ns or before is taken: when nablad began, as it does not know what came earlier. max: at most
 * REPLAY_SEEN_MAX. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status replay_new(uint32_t max, int64_t window_ns, int64_t floor_ns,
                                        struct replay **out);
void replay_free(struct replay *r); /* NULL is fine */

/* Judges a datagram whose MAC is right, and remembers it if it is new. Times are of the wall clock. */
enum replay_verdict replay_judge(struct replay *r, const unsigned char mac[static REPLAY_MAC],
                                 int64_t t_ns, int64_t now_ns);

#endif
