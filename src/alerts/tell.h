/* alerts/tell.h -- alerts as the JSON that others read: Alertmanager's API v2, and the webhooks that
 * Alertmanager itself sends (version 4). Pure: no clock, no lock, no I/O.
 *
 *     tell_begin ─► tell_add, an alert each ─► tell_end ─► one body
 *
 * Alertmanager (POST URL/api/v2/alerts): an array of labels, annotations, startsAt, endsAt, generatorURL.
 * Webhook: one object, {"version": "4", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels",
 * "commonLabels", "commonAnnotations", "externalURL", "alerts": [{status, labels, annotations, startsAt,
 * endsAt, generatorURL, fingerprint}]}. A group is the alerts of one name.
 *
 * Names of labels are those that Prometheus knows them by (base/exposed.h). */
#ifndef ALERTS_TELL_H
#define ALERTS_TELL_H

#include "alerts/alerts.h"
#include "base/buf.h"

enum tell_form { TELL_ALERTMANAGER, TELL_WEBHOOK };

/* What all bodies for a target share. */
struct tell_frame {
    enum tell_form form;
    const char *external_url; /* borrowed; without a slash at its end; "": nablad has none */
    int64_t holds_ns; /* Alertmanager: a firing alert ends so long from now unless told again */
};

/* A body that is being made. */
struct tell {
    struct tell_frame frame;
    struct buf alerts; /* owned: the objects, comma between them */
    struct buf texts;  /* owned: what the labels that follow borrow from */
    struct label labels[ALERT_LABELS_MAX], annotations[RULE_TEXTS_MAX]; /* that all have */
    uint32_t labels_n, annotations_n, n, firing;
};

void tell_begin(struct tell *t, const struct tell_frame *frame);

/* The alert is copied. For a webhook all are of one name. */
void tell_add(struct tell *t, const struct alert_view *v, int64_t now_ns);

/* Appends the body to out, and frees what t holds; after at least one alert. fires: whether an alert of that
 * name is firing, in this body or not. out->failed says that there was no memory. */
void tell_end(struct tell *t, bool fires, struct buf *out);

/* The number that Alertmanager gives a set of labels, which are sorted by name: FNV-1a, 64 bits, of names
 * and values, 0xff behind each. */
uint64_t tell_fingerprint(const struct label *at, uint32_t n);

#endif
