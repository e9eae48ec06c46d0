/* SPDX-License-Identifier: Apache-2.0 */
/* Rules in a device: what rte_flow is asked, and what it says. */
#include <errno.h>
#include <rte_errno.h>
#include <string.h>

#include "ports/drivers.h"
#include "ports/pci.h"
#include "rule/rte.h"

static int refused(const struct rule_rte *r, const struct rte_flow_error *error, int rc,
                   struct hsr_rule_state *state)
{
    /* Drivers set the error or the return value, not always both. */
    state->error = (uint8_t)(error->type != RTE_FLOW_ERROR_TYPE_NONE ? (int)error->type
                                                                     : HSR_RULE_ERROR_UNSPECIFIED);
    rule_rte_explain(r, error, rc, state->text, sizeof state->text);
    return rc;
}

static int number_of(const struct nic_port *port)
{
    return port != NULL && port->ops == &nic_pci_ops ? ((const struct pci *)port->priv)->id : -1;
}

int nic_pci_rule_create(struct nic_port *port, const struct hsr_rule *rule,
                        const struct nic_port *mirror, bool validate, void **handle,
                        struct hsr_rule_state *state)
{
    const struct pci *pci = port->priv;
    struct rte_flow_error error = {.type = RTE_FLOW_ERROR_TYPE_NONE};
    struct rule_rte r;
    int rc;

    if (!rule_rte_make(&r, rule, number_of(mirror)))
        return -ENOTSUP;
    rc = rte_flow_validate(pci->id, &r.attr, r.item, r.action, &error);
    if (rc < 0)
        return refused(&r, &error, rc, state);
    if (validate)
        return 0;
    *handle = rte_flow_create(pci->id, &r.attr, r.item, r.action, &error);
    if (*handle != NULL)
        return 0;
    return refused(&r, &error, rte_errno > 0 ? -rte_errno : -EIO, state);
}

int nic_pci_rule_destroy(struct nic_port *port, void *handle, struct hsr_rule_state *state)
{
    const struct pci *pci = port->priv;
    struct rte_flow_error error = {.type = RTE_FLOW_ERROR_TYPE_NONE};
    int rc = rte_flow_destroy(pci->id, handle, &error);

    return rc < 0 ? refused(NULL, &error, rc, state) : 0;
}

int nic_pci_rule_query(struct nic_port *port, void *handle, struct hsr_rule_state *state)
{
    static const struct rte_flow_action count[] = {{.type = RTE_FLOW_ACTION_TYPE_COUNT},
                                                   {.type = RTE_FLOW_ACTION_TYPE_END}};
    const struct pci *pci = port->priv;
    struct rte_flow_query_count counted = {.reset = 0};
    struct rte_flow_error error = {.type = RTE_FLOW_ERROR_TYPE_NONE};
    int rc = rte_flow_query(pci->id, handle, count, &counted, &error);

    if (rc < 0)
        return refused(NULL, &error, rc, state);
    state->packets = counted.hits_set ? counted.hits : 0;
    state->bytes = counted.bytes_set ? counted.bytes : 0;
    return 0;
}
