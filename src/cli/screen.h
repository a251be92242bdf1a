/* cli/screen.h -- a terminal, borrowed: its second screen, its keys without Enter, its signals as
 * something to wait for. screen_close gives it back as it was. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#define SCREEN_BOLD   "\x1b[1m"
#define SCREEN_NORMAL "\x1b[0m"

struct screen_size {
    uint32_t columns, rows;
};

/* The size of the terminal at fd; false if it is none or does not know. */
bool screen_size(int fd, struct screen_size *out);

bool screen_colours(void); /* neither NO_COLOR nor TERM=dumb forbids them */

struct screen {
    int keys;              /* to poll; -1: standard input is no terminal */
    int signals;           /* to poll */
    struct termios before; /* of keys */
};

enum screen_event {
    SCREEN_NOTHING,
    SCREEN_LEAVE,  /* q, Ctrl-C, or the process is asked to end */
    SCREEN_REDRAW, /* another size, or back from having been suspended */
};

/* Takes standard output's terminal over. The process gets SIGINT, SIGTERM, SIGHUP, SIGTSTP and
 * SIGWINCH only through screen_event from now on. False, with errno, if that fails. */
bool screen_open(struct screen *s);
void screen_close(struct screen *s);

/* Reads what keys and signals have brought; never blocks. */
enum screen_event screen_event(struct screen *s);

/* Writes the bytes. False if the terminal is gone. */
bool screen_write(const struct buf *bytes);

#endif
