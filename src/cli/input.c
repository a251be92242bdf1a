/* cli/input.c -- reads blocks, gives out lines.
 *
 *     at   given out | line LF line LF par........ |LF
 *                    ^begin               ^end      ^one byte for the LF that a last line lacks
 */
#include "cli/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 }; /* four of the longest lines */

bool input_init(struct input *in, int fd)
{
    *in = (struct input){.fd = fd, .at = malloc(BLOCK + 1)};
    return in->at != NULL;
}

void input_fini(struct input *in)
{
    free(in->at);
    *in = (struct input){0};
}

bool input_rewind(struct input *in)
{
    if (lseek(in->fd, 0, SEEK_SET) != 0)
        return false;
    in->begin = in->end = 0;
    in->number = 0;
    in->ended = false;
    return true;
}

/* Reads more behind what there is, which moves to the front. False: failed. */
static bool refill(struct input *in)
{
    memmove(in->at, in->at + in->begin, in->end - in->begin);
    in->end -= in->begin;
    in->begin = 0;
    ssize_t n;
    do
        n = read(in->fd, in->at + in->end, BLOCK - in->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return false;
    in->end += (size_t)n;
    in->ended = n == 0;
    return true;
}

static char *find_end(const struct input *in)
{
    return memchr(in->at + in->begin, '\n', in->end - in->begin);
}

/* Hands out the line that ends before the LF at `lf`. */
static enum input_kind give(struct input *in, char *lf, char **line, size_t *n)
{
    *line = in->at + in->begin;
    *n = (size_t)(lf - *line);
    in->begin += *n + 1;
    if (in->begin > in->end) /* the LF is our own */
        in->begin = in->end;
    in->number++;
    return *n <= INPUT_LINE_MAX ? INPUT_LINE : INPUT_TOO_LONG;
}

/* Drops what there is up to the next LF, wherever that comes. */
static enum input_kind skip_line(struct input *in)
{
    char *lf;
    in->number++;
    while ((lf = find_end(in)) == NULL && !in->ended) {
        in->begin = in->end;
        if (!refill(in))
            return INPUT_FAILED;
    }
    in->begin = lf != NULL ? (size_t)(lf - in->at) + 1 : in->end;
    return INPUT_TOO_LONG;
}

enum input_kind input_next(struct input *in, char **line, size_t *n)
{
    char *lf;
    while ((lf = find_end(in)) == NULL && !in->ended) {
        if (in->end - in->begin > INPUT_LINE_MAX)
            return skip_line(in);
        if (!refill(in))
            return INPUT_FAILED;
    }
    if (lf != NULL)
        return give(in, lf, line, n);
    if (in->begin == in->end)
        return INPUT_END;
    in->at[in->end] = '\n';
    return give(in, in->at + in->end, line, n);
}

bool input_is_ready(const struct input *in)
{
    return find_end(in) != NULL || in->ended;
}
