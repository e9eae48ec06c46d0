/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures: what a burst looks like where it comes in, is matched, and leaves. Of bursts that somebody looks at alone (dp_poll()),
 * so nothing here costs anybody else; and from the outside, so no other file knows of it.
 */
#include <string.h>

#include "capture/tap.h"
#include "hsring/check.h"
#include "hsring/wire.h"
#include "internal.h"

static uint64_t clock_of(const struct dp_worker *w)
{
    return w->show->clock != NULL ? w->show->clock() : hsr_view_now(w->view);
}

/* The id is in line 1 of each received packet's slot, of which most packets have no copy. */
static uint32_t packet_id(const uint8_t *slot)
{
    uint32_t id;

    memcpy(&id, slot + offsetof(struct hsr_rx_meta, packet_id), sizeof id);
    return id;
}

/* A packet as it is before it is matched. */
static void describe(const struct dp_worker *w, const struct act_packet *p, struct cap_seen *seen)
{
    const struct hsr_rx_meta *m = &p->meta;
    bool good = m->reason == HSR_DROP_NONE;

    *seen = (struct cap_seen){.point = CAP_RING_RX,
                              .frame = p->slot + HSR_SLOT_FRAME,
                              .frame_len = m->frame_len,
                              .here = act_seen(p),
                              .inner = good ? m->l2_off : 0,
                              .packet_id = packet_id(p->slot),
                              .flow_id = m->flow_id,
                              .time = clock_of(w),
                              .context = hsr_key_context(m->key_ports),
                              .port = m->ingress,
                              .worker = (uint8_t)w->id};
    if (m->reason == HSR_DROP_META_BAD) { /* nothing of it is to be believed, its length neither */
        seen->frame_len = seen->here = 0;
        seen->flow_id = 0;
    }
    if (m->payload != 0)
        seen->flags |= CAP_F_SLICED;
    if (m->flags & HSR_RXF_LINE1 && good) {
        seen->gso_size = m->gso_size;
        if (m->flags1 & HSR_RX1F_RETURNED)
            seen->flags |= CAP_F_RETURNED;
        if ((m->verdicts >> 2 & 3) == HSR_VERDICT_PARTIAL)
            seen->flags |= CAP_F_PARTIAL;
    }
}

/* The session that a packet's key leads to, if it has one (now). */
static uint64_t session_of(const struct dp_worker *w, const struct act_packet *p)
{
    const struct session *s;
    struct hsr_key key;
    unsigned dir;

    if (p->meta.reason != HSR_DROP_NONE)
        return 0;
    dp_key(p, &key);
    s = ses_find(w->sessions, hsr_hash_key(&w->hash, &key), &key, dp_swap(p), &dir);
    return s != NULL ? ses_flow_id(w->sessions, s, false) : 0;
}

/* Records of how a packet is matched, made beforehand: their bytes are those of before, the rest is known behind it. */
struct matching {
    struct cap_record *record[DP_BURST][CAP_TAPS];
};

static void begin(const struct dp_worker *w, const struct act_packet *p,
                  struct cap_record *record[CAP_TAPS])
{
    const struct cap_taps *taps = &w->show->taps;
    struct cap_seen seen;

    describe(w, p, &seen);
    for (uint32_t i = 0; i < taps->n; i++) {
        seen.point = cap_shows(taps->tap[i], CAP_FAST) ? CAP_FAST : CAP_SLOW;
        record[i] = cap_see(taps->tap[i], &seen);
    }
}

static void end(const struct dp_worker *w, const struct act_packet *p, bool slow,
                struct cap_record *const record[CAP_TAPS])
{
    enum cap_point point = slow ? CAP_SLOW : CAP_FAST;

    for (uint32_t i = 0; i < w->show->taps.n; i++) {
        struct cap_record *r = record[i];

        if (r == NULL)
            continue;
        r->point = cap_shows(w->show->taps.tap[i], point) ? (uint8_t)point : CAP_POINTS;
        r->time = clock_of(w);
        r->flow_id = session_of(w, p);
    }
}

void dp_show_loaded(struct dp_worker *w, uint32_t n)
{
    struct cap_seen seen;

    for (uint32_t i = 0; i < n; i++) {
        describe(w, &w->packet[i], &seen);
        cap_see_all(&w->show->taps, &seen);
    }
}

void dp_show_vectors(struct dp_worker *w, struct act_packet *packet, struct act_packet *stop)
{
    struct matching m;

    w->slow = 0;
    for (struct act_packet *p = packet; p < stop; p++)
        begin(w, p, m.record[p - w->packet]);
    dp_vectors(w, packet, stop);
    for (struct act_packet *p = packet; p < stop; p++)
        end(w, p, w->slow >> (p - w->packet) & 1, m.record[p - w->packet]);
}

/* The packet of this burst that left this entry; the next one as a rule. NULL: it waited since another burst. */
static const struct act_packet *packet_of(const struct dp_worker *w, uint32_t n, uint32_t entry,
                                          uint32_t *at)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = (*at + i) % n;

        if (w->packet[k].entry == entry) {
            *at = k + 1;
            return &w->packet[k];
        }
    }
    return NULL;
}

/* Its metadata says what shall become of it; false: nothing that leaves or is dropped. */
static bool describe_out(const struct dp_worker *w, uint32_t entry, const struct act_packet *p,
                         struct cap_seen *seen)
{
    uint32_t kind = hsr_entry_kind(entry);
    const uint8_t *slot = hsr_slot(w->view, hsr_entry_slot(entry));
    uint32_t space = hsr_slot_space(w->view, hsr_entry_slot(entry));
    struct hsr_tx_meta m;

    memcpy(&m, slot, sizeof m);
    __asm__ volatile("" ::: "memory"); /* the NIC's as well: checked like what comes from there */
    if (kind == HSR_KIND_CTRL || m.action == HSR_TXA_CONSUME || !hsr_tx_check(&m, space, kind) ||
        m.frame_off > space || m.frame_len > space - m.frame_off)
        return false;
    *seen = (struct cap_seen){.point = m.action == HSR_TXA_DROP ? CAP_DROP : CAP_RING_TX,
                              .frame = slot + m.frame_off,
                              .frame_len = m.frame_len,
                              .here = m.frame_len,
                              .inner = m.offload & HSR_TXO_ENCAP && m.l3_off >= HSR_ETH_HDR
                                           ? (uint32_t)m.l3_off - HSR_ETH_HDR
                                           : 0,
                              .packet_id = kind == HSR_KIND_PACKET ? packet_id(slot) : 0,
                              .time = clock_of(w),
                              .port = m.action == HSR_TXA_TRANSMIT ? m.egress_port : HSR_NO_PORT,
                              .gso_size = m.gso_size,
                              .reason = m.action == HSR_TXA_DROP ? m.drop_reason : HSR_DROP_NONE,
                              .worker = (uint8_t)w->id};
    if (kind == HSR_KIND_ORIGINATE)
        seen->flags |= CAP_F_FIRMWARE;
    if (m.action == HSR_TXA_RETURN)
        seen->flags |= CAP_F_RETURNED;
    if (m.action == HSR_TXA_DROP)
        seen->flags |= CAP_F_BY_FIRMWARE;
    if (m.offload & HSR_TXO_L4_PARTIAL)
        seen->flags |= CAP_F_PARTIAL;
    if (p == NULL)
        return true;
    seen->context = hsr_key_context(p->meta.key_ports);
    seen->flow_id = session_of(w, p);
    if (seen->port == HSR_NO_PORT)
        seen->port = p->meta.ingress;
    if (m.payload != 0) {
        seen->flags |= CAP_F_SLICED;
        seen->frame_len = m.frame_len + p->payload_len;
    }
    return true;
}

void dp_show_out(struct dp_worker *w, uint32_t n)
{
    struct cap_seen seen;
    uint32_t at = 0;

    for (uint32_t i = 0; i < w->outs; i++) {
        const struct act_packet *p = packet_of(w, n, w->out[i], &at);

        if (describe_out(w, w->out[i], p, &seen))
            cap_see_all(&w->show->taps, &seen);
    }
    cap_publish_all(&w->show->taps);
}

void dp_worker_show(struct dp_worker *w, const struct dp_show *show)
{
    w->show = show;
}
