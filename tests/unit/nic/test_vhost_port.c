/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vhost-user port before an rte_vhost of the test, which says what a front-end makes it say: memory that comes and goes, descriptors that
 * are none, rings that lie.
 */
#include "fake_vhost.h"
#include "vhost_guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log/log.h"
#include "nic/eal.h"
#include "ports/vhost_gone.h"

enum { SET_MEM_TABLE = 5, SET_VRING_CALL = 13, VID = 2, RX = 0, TX = 1 };

static struct {
    bool mapped;
    struct guest
        guest[2]; /* its queues: what it receives, what it sends; both of memory of their own */
    int call[2];
} fake;
static struct nic_port port;
static struct pool pool;
static struct sigaction survive; /* cmocka has handlers of its own while a test runs */

/* ---- rte_vhost: what the session asks of it ---- */

int rte_vhost_get_negotiated_features(int vid, uint64_t *features)
{
    (void)vid;
    *features = UINT64_C(1) << 32; /* VIRTIO_F_VERSION_1 */
    return 0;
}

int rte_vhost_get_mem_table(int vid, struct rte_vhost_memory **mem)
{
    struct rte_vhost_mem_region *r;

    (void)vid;
    if (!fake.mapped)
        fail_msg("asked for memory that there is not: rte_vhost would end the process");
    *mem = calloc(1, sizeof **mem + 4 * sizeof *r);
    assert_non_null(*mem);
    (*mem)->nregions = 4;
    for (unsigned i = 0; i < 4; i++) {
        const struct vh_region *from = &fake.guest[i / 2].mem.region[i % 2];

        r = &(*mem)->regions[i];
        r->guest_phys_addr = from->gpa + (i / 2) * UINT64_C(0x100000000);
        r->host_user_addr = (uintptr_t)from->at;
        r->size = r->mmap_size = from->size;
        r->mmap_addr = from->at;
    }
    return 0;
}

int rte_vhost_get_vhost_vring(int vid, uint16_t vring_idx, struct rte_vhost_vring *vring)
{
    const struct vh_queue *q = &fake.guest[vring_idx].q;

    (void)vid;
    *vring = (struct rte_vhost_vring){.desc = q->desc,
                                      .avail = q->avail,
                                      .used = q->used,
                                      .kickfd = -1,
                                      .callfd = fake.call[vring_idx],
                                      .size = q->size};
    return 0;
}

int rte_vhost_get_vring_base(int vid, uint16_t queue_id, uint16_t *last_avail_idx,
                             uint16_t *last_used_idx)
{
    (void)vid;
    *last_avail_idx = *last_used_idx = fake.guest[queue_id].used;
    return 0;
}

int rte_vhost_set_vring_base(int vid, uint16_t queue_id, uint16_t last_avail_idx,
                             uint16_t last_used_idx)
{
    (void)vid, (void)queue_id, (void)last_avail_idx, (void)last_used_idx;
    return 0;
}

/* ---- the front-end ---- */

/* The first half of a message, up to where rte_vhost acts on it. */
static void message_begins(uint32_t request)
{
    uint32_t message[8] = {request};

    assert_int_equal(fake_vhost.messages->pre_msg_handle(VID, message),
                     RTE_VHOST_MSG_RESULT_NOT_HANDLED);
}

static void message_ends(uint32_t request)
{
    uint32_t message[8] = {request};

    (void)fake_vhost.messages->post_msg_handle(VID, message);
}

static void message(uint32_t request)
{
    message_begins(request);
    message_ends(request);
}

/* A table whose memory cannot be mapped: what was there has been unmapped, and the handler's failure ends the message. */
static void memory_goes(void)
{
    message_begins(SET_MEM_TABLE);
    fake.mapped = false;
}

static void connect_guest(void)
{
    assert_int_equal(fake_vhost.ops->new_connection(VID), 0);
    message_begins(SET_MEM_TABLE);
    fake.mapped = true;
    message_ends(SET_MEM_TABLE);
    for (uint16_t i = 0; i < 2; i++)
        fake_vhost.ops->vring_state_changed(VID, i, 1);
}

static int setup(void **state)
{
    char folder[] = "/tmp/vhost_port.XXXXXX", path[64];

    (void)state;
    memset(&fake, 0, sizeof fake);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    pool_open(&pool, 8, 1, 1);
    for (unsigned i = 0; i < 2; i++) {
        guest_open(&fake.guest[i], (struct guest_kind){false, false, false}, 16);
        fake.call[i] = -1;
    }
    port = port_of(HSR_PORT_KIND_VHOST_USER, path, "role=client");
    port_open(&port);
    rmdir(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_vhost.ops->destroy_connection(VID);
    port.ops->close(&port);
    for (unsigned i = 0; i < 2; i++)
        guest_close(&fake.guest[i]);
    pool_close(&pool);
    return 0;
}

static void guest_sends(void)
{
    const struct buffer b = {GUEST_DATA + UINT64_C(0x100000000), 72};

    guest_add(&fake.guest[TX], &b, 1, false, false);
}

/* How many frames come in. */
static uint32_t fetch(void)
{
    struct nic_rx out[8];
    uint32_t got = port_rx(&port, &pool, out, 8);

    for (uint32_t i = 0; i < got; i++)
        assert_true(nic_slots_put(&pool.slots, out[i].slot));
    return got;
}

static void buffers_for_the_guest(void)
{
    const struct buffer b = {GUEST_DATA, 2000};

    guest_add(&fake.guest[RX], &b, 1, true, false);
}

static const uint8_t frame[60];

static void a_guest_that_keeps_to_the_rules(void **state)
{
    (void)state;
    assert_false(port.ops->link(&port));
    connect_guest();
    assert_true(port.ops->link(&port));
    guest_sends();
    assert_int_equal(fetch(), 1);
    buffers_for_the_guest();
    assert_true(port_send(&port, frame, sizeof frame));
    assert_int_equal(port.tx_errors + port.rx_bad + port.queue_stops, 0);
}

/* A table that cannot be mapped is answered, and the next message is about something else: the rings that were on have no memory. */
static void rings_are_off_without_memory(void **state)
{
    (void)state;
    connect_guest();
    guest_sends();
    buffers_for_the_guest();
    memory_goes();
    assert_int_equal(fetch(), 0);
    message(SET_VRING_CALL);
    assert_false(port.ops->link(&port));
    assert_int_equal(fetch(), 0);
    assert_int_equal(port.rx_bad, 0); /* nobody looked */
    assert_false(port_send(&port, frame, sizeof frame));
    /* Other memory, and the rings are started in it. */
    message_begins(SET_MEM_TABLE);
    fake.mapped = true;
    message_ends(SET_MEM_TABLE);
    for (uint16_t i = 0; i < 2; i++)
        fake_vhost.ops->vring_state_changed(VID, i, 1);
    assert_int_equal(fetch(), 1);
    assert_true(port_send(&port, frame, sizeof frame));
}

/* One ring's state changes in the middle of the message that has unmapped the memory of the other, and no word follows. */
static void rings_are_off_in_the_middle_of_a_message(void **state)
{
    (void)state;
    connect_guest();
    guest_sends();
    buffers_for_the_guest();
    memory_goes();
    fake_vhost.ops->vring_state_changed(VID, RX, 0);
    assert_int_equal(fetch(), 0);
    assert_int_equal(port.rx_bad, 0); /* nobody looked */
    assert_false(port_send(&port, frame, sizeof frame));
}

/* Memory that moves: rings and buffers are where they are now. */
static void rings_follow_their_memory(void **state)
{
    struct guest old = fake.guest[TX];

    (void)state;
    connect_guest();
    message_begins(SET_MEM_TABLE);
    guest_open(&fake.guest[TX], (struct guest_kind){false, false, false}, 16);
    message_ends(SET_MEM_TABLE);
    guest_sends();
    assert_int_equal(fetch(), 1);
    guest_close(&old);
}

/* What may block is not written to, and what might is made not to: the call before the one that would wait for ever returns. */
static void calls_do_not_block(void **state)
{
    uint64_t most = UINT64_MAX - 1;
    int ends[2], event = eventfd(0, 0);
    char byte;

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    assert_int_equal(write(event, &most, sizeof most), sizeof most);
    fake.call[RX] = ends[1];
    fake.call[TX] = event;
    connect_guest();
    guest_sends();
    assert_int_equal(fetch(), 1);
    buffers_for_the_guest();
    assert_true(port_send(&port, frame, sizeof frame));
    assert_int_equal(read(ends[0], &byte, 1), -1);
    assert_int_equal(read(event, &most, sizeof most), sizeof most);
    /* An eventfd is called by. */
    guest_sends();
    assert_int_equal(fetch(), 1);
    assert_int_equal(read(event, &most, sizeof most), sizeof most);
    assert_int_equal(most, 1);
    fake_vhost.ops->destroy_connection(VID);
    assert_int_equal(fake_vhost.ops->new_connection(VID), 0);
    close(event);
    close(ends[0]);
    close(ends[1]);
}

/* Is a line with this text logged? It comes from a thread of its own. */
static void assert_logged(int log, const char *text)
{
    char line[512];
    size_t n = 0;

    do {
        assert_true(n < sizeof line - 1);
        assert_int_equal(read(log, line + n, 1), 1);
        line[++n] = '\0';
        if (line[n - 1] == '\n' && strstr(line, text) == NULL)
            n = 0;
    } while (n == 0 || line[n - 1] != '\n');
}

/* A ring that lies stops its queue, once, and somebody says so. */
static void a_stopped_queue_is_told(void **state)
{
    int log[2];

    (void)state;
    assert_int_equal(pipe(log), 0);
    avs_log_output(log[1]);
    connect_guest();
    fake.guest[TX].q.avail->idx = 100;
    assert_int_equal(fetch(), 0);
    assert_int_equal(fetch(), 0);
    assert_int_equal(port.queue_stops, 1);
    assert_logged(log[0], "its index is more than a ring ahead");
    /* The other one goes on; what is sent to one that has stopped is no want of buffers. */
    buffers_for_the_guest();
    assert_true(port_send(&port, frame, sizeof frame));
    assert_int_equal(port.tx_errors, 0);
    fake.guest[RX].q.avail->idx += 100;
    assert_true(port_send(&port, frame, sizeof frame));
    assert_int_equal(port.tx_errors, 1);
    assert_int_equal(port.refused[0], HSR_DROP_GUEST_DESC);
    assert_int_equal(port.queue_stops, 2);
    assert_logged(log[0], "queue=0");
    avs_log_output(2);
    close(log[0]);
    close(log[1]);
}

/* Fault 39: its memory goes away in the middle of a frame. */
static void memory_that_is_gone_stops_the_queues(void **state)
{
    struct vh_region *r = &fake.guest[TX].mem.region[1];
    const struct buffer b = {GUEST_BORDER + UINT64_C(0x100000000), 72};
    int fd = memfd_create("guest", MFD_CLOEXEC);

    (void)state;
    sigaction(SIGBUS, &survive, NULL);
    assert_int_equal(ftruncate(fd, GUEST_REGION), 0);
    free(r->at);
    r->at = mmap(NULL, GUEST_REGION, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(r->at, MAP_FAILED);
    connect_guest();
    guest_add(&fake.guest[TX], &b, 1, false, false);
    assert_int_equal(ftruncate(fd, 0), 0);
    fetch();
    assert_int_equal(port.queue_stops, 2);
    buffers_for_the_guest();
    assert_true(port_send(&port, frame, sizeof frame));
    assert_int_equal(port.refused[0], HSR_DROP_GUEST_DESC);
    /* Until there is other memory. */
    fake_vhost.ops->destroy_connection(VID);
    munmap(r->at, GUEST_REGION);
    r->at = aligned_alloc(4096, GUEST_REGION);
    assert_non_null(r->at);
    connect_guest();
    assert_true(port_send(&port, frame, sizeof frame));
    assert_int_equal(port.queue_stops, 2);
    close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static int start(void **state)
{
    char why[NIC_WHY];

    (void)state;
    return nic_eal_init(NIC_EAL_PLAIN, why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guest_that_keeps_to_the_rules),
        TEST(rings_are_off_without_memory),
        TEST(rings_are_off_in_the_middle_of_a_message),
        TEST(rings_follow_their_memory),
        TEST(calls_do_not_block),
        TEST(a_stopped_queue_is_told),
        TEST(memory_that_is_gone_stops_the_queues),
    };

    vhost_survive_memory_gone();
    sigaction(SIGBUS, NULL, &survive);
    return cmocka_run_group_tests(tests, start, NULL);
}
