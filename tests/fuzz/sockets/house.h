/* tests/fuzz/sockets/house.h -- a whole nablad in this process, with its own threads and real sockets, and one door
 * that strangers knock at. */
#ifndef TESTS_FUZZ_SOCKETS_HOUSE_H
#define TESTS_FUZZ_SOCKETS_HOUSE_H

#include <stdbool.h>
#include <stdint.h>

struct house;

/* door: lines, pickle, tls, http, https or durable (HTTP with a journal). Its files are in a new folder of TMPDIR.
 * Ends the process, with a word, if there is no such door or nablad does not start. */
struct house *house_open(const char *door);

uint16_t house_port(const struct house *h);

/* A connection whose client has nothing more to say is closed: true of all doors but those of HTTP, whose streams go on
 * until they find nobody at the other end. */
bool house_lets_go(const struct house *h);

/* Somebody polite comes, and must be served, however long it takes; ends the process with a signal if not. */
void house_probe(struct house *h);

/* SIGTERM, and all that belongs to a stop. */
void house_close(struct house *h);

#endif
