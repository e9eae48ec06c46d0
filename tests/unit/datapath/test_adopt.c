/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware ends without a word and the next one takes its sessions over: connections go on in the middle, under
 * whatever configuration there is now, and whatever stands in the memory.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "nat_world.h"

#define WITHOUT_C \
    TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_V TOP_R
#define OTHER_ORDER \
    TOP_OPTIONS("") \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_R TOP_V TOP_C("open") TOP_B("") TOP_A("")
#define CLOSED      \
    TOP_OPTIONS("") \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("closed") TOP_V TOP_R
#define MORE_SESSIONS                                                                        \
    "version: 1\noptions: {sessions: 2048}\n" TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") \
        TOP_B("") TOP_C("open") TOP_V TOP_R
/* VPC blue by another name: what was blue's is nobody's. */
#define NO_BLUE                                                                                \
    TOP_OPTIONS("")                                                                            \
    "vpcs: [{name: green, vni: 100}]\n"                                                        \
    "subnets:\n"                                                                               \
    "  - {name: front, vpc: green, prefix4: 10.1.0.0/24, prefix6: 'fd00:1::/64'}\n" TOP_GROUPS \
        TOP_UP TOP_A("") TOP_B("")

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){.arena = true}, TOP_ALL);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

static uint64_t adopted(struct bench *b, enum ses_adoption what)
{
    return fw_adoption(b->fw)->count[what];
}

static void tcp(struct bench *b, const struct fr_flow *f, const char *from, const char *to,
                uint8_t flags, uint32_t seq, uint32_t ack)
{
    fr_tcp(&out, f, flags, seq, ack, flags & FR_SYN ? 0 : 10);
    bench_passes(b, from, &out, to, &in);
}

/* What its receiver answers: c is behind a gateway. */
static struct fr_flow answer(const struct fr_flow *f)
{
    struct fr_flow back = fr_back(f);

    if (f == &a_to_c) {
        back.smac = MAC_C;
        back.dmac = GW2;
    }
    return back;
}

static void connect_tcp(struct bench *b, const struct fr_flow *f, const char *from, const char *to)
{
    struct fr_flow back = answer(f);

    tcp(b, f, from, to, FR_SYN, 100, 0);
    tcp(b, &back, to, from, FR_SYN | FR_ACK, 500, 101);
    tcp(b, f, from, to, FR_ACK, 101, 501);
}

/* A packet in the middle of a connection: without its session it would be refused. */
static void middle(struct bench *b, const struct fr_flow *f, const char *from, const char *to)
{
    struct fr_flow back = answer(f);

    tcp(b, &back, to, from, FR_ACK, 501, 111);
    tcp(b, f, from, to, FR_ACK, 111, 511);
}

static void connections_go_on(void **state)
{
    struct bench *b = *state;
    struct dp_counters c;

    connect_tcp(b, &a_to_b, "a", "b");
    connect_tcp(b, &a_to_c, "a", "c");
    bench_restart(b, TOP_ALL);
    assert_true(fw_adoption(b->fw)->looked);
    assert_int_equal(adopted(b, SES_ADOPTED), 2);
    assert_int_equal(bench_sessions(b), 2);
    middle(b, &a_to_b, "a", "b");
    middle(b, &a_to_c, "a", "c");
    c = bench_counters(b);
    assert_int_equal(c.slow, 0);
    assert_int_equal(c.revalidated, 2);
    /* The flow index learns of them again. */
    middle(b, &a_to_b, "a", "b");
    assert_true(bench_counters(b).hits_flow_id > 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
}

/* Through the tunnel: MACs and the far end stand in programs alone. */
static void tunnels_go_on(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9);

    fr_tcp(&out, &a_to_9, FR_SYN, 100, 0, 0);
    bench_passes(b, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 500, 101, 0);
    from_host2(&out, 100);
    bench_passes(b, "up", &out, "a", &in);
    bench_restart(b, TOP_ALL);
    assert_int_equal(adopted(b, SES_ADOPTED), 1);
    fr_tcp(&out, &a_to_9, FR_ACK, 101, 501, 10);
    bench_passes(b, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    fr_tcp(&out, &back, FR_ACK, 501, 111, 10);
    more = out;
    from_host2(&out, 100);
    bench_passes(b, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_9, 0);
    assert_int_equal(bench_counters(b).slow, 0);
}

/* Indices follow names, whatever the order in the document; and nothing of one tenant comes to another. */
static void ports_in_another_order(void **state)
{
    struct bench *b = *state;
    uint16_t a = bench_index(b, "a"), r = bench_index(b, "r");

    connect_tcp(b, &a_to_b, "a", "b");
    bench_restart(b, OTHER_ORDER);
    assert_int_equal(bench_index(b, "a"), a);
    assert_int_equal(bench_index(b, "r"), r);
    assert_int_equal(adopted(b, SES_ADOPTED), 1);
    middle(b, &a_to_b, "a", "b");
    bench_quiet(b);
}

static void a_port_is_gone(void **state)
{
    struct bench *b = *state;

    connect_tcp(b, &a_to_b, "a", "b");
    connect_tcp(b, &a_to_c, "a", "c");
    bench_restart(b, WITHOUT_C);
    assert_int_equal(adopted(b, SES_ADOPTED), 1);
    assert_int_equal(adopted(b, SES_ADOPT_PORT), 1);
    middle(b, &a_to_b, "a", "b");
    fr_tcp(&out, &a_to_c, FR_ACK, 111, 511, 10);
    bench_refused(b, "a", &out, HSR_DROP_NO_MAPPING);
}

static void a_network_is_gone(void **state)
{
    struct bench *b = *state;

    connect_tcp(b, &a_to_b, "a", "b");
    bench_restart(b, NO_BLUE);
    assert_int_equal(adopted(b, SES_ADOPTED), 0);
    assert_int_equal(adopted(b, SES_ADOPT_CONTEXT), 1);
    fr_tcp(&out, &a_to_b, FR_ACK, 111, 511, 10);
    bench_refused(b, "a", &out, HSR_DROP_NO_SESSION);
}

/* The configuration of now decides: with the next packet, and without one by the sweep. */
static void policy_of_now(void **state)
{
    struct bench *b = *state;

    fr_udp(&out, &a_to_c, 10);
    bench_passes(b, "a", &out, "c", &in);
    bench_restart(b, CLOSED);
    assert_int_equal(adopted(b, SES_ADOPTED), 1);
    bench_run(b);
    assert_int_equal(bench_sessions(b), 0);
    fr_udp(&out, &a_to_c, 10);
    bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
}

/* Of another shape, the memory is emptied and the reason said; the next one of the same shape adopts again. */
static void other_shapes(void **state)
{
    struct bench *b = *state;

    connect_tcp(b, &a_to_b, "a", "b");
    bench_crash(b);
    close(b->memfd); /* as a NIC does that is asked for another size */
    b->memfd = -1;
    assert_int_equal(bench_apply(b, MORE_SESSIONS, NULL), 0);
    assert_false(fw_adoption(b->fw)->looked);
    fr_tcp(&out, &a_to_b, FR_ACK, 111, 511, 10);
    bench_refused(b, "a", &out, HSR_DROP_NO_SESSION);
    connect_tcp(b, &a_to_b, "a", "b");
    bench_restart(b, MORE_SESSIONS);
    assert_int_equal(adopted(b, SES_ADOPTED), 1);
    middle(b, &a_to_b, "a", "b");
}

/* Names change under a firmware that runs: what it leaves says what it meant. */
static void names_follow_the_configuration(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bench_apply(b, WITHOUT_C, NULL), 0);
    assert_false(fw_arena_port_is(b->arena, bench_index(b, "c"), "c"));
    assert_int_equal(bench_apply(b, TOP_ALL, NULL), 0);
    assert_true(fw_arena_port_is(b->arena, bench_index(b, "c"), "c"));
    connect_tcp(b, &a_to_c, "a", "c");
    bench_restart(b, TOP_ALL);
    assert_int_equal(adopted(b, SES_ADOPTED), 1);
    middle(b, &a_to_c, "a", "c");
}

/* Fault 50: Killed with packets in its hands: those are lost and counted, the sessions are there. */
static void packets_in_its_hands(void **state)
{
    struct bench *b = *state;

    connect_tcp(b, &a_to_b, "a", "b");
    for (unsigned i = 0; i < 5; i++) {
        fr_tcp(&out, &a_to_b, FR_ACK, 101 + 10 * i, 501, 10);
        bench_push(b, "a", &out);
    }
    nic_poll(b->nic, b->now);
    bench_restart(b, TOP_ALL);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_FW_GONE), 5);
    assert_int_equal(adopted(b, SES_ADOPTED), 1);
    tcp(b, &a_to_b, "a", "b", FR_ACK, 101, 501);
}

/* Many, and killed over and over. */
static void again_and_again(void **state)
{
    enum { N = 500 };
    struct bench *b = *state;
    struct fr_flow f = a_to_b;

    for (unsigned i = 0; i < N; i++) {
        f.sport = (uint16_t)(2000 + i);
        fr_udp(&out, &f, 10);
        bench_passes(b, "a", &out, "b", &in);
    }
    uint32_t actions = bench_actions(b);

    for (unsigned round = 0; round < 10; round++) {
        bench_restart(b, TOP_ALL);
        assert_int_equal(adopted(b, SES_ADOPTED), N);
        assert_int_equal(bench_actions(b), actions);
        f.sport = (uint16_t)(2000 + round);
        fr_udp(&out, &f, 10);
        bench_passes(b, "a", &out, "b", &in);
        assert_int_equal(bench_counters(b).slow, 0);
    }
}

/* A NIC that hashes with another secret: sessions are found under that one. Not while packets are under way. */
static void another_hash(void **state)
{
    struct bench *b = *state;
    struct hsr_region *region = nic_region(b->nic);
    const struct hsr_region_head *head = region->map;
    uint8_t secret[HSR_HASH_SECRET];

    for (unsigned i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)(i * 37 + 11);
    connect_tcp(b, &a_to_b, "a", "b");
    assert_int_equal(nic_hash_set(b->nic, secret), -EBUSY);
    bench_crash(b);
    assert_int_equal(nic_hash_set(b->nic, secret), 0);
    assert_memory_equal(region->view.hash_secret, secret, sizeof secret);
    assert_memory_equal(head->hash_key, secret, sizeof secret);
    assert_int_equal(bench_apply(b, TOP_ALL, NULL), 0);
    assert_int_equal(adopted(b, SES_ADOPTED), 1);
    middle(b, &a_to_b, "a", "b");
    middle(b, &a_to_b, "a", "b");
    assert_true(bench_counters(b).hits_flow_id > 0);
}

/* ---- doctored memory ---- */

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* Where something stands: pages that were never touched are not worth a change. */
static size_t somewhere(const uint8_t *memory, size_t size)
{
    size_t at = draw(size);

    for (unsigned tries = 0; tries < 64 && memory[at] == 0; tries++) {
        size_t page = draw(size) & ~(size_t)4095;

        at = page + draw(4096);
    }
    return at;
}

/* From the first record on: what the head does to an arena is said by other tests. */
static void doctor(struct bench *b)
{
    size_t size;
    uint8_t *memory = bench_arena(b, &size);
    size_t head = size - (fw_arena_size(2, 1024) - fw_arena_size(1, 1024));

    for (uint64_t n = draw(60) + 1; n > 0; n--) {
        uint8_t *at = memory + head + somewhere(memory + head, size - head);

        if (draw(2) == 0)
            *at ^= (uint8_t)(1u << draw(8));
        else
            *at = (uint8_t)draw(256);
    }
    munmap(memory, size);
}

/* Fault 50: memory of a killed firmware, written over. */
static void doctored(void **state)
{
    struct bench *b = *state;
    uint64_t others = 0;

    for (unsigned round = 0; round < 60; round++) {
        random_state = round + 1;
        for (unsigned i = 0; i < 40; i++) {
            struct fr_flow f = i % 3 == 0 ? a_to_b : i % 3 == 1 ? a_to_c : a_to_9;

            f.sport = (uint16_t)(2000 + i);
            fr_udp(&out, &f, 10);
            bench_push(b, "a", &out);
        }
        bench_run(b);
        while (bench_pop(b, "b", &in) || bench_pop(b, "c", &in) || bench_pop(b, "up", &in))
            continue;
        bench_crash(b);
        doctor(b);
        assert_int_equal(bench_apply(b, TOP_ALL, NULL), 0);
        for (unsigned what = 1; what < SES_ADOPTIONS; what++)
            others += fw_adoption(b->fw)->count[what];
        for (unsigned i = 0; i < 40; i++) {
            struct fr_flow f = a_to_b;

            f.sport = (uint16_t)(2000 + i);
            fr_udp(&out, &f, 10);
            bench_passes(b, "a", &out, "b", &in);
            expect_like(&in, &out, MAC_B, MAC_A, 0);
        }
    }
    assert_true(others > 100);
}

/* Anything in a record, with a seal that fits, under a firmware that is about to end. */
static void forge(struct bench *b)
{
    struct ses_table *t = dp_sessions(fw_worker(b->fw, 0));

    for (uint64_t n = draw(20) + 1; n > 0; n--) {
        struct session *s = ses_at(t, (uint32_t)draw(ses_extent(t)));
        uint8_t *record = (uint8_t *)s;

        if (s == NULL)
            continue;
        for (uint64_t bytes = draw(4) + 1; bytes > 0; bytes--)
            record[draw(sizeof *s)] = (uint8_t)draw(256);
        ses_seal(t, s);
    }
}

/* Sessions of public addresses, whose two keys and arguments say what NAT makes of packets; then honest ones again. */
static void forged(void **state)
{
    static struct bench b;
    uint64_t adoptions = 0, others = 0;

    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        random_state = round + 1;
        bench_open(&b, &(struct bench_config){.arena = true, .may_be_broken = true}, NAT_ALL);
        for (uint16_t i = 0; i < 20; i++) {
            struct way w = b_out, eip = a_out;

            w.is.sport = (uint16_t)(3000 + i);
            leaves(&b, &w, i & 1 ? UDP : SYN);
            eip.is.sport = eip.becomes.sport = (uint16_t)(3000 + i);
            passes(&b, &eip, i & 1 ? SYN : UDP);
        }
        forge(&b);
        bench_restart(&b, NAT_ALL);
        adoptions += adopted(&b, SES_ADOPTED);
        for (unsigned what = 1; what < SES_ADOPTIONS; what++)
            others += adopted(&b, (enum ses_adoption)what);
        for (uint16_t i = 0; i < 20; i++) {
            struct way eip = a_out;

            eip.is.sport = eip.becomes.sport = (uint16_t)(5000 + i);
            passes(&b, &eip, UDP);
        }
        bench_run(&b);
        bench_age(&b);
        assert_int_equal(bench_sessions(&b), 0);
        assert_int_equal(bench_actions(&b), 0);
        bench_close(&b);
    }
    assert_true(adoptions > 1000);
    assert_true(others > 100);
}

/* ---- the head ---- */

static const struct fw_arena_config one_worker = {.workers = 1, .used = 1, .sessions = 64};

static void expect_emptied(int memfd, const char *why)
{
    struct fw_arena *arena;
    char text[NIC_WHY];

    assert_int_equal(fw_arena_open(&arena, dup(memfd), &one_worker, text), 0);
    assert_false(fw_arena_live(arena));
    assert_string_equal(fw_arena_emptied(arena), why);
    fw_arena_close(arena);
    assert_int_equal(fw_arena_open(&arena, dup(memfd), &one_worker, text), 0);
    assert_true(fw_arena_live(arena));
    assert_string_equal(fw_arena_emptied(arena), "");
    fw_arena_close(arena);
}

static int new_memfd(uint64_t size, int seals)
{
    int fd = memfd_create("arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

/* Every bit of the head's constant part: not ours, so it is emptied, by what it says it is. */
static void heads_that_do_not_fit(void **state)
{
    uint64_t size = fw_arena_size(1, 64);
    int fd = new_memfd(size, F_SEAL_SHRINK | F_SEAL_GROW);
    uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    static const struct {
        unsigned at;
        const char *why;
    } word[] = {
        {0, "it is no arena"},
        {8, "its layout is another version's"},
        {16, "it is of another ABI"},
        {18, "it is of another ABI"},
        {20, "the number of workers has changed"},
        {24, "the number of workers has changed"},
        {28, "the number of sessions has changed"},
        {32, "its records have other sizes"},
        {36, "its records have other sizes"},
        {48, "its records have other sizes"},
        {80, "its records have other sizes"},
    };

    (void)state;
    assert_ptr_not_equal(memory, MAP_FAILED);
    expect_emptied(fd, "");
    for (unsigned i = 0; i < sizeof word / sizeof word[0]; i++) {
        memory[word[i].at] ^= 0x40;
        memory[size - 1] = 1;
        expect_emptied(fd, word[i].why);
        assert_int_equal(memory[size - 1], 0);
    }
    munmap(memory, size);
    close(fd);
}

static void memory_that_is_not_what_was_asked_for(void **state)
{
    uint64_t size = fw_arena_size(1, 64);
    struct fw_arena *arena;
    char text[NIC_WHY];

    (void)state;
    assert_int_equal(fw_arena_open(&arena, new_memfd(size, F_SEAL_GROW), &one_worker, text),
                     -EPROTO);
    assert_int_equal(
        fw_arena_open(&arena, new_memfd(size - 1, F_SEAL_SHRINK | F_SEAL_GROW), &one_worker, text),
        -EPROTO);
    assert_int_equal(fw_arena_open(&arena, dup(STDIN_FILENO), &one_worker, text), -EPROTO);
    assert_non_null(strstr(text, "another size"));
}

/* With several workers the hash says which has a session; with one it says nothing. */
static void another_secret(void **state)
{
    uint8_t secret[HSR_HASH_SECRET] = {1};
    struct fw_arena_config two = {.workers = 2, .used = 2, .sessions = 64, .hash_secret = secret};
    int fd = new_memfd(fw_arena_size(2, 64), F_SEAL_SHRINK | F_SEAL_GROW);
    struct fw_arena *arena;
    char text[NIC_WHY];

    (void)state;
    for (unsigned used = 2; used > 0; used--) {
        two.used = used;
        assert_int_equal(fw_arena_open(&arena, dup(fd), &two, text), 0);
        assert_false(fw_arena_live(arena));
        assert_int_equal(fw_arena_renew(arena, secret, text), 0);
        assert_true(fw_arena_live(arena));
        secret[0]++;
        assert_int_equal(fw_arena_renew(arena, secret, text), 0);
        assert_int_equal(fw_arena_live(arena), used == 1);
        assert_string_equal(fw_arena_emptied(arena),
                            used == 1 ? "" : "the NIC hashes with another secret");
        fw_arena_close(arena);
    }
    close(fd);
}

/* Names without an end, twice, of control characters: as good as none. */
static void names_of_anybodys_making(void **state)
{
    struct bench *b = *state;
    size_t size;

    connect_tcp(b, &a_to_b, "a", "b");
    bench_crash(b);
    uint8_t *memory = bench_arena(b, &size);

    memset(memory + 96, 'a', HSR_MAX_PORTS * CFG_NAME);
    munmap(memory, size);
    assert_int_equal(bench_apply(b, TOP_ALL, NULL), 0);
    assert_int_equal(adopted(b, SES_ADOPTED), 0);
    assert_int_equal(adopted(b, SES_ADOPT_PORT), 1);
}

int main(void)
{
#define ON_BENCH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(connections_go_on),
        ON_BENCH(tunnels_go_on),
        ON_BENCH(ports_in_another_order),
        ON_BENCH(a_port_is_gone),
        ON_BENCH(a_network_is_gone),
        ON_BENCH(policy_of_now),
        ON_BENCH(other_shapes),
        ON_BENCH(names_follow_the_configuration),
        ON_BENCH(packets_in_its_hands),
        ON_BENCH(again_and_again),
        ON_BENCH(another_hash),
        ON_BENCH(doctored),
        ON_BENCH(names_of_anybodys_making),
        cmocka_unit_test(forged),
        cmocka_unit_test(heads_that_do_not_fit),
        cmocka_unit_test(another_secret),
        cmocka_unit_test(memory_that_is_not_what_was_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
