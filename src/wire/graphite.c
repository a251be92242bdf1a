/* wire/graphite.c -- a line of Graphite's plaintext protocol to a sample.
 *
 *     plant-03.temperature.s17;site=a 21.437 1700000000.25
 *     ^key                            ^v     ^seconds; left out, -1 or N: when it was received
 *
 * Blanks and tabs stand between the words, around them too.
 * Laws: one pass; a line that is refused leaves batch as it was; a fraction of a second is exact to
 * the nanosecond. Elsewhere: CR and comments (wire/lines.c), the path's tags (wire/key.c), judging
 * names (series/labels.c). */
#include "wire/lines.h"

#include "base/clock.h"
#include "base/number.h"
#include "wire/scan.h"

/* A piece of the line. */
struct word {
    const char *at;
    size_t n; /* 0: the line ends here */
};

static struct word next_word(const char *p, const char *end)
{
    p = scan_blanks(p, end);
    const char *at = p;
    while (p < end && !scan_is_blank(*p))
        p++;
    return (struct word){at, (size_t)(p - at)};
}

/* False if the word is no time. Graphite's clients write -1 or N for "now". */
static bool read_time(struct word w, int64_t arrival_ns, int64_t *t_ns)
{
    if (w.n > 0 && !(w.n == 1 && *w.at == 'N')) {
        if (number_read_seconds(w.at, w.n, t_ns) != w.n)
            return false;
        if (*t_ns != -(int64_t)NS_PER_S)
            return true;
    }
    *t_ns = arrival_ns;
    return true;
}

enum cause graphite_read(const struct line_options *options, const char *line, uint32_t n,
                         struct batch *batch, uint32_t *offset)
{
    const char *end = line + n;
    struct word path = next_word(line, end), value = next_word(path.at + path.n, end);
    struct word time = next_word(value.at + value.n, end);
    struct word extra = next_word(time.at + time.n, end);
    struct sample s = {.key = path.at, .key_n = (uint32_t)path.n, .sub = end, .form = KEY_GRAPHITE};
    const char *fault = scan_path_fault(path.at, path.n);
    enum cause cause = CAUSE_COUNT;
    if (fault != NULL || value.n == 0) {
        cause = CAUSE_SYNTAX;
        fault = fault == NULL ? value.at : fault;
    } else if (number_read_any(value.at, value.n, &s.v) != value.n) {
        cause = CAUSE_VALUE;
        fault = value.at;
    } else if (!read_time(time, options->arrival_ns, &s.t_ns)) {
        cause = CAUSE_TIME;
        fault = time.at;
    } else if (extra.n > 0) {
        cause = CAUSE_SYNTAX;
        fault = extra.at;
    }
    if (cause == CAUSE_COUNT) {
        sample_set_rest(&s, number_rest(value.at, value.n));
        batch->at[batch->n++] = s;
    } else
        *offset = (uint32_t)(fault - line);
    return cause;
}
