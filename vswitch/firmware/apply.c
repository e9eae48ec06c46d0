/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one configuration to the next, all or nothing: what can fail comes first (snapshot, new ports) and is undone
 * in reverse; then the snapshot is published, and what went is taken down behind it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_rcu_qsbr.h>

#include "internal.h"

#define SWEEP 256 /* sessions a call removes: packets wait that long at most */

static const struct cfg_port *find_port(const struct cfg *cfg, uint16_t index)
{
    for (uint32_t i = 0; cfg != NULL && i < cfg->ports; i++)
        if (cfg->port[i].index == index)
            return &cfg->port[i];
    return NULL;
}

uint32_t fw_context_of(const struct cfg *cfg, const struct cfg_port *p)
{
    return p->role == CFG_VNIC ? cfg->vpc[cfg->subnet[p->subnet].vpc].context : 0;
}

static struct nic_port_config device(const struct cfg *cfg, const struct cfg_port *p)
{
    struct nic_port_config c = {.index = p->index,
                                .kind = p->kind,
                                .uplink = p->role == CFG_UPLINK,
                                .context = fw_context_of(cfg, p),
                                .mtu = p->mtu,
                                .queues = p->queues,
                                .offload = p->offload,
                                .share = p->share,
                                .min_slots = p->min_slots,
                                .rx_pps = p->rx_pps,
                                .rx_kbps = p->rx_kbps,
                                .bad_pps = p->bad_limit};
    char mac[18];

    memcpy(c.mac, p->mac, sizeof c.mac);
    memcpy(c.name, p->name, sizeof c.name);
    memcpy(c.device, p->device, sizeof c.device);
    memcpy(c.netns, p->netns, sizeof c.netns);
    memcpy(c.args, p->args, sizeof c.args);
    if (p->role == CFG_HOST && p->kind == HSR_PORT_KIND_TAP && strstr(c.args, "mac=") == NULL)
        snprintf(c.args + strlen(c.args), sizeof c.args - strlen(c.args), "%smac=%s",
                 c.args[0] != '\0' ? "," : "", cfg_mac_text(p->mac, mac));
    return c;
}

/* Does the device stay as it is? Then only policy sees the change. */
static bool keeps(const struct cfg *old, const struct cfg *new, const struct cfg_port *p)
{
    const struct cfg_port *before = find_port(old, p->index);
    struct nic_port_config now = device(new, p), then;

    if (before == NULL)
        return false;
    then = device(old, before);
    return nic_port_same(&then, &now);
}

static int open_port(struct fw *fw, const struct cfg *cfg, uint32_t i, struct cfg_error *error)
{
    struct nic_port_config c = device(cfg, &cfg->port[i]);
    char why[NIC_WHY] = "";
    int rc = fw->nic_ops->port_add(fw->nic, &c, fw_take_offer(fw, c.name), why);

    if (rc < 0) {
        snprintf(error->path, sizeof error->path, "/ports/%u", i);
        snprintf(error->text, sizeof error->text, "%.240s", why[0] != '\0' ? why : strerror(-rc));
    }
    return rc;
}

/* What can change of a port that stays. */
static int set_port(struct fw *fw, const struct cfg *cfg, uint32_t i, struct cfg_error *error)
{
    struct nic_port_config c = device(cfg, &cfg->port[i]);
    int rc = fw->nic_ops->port_set(fw->nic, &c);

    if (rc < 0) {
        snprintf(error->path, sizeof error->path, "/ports/%u", i);
        snprintf(error->text, sizeof error->text, "the NIC refuses its credit: %s", strerror(-rc));
    }
    return rc;
}

/* What the NIC keeps for a port goes with it. */
static void close_port(struct fw *fw, uint16_t index)
{
    fw->nic_ops->port_del(fw->nic, index);
    fw_rules_forget_port(fw, index);
}

/* Back to the ports of `old` after the first `done` ports of `new` were looked at. */
static void undo_ports(struct fw *fw, const struct cfg *old, const struct cfg *new, uint32_t done)
{
    struct cfg_error ignored;

    for (uint32_t i = 0; i < done; i++)
        if (!keeps(old, new, &new->port[i]))
            close_port(fw, new->port[i].index);
    for (uint32_t i = 0; old != NULL && i < old->ports; i++) {
        const struct cfg_port *now = find_port(new, old->port[i].index);

        if (now != NULL && keeps(old, new, now))
            set_port(fw, old, i, &ignored);
        else if (now != NULL)
            open_port(fw, old, i, &ignored);
    }
}

/* A port whose device changes closes before it opens anew; those that go stay until the new policy is in force. */
static int open_ports(struct fw *fw, const struct cfg *old, const struct cfg *new,
                      struct cfg_error *error)
{
    for (uint32_t i = 0; i < new->ports; i++)
        if (find_port(old, new->port[i].index) != NULL && !keeps(old, new, &new->port[i]))
            close_port(fw, new->port[i].index);
    for (uint32_t i = 0; i < new->ports; i++) {
        int rc = keeps(old, new, &new->port[i]) ? set_port(fw, new, i, error)
                                                : open_port(fw, new, i, error);

        if (rc < 0) {
            undo_ports(fw, old, new, i);
            return rc;
        }
    }
    return 0;
}

static enum hsr_tunnel tunnel_of(const struct cfg_vpc *vpc)
{
    return vpc->tunnel.encap == CFG_GENEVE ? HSR_TUNNEL_GENEVE : HSR_TUNNEL_VXLAN;
}

static bool has_network(const struct cfg *cfg, const struct cfg_vpc *vpc)
{
    for (uint32_t i = 0; cfg != NULL && i < cfg->vpcs; i++)
        if (cfg->vpc[i].vni == vpc->vni && tunnel_of(&cfg->vpc[i]) == tunnel_of(vpc))
            return true;
    return false;
}

struct vteps {
    struct cfg_addr addr[CFG_LOCAL_VTEPS];
    uint32_t n;
};

static bool has_vtep(const struct vteps *v, const struct cfg_addr *addr)
{
    for (uint32_t i = 0; i < v->n; i++)
        if (cfg_addr_equal(&v->addr[i], addr))
            return true;
    return false;
}

static void add_vtep(struct vteps *v, const struct cfg_addr *addr)
{
    if (addr->family != 0 && !has_vtep(v, addr))
        v->addr[v->n++] = *addr;
}

/* The local VTEPs of a configuration, each once. */
static void local_vteps(const struct cfg *cfg, struct vteps *v)
{
    v->n = 0;
    for (unsigned f = 0; cfg != NULL && f < CFG_FAMILIES; f++) {
        for (uint32_t i = 0; i < cfg->ports; i++)
            if (cfg->port[i].role == CFG_UPLINK)
                add_vtep(v, &cfg->port[i].link[f].net.addr);
        add_vtep(v, &cfg->own_vtep[f]);
    }
}

/* Tell the NIC of the local VTEPs that `cfg` has and `other` does not: they come, or they go. */
static int set_vteps(const struct fw_nic_ops *ops, void *nic, const struct cfg *cfg,
                     const struct cfg *other, bool remove)
{
    struct vteps ours, theirs;
    int rc = 0;

    local_vteps(cfg, &ours);
    local_vteps(other, &theirs);
    for (uint32_t i = 0; rc == 0 && i < ours.n; i++) {
        if (!has_vtep(&theirs, &ours.addr[i]))
            rc = ops->vtep_set(nic, &ours.addr[i], remove);
        rc = remove ? 0 : rc;
    }
    return rc;
}

static int set_tunnels(const struct fw_nic_ops *ops, void *nic, const struct cfg *old,
                       const struct cfg *new)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < new->vpcs; i++)
        rc = ops->context_set(nic, tunnel_of(&new->vpc[i]), new->vpc[i].vni, new->vpc[i].context);
    return rc == 0 ? set_vteps(ops, nic, new, old, false) : rc;
}

int fw_tell_tunnels(const struct fw_nic_ops *ops, void *nic, const struct cfg *cfg)
{
    return set_tunnels(ops, nic, NULL, cfg);
}

static void unset_tunnels(struct fw *fw, const struct cfg *old, const struct cfg *new)
{
    for (uint32_t i = 0; old != NULL && i < old->vpcs; i++)
        if (!has_network(new, &old->vpc[i]))
            fw->nic_ops->context_set(fw->nic, tunnel_of(&old->vpc[i]), old->vpc[i].vni, 0);
    set_vteps(fw->nic_ops, fw->nic, old, new, true);
}

struct sweep {
    uint16_t port;
    uint32_t left;
};

static void sweep(struct dp_worker *w, void *arg)
{
    struct sweep *s = arg;

    s->left = ses_remove_port(dp_sessions(w), s->port, SWEEP);
}

static void close_ports(struct fw *fw, const struct cfg *old, const struct cfg *new)
{
    for (uint32_t i = 0; old != NULL && i < old->ports; i++) {
        const struct cfg_port *now = find_port(new, old->port[i].index);

        if (now == NULL)
            close_port(fw, old->port[i].index);
        for (uint32_t w = 0; now == NULL && w < fw->workers; w++) {
            struct sweep s = {.port = old->port[i].index, .left = 1};

            while (s.left > 0)
                dp_run(fw->worker[w], sweep, &s);
        }
    }
}

/* Every worker has seen the new pointer, and none holds the old one any more. Sleeps between looks: the waiter must not
 * take the processor from those it waits for. */
void fw_wait_for_workers(struct fw *fw)
{
    struct timespec pause = {.tv_nsec = 20000};

    if (fw->shared.qsbr == NULL)
        return;
    uint64_t token = rte_rcu_qsbr_start(fw->shared.qsbr);

    while (rte_rcu_qsbr_check(fw->shared.qsbr, token, false) != 1)
        nanosleep(&pause, NULL);
}

static void publish(struct fw *fw, struct pol *policy)
{
    uint32_t size[POL_SIZES];

    atomic_store_explicit(&fw->shared.policy, policy, memory_order_release);
    fw_wait_for_workers(fw);
    pol_free(fw->policy);
    fw->policy = policy;
    pol_sizes(policy, size);
    for (unsigned i = 0; i < POL_SIZES; i++)
        if (size[i] > fw->policy_high[i])
            fw->policy_high[i] = size[i];
}

/* A vNIC's own quota or that of the options; uplinks have none. */
uint32_t fw_quota(const struct cfg *cfg, const struct cfg_port *port)
{
    if (port->role != CFG_VNIC)
        return 0;
    return port->quota != 0 ? port->quota : cfg->options.quota;
}

static void set_quotas(struct dp_worker *w, void *arg)
{
    const struct cfg *cfg = arg;

    for (uint32_t i = 0; i < cfg->ports; i++)
        ses_quota(dp_sessions(w), cfg->port[i].index,
                  cfg->port[i].role == CFG_VNIC ? fw_quota(cfg, &cfg->port[i]) : SES_QUOTA_NONE);
}

/* Options that size what was allocated at start, but for `workers`, which may be as many as were. */
static bool same_options(const struct cfg_options *a, const struct cfg_options *b)
{
    return (b->workers_max == 0 || b->workers_max == a->workers_max) &&
           a->sessions == b->sessions && a->quota == b->quota && a->vector == b->vector &&
           a->fast_path == b->fast_path &&
           memcmp(&a->timeouts, &b->timeouts, sizeof a->timeouts) == 0;
}

int fw_check(const struct fw *fw, const struct cfg *cfg, struct cfg_error *error)
{
    if (!same_options(&fw->options, &cfg->options)) {
        snprintf(error->path, sizeof error->path, "/options");
        snprintf(error->text, sizeof error->text,
                 "options are read at start: restart avsd with a file that has these, or leave "
                 "them as they are");
        return -EINVAL;
    }
    if (cfg->options.workers > fw->workers) {
        snprintf(error->path, sizeof error->path, "/options/workers");
        snprintf(error->text, sizeof error->text,
                 "at most %u: restart avsd with a file that has more as workers_max", fw->workers);
        return -EINVAL;
    }
    return 0;
}

/* What the NIC says of its ports: the MTU of those that say nothing of one, and who takes merged packets. */
static void ask_ports(struct fw *fw, const struct cfg *cfg, struct pol *policy)
{
    fw->nic_ops->sync(fw->nic);
    for (uint32_t i = 0; i < cfg->ports; i++) {
        uint16_t index = cfg->port[i].index;
        const struct hsr_port_stats *stats = &fw->view->stats[index];
        uint64_t mtu = __atomic_load_n(&stats->mtu, __ATOMIC_RELAXED);
        bool tso = __atomic_load_n(&stats->takes_tso, __ATOMIC_RELAXED) != 0;

        pol_set_merge(policy, index, tso && cfg->options.gro);
        pol_set_mtu(policy, index, mtu < UINT16_MAX ? (uint16_t)mtu : UINT16_MAX);
    }
}

int fw_apply(struct fw *fw, struct cfg *cfg, struct cfg_error *error)
{
    struct cfg *old = fw->cfg;
    uint32_t workers = fw->running;
    struct cfg_error ignored;
    struct pol *policy;
    int rc = fw_check(fw, cfg, error);

    if (rc < 0)
        return rc;
    policy = pol_build(cfg, fw->policy);
    if (policy == NULL) {
        rc = -errno;
        snprintf(error->text, sizeof error->text, "cannot build the policy tables: %s",
                 strerror(-rc));
        return rc;
    }
    rc = fw_set_workers(fw, cfg->options.workers, error);
    if (rc == 0)
        rc = open_ports(fw, old, cfg, error);
    if (rc == 0) {
        rc = set_tunnels(fw->nic_ops, fw->nic, old, cfg);
        if (rc < 0) {
            snprintf(error->text, sizeof error->text,
                     "the NIC refuses a tunnel end point or network: %s", strerror(-rc));
            unset_tunnels(fw, cfg, old);
            undo_ports(fw, old, cfg, cfg->ports);
        }
    }
    if (rc < 0) {
        fw_set_workers(fw, workers, &ignored);
        pol_free(policy);
        return rc;
    }
    if (fw->arena != NULL && fw->started)
        fw_arena_before(fw->arena, cfg);
    ask_ports(fw, cfg, policy);
    /* Before the first packet of a new port: whose expense a session is at is settled when it comes. */
    for (uint32_t w = 0; w < fw->workers; w++)
        dp_run(fw->worker[w], set_quotas, cfg);
    publish(fw, policy);
    fw->cfg = cfg;
    unset_tunnels(fw, old, cfg);
    fw_publics(fw, old, cfg);
    close_ports(fw, old, cfg);
    cfg_free(old);
    if (fw->arena != NULL) {
        if (!fw->started)
            fw_adopt(fw);
        fw_arena_settle(fw->arena, cfg);
    }
    if (!fw->started)
        fw->started = fw->nic_ops->start(fw->nic) == 0;
    return 0;
}
