/* rooms: series */
/* fuzz_series_saved.c -- a chunk of a state file: any bytes go into a table, which goes on with them, and is saved again
 * without a fault. */
#include "base/clock.h"
#include "series/table_save.h"

#include <stdlib.h>
#include <string.h>

static enum nabla_status read_key(void *ctx, const struct sample *s, struct label_list *out)
{
    (void)ctx;
    out->n = 1;
    out->text_n = 0;
    out->at[0] = (struct label){LABEL_METRIC, s->key, 8, s->key_n};
    return NABLA_OK;
}

static struct table *make(struct stats *stats, unsigned char how)
{
    struct policies policies = {.defaults = policy_default()};
    struct policy *p = &policies.defaults;
    struct table *t = NULL;
    p->kind = how & 1 ? KIND_COUNTER : KIND_GAUGE;
    p->trend_ns = how & 2 ? 60LL * NS_PER_S : 0;
    p->min_dt_ns = how & 4 ? NS_PER_S : 0;
    p->late_ns = how & 8 ? NS_PER_S : LATE_INSERT;
    p->max_rate = how & 16 ? 100 : 0;
    p->keep_ns = how & 32 ? 60LL * NS_PER_S : 0;
    p->wrap = how & 64 ? 32 : 0;
    struct table_options o = {.max_series = 100,
                              .shards = 1,
                              .keep_bytes = 1 << 16,
                              .max_future_ns = INT64_C(3600) * NS_PER_S,
                              .read_key = read_key,
                              .policies = &policies,
                              .stats = stats};
    return table_new(&o, &t) == NABLA_OK ? t : NULL;
}

static void on_keeper(void *ctx, uint32_t place, struct ref ref)
{
    (void)place;
    *(struct ref *)ctx = ref;
}

static void go_on(struct table *t, struct instant now)
{
    static struct batch batch;
    struct sweep at = {0};
    batch.n = 1;
    batch.at[0] = (struct sample){
        .t_ns = now.wall_ns, .v = 4, .key = "a", .sub = "", .key_n = 1, .form = KEY_GRAPHITE};
    table_apply(t, &batch, now);
    for (int i = 0; i < 3; i++, now.mono_ns += INT64_C(1800) * NS_PER_S)
        table_sweep(t, &at, UINT32_MAX, now);
}

static void save_again(struct table *t, struct instant now)
{
    static struct save_keepers keepers;
    struct buf out = {0};
    struct save_tally tally = {0};
    for (struct save_chunk at = {0}; at.chunk < table_chunks(t, 0); at.chunk++)
        (void)table_save(t, at, true, now, &out, &keepers, &tally);
    struct stats stats = {0};
    struct table *other = make(&stats, 0);
    struct restore r = {.now = now};
    if (other != NULL && out.n > 0)
        table_restore(other, out.at, out.n, &r);
    if (r.refused != 0) /* what was taken once is taken again */
        abort();
    table_free(other);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct stats stats = {0};
    struct instant now = {.wall_ns = INT64_C(1700000000) * NS_PER_S, .mono_ns = NS_PER_S};
    struct ref keeper = {0};
    struct table *t = n > 0 ? make(&stats, data[0]) : NULL;
    if (t == NULL)
        return 0;
    struct restore r = {.now = now, .on_keeper = on_keeper, .ctx = &keeper};
    table_restore(t, (const char *)data + 1, n - 1, &r);
    if (keeper.birth != 0 || keeper.index != 0 || r.series > 0)
        table_restore_points(t, keeper, (const char *)data + 1, n - 1);
    save_again(t, now);
    go_on(t, now);
    table_free(t);
    return 0;
}
