/* SPDX-License-Identifier: Apache-2.0 */
#include "table_world.h"

static void on_gone(void *arg, struct session *s, enum ses_why why)
{
    struct seen *seen = arg;

    assert_int_not_equal(s->state, SES_FREE);
    assert_int_equal(s->seal, 0);
    seen->count++;
    seen->why = why;
    seen->flow_id = ses_flow_id(seen->t, s, false);
    seen->addrs = s->dir[0].key_addrs;
}

struct ses_table *open_table(uint32_t capacity, uint32_t quota, struct seen *seen)
{
    struct ses_table_config config = {.capacity = capacity,
                                      .quota = quota ? quota : SES_QUOTA_NONE,
                                      .instance = 5,
                                      .worker = 6,
                                      .gone = on_gone,
                                      .arg = seen};
    struct ses_table *t = ses_table_open(&config);

    assert_non_null(t);
    *seen = (struct seen){.t = t};
    return t;
}

struct hsr_key key_of(uint32_t n)
{
    return (struct hsr_key){.w = {n, hsr_key_ports(1, 2, 3, 17)}};
}

uint64_t hash_of(uint32_t n)
{
    return (n + 1) * SECRET;
}

struct session *add(struct ses_table *t, uint32_t n, uint16_t origin, uint64_t now)
{
    struct hsr_key key = key_of(n);
    enum hsr_drop drop;
    struct session *s = ses_create(t, hash_of(n), &key, false, origin, now, &drop);

    assert_int_equal(drop == HSR_DROP_NONE, s != NULL);
    return s;
}

struct session *find_key(struct ses_table *t, uint64_t hash, const struct hsr_key *key)
{
    unsigned low = 9, high = 9;
    struct session *s = ses_find(t, hash, key, false, &low);

    assert_ptr_equal(ses_find(t, hash, key, true, &high), s);
    if (s)
        assert_true(low == 0 && high == 1);
    return s;
}

struct session *find(struct ses_table *t, uint32_t n)
{
    struct hsr_key key = key_of(n);

    return find_key(t, hash_of(n), &key);
}
