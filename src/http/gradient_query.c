/* http/gradient_query.c -- parameters of a query to how a .npy body is to be differentiated.
 *
 *     axis=0,-1&spacing=0.5&spacing=0,1,3,7&edge_order=2&mode=accurate
 *                        step       coordinates
 *
 * Laws: a parameter that is not known is refused, unlike elsewhere: an option that is misspelled would
 * otherwise give other numbers. Elsewhere: values of single options (wire/gradient_body.c). */
#include "http/gradient_work.h"

#include "base/number.h"

#include <string.h>

enum { SHOWN_MAX = 48 };

/* Bytes of a parameter's value from `at` up to the next comma, or its end. */
static size_t part(const struct param *p, size_t at)
{
    const char *comma = memchr(p->value + at, ',', p->value_n - at);
    return comma != NULL ? (size_t)(comma - p->value) - at : p->value_n - at;
}

static enum nabla_status read_axis(const struct param *p, struct gradient_manner *m,
                                   struct buf *why)
{
    enum nabla_status status = NABLA_OK;
    m->has_axes = true; /* axis= without a value: along none */
    for (size_t at = 0; p->value_n > 0 && at <= p->value_n && status == NABLA_OK;) {
        size_t n = part(p, at);
        status = gradient_axis_read(p->value + at, n, m, why);
        at += n + 1;
    }
    return status;
}

static enum nabla_status read_coordinates(const struct param *p, struct nested *x, struct buf *why)
{
    for (size_t at = 0; at <= p->value_n;) {
        double v;
        size_t n = part(p, at);
        if (n == 0 || number_read_any(p->value + at, n, &v) != n) {
            buf_text(why, "spacing is ");
            buf_add(why, p->value + at, n < SHOWN_MAX ? n : SHOWN_MAX);
            buf_text(why, "; it must be a number, or a list of coordinates");
            return NABLA_EINVAL;
        }
        buf_add(&x->numbers, &v, sizeof v);
        x->count++;
        at += n + 1;
    }
    return x->numbers.failed ? NABLA_ENOMEM : NABLA_OK;
}

static enum nabla_status read_spacing(const struct param *p, struct gradient_manner *m,
                                      struct buf *why)
{
    if (m->spacing_n == NABLA_DIMS_MAX) {
        buf_printf(why, "spacing is given more than %d times", NABLA_DIMS_MAX);
        return NABLA_EINVAL;
    }
    struct nested *x = &m->coordinates[m->spacing_n];
    enum nabla_status status = read_coordinates(p, x, why);
    if (status == NABLA_OK)
        m->spacing[m->spacing_n++] = x->count == 1 ? nabla_step(nested_numbers(x)[0])
                                                   : nabla_coordinates(nested_numbers(x), x->count);
    return status;
}

static enum nabla_status read_edge_order(const struct param *p, struct gradient_manner *m,
                                         struct buf *why)
{
    return gradient_edge_order_read(p->value, p->value_n, &m->edge_order, why);
}

static enum nabla_status read_mode(const struct param *p, struct gradient_manner *m,
                                   struct buf *why)
{
    return gradient_mode_read(p->value, p->value_n, &m->mode, why);
}

static const struct reader {
    const char *name;
    bool many;
    enum nabla_status (*read)(const struct param *p, struct gradient_manner *m, struct buf *why);
} readers[] = {{"axis", true, read_axis},
               {"spacing", true, read_spacing},
               {"edge_order", false, read_edge_order},
               {"mode", false, read_mode}};
enum { READERS = sizeof readers / sizeof readers[0] };

static enum nabla_status refuse(const struct param *p, const char *what, struct buf *why)
{
    buf_text(why, what);
    buf_add(why, p->name, p->name_n < SHOWN_MAX ? p->name_n : SHOWN_MAX);
    return NABLA_EINVAL;
}

enum nabla_status gradient_query_read(const struct params *p, struct gradient_manner *m,
                                      struct buf *why)
{
    unsigned seen = 0;
    enum nabla_status status = NABLA_OK;
    for (uint32_t k = 0; k < p->n && status == NABLA_OK; k++) {
        const struct param *x = &p->at[k];
        size_t i = 0;
        while (i < READERS && (strlen(readers[i].name) != x->name_n ||
                               memcmp(readers[i].name, x->name, x->name_n) != 0))
            i++;
        if (i == READERS)
            return refuse(x, "there is no parameter ", why);
        if (!readers[i].many && (seen & 1u << i) != 0)
            return refuse(x, "a parameter is given twice: ", why);
        seen |= 1u << i;
        status = readers[i].read(x, m, why);
    }
    return status;
}
