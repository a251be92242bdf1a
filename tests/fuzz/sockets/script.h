/* tests/fuzz/sockets/script.h -- what a stranger does, as bytes that a fuzzer can change.
 *
 *     GET / HTTP/1.1\r\nHo <F8 F9 c> st: a\r\n\r\n <F8 F9 w> GET /metrics HTT <F8 F9 r>
 *
 * All bytes are sent as they are, but for marks, which are F8 F9 (no UTF-8, no number of ASCII) and a letter:
 *     c   cut: the daemon reads what was sent before more is
 *     w   wait: it answers, too, or for some time does not
 *     d   drip: up to the next mark, byte by byte
 *     o   the other hand: a stranger has two connections, and goes on with the one that was left
 *     h   half closed: nothing more will be sent here; what follows is for a new connection
 *     x   closed, r reset: at once, whatever the daemon is doing
 * Another letter belongs to the bytes. At the end both are half closed, heard to their end, and closed. */
#ifndef TESTS_FUZZ_SOCKETS_SCRIPT_H
#define TESTS_FUZZ_SOCKETS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Plays it against 127.0.0.1:port, in this process. lets_go: a connection whose client has nothing more to say is closed
 * by the daemon, however long it takes; the process ends with a signal if not. */
void script_play(uint16_t port, bool lets_go, const uint8_t *data, size_t n);

#endif
