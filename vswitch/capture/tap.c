/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/tap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#define FOLLOWED 8192u /* packets under way that were shown last, by their id */
#define SECOND   UINT64_C(1000000000)

struct cap_tap {
    struct cap_spec spec;
    struct bpf_insn program[CAP_PROGRAM];
    struct cap_ring *ring;
    uint8_t *data;
    uint64_t bytes; /* of the ring */
    uint64_t prod;  /* with what is not published yet */
    uint64_t missed, limited;
    uint64_t filled; /* NIC time up to which the allowance has been filled */
    uint64_t credit; /* packets of it, in 1/SECOND */
    uint32_t followed[FOLLOWED];
};

static bool is_spec(const struct cap_spec *spec)
{
    return spec->points != 0 && spec->points >> CAP_POINTS == 0 && spec->snap > 0 &&
           spec->snap <= CAP_SNAP_MAX && spec->insns <= CAP_PROGRAM;
}

static bool take_program(struct cap_tap *tap)
{
    for (uint32_t i = 0; i < tap->spec.insns; i++) {
        const struct cap_insn *from = &tap->spec.insn[i];

        tap->program[i] =
            (struct bpf_insn){.code = from->code, .jt = from->jt, .jf = from->jf, .k = from->k};
    }
    return tap->spec.insns == 0 || bpf_validate(tap->program, (int)tap->spec.insns);
}

int cap_tap_open(struct cap_tap **out, const struct cap_spec *spec, const struct cap_area *area,
                 uint32_t ring)
{
    struct cap_tap *tap = calloc(1, sizeof *tap);

    *out = NULL;
    if (tap == NULL)
        return -ENOMEM;
    memcpy(&tap->spec, spec, sizeof *spec);
    if (!is_spec(&tap->spec) || ring >= area->rings || !take_program(tap)) {
        free(tap);
        return -EINVAL;
    }
    tap->ring = cap_area_ring(area, ring);
    tap->data = cap_area_data(area, ring);
    tap->bytes = area->ring_bytes;
    tap->prod = atomic_load(&tap->ring->prod) & ~UINT64_C(7);
    *out = tap;
    return 0;
}

void cap_tap_close(struct cap_tap *tap)
{
    free(tap);
}

static bool matches(const struct cap_tap *tap, const struct cap_seen *s)
{
    if (tap->spec.port != CAP_ANY && s->port != tap->spec.port)
        return false;
    if (tap->spec.context != CAP_ANY && s->context != tap->spec.context)
        return false;
    if (tap->spec.insns == 0)
        return true;
    if (bpf_filter(tap->program, s->frame, s->frame_len, s->here) != 0)
        return true;
    return s->inner != 0 && s->inner < s->here &&
           bpf_filter(tap->program, s->frame + s->inner, s->frame_len - s->inner,
                      s->here - s->inner) != 0;
}

/* Does the allowance have another packet? A second's worth at once at most. */
static bool allowed(struct cap_tap *tap, uint64_t now)
{
    uint64_t most = tap->spec.rate * SECOND;

    if (tap->spec.rate == 0)
        return true;
    if (tap->filled == 0)
        tap->credit = most;
    else if (now > tap->filled)
        tap->credit += now - tap->filled >= SECOND ? most : (now - tap->filled) * tap->spec.rate;
    if (now > tap->filled)
        tap->filled = now;
    if (tap->credit > most)
        tap->credit = most;
    if (tap->credit < SECOND) {
        tap->limited++;
        return false;
    }
    tap->credit -= SECOND;
    return true;
}

static bool wanted(struct cap_tap *tap, const struct cap_seen *s)
{
    uint32_t *followed = &tap->followed[s->packet_id % FOLLOWED];

    if (tap->spec.drop_only && s->point != CAP_DROP)
        return false;
    if (s->packet_id != 0 && *followed == s->packet_id)
        return true;
    if (!matches(tap, s) || !allowed(tap, s->time))
        return false;
    *followed = s->packet_id != 0 ? s->packet_id : *followed;
    return true;
}

/* So many bytes of the ring, in one piece. */
static uint8_t *reserve(struct cap_tap *tap, uint32_t size)
{
    uint64_t at = tap->prod & (tap->bytes - 1), end = tap->bytes - at;
    uint64_t skip = end < size ? end : 0;
    uint64_t used = tap->prod - atomic_load_explicit(&tap->ring->cons, memory_order_acquire);

    if (used > tap->bytes || tap->bytes - used < size + skip)
        return NULL;
    if (skip > 0) {
        /* What is read of a padding: its size and point, the first eight bytes. */
        struct cap_record pad = {.size = (uint32_t)skip, .point = CAP_POINTS};

        memcpy(tap->data + at, &pad, 8);
        tap->prod += skip;
        at = 0;
    }
    tap->prod += size;
    return tap->data + at;
}

bool cap_shows(const struct cap_tap *tap, enum cap_point point)
{
    return tap->spec.points >> point & 1;
}

struct cap_record *cap_see(struct cap_tap *tap, const struct cap_seen *s)
{
    uint32_t captured = s->here < tap->spec.snap ? s->here : tap->spec.snap;
    uint32_t size = (uint32_t)(sizeof(struct cap_record) + captured + 7) & ~7u;
    struct cap_record *r;

    if (!wanted(tap, s) || !cap_shows(tap, s->point))
        return NULL;
    r = (struct cap_record *)(void *)reserve(tap, size);
    if (r == NULL) {
        tap->missed++;
        return NULL;
    }
    *r = (struct cap_record){.size = size,
                             .point = (uint8_t)s->point,
                             .reason = s->reason,
                             .flags = s->flags,
                             .worker = s->worker,
                             .time = s->time,
                             .flow_id = s->flow_id,
                             .packet_id = s->packet_id,
                             .frame_len = s->frame_len,
                             .captured = captured,
                             .context = s->context,
                             .port = s->port,
                             .gso_size = s->gso_size};
    memcpy(r + 1, s->frame, captured);
    return r;
}

void cap_publish(struct cap_tap *tap)
{
    atomic_store_explicit(&tap->ring->missed, tap->missed, memory_order_relaxed);
    atomic_store_explicit(&tap->ring->limited, tap->limited, memory_order_relaxed);
    atomic_store_explicit(&tap->ring->prod, tap->prod, memory_order_release);
}

void cap_see_all(const struct cap_taps *taps, const struct cap_seen *seen)
{
    for (uint32_t i = 0; i < taps->n; i++)
        cap_see(taps->tap[i], seen);
}

void cap_publish_all(const struct cap_taps *taps)
{
    for (uint32_t i = 0; i < taps->n; i++)
        cap_publish(taps->tap[i]);
}
