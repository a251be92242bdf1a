/* cli/pace.c -- the arithmetic of sending a recording again; nothing here waits or knows the time. */
#include "cli/pace.h"

#include "base/clock.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

bool pace_read_speed(const char *text, double *out)
{
    size_t n = strlen(text);
    double speed;
    if (strcmp(text, "max") == 0) {
        *out = 0;
        return true;
    }
    if (n > 1 && text[n - 1] == 'x')
        n--;
    if (n == 0 || number_read(text, n, &speed) != n || !(speed > 0) || isinf(speed))
        return false;
    *out = speed;
    return true;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

int64_t pace_span(int64_t t0_ns, int64_t t_ns)
{
    int64_t span;
    if (!__builtin_sub_overflow(t_ns, t0_ns, &span))
        return span;
    return t_ns < t0_ns ? INT64_MIN : INT64_MAX;
}

static int64_t divide(int64_t span_ns, double speed)
{
    /* INT64_MIN / -1 cannot come up: speed is above 0 */
    if (speed == trunc(speed) && speed < 1e15)
        return span_ns / (int64_t)speed;
    double quotient = (double)span_ns / speed;
    if (quotient >= 0x1p63)
        return INT64_MAX;
    return quotient < -0x1p63 ? INT64_MIN : (int64_t)quotient;
}

int64_t pace_due(int64_t start_ns, int64_t span_ns, double speed)
{
    return add(start_ns, divide(span_ns, speed));
}

void pace_see(struct pace_period *p, int64_t t_ns)
{
    if (!p->started) {
        *p = (struct pace_period){.first_ns = t_ns, .last_ns = t_ns, .started = true};
        return;
    }
    if (t_ns < p->first_ns)
        p->first_ns = t_ns;
    if (t_ns > p->last_ns) {
        p->last_ns = t_ns;
        p->steps++;
    }
}

int64_t pace_period(const struct pace_period *p)
{
    int64_t span = pace_span(p->first_ns, p->last_ns);
    if (p->steps == 0)
        return NS_PER_S;
    int64_t step = span / (int64_t)p->steps; /* each step is 1 ns at least */
    return add(span, step);
}
