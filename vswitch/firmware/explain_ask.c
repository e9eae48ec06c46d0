/* SPDX-License-Identifier: Apache-2.0 */
/* From what somebody asks to a frame at a port. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"

static int fail(struct ctl_rule_error *error, int rc, int at, const char *text)
{
    error->type = "PACKET";
    error->at = at;
    snprintf(error->text, sizeof error->text, "%s", text);
    return rc;
}

/* The one vNIC that has this address. */
static int find_owner(const struct fw *fw, const struct cfg_addr *addr,
                      const struct cfg_port **port, struct ctl_rule_error *error)
{
    const struct cfg_port *found = NULL;
    char text[200], a[48];

    for (uint32_t i = 0; i < fw->cfg->ports; i++) {
        const struct cfg_port *p = &fw->cfg->port[i];

        if (p->role != CFG_VNIC || !pol_port_has(pol_port(fw->policy, p->index), addr))
            continue;
        if (found != NULL) {
            snprintf(text, sizeof text, "ports %s and %s have %s: name one with 'port'",
                     found->name, p->name, cfg_addr_text(addr, a));
            return fail(error, -EINVAL, -1, text);
        }
        found = p;
    }
    if (found == NULL) {
        snprintf(text, sizeof text,
                 "no vNIC here has %s: name the port that the packet comes in by",
                 cfg_addr_text(addr, a));
        return fail(error, -EINVAL, -1, text);
    }
    *port = found;
    return 0;
}

static int find_port(const struct fw *fw, const char *name, const struct cfg_port **port,
                     struct ctl_rule_error *error)
{
    char text[200];

    *port = fw_port_named(fw, name);
    if (*port != NULL)
        return 0;
    snprintf(text, sizeof text, "no port '%.60s'", name);
    return fail(error, -ENOENT, -1, text);
}

static int value_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int read_hex(const char *hex, struct fw_frame *f, struct ctl_rule_error *error)
{
    const char *c = hex;

    f->len = 0;
    f->vnet = (struct virtio_net_hdr){0};
    for (;;) {
        c += strspn(c, " \t\n:");
        if (*c == '\0')
            break;
        int high = value_of(c[0]), low = high < 0 ? -1 : value_of(c[1]);

        if (high < 0 || low < 0)
            return fail(error, -EINVAL, (int)(c - hex), "two hexadecimal digits make a byte");
        if (f->len == HSR_MAX_FRAME)
            return fail(error, -E2BIG, (int)(c - hex), "a frame of more bytes than any port takes");
        f->bytes[f->len++] = (uint8_t)(high * 16 + low);
        c += 2;
    }
    return f->len > 0 ? 0 : fail(error, -EINVAL, 0, "no bytes");
}

static int ask(struct fw *fw, const struct ctl_explain *want, struct fw_frame *f, json_t **result,
               struct ctl_rule_error *error)
{
    const struct fw_explain how = {.anew = want->anew, .bytes = want->bytes};
    const struct cfg_port *port = NULL;
    struct packet_error why;
    struct packet p;
    int rc = want->port != NULL ? find_port(fw, want->port, &port, error) : 0;

    if (rc < 0)
        return rc;
    if (want->packet == NULL && port == NULL)
        return fail(error, -EINVAL, -1, "name the port that the bytes come in by");
    if (want->packet == NULL) {
        rc = read_hex(want->frame, f, error);
    } else {
        if (!packet_read(want->packet, &p, &why))
            return fail(error, -EINVAL, why.at, why.text);
        if (port == NULL)
            rc = find_owner(fw, &p.src, &port, error);
        if (rc == 0 && !packet_make(fw, port, &p, f, &why))
            return fail(error, -EINVAL, why.at, why.text);
    }
    if (rc < 0)
        return rc;
    rc = fw_explain_frame(fw, port, f, &how, result);
    if (rc == -E2BIG)
        return fail(error, rc, -1, "it would meet more sessions than can be looked up for this");
    return rc < 0 ? fail(error, rc, -1, strerror(-rc)) : 0;
}

int fw_explain(struct fw *fw, const struct ctl_explain *want, json_t **result,
               struct ctl_rule_error *error)
{
    struct fw_frame f = {.bytes = malloc(HSR_MAX_FRAME)};
    int rc;

    if (fw->cfg == NULL)
        rc = fail(error, -EAGAIN, -1, "there is no configuration yet");
    else if (f.bytes == NULL)
        rc = fail(error, -ENOMEM, -1, strerror(ENOMEM));
    else
        rc = ask(fw, want, &f, result, error);
    free(f.bytes);
    return rc;
}
