/* SPDX-License-Identifier: Apache-2.0 */
/* Who avsd is while it serves. */
#include "avsd.h"
#include "nic/eal.h"
#include "nic/helper.h"

/* Sockets and the saved state are made, and taken away again, by the user. */
static int directories(const struct avsd *d, char why[NIC_WHY])
{
    const struct avsd_options *o = d->options;
    int rc = rights_directory(&d->rights, o->socket, why);

    if (rc == 0 && o->state != NULL)
        rc = rights_directory(&d->rights, o->state, why);
    if (rc == 0 && o->metrics != NULL && o->metrics[0] == '/')
        rc = rights_directory(&d->rights, o->metrics, why);
    return rc;
}

int avsd_rights(struct avsd *d, char why[NIC_WHY])
{
    int rc = rights_choose(&d->rights, d->options->user, why);

    if (rc < 0)
        return rc;
    if (!d->rights.stay)
        nic_eal_beside(d->options->socket);
    rc = directories(d, why);
    if (rc == 0 && d->options->nic == NULL)
        rc = nic_helper_start(&d->rights, why);
    return rc == 0 ? rights_drop(&d->rights, 0, why) : rc;
}
