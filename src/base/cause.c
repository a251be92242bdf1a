/* base/cause.c -- the texts of base/cause.h. */
#include "base/cause.h"

#define X(symbol, label, text) {label, text},
static const struct {
    const char *label, *text;
} causes[] = {CAUSE_LIST(X)}, events[] = {EVENT_LIST(X)}, refusals[] = {REFUSAL_LIST(X)};
#undef X

const char *cause_label(enum cause cause)
{
    return causes[cause].label;
}

const char *cause_text(enum cause cause)
{
    return causes[cause].text;
}

const char *event_label(enum event event)
{
    return events[event].label;
}

const char *event_text(enum event event)
{
    return events[event].text;
}

const char *refusal_label(enum refusal refusal)
{
    return refusals[refusal].label;
}

const char *refusal_text(enum refusal refusal)
{
    return refusals[refusal].text;
}
