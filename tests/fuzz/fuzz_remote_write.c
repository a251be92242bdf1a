/* rooms: wire */
/* Any bytes at all: samples that borrow the request or the reader, in batches that hold no more than they
 * may; another room for each batch makes no difference. */
#include "wire/key.h"
#include "wire/remote_write.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
    uint64_t samples, hash, bad_keys;
    enum remote_state state;
};

static void mix(uint64_t *hash, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes, *end = p + n; p < end; p++)
        *hash = (*hash ^ *p) * UINT64_C(0x100000001B3);
}

static void add(struct sum *sum, const struct sample *s)
{
    static struct label_list list;
    sum->samples++;
    mix(&sum->hash, &s->t_ns, sizeof s->t_ns);
    mix(&sum->hash, &s->v, sizeof s->v);
    if (key_read(s, &list) != NABLA_OK) {
        sum->bad_keys++;
        return;
    }
    for (uint32_t i = 0; i < list.n; i++) {
        mix(&sum->hash, list.at[i].name, list.at[i].name_n);
        mix(&sum->hash, list.at[i].value, list.at[i].value_n);
    }
}

static struct sum read_all(const char *bytes, size_t n, uint32_t room)
{
    static struct remote_write reader;
    static struct batch batch;
    struct sum sum = {0};
    remote_write_begin(&reader, bytes, n);
    do {
        batch.n = BATCH_MAX - room;
        sum.state = remote_write_read(&reader, &batch);
        if (batch.n > BATCH_MAX || reader.p > reader.end)
            abort();
        for (uint32_t i = BATCH_MAX - room; i < batch.n; i++)
            add(&sum, &batch.at[i]);
    } while (sum.state == REMOTE_MORE);
    if (reader.samples != sum.samples)
        abort();
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum all = read_all((const char *)data, size, BATCH_MAX);
    for (uint32_t room = 1; room <= 3; room++) {
        struct sum some = read_all((const char *)data, size, room);
        if (some.samples != all.samples || some.hash != all.hash || some.state != all.state ||
            some.bad_keys != all.bad_keys)
            abort();
    }
    return 0;
}
