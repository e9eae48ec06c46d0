/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pp-dump: what the parser says of every frame of captures, a JSON object a line.
 *
 * usage: pp-dump [-u VTEP]... FILE...     -u: frames come by an uplink with this local end point (IPv4 or IPv6);
 * every network up to 4,095 of either tunnel then has the context VNI + 1.
 */
#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hsring/check.h"
#include "preproc/parse.h"

static struct pp_tables tables;
static struct pp_ingress ingress = {.port = 3, .uplink = false, .context = 77};

static int add_vtep(const char *text)
{
    uint8_t addr[16] = {0};
    uint8_t family = strchr(text, ':') ? 6 : 4;

    if (inet_pton(family == 6 ? AF_INET6 : AF_INET, text, addr) != 1)
        return -1;
    for (uint32_t vni = 0; !ingress.uplink && vni < 4096; vni++) {
        pp_tables_context(&tables, HSR_TUNNEL_VXLAN, vni, vni + 1);
        pp_tables_context(&tables, HSR_TUNNEL_GENEVE, vni, vni + 1);
    }
    ingress = (struct pp_ingress){.port = 1, .uplink = true, .context = 0};
    return pp_tables_vtep(&tables, addr, family, false);
}

/* Source of the outer packet as text, "" for none. */
static void outer_source(const struct hsr_rx_meta *m, const struct pp_flow *flow,
                         char text[INET6_ADDRSTRLEN])
{
    uint8_t raw[16];

    text[0] = '\0';
    if (!(m->flags & HSR_RXF_DECAP))
        return;
    if (m->flags1 & HSR_RX1F_OUTER_IPV6) {
        hsr_store64(raw, flow->outer6[0]);
        hsr_store64(raw + 8, flow->outer6[1]);
        inet_ntop(AF_INET6, raw, text, INET6_ADDRSTRLEN);
    } else {
        hsr_store32(raw, m->outer_src4);
        inet_ntop(AF_INET, raw, text, INET6_ADDRSTRLEN);
    }
}

/* Address of the low or high end point as text. */
static void address(const struct hsr_key *key, bool high, char text[INET6_ADDRSTRLEN])
{
    uint8_t raw[16];

    if (key->ipv6) {
        hsr_store64(raw, key->w[high ? 2 : 0]);
        hsr_store64(raw + 8, key->w[high ? 3 : 1]);
        inet_ntop(AF_INET6, raw, text, INET6_ADDRSTRLEN);
    } else {
        hsr_store32(raw, (uint32_t)(key->w[0] >> (high ? 0 : 32)));
        inet_ntop(AF_INET, raw, text, INET6_ADDRSTRLEN);
    }
}

static void dump(unsigned number, const struct hsr_rx_meta *m, const struct pp_flow *flow)
{
    const struct hsr_key *key = &flow->key;
    bool swap = m->flags & HSR_RXF_SWAP, line1 = m->flags & HSR_RXF_LINE1;
    uint64_t tail = hsr_key_tail(key);
    char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], outer[INET6_ADDRSTRLEN];

    address(key, swap, src);
    address(key, !swap, dst);
    outer_source(m, flow, outer);
    printf("{\"frame\":%u,\"class\":%u,\"reason\":\"%s\",\"ipv6\":%d,\"decap\":%d,", number,
           m->class, m->reason ? hsr_drop_name(m->reason) : "", key->ipv6,
           (m->flags & HSR_RXF_DECAP) != 0);
    printf("\"src\":\"%s\",\"dst\":\"%s\",\"sport\":%u,\"dport\":%u,\"proto\":%u,\"context\":%u,",
           src, dst, hsr_key_port(tail, swap), hsr_key_port(tail, !swap), hsr_key_proto(tail),
           hsr_key_context(tail));
    printf("\"l2\":%u,\"l3\":%u,\"l4\":%u,\"payload\":%u,\"len\":%u,\"tcp_flags\":%u,", m->l2_off,
           m->l3_off, m->l4_off, m->payload_off, m->frame_len, m->tcp_flags);
    printf("\"verdicts\":[%u,%u,%u,%u],", m->verdicts & 3u, m->verdicts >> 2 & 3u,
           m->verdicts >> 4 & 3u, m->verdicts >> 6 & 3u);
    printf("\"outer\":\"%s\",\"vni\":%u,\"tunnel\":%u,\"frag_id\":%u,\"tagged\":%d,\"vlan\":%u}\n",
           outer, line1 ? m->vni_tunnel >> 8 : 0, line1 ? m->vni_tunnel & 255u : 0,
           line1 ? m->frag_id : 0, line1 && (m->flags1 & HSR_RX1F_VLAN),
           line1 ? m->vlan_tci & 0xFFFu : 0);
}

static int dump_file(const char *path)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *capture = pcap_open_offline(path, error);
    struct pcap_pkthdr *head;
    const u_char *frame;
    int got;

    if (!capture) {
        fprintf(stderr, "pp-dump: %s\n", error);
        return 1;
    }
    for (unsigned number = 1; (got = pcap_next_ex(capture, &head, &frame)) == 1; number++) {
        struct hsr_rx_meta meta;
        struct pp_flow flow;

        memset(&meta, 0, sizeof meta);
        pp_parse(frame, head->caplen, &ingress, &tables, NULL, &meta, &flow);
        dump(number, &meta, &flow);
    }
    if (got == PCAP_ERROR)
        fprintf(stderr, "pp-dump: %s: %s\n", path, pcap_geterr(capture));
    pcap_close(capture);
    return got == PCAP_ERROR;
}

int main(int argc, char **argv)
{
    int option, failed = 0;

    while ((option = getopt(argc, argv, "u:")) != -1) {
        if (option != 'u' || add_vtep(optarg) != 0) {
            fprintf(stderr, "usage: pp-dump [-u VTEP]... FILE...\n");
            return 2;
        }
    }
    for (int i = optind; i < argc; i++)
        failed |= dump_file(argv[i]);
    return failed;
}
