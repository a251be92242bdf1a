/* What Alertmanagers and webhooks get, read back by jansson. */
#include "alerts/tell.h"

#include "suite.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)
static const int64_t noon_ns = INT64_C(1795262400) * S; /* 2026-11-21T12:00:00Z */

static struct alert_view view;
static struct tell tell;

static void set(struct label *at, uint32_t *n, const char *name, const char *value)
{
    at[(*n)++] = (struct label){name, value, (uint32_t)strlen(name), (uint32_t)strlen(value)};
}

static void alert(const char *room, bool firing)
{
    memset(&view, 0, sizeof view);
    view.state.phase = firing ? ALERT_FIRING : ALERT_INACTIVE;
    view.fired_ns = noon_ns;
    view.resolved_ns = firing ? 0 : noon_ns + 90 * S;
    view.match = "t{room=~\"f.*\"}";
    view.match_n = (uint32_t)strlen(view.match);
    set(view.told.labels, &view.told.labels_n, "alertname", "Hot \"one\"");
    set(view.told.labels, &view.told.labels_n, "room-no", room);
    set(view.told.labels, &view.told.labels_n, "severity", "page");
    set(view.told.annotations, &view.told.annotations_n, "summary", room);
    set(view.told.annotations, &view.told.annotations_n, "runbook", "http://r/1");
}

static json_t *body(struct tell_frame frame, const char *const rooms[], const bool *firing, int n,
                    bool fires)
{
    struct buf out;
    json_error_t error;
    buf_init(&out);
    tell_begin(&tell, &frame);
    for (int i = 0; i < n; i++) {
        alert(rooms[i], firing[i]);
        tell_add(&tell, &view, noon_ns + 100 * S);
    }
    tell_end(&tell, fires, &out);
    ck_assert(!out.failed);
    json_t *root = json_loadb(out.at, out.n, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(root != NULL, "%s: %.*s", error.text, (int)out.n, out.at);
    buf_fini(&out);
    return root;
}

static const char *text_of(json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    ck_assert_msg(s != NULL, "%s", name);
    return s;
}

static const char *label_of(json_t *o, const char *set_name, const char *name)
{
    return json_string_value(json_object_get(json_object_get(o, set_name), name));
}

static const char *const rooms[] = {"f1", "f\xff\n2"};

START_TEST(to_an_alertmanager)
{
    const bool firing[] = {true, false};
    json_t *root =
        body((struct tell_frame){TELL_ALERTMANAGER, "http://n", 240 * S}, rooms, firing, 2, false);
    ck_assert_uint_eq(json_array_size(root), 2);
    json_t *one = json_array_get(root, 0), *two = json_array_get(root, 1);
    ck_assert_uint_eq(json_object_size(one), 5);
    ck_assert_str_eq(label_of(one, "labels", "alertname"), "Hot \"one\"");
    ck_assert_str_eq(label_of(one, "labels", "room_no"), "f1");
    ck_assert_str_eq(label_of(two, "labels", "room_no"), "f\xef\xbf\xbd\n2");
    ck_assert_str_eq(label_of(one, "annotations", "runbook"), "http://r/1");
    ck_assert_str_eq(text_of(one, "startsAt"), "2026-11-21T12:00:00.000000000Z");
    ck_assert_str_eq(text_of(one, "endsAt"), "2026-11-21T12:05:40.000000000Z");
    ck_assert_str_eq(text_of(two, "endsAt"), "2026-11-21T12:01:30.000000000Z");
    ck_assert_str_eq(text_of(one, "generatorURL"),
                     "http://n/api/v1/rates?match[]=t%7Broom%3D~%22f.%2A%22%7D");
    json_decref(root);
}
END_TEST

START_TEST(to_a_webhook)
{
    const bool firing[] = {true, false};
    json_t *root = body((struct tell_frame){TELL_WEBHOOK, "", 0}, rooms, firing, 2, false);
    ck_assert_uint_eq(json_object_size(root), 10);
    ck_assert_str_eq(text_of(root, "version"), "4");
    ck_assert_str_eq(text_of(root, "groupKey"), "{}:{alertname=\"Hot \\\"one\\\"\"}");
    ck_assert_int_eq(json_integer_value(json_object_get(root, "truncatedAlerts")), 0);
    ck_assert_str_eq(text_of(root, "status"), "firing");
    ck_assert_str_eq(text_of(root, "receiver"), "nablad");
    ck_assert_str_eq(text_of(root, "externalURL"), "");
    ck_assert_str_eq(label_of(root, "groupLabels", "alertname"), "Hot \"one\"");
    ck_assert_uint_eq(json_object_size(json_object_get(root, "groupLabels")), 1);
    ck_assert_uint_eq(json_object_size(json_object_get(root, "commonLabels")), 2);
    ck_assert_str_eq(label_of(root, "commonLabels", "severity"), "page");
    ck_assert_uint_eq(json_object_size(json_object_get(root, "commonAnnotations")), 1);
    ck_assert_str_eq(label_of(root, "commonAnnotations", "runbook"), "http://r/1");
    json_t *all = json_object_get(root, "alerts");
    json_t *one = json_array_get(all, 0), *two = json_array_get(all, 1);
    ck_assert_uint_eq(json_object_size(one), 7);
    ck_assert_str_eq(text_of(one, "status"), "firing");
    ck_assert_str_eq(text_of(two, "status"), "resolved");
    ck_assert_str_eq(text_of(one, "endsAt"), "0001-01-01T00:00:00Z");
    ck_assert_str_eq(text_of(two, "endsAt"), "2026-11-21T12:01:30.000000000Z");
    ck_assert_str_eq(text_of(one, "generatorURL"), "");
    ck_assert_uint_eq(strlen(text_of(one, "fingerprint")), 16);
    json_decref(root);
}
END_TEST

/* A body of resolved alerts alone, while another of the name fires, and while none does. */
START_TEST(status_is_of_the_group)
{
    const bool over[] = {false};
    for (int fires = 0; fires < 2; fires++) {
        json_t *root = body((struct tell_frame){TELL_WEBHOOK, "", 0}, rooms, over, 1, fires);
        ck_assert_str_eq(text_of(root, "status"), fires ? "firing" : "resolved");
        ck_assert_uint_eq(json_object_size(json_object_get(root, "commonLabels")), 3);
        json_decref(root);
    }
}
END_TEST

/* As Alertmanager 0.25 showed them for the same labels. */
START_TEST(fingerprints)
{
    static const struct {
        const char *room, *hex;
    } rows[] = {{"a", "3f798251174b8e99"}, {"b", "377a7f6d65d1dfce"}};
    for (size_t i = 0; i < 2; i++) {
        struct label at[3];
        uint32_t n = 0;
        set(at, &n, "alertname", "Hot");
        set(at, &n, "room", rows[i].room);
        set(at, &n, "severity", "page");
        ck_assert_uint_eq(tell_fingerprint(at, n), strtoull(rows[i].hex, NULL, 16));
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("tell");
    TCase *t = tcase_create("tell");
    tcase_add_test(t, to_an_alertmanager);
    tcase_add_test(t, to_a_webhook);
    tcase_add_test(t, status_is_of_the_group);
    tcase_add_test(t, fingerprints);
    suite_add_tcase(s, t);
    return s;
}
