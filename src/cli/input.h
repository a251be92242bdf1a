/* cli/input.h -- a file's lines, one by one, from a buffer that never grows. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_LINE_MAX = 64 * 1024 }; /* bytes without the LF; nablad takes no longer ones */

struct input {
    int fd;            /* borrowed */
    char *at;          /* owned */
    size_t begin, end; /* what has been read and not been given out */
    uint64_t number;   /* of the last line, from 1 */
    bool ended;
};

enum input_kind {
    INPUT_LINE,
    INPUT_TOO_LONG, /* a line that was skipped */
    INPUT_END,
    INPUT_FAILED, /* errno says why */
};

bool input_init(struct input *in, int fd); /* false: no memory */
void input_fini(struct input *in);         /* accepts a zeroed one */
bool input_rewind(struct input *in);       /* to the file's beginning; false, errno: it has none */

/* The next line; *line[0..*n) is followed by a LF, even if the file's last one lacks it, and is
 * valid until the next call. */
enum input_kind input_next(struct input *in, char **line, size_t *n);

/* True if the next call of input_next will not wait for more bytes. */
bool input_is_ready(const struct input *in);

#endif
