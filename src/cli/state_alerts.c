/* cli/state_alerts.c -- one member for each field of a record.
 * Law: what is written is read as it was, bit for bit (tests/e2e/test_state_alerts.py). */
#include "cli/state_alerts.h"

#include "cli/state_json.h"

#include <string.h>

/* ---- out */

static json_t *text_json(struct saved_text t)
{
    return json_stringn(t.at, t.n);
}

static json_t *texts_json(const struct saved_texts *t)
{
    json_t *all = json_array();
    for (uint32_t i = 0; i < t->n; i++)
        json_array_append_new(all,
                              json_pack("[o,o]", text_json(t->name[i]), text_json(t->value[i])));
    return all;
}

static json_t *targets_json(const struct store_value *v)
{
    uint64_t keys[ALERT_TARGETS_MAX];
    if (!saved_get_targets(v->bytes, v->n, keys))
        return NULL;
    json_t *all = json_array();
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        json_array_append_new(all, json_integer((json_int_t)keys[t]));
    return json_pack("{s:o}", "targets", all);
}

static json_t *rule_json(const struct store_value *v)
{
    struct saved_rule r;
    if (!saved_get_rule(v->bytes, v->n, &r))
        return NULL;
    return json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "rule", (json_int_t)v->key.number, "group",
                     text_json(r.group), "name", text_json(r.name), "match", text_json(r.match),
                     "when", text_json(r.when), "labels", texts_json(&r.labels), "annotations",
                     texts_json(&r.annotations));
}

static json_t *told_json(const struct saved_told *told)
{
    json_t *all = json_array();
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        if (told[t].at_ns != 0)
            json_array_append_new(
                all, json_pack("[i,b,I]", t, (int)told[t].knows, (json_int_t)told[t].at_ns));
    return all;
}

static json_t *facts_json(const struct facts *f)
{
    json_t *all = json_array();
    for (int i = 0; i < FACT_COUNT; i++)
        json_array_append_new(all, json_pack("[o,o]", state_number_json(f->at[i].v),
                                             state_number_json(f->at[i].error)));
    return json_pack("[o,o,o,i,i]", all, state_number_json(f->level),
                     state_number_json(f->limit_eta_s), (int)f->presence, (int)f->per);
}

static json_t *labels_json(const struct labelset *set)
{
    struct label_list list = {.n = 0};
    struct label_cursor at = {0};
    while (list.n < LABELS_MAX && labelset_next(set, &at, &list.at[list.n]))
        list.n++;
    return state_labels_json(&list);
}

static json_t *one_alert_json(const struct store_value *v)
{
    struct saved_alert x;
    if (!saved_get_alert(v->bytes, v->n, &x))
        return NULL;
    return json_pack(
        "{s:I,s:I,s:o,s:s,s:b,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "alert", (json_int_t)v->key.id, "rule",
        (json_int_t)x.rule, "labels", labels_json(&x.labels), "phase",
        alert_phase_text((enum alert_phase)x.state.phase), "silent", (int)x.state.silent, "active",
        (json_int_t)x.state.active_ns, "firing_since", (json_int_t)x.state.fired_ns, "clear",
        (json_int_t)x.state.clear_ns, "fired", (json_int_t)x.fired_ns, "resolved",
        (json_int_t)x.resolved_ns, "told", told_json(x.told), "facts", facts_json(&x.facts));
}

json_t *state_alert_json(const struct store_value *v)
{
    switch (v->key.kind) {
    case KEY_TARGETS: return targets_json(v);
    case KEY_RULE: return rule_json(v);
    default: return one_alert_json(v);
    }
}

/* ---- in */

static bool get_text(const json_t *v, struct saved_text *out)
{
    *out = (struct saved_text){json_string_value(v), json_string_length(v)};
    return json_is_string(v) && out->n <= UINT16_MAX;
}

static bool get_texts(const json_t *v, struct saved_texts *out)
{
    size_t n = json_array_size(v);
    bool good = json_is_array(v) && n <= RULE_TEXTS_MAX;
    for (out->n = 0; good && out->n < n; out->n++) {
        const json_t *x = json_array_get(v, out->n);
        good = json_array_size(x) == 2 && get_text(json_array_get(x, 0), &out->name[out->n]) &&
               get_text(json_array_get(x, 1), &out->value[out->n]);
    }
    return good;
}

static bool read_rule(const json_t *line, struct buf *out, struct key *key)
{
    struct saved_rule r;
    *key = (struct key){.kind = KEY_RULE};
    if (!state_get_count(json_object_get(line, "rule"), &key->number) ||
        !get_text(json_object_get(line, "group"), &r.group) ||
        !get_text(json_object_get(line, "name"), &r.name) ||
        !get_text(json_object_get(line, "match"), &r.match) ||
        !get_text(json_object_get(line, "when"), &r.when) ||
        !get_texts(json_object_get(line, "labels"), &r.labels) ||
        !get_texts(json_object_get(line, "annotations"), &r.annotations))
        return false;
    saved_put_rule(out, &r);
    return true;
}

static bool read_targets(const json_t *all, struct buf *out, struct key *key)
{
    uint64_t keys[ALERT_TARGETS_MAX];
    *key = (struct key){.kind = KEY_TARGETS};
    if (json_array_size(all) != ALERT_TARGETS_MAX)
        return false;
    for (size_t t = 0; t < ALERT_TARGETS_MAX; t++) {
        const json_t *v = json_array_get(all, t);
        if (!json_is_integer(v))
            return false;
        keys[t] = (uint64_t)json_integer_value(v);
    }
    saved_put_targets(out, keys);
    return true;
}

static bool get_told(const json_t *all, struct saved_told *out)
{
    memset(out, 0, ALERT_TARGETS_MAX * sizeof *out);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *x = json_array_get(all, i);
        uint32_t target;
        int64_t at_ns;
        if (json_array_size(x) != 3 || !state_get_count(json_array_get(x, 0), &target) ||
            target >= ALERT_TARGETS_MAX || !state_get_time(json_array_get(x, 2), &at_ns))
            return false;
        out[target] = (struct saved_told){json_is_true(json_array_get(x, 1)), at_ns};
    }
    return json_is_array(all);
}

static bool get_facts(const json_t *v, struct facts *f)
{
    const json_t *all = json_array_get(v, 0);
    uint32_t presence, per;
    *f = (struct facts){0};
    bool good = json_array_size(v) == 5 && json_array_size(all) == FACT_COUNT;
    for (size_t i = 0; good && i < FACT_COUNT; i++) {
        const json_t *x = json_array_get(all, i);
        good = json_array_size(x) == 2 && state_get_number(json_array_get(x, 0), &f->at[i].v) &&
               state_get_number(json_array_get(x, 1), &f->at[i].error);
    }
    good = good && state_get_number(json_array_get(v, 1), &f->level) &&
           state_get_number(json_array_get(v, 2), &f->limit_eta_s) &&
           state_get_count(json_array_get(v, 3), &presence) &&
           state_get_count(json_array_get(v, 4), &per) && presence <= PRESENCE_GONE &&
           per <= PER_HOUR;
    if (good) {
        f->presence = (enum presence)presence;
        f->per = (enum per)per;
    }
    return good;
}

static bool get_phase(const json_t *v, uint8_t *out)
{
    for (enum alert_phase p = ALERT_INACTIVE; p <= ALERT_FIRING; p++)
        if (json_is_string(v) && strcmp(json_string_value(v), alert_phase_text(p)) == 0) {
            *out = (uint8_t)p;
            return true;
        }
    return false;
}

static bool read_alert(const json_t *line, struct buf *out, struct key *key)
{
    struct saved_alert x = {.rule = 0};
    int64_t id;
    if (!state_get_time(json_object_get(line, "alert"), &id) ||
        !state_get_count(json_object_get(line, "rule"), &x.rule) ||
        !state_get_labels(json_object_get(line, "labels"), &x.labels) ||
        !get_phase(json_object_get(line, "phase"), &x.state.phase) ||
        !state_get_time(json_object_get(line, "active"), &x.state.active_ns) ||
        !state_get_time(json_object_get(line, "firing_since"), &x.state.fired_ns) ||
        !state_get_time(json_object_get(line, "clear"), &x.state.clear_ns) ||
        !state_get_time(json_object_get(line, "fired"), &x.fired_ns) ||
        !state_get_time(json_object_get(line, "resolved"), &x.resolved_ns) ||
        !get_told(json_object_get(line, "told"), x.told) ||
        !get_facts(json_object_get(line, "facts"), &x.facts))
        return false;
    x.state.silent = json_is_true(json_object_get(line, "silent"));
    *key = (struct key){.kind = KEY_ALERT, .number = x.rule, .id = (uint64_t)id};
    saved_put_alert(out, &x, &x.labels);
    return true;
}

bool state_alert_is(const json_t *line)
{
    return json_object_get(line, "alert") != NULL || json_object_get(line, "rule") != NULL ||
           json_object_get(line, "targets") != NULL;
}

enum nabla_status state_alert_read(const json_t *line, struct buf *out, struct key *key,
                                   const char **why)
{
    const json_t *targets = json_object_get(line, "targets");
    size_t offset = out->n;
    enum saved_kind kind;
    bool good = targets != NULL                          ? read_targets(targets, out, key)
                : json_object_get(line, "alert") != NULL ? read_alert(line, out, key)
                                                         : read_rule(line, out, key);
    if (out->failed)
        return NABLA_ENOMEM;
    if (good && health_alert_kind(key, &kind) &&
        saved_is_good(kind, out->at + offset, out->n - offset))
        return NABLA_OK;
    out->n = offset;
    *why = "one of the members of this rule or alert is missing or wrong";
    return NABLA_EINVAL;
}
