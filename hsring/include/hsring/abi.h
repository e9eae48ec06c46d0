/* SPDX-License-Identifier: Apache-2.0 */
/* Generated from hsring/hsring.toml by hsring/gen/hsring_gen.py; edit those. */
#ifndef HSRING_ABI_H
#define HSRING_ABI_H

#include <stddef.h>
#include <stdint.h>

/* clang-format off */

#define HSR_MAGIC UINT64_C(0x31474E5249525448)
#define HSR_ABI_MAJOR 0
#define HSR_ABI_MINOR 5

/* Region and slots */
#define HSR_CACHE_LINE 64 /* bytes; unit of every alignment in the region */
#define HSR_MAX_WORKERS 16 /* ring sets in one region */
#define HSR_MAX_PORTS 0x400 /* port indices 0..1023; NO_PORT is none of them */
#define HSR_NO_PORT 0xFFFF /* no port */
#define HSR_MAX_POOLS 0x800 /* pools of public addresses that several guests share */
#define HSR_MAX_GROUPS 64 /* ownership groups 0..63 */
#define HSR_SLOT_META 128 /* bytes of metadata at the start of a slot (two cache lines) */
#define HSR_SLOT_HEADROOM 128 /* bytes free before a received frame, for pushed headers */
#define HSR_SLOT_FRAME 0x100 /* offset of a received frame in its slot: SLOT_META + SLOT_HEADROOM */
#define HSR_SLOT_SIZE 0x840 /* bytes of one slot, an odd number of lines, so that the first lines of many spread over all sets of a cache; larger packets take consecutive slots */
#define HSR_SLOT_CLASSES 3 /* run lengths: a single slot, a jumbo frame, a GSO frame */
#define HSR_RUN_SINGLE 1 /* slots a run of class 0: frames up to 1,856 bytes */
#define HSR_RUN_JUMBO 5 /* slots a run of class 1: frames up to 10,304 bytes */
#define HSR_RUN_GSO 32 /* slots a run of class 2: frames up to 67,328 bytes */
#define HSR_CELL_SIZE 0x800 /* bytes of one cell of payload memory */
#define HSR_CELLS 0x800 /* cells of payload memory: 4 MiB (Triton, section 6: 6.28 MB of on-chip memory in all) */
#define HSR_SLICE_MAX 0x100 /* bytes of the header slice: payload_off of a sliced packet is at most this */
#define HSR_MAX_FRAME 0x10040 /* bytes; 65,535 of IP behind at most 65 of Ethernet, VLAN and slack */
#define HSR_MAX_VECTOR 16 /* packets in one vector (Triton, section 8.1) */
#define HSR_ENTRY_SLOT_BITS 24 /* low bits of a ring entry: slot index; the rest is its kind */
#define HSR_LATENCY_STAGES 3 /* what the NIC measures of a packet: enum latency */
#define HSR_LATENCY_BUCKETS 0x1D0 /* of a histogram of times */
#define HSR_KEY_CONTEXT_BITS 24 /* bits of the tenant context in a key */

/* Hash slices (of the 64-bit Toeplitz hash; disjoint) */
#define HSR_HASH_QUEUE_SHIFT 0 /* aggregation queue */
#define HSR_HASH_QUEUE_BITS 10 /* 1,024 queues */
#define HSR_HASH_RETA_SHIFT 10 /* steering: index into the RETA */
#define HSR_HASH_RETA_BITS 8 /* 256 RETA entries */
#define HSR_HASH_BUCKET_SHIFT 18 /* flow-index bucket (one cache line of four banks) */
#define HSR_HASH_BUCKET_BITS 14 /* at most 16,384 buckets = 65,536 entries */
#define HSR_HASH_TAG_SHIFT 32 /* flow-index tag */
#define HSR_HASH_TAG_BITS 32

/* Flow id */
#define HSR_FLOW_FLAGS_BITS 8 /* bits 0..7 */
#define HSR_FLOW_INDEX_BITS 25 /* bits 8..32: index into the flow cache array of the worker */
#define HSR_FLOW_GEN_BITS 15 /* bits 33..47: generation of that index */
#define HSR_FLOW_WORKER_BITS 8 /* bits 48..55 */
#define HSR_FLOW_INSTANCE_BITS 8 /* bits 56..63: never 0, so that flow id 0 is no flow */

/* Rules */
#define HSR_MAX_RULES 0x100 /* rules a NIC keeps, of all ports */
#define HSR_MAX_METERS 0x100 /* meter ids 0..255 */
#define HSR_RULE_ITEMS 12 /* items of a pattern */
#define HSR_RULE_HEADER 40 /* bytes of the longest header an item matches */

/* What a ring entry carries (bits 24..31 of the entry). */
enum hsr_kind {
    HSR_KIND_PACKET = 0, /* a received packet; on tx its slot came from rx */
    HSR_KIND_CTRL = 1, /* no packet: what the action of the tx metadata says (enum ctrl); slot of the firmware's quota */
    HSR_KIND_ORIGINATE = 2, /* a packet the firmware made in a slot of its quota */
};

/* State of one checksum. */
enum hsr_verdict {
    HSR_VERDICT_UNCHECKED = 0, /* not there or not looked at */
    HSR_VERDICT_GOOD = 1, /* computed over the packet and right */
    HSR_VERDICT_BAD = 2, /* computed and wrong */
    HSR_VERDICT_PARTIAL = 3, /* holds the pseudo-header sum; the sender left it to us (csum_start, csum_offset) */
};

/* Traffic class of the keyed packet, as the parser sees it. */
enum hsr_class {
    HSR_CLASS_BAD = 0, /* not parsed to the end: see rx_meta.reason */
    HSR_CLASS_TCP = 1,
    HSR_CLASS_UDP = 2,
    HSR_CLASS_ICMP = 3, /* ICMP or ICMPv6 query; both key ports hold the identifier */
    HSR_CLASS_ICMP_ERROR = 4, /* ICMP or ICMPv6 error; key ports 0; steered by the key of the packet it quotes */
    HSR_CLASS_SCTP = 5,
    HSR_CLASS_IP_OTHER = 6, /* any other IP protocol; key ports 0 */
    HSR_CLASS_FRAG = 7, /* a fragment, the first one too; key ports 0, frag_id apart */
    HSR_CLASS_ARP = 8, /* key is 0 but for the context */
    HSR_CLASS_ND = 9, /* ICMPv6 types 133..137 */
    HSR_CLASS_DHCP = 10, /* UDP 67/68 over IPv4 or 546/547 over IPv6 */
    HSR_CLASS_MULTICAST = 11, /* IP to a group or broadcast address, or link-local IGMP/MLD */
    HSR_CLASS_NON_IP = 12, /* well-formed Ethernet of a type we have no parser for */
};

/* Tunnel a packet came in. */
enum hsr_tunnel {
    HSR_TUNNEL_NONE = 0,
    HSR_TUNNEL_VXLAN = 1, /* RFC 7348 */
    HSR_TUNNEL_GENEVE = 2, /* RFC 8926 */
};

/* Segmentation asked for by the sender (rx) or of the Post-Processor (tx). ECN is a bit beside the type. */
enum hsr_gso {
    HSR_GSO_NONE = 0,
    HSR_GSO_TCP4 = 1,
    HSR_GSO_TCP6 = 2,
    HSR_GSO_UFO = 3, /* UDP as IP fragments */
    HSR_GSO_USO = 4, /* UDP as datagrams of gso_size */
    HSR_GSO_ECN = 128, /* bit: CWR is set on the first segment only (RFC 3168) */
};

/* Bits of rx_meta.flags. */
enum hsr_rxf {
    HSR_RXF_SWAP = 1, /* the packet's source is the key's high end point */
    HSR_RXF_IPV6 = 2, /* the key is the 40-byte one; its addresses stand in line 1 */
    HSR_RXF_UPLINK = 4, /* the ingress port is an uplink */
    HSR_RXF_DECAP = 8, /* the key is of the inner packet; l2_off says where that begins */
    HSR_RXF_OPTIONS = 16, /* IPv4 options or IPv6 extension headers are present */
    HSR_RXF_LINE1 = 32, /* line 1 holds more than zeroes: read it */
    HSR_RXF_L2_MCAST = 64, /* destination MAC is a group address */
};

/* Bits of rx_meta.flags1 (line 1). */
enum hsr_rx1f {
    HSR_RX1F_PARTIAL_SUM = 1, /* partial_sum is the sum of the sliced payload */
    HSR_RX1F_RETURNED = 2, /* delivered for the second time, whole, after a RETURN; partial_sum holds its enum return */
    HSR_RX1F_OUTER_CE = 4, /* outer header carries ECN CE */
    HSR_RX1F_OUTER_ECT = 8, /* outer header carries ECT(0) or ECT(1) */
    HSR_RX1F_VLAN = 16, /* vlan_tci is valid */
    HSR_RX1F_FRAG_FIRST = 32, /* fragment at offset 0 */
    HSR_RX1F_FRAG_MORE = 64, /* more fragments follow */
    HSR_RX1F_OUTER_IPV6 = 128, /* the outer header is IPv6: outer_src4 is 0, the outer source stands in the frame alone */
};

/* What becomes of a slot on tx (tx_meta.action). */
enum hsr_txa {
    HSR_TXA_TRANSMIT = 0, /* send on egress_port */
    HSR_TXA_DROP = 1, /* count drop_reason, free the slot and what it refers to */
    HSR_TXA_CONSUME = 2, /* used up by the firmware (answered, learned); free the slot */
    HSR_TXA_RETURN = 3, /* join the payload and deliver the packet whole, once; drop_reason says why (enum return) */
    HSR_TXA_MERGE = 4, /* append the payload bytes (frame_off to frame_len, then the payload handle's) to the TRANSMIT before it; counted as merged */
};

/* Why the firmware wants a packet again and whole: tx_meta.drop_reason of a RETURN, then rx_meta.partial_sum with RX1F_RETURNED. */
enum hsr_return {
    HSR_RETURN_NEIGHBOR = 1, /* it will be parked until a neighbour is resolved */
    HSR_RETURN_WHOLE = 2, /* bytes of the payload are needed */
    HSR_RETURN_L7 = 3, /* it goes to a proxy */
};

/* What becomes of a reference to sliced payload (tx_meta.payload_op). */
enum hsr_payload {
    HSR_PAYLOAD_RELEASE = 0, /* the last use of the handle */
    HSR_PAYLOAD_KEEP = 1, /* more references of the same worker follow */
};

/* What an entry of kind CTRL asks for (its tx_meta.action). */
enum hsr_ctrl {
    HSR_CTRL_FIT = 0, /* the flow-index operation alone */
    HSR_CTRL_RELEASE = 1, /* give back the payload */
    HSR_CTRL_FENCE = 2, /* no older output of this owner follows for the group in `owner` */
};

/* Work for the Post-Processor (tx_meta.offload). */
enum hsr_txo {
    HSR_TXO_L3_CSUM = 1, /* compute the IPv4 header checksum at l3_off */
    HSR_TXO_L4_PARTIAL = 2, /* the L4 checksum field holds the pseudo-header sum: complete it, or hand it on to a port that takes it */
    HSR_TXO_L4_UDP = 4, /* with L4_PARTIAL: UDP (field at 6), else TCP (field at 16) */
    HSR_TXO_ENCAP = 8, /* outer_l3_off and outer_l4_off are valid, l3_off and l4_off are the inner ones */
    HSR_TXO_OUTER_L3_CSUM = 16, /* compute the outer IPv4 header checksum */
    HSR_TXO_OUTER_L4_CSUM = 32, /* compute the outer UDP checksum; else it stays as written (0: none; RFC 7348, over IPv6 RFC 6935) */
    HSR_TXO_L4_SCTP = 64, /* with L4_PARTIAL: SCTP CRC32c (field at 8) */
    HSR_TXO_IPV6 = 128, /* the (inner) packet is IPv6 */
    HSR_TXO_FRAGMENT = 0x100, /* the IPv4 packet at l3_off may be fragmented to fit mtu */
    HSR_TXO_MORE = 0x200, /* the next entry is a MERGE for this packet */
};

/* Flow-index operation (tx_meta.fit_op). */
enum hsr_fit {
    HSR_FIT_NONE = 0,
    HSR_FIT_INSERT = 1, /* place (hash -> flow_id) over an equal tag, else in an empty bank, else over a victim; fit_named is not looked at */
    HSR_FIT_DELETE = 2, /* remove (hash -> fit_named), only if stored */
    HSR_FIT_UPDATE = 3, /* (hash -> fit_named) becomes (hash -> flow_id), only if stored */
};

/* Bits 0..7 of a flow id. */
enum hsr_flow {
    HSR_FLOW_NO_SLICE = 1, /* packets of this flow are delivered whole */
    HSR_FLOW_KEY2 = 2, /* the firmware's own, handed back as it was: entry of a secondary key */
    HSR_FLOW_DIR = 4, /* the firmware's own, handed back as it was: direction of the secondary key */
    HSR_FLOW_HOME = 248, /* the firmware's own, handed back as it was: the part of the RETA that leads to the session */
};

/* Port drivers of a software NIC; a DPU has its own. */
enum hsr_port_kind {
    HSR_PORT_KIND_TAP = 1, /* a tap interface made by the port */
    HSR_PORT_KIND_KERNEL = 2, /* an existing kernel interface (AF_PACKET) */
    HSR_PORT_KIND_PCAP = 3, /* capture files */
    HSR_PORT_KIND_NULL = 4, /* receives nothing, sends to nowhere */
    HSR_PORT_KIND_RING = 5, /* memory-resident frames of the same process */
    HSR_PORT_KIND_PCI = 6, /* a DPDK device by address */
    HSR_PORT_KIND_VHOST_USER = 7, /* a virtual machine's network device, by the path of its vhost-user socket */
    HSR_PORT_KIND_MEMIF = 8, /* a shared-memory interface (memif), by the path of its socket */
};

/* Feature bits of a region; an unknown bit in the low half is refused, in the high half ignored. */
enum hsr_feature {
    HSR_FEATURE_BASE = 1, /* everything in ABI 0.5 */
    HSR_FEATURE_SECOND = 2, /* of HELLO: attach as the second firmware, beside one that is there */
    HSR_FEATURE_LATENCY = 0x100000000, /* of WELCOME: the NIC measures latency and knows LATENCY_SET and LATENCY_GET */
};

/* Messages of the attach socket (SOCK_SEQPACKET). */
enum hsr_msg_type {
    HSR_MSG_REPLY = 0, /* answer to any request: status 0 or an errno, and a text */
    HSR_MSG_HELLO = 1, /* firmware: who am I, which ABI; answered by WELCOME or REPLY */
    HSR_MSG_WELCOME = 2, /* NIC: geometry; carries the region memfd and two doorbells a worker */
    HSR_MSG_START = 3, /* begin to fetch from the ports */
    HSR_MSG_PORT_ADD = 4, /* create a port; may carry a descriptor */
    HSR_MSG_PORT_DEL = 5, /* remove a port */
    HSR_MSG_CONTEXT_SET = 6, /* (tunnel, VNI) -> context; context 0 removes */
    HSR_MSG_VTEP_SET = 7, /* a local tunnel end point address */
    HSR_MSG_SYNC = 8, /* publish statistics now, then reply */
    HSR_MSG_STOP = 9, /* fetch nothing more from the ports */
    HSR_MSG_RULE_CREATE = 10, /* validate a rule, and create it when asked to; answered by RULE_STATE */
    HSR_MSG_RULE_DESTROY = 11, /* remove a rule; answered by RULE_STATE */
    HSR_MSG_RULE_QUERY = 12, /* what a rule has counted; answered by RULE_STATE */
    HSR_MSG_RULE_FLUSH = 13, /* remove all rules of a port; answered by RULE_STATE */
    HSR_MSG_RULE_STATE = 14, /* answer to the four above: the rule's state, or why not */
    HSR_MSG_METER_SET = 15, /* create, change or remove a meter */
    HSR_MSG_ARENA_GET = 16, /* the memory kept under a name, made when there is none of that size and layout; answered by ARENA or REPLY */
    HSR_MSG_ARENA_PUT = 17, /* keep this memory, of a former NIC, under a name; carries the memfd */
    HSR_MSG_ARENA_DROP = 18, /* keep the memory of this name no longer */
    HSR_MSG_ARENA = 19, /* answer to ARENA_GET; carries the memfd */
    HSR_MSG_PORT_SET = 20, /* change what can change of a port while it is there: share, min_slots, rates, mac */
    HSR_MSG_HASH_SET = 21, /* before START: hash with this secret, under which the firmware has sessions from a former NIC */
    HSR_MSG_OWNER_SET = 22, /* who owns a group of ports and contexts, and from which packet on; of either firmware */
    HSR_MSG_GROUP_SET = 23, /* to which group a port or a context belongs; of either firmware */
    HSR_MSG_PUBLIC_SET = 24, /* who packets from outside to a public address are for: at whose expense the pre-classifier lets them pass */
    HSR_MSG_RETA_SET = 25, /* which ring each entry of the RETA leads to, from the next packet on; after HELLO they go round all rings granted */
    HSR_MSG_CAPTURE_SET = 26, /* begin or end a capture of packets at the NIC's points; may carry a descriptor */
    HSR_MSG_LATENCY_SET = 27, /* measure the time of packets in the NIC, or not any more */
    HSR_MSG_LATENCY_GET = 28, /* what was measured of a ring and stage; answered by LATENCY or REPLY */
    HSR_MSG_LATENCY = 29, /* answer to LATENCY_GET */
};

/* What the NIC measures of a received packet, by its own clock and from what it keeps of it (msg_latency_get.stage). */
enum hsr_latency {
    HSR_LATENCY_TO_RING = 0, /* reception until it is on an rx ring */
    HSR_LATENCY_WITH_WORKER = 1, /* on an rx ring until the NIC takes it from a tx ring */
    HSR_LATENCY_WHOLE = 2, /* reception until a port took it: each frame that was made of it */
};

/* Header that an item of a rule matches; names and meaning are those of enum rte_flow_item_type. */
enum hsr_rule_item_type {
    HSR_RULE_ITEM_ETH = 1,
    HSR_RULE_ITEM_VLAN = 2, /* a tag from its TCI on */
    HSR_RULE_ITEM_IPV4 = 3, /* without options */
    HSR_RULE_ITEM_IPV6 = 4, /* without extension headers */
    HSR_RULE_ITEM_TCP = 5, /* without options */
    HSR_RULE_ITEM_UDP = 6,
    HSR_RULE_ITEM_SCTP = 7,
    HSR_RULE_ITEM_ICMP = 8,
    HSR_RULE_ITEM_ICMP6 = 9,
    HSR_RULE_ITEM_VXLAN = 10, /* of a tunnel the NIC opens */
    HSR_RULE_ITEM_GENEVE = 11, /* likewise, without options */
};

/* Bits of rule.actions, done in this order: COUNT, METER, MIRROR, MARK, DROP. */
enum hsr_rule_act {
    HSR_RULE_ACT_DROP = 1, /* drop reason RULE */
    HSR_RULE_ACT_MARK = 2, /* the packet's flow id is rule.flow_id, whatever the flow-index table says */
    HSR_RULE_ACT_COUNT = 4, /* packets and bytes, for RULE_QUERY */
    HSR_RULE_ACT_METER = 8, /* over the rate: drop reason METER, and nothing else of this rule */
    HSR_RULE_ACT_MIRROR = 16, /* a copy leaves by the port rule.mirror */
    HSR_RULE_ACT_PASSTHRU = 32, /* rules behind this one are looked at as well */
};

/* What of a rule is wrong; names and numbers are those of enum rte_flow_error_type. */
enum hsr_rule_error {
    HSR_RULE_ERROR_NONE = 0,
    HSR_RULE_ERROR_UNSPECIFIED = 1,
    HSR_RULE_ERROR_HANDLE = 2, /* no such rule */
    HSR_RULE_ERROR_ATTR_GROUP = 3,
    HSR_RULE_ERROR_ATTR_PRIORITY = 4,
    HSR_RULE_ERROR_ATTR_INGRESS = 5,
    HSR_RULE_ERROR_ATTR_EGRESS = 6,
    HSR_RULE_ERROR_ATTR_TRANSFER = 7,
    HSR_RULE_ERROR_ATTR = 8,
    HSR_RULE_ERROR_ITEM_NUM = 9, /* length of the pattern */
    HSR_RULE_ERROR_ITEM_SPEC = 10,
    HSR_RULE_ERROR_ITEM_LAST = 11,
    HSR_RULE_ERROR_ITEM_MASK = 12,
    HSR_RULE_ERROR_ITEM = 13,
    HSR_RULE_ERROR_ACTION_NUM = 14, /* number of actions */
    HSR_RULE_ERROR_ACTION_CONF = 15,
    HSR_RULE_ERROR_ACTION = 16,
    HSR_RULE_ERROR_STATE = 17, /* state of the device */
};

/* Where a rule is kept (rule_state.home). */
enum hsr_rule_home {
    HSR_RULE_HOME_NONE = 0, /* nowhere */
    HSR_RULE_HOME_TABLE = 1, /* in the NIC's table */
    HSR_RULE_HOME_DEVICE = 2, /* in the port's device (rte_flow) */
};

/* What a meter counts (msg_meter.unit). */
enum hsr_meter_unit {
    HSR_METER_NONE = 0, /* remove the meter */
    HSR_METER_PACKETS = 1, /* rate in packets a second, burst in packets */
    HSR_METER_BITS = 2, /* rate in bits a second, burst in bytes */
};

/* X(NAME, name, stage, text): every drop has one reason, and every reason stands here. */
#define HSR_DROP_REASONS(X) \
    X(PKT_TOO_SMALL, pkt_too_small, pre, "frame shorter than its Ethernet header, or an empty descriptor") \
    X(PKT_TOO_BIG, pkt_too_big, pre, "frame longer than 65,600 bytes") \
    X(VLAN_DEPTH, vlan_depth, pre, "more than two VLAN tags") \
    X(IP_HDR, ip_hdr, pre, "IPv4 header: version, IHL or total length do not fit the frame") \
    X(IP_CSUM, ip_csum, pre, "IPv4 header checksum wrong") \
    X(IP_OPT, ip_opt, pre, "IPv4 option overruns the header or has a bad length") \
    X(IP6_HDR, ip6_hdr, pre, "IPv6 header: version or payload length does not fit the frame") \
    X(IP6_EXT, ip6_ext, pre, "IPv6 extension headers: more than eight, out of place, or overrunning") \
    X(FRAG_BAD, frag_bad, pre, "fragment past 65,535 bytes, of no length, or not a multiple of eight") \
    X(TCP_HDR, tcp_hdr, pre, "TCP data offset below five or past the end, or a bad option length") \
    X(TCP_FLAGS, tcp_flags, pre, "TCP flags no stack sends: none, SYN+FIN, SYN+RST, FIN without ACK") \
    X(TCP_CSUM, tcp_csum, pre, "TCP checksum wrong") \
    X(UDP_LEN, udp_len, pre, "UDP length below eight or past the IP payload") \
    X(UDP_CSUM, udp_csum, pre, "UDP checksum wrong, or 0 over IPv6") \
    X(ICMP_HDR, icmp_hdr, pre, "ICMP or ICMPv6 shorter than its header") \
    X(ICMP_CSUM, icmp_csum, pre, "ICMP or ICMPv6 checksum wrong") \
    X(SCTP_HDR, sctp_hdr, pre, "SCTP shorter than its header") \
    X(SCTP_CSUM, sctp_csum, pre, "SCTP CRC32c wrong") \
    X(ARP_BAD, arp_bad, pre, "ARP not Ethernet/IPv4, cut short, or sender MAC a group address") \
    X(ND_BAD, nd_bad, pre, "neighbour discovery with hop limit below 255, cut short, or an option of length 0 (RFC 4861)") \
    X(VXLAN_HDR, vxlan_hdr, pre, "VXLAN cut short or without the I flag") \
    X(GENEVE_HDR, geneve_hdr, pre, "Geneve cut short, or of a version or payload type unknown") \
    X(GENEVE_OPT, geneve_opt, pre, "Geneve options overrun, or an unknown critical one") \
    X(OUTER_CSUM, outer_csum, pre, "outer UDP checksum present and wrong") \
    X(OUTER_FRAG, outer_frag, pre, "tunnel packet arrived as fragments") \
    X(GSO_BAD, gso_bad, pre, "segmentation or checksum request that does not fit the frame") \
    X(NO_SLOT, no_slot, pre, "no free slot for a received frame") \
    X(RX_RING_FULL, rx_ring_full, pre, "the worker's rx ring stayed full") \
    X(RULE, rule, pre, "a rule of the port says so (avs-ctl flow)") \
    X(METER, meter, pre, "over the rate of the meter that a rule of the port names") \
    X(PRE_LIMIT, pre_limit, pre, "over the rate at which its vNIC may receive from the network (rx_limit)") \
    X(PRE_SHARE, pre_share, pre, "from the network, to a vNIC that has its share of packets in flight") \
    X(BAD_LIMIT, bad_limit, pre, "bad packet over the rate at which those of its port are looked at (bad_limit)") \
    X(META_BAD, meta_bad, fw, "rx metadata outside its contract") \
    X(NOT_CONFIGURED, not_configured, fw, "ingress port or context unknown to the configuration") \
    X(ETHERTYPE, ethertype, fw, "Ethernet type we do not carry") \
    X(UNKNOWN_VNI, unknown_vni, fw, "VXLAN or Geneve network no VPC has") \
    X(UNKNOWN_VTEP, unknown_vtep, fw, "tunnel packet from an address that is no known VTEP") \
    X(NOT_FOR_US, not_for_us, fw, "uplink packet that is neither tunnel traffic nor addressed to the host") \
    X(SPOOF_MAC, spoof_mac, fw, "source MAC is not the vNIC's") \
    X(SPOOF_IP, spoof_ip, fw, "source address is not the vNIC's, or one that no host may send from") \
    X(SPOOF_ARP, spoof_arp, fw, "ARP sender is not the vNIC") \
    X(SPOOF_ND, spoof_nd, fw, "neighbour or router advertisement the vNIC may not send") \
    X(SPOOF_DHCP, spoof_dhcp, fw, "DHCP server message from a vNIC") \
    X(LOOP, loop, fw, "packet from the network with the source address of a local vNIC") \
    X(SG_EGRESS, sg_egress, fw, "no egress rule of the sender's security groups allows it") \
    X(SG_INGRESS, sg_ingress, fw, "no ingress rule of the receiver's security groups allows it") \
    X(NO_ROUTE, no_route, fw, "no route in the VPC") \
    X(BLACKHOLE, blackhole, fw, "route of type blackhole") \
    X(NO_MAPPING, no_mapping, fw, "address inside the VPC that nobody has") \
    X(UNKNOWN_MAC, unknown_mac, fw, "destination MAC is neither the gateway's nor the destination's") \
    X(NEIGH_PENDING, neigh_pending, fw, "underlay neighbour not resolved yet, and too many packets wait for it") \
    X(TTL, ttl, fw, "TTL or hop limit ran out") \
    X(BUM, bum, fw, "broadcast, unknown unicast or multicast the policy does not carry") \
    X(ARP_UNKNOWN, arp_unknown, fw, "ARP or neighbour solicitation for an address nobody has") \
    X(NO_SESSION, no_session, fw, "packet in the middle of a connection we have not seen (strict midstream policy)") \
    X(TCP_STATE, tcp_state, fw, "TCP packet its connection's state does not allow") \
    X(TCP_WINDOW, tcp_window, fw, "TCP sequence number outside the window (RFC 5961)") \
    X(ICMP_STATE, icmp_state, fw, "ICMP reply without a request") \
    X(ICMP_INNER, icmp_inner, fw, "ICMP error that quotes no session of ours") \
    X(SESSION_FULL, session_full, fw, "session table full and nothing to evict") \
    X(SESSION_QUOTA, session_quota, fw, "the vNIC has as many sessions as its quota, or without one its share of the table") \
    X(FRAGMENT, fragment, fw, "fragment whose first part did not come within a second") \
    X(ECN, ecn, fw, "outer CE over inner Not-ECT (RFC 6040)") \
    X(PMTU, pmtu, fw, "larger than the path MTU, and not to be fragmented on the way") \
    X(NAT_NONE, nat_none, fw, "no public address for the sender, or nobody behind the public address and port") \
    X(NAT_PORTS, nat_ports, fw, "no port of the snat pool is free towards this destination") \
    X(FRAG_OVERLAP, frag_overlap, fw, "fragment of a datagram whose fragments overlap: all of it is dropped (RFC 5722)") \
    X(FRAG_DUP, frag_dup, fw, "fragment that has come before") \
    X(FRAG_QUOTA, frag_quota, fw, "too many fragments of the vNIC wait for the first one, or too many of its datagrams for the rest") \
    X(NO_UPLINK, no_uplink, fw, "no uplink that has a link leads to the VTEP") \
    X(NEIGH_TIMEOUT, neigh_timeout, fw, "underlay neighbour that does not answer") \
    X(HANDOVER_FULL, handover_full, fw, "the worker that has the packet's session takes nothing more, or nothing more of this port, from the one it came to") \
    X(HOST_RATE, host_rate, fw, "over the rate of the host's own traffic on the uplink") \
    X(NEIGH_QUOTA, neigh_quota, fw, "to an underlay neighbour that nobody has asked for yet, of a vNIC that waits for as many answers as it may") \
    X(TX_META_BAD, tx_meta_bad, post, "tx metadata outside its contract") \
    X(PORT_GONE, port_gone, post, "egress port does not exist (any more)") \
    X(PORT_TX_FULL, port_tx_full, post, "egress port took no more") \
    X(TX_TOO_BIG, tx_too_big, post, "larger than the egress port's MTU") \
    X(TSO_BAD, tso_bad, post, "cannot be segmented as asked") \
    X(STALE_OWNER, stale_owner, post, "owner stamp of a former owner") \
    X(FW_GONE, fw_gone, post, "was with the firmware when that went away") \
    X(HELD_BACK, held_back, post, "a firmware's output for a packet that is another's to send; in its own ledger") \
    X(SECOND_FULL, second_full, post, "no room for a packet of the second firmware's, on its way there or back") \
    X(PAYLOAD_GONE, payload_gone, post, "its payload is not there any more: timed out, released before, or another packet's") \
    X(GUEST_DESC, guest_desc, post, "descriptors of a guest that loop, lead out of its memory or do not hold a frame")

enum hsr_drop {
    HSR_DROP_NONE = 0,
    HSR_DROP_PKT_TOO_SMALL = 1,
    HSR_DROP_PKT_TOO_BIG = 2,
    HSR_DROP_VLAN_DEPTH = 3,
    HSR_DROP_IP_HDR = 4,
    HSR_DROP_IP_CSUM = 5,
    HSR_DROP_IP_OPT = 6,
    HSR_DROP_IP6_HDR = 7,
    HSR_DROP_IP6_EXT = 8,
    HSR_DROP_FRAG_BAD = 9,
    HSR_DROP_TCP_HDR = 10,
    HSR_DROP_TCP_FLAGS = 11,
    HSR_DROP_TCP_CSUM = 12,
    HSR_DROP_UDP_LEN = 13,
    HSR_DROP_UDP_CSUM = 14,
    HSR_DROP_ICMP_HDR = 15,
    HSR_DROP_ICMP_CSUM = 16,
    HSR_DROP_SCTP_HDR = 17,
    HSR_DROP_SCTP_CSUM = 18,
    HSR_DROP_ARP_BAD = 19,
    HSR_DROP_ND_BAD = 20,
    HSR_DROP_VXLAN_HDR = 21,
    HSR_DROP_GENEVE_HDR = 22,
    HSR_DROP_GENEVE_OPT = 23,
    HSR_DROP_OUTER_CSUM = 24,
    HSR_DROP_OUTER_FRAG = 25,
    HSR_DROP_GSO_BAD = 26,
    HSR_DROP_NO_SLOT = 27,
    HSR_DROP_RX_RING_FULL = 28,
    HSR_DROP_RULE = 29,
    HSR_DROP_METER = 30,
    HSR_DROP_PRE_LIMIT = 31,
    HSR_DROP_PRE_SHARE = 32,
    HSR_DROP_BAD_LIMIT = 33,
    HSR_DROP_META_BAD = 34,
    HSR_DROP_NOT_CONFIGURED = 35,
    HSR_DROP_ETHERTYPE = 36,
    HSR_DROP_UNKNOWN_VNI = 37,
    HSR_DROP_UNKNOWN_VTEP = 38,
    HSR_DROP_NOT_FOR_US = 39,
    HSR_DROP_SPOOF_MAC = 40,
    HSR_DROP_SPOOF_IP = 41,
    HSR_DROP_SPOOF_ARP = 42,
    HSR_DROP_SPOOF_ND = 43,
    HSR_DROP_SPOOF_DHCP = 44,
    HSR_DROP_LOOP = 45,
    HSR_DROP_SG_EGRESS = 46,
    HSR_DROP_SG_INGRESS = 47,
    HSR_DROP_NO_ROUTE = 48,
    HSR_DROP_BLACKHOLE = 49,
    HSR_DROP_NO_MAPPING = 50,
    HSR_DROP_UNKNOWN_MAC = 51,
    HSR_DROP_NEIGH_PENDING = 52,
    HSR_DROP_TTL = 53,
    HSR_DROP_BUM = 54,
    HSR_DROP_ARP_UNKNOWN = 55,
    HSR_DROP_NO_SESSION = 56,
    HSR_DROP_TCP_STATE = 57,
    HSR_DROP_TCP_WINDOW = 58,
    HSR_DROP_ICMP_STATE = 59,
    HSR_DROP_ICMP_INNER = 60,
    HSR_DROP_SESSION_FULL = 61,
    HSR_DROP_SESSION_QUOTA = 62,
    HSR_DROP_FRAGMENT = 63,
    HSR_DROP_ECN = 64,
    HSR_DROP_PMTU = 65,
    HSR_DROP_NAT_NONE = 66,
    HSR_DROP_NAT_PORTS = 67,
    HSR_DROP_FRAG_OVERLAP = 68,
    HSR_DROP_FRAG_DUP = 69,
    HSR_DROP_FRAG_QUOTA = 70,
    HSR_DROP_NO_UPLINK = 71,
    HSR_DROP_NEIGH_TIMEOUT = 72,
    HSR_DROP_HANDOVER_FULL = 73,
    HSR_DROP_HOST_RATE = 74,
    HSR_DROP_NEIGH_QUOTA = 75,
    HSR_DROP_TX_META_BAD = 76,
    HSR_DROP_PORT_GONE = 77,
    HSR_DROP_PORT_TX_FULL = 78,
    HSR_DROP_TX_TOO_BIG = 79,
    HSR_DROP_TSO_BAD = 80,
    HSR_DROP_STALE_OWNER = 81,
    HSR_DROP_FW_GONE = 82,
    HSR_DROP_HELD_BACK = 83,
    HSR_DROP_SECOND_FULL = 84,
    HSR_DROP_PAYLOAD_GONE = 85,
    HSR_DROP_GUEST_DESC = 86,
    HSR_DROP_COUNT = 87,
};

/* X(NAME, name, unit, kind, text): what the NIC measures, by its place in region_head.gauges. */
#define HSR_GAUGES(X) \
    X(FIT_USED, fit_used, entries, level, "flow-index entries in use") \
    X(FIT_HIGH, fit_high, entries, level, "most flow-index entries ever in use") \
    X(FIT_CAPACITY, fit_capacity, entries, level, "flow-index entries there are") \
    X(FIT_HITS, fit_hits, packets, counter, "packets that were given a flow id") \
    X(FIT_MISSES, fit_misses, packets, counter, "packets whose hash had no entry") \
    X(FIT_INSERTS, fit_inserts, entries, counter, "entries written by INSERT") \
    X(FIT_REPLACED, fit_replaced, entries, counter, "of the inserts: written over another entry") \
    X(FIT_DELETES, fit_deletes, entries, counter, "entries removed by DELETE") \
    X(FIT_UPDATES, fit_updates, entries, counter, "entries changed by UPDATE") \
    X(FIT_REFUSED, fit_refused, operations, counter, "operations that named an entry which was not there") \
    X(SLOTS_SINGLE_USED, slots_single_used, runs, level, "single slots in use") \
    X(SLOTS_SINGLE_HIGH, slots_single_high, runs, level, "most single slots ever in use") \
    X(SLOTS_SINGLE_CAPACITY, slots_single_capacity, runs, level, "single slots there are") \
    X(SLOTS_JUMBO_USED, slots_jumbo_used, runs, level, "runs for jumbo frames in use") \
    X(SLOTS_JUMBO_HIGH, slots_jumbo_high, runs, level, "most runs for jumbo frames ever in use") \
    X(SLOTS_JUMBO_CAPACITY, slots_jumbo_capacity, runs, level, "runs for jumbo frames there are") \
    X(SLOTS_GSO_USED, slots_gso_used, runs, level, "runs for GSO frames in use") \
    X(SLOTS_GSO_HIGH, slots_gso_high, runs, level, "most runs for GSO frames ever in use") \
    X(SLOTS_GSO_CAPACITY, slots_gso_capacity, runs, level, "runs for GSO frames there are") \
    X(VECTORS_1, vectors_1, vectors, counter, "vectors of length 1") \
    X(VECTORS_2, vectors_2, vectors, counter, "vectors of length 2") \
    X(VECTORS_3, vectors_3, vectors, counter, "vectors of length 3") \
    X(VECTORS_4, vectors_4, vectors, counter, "vectors of length 4") \
    X(VECTORS_5, vectors_5, vectors, counter, "vectors of length 5") \
    X(VECTORS_6, vectors_6, vectors, counter, "vectors of length 6") \
    X(VECTORS_7, vectors_7, vectors, counter, "vectors of length 7") \
    X(VECTORS_8, vectors_8, vectors, counter, "vectors of length 8") \
    X(VECTORS_9, vectors_9, vectors, counter, "vectors of length 9") \
    X(VECTORS_10, vectors_10, vectors, counter, "vectors of length 10") \
    X(VECTORS_11, vectors_11, vectors, counter, "vectors of length 11") \
    X(VECTORS_12, vectors_12, vectors, counter, "vectors of length 12") \
    X(VECTORS_13, vectors_13, vectors, counter, "vectors of length 13") \
    X(VECTORS_14, vectors_14, vectors, counter, "vectors of length 14") \
    X(VECTORS_15, vectors_15, vectors, counter, "vectors of length 15") \
    X(VECTORS_16, vectors_16, vectors, counter, "vectors of length 16") \
    X(RX_RING_HIGH, rx_ring_high, entries, level, "most entries that ever waited in one worker's rx ring") \
    X(TX_RING_HIGH, tx_ring_high, entries, level, "most entries that the NIC ever found waiting in one worker's tx ring") \
    X(BYTES_TO_FW, bytes_to_fw, bytes, counter, "metadata and frames in the slots handed to the firmware") \
    X(BYTES_FROM_FW, bytes_from_fw, bytes, counter, "metadata taken from the firmware's slots, and the frames to be sent") \
    X(PUBLICS_USED, publics_used, entries, level, "public addresses and ports that the pre-classifier knows") \
    X(PUBLICS_HIGH, publics_high, entries, level, "most of them ever") \
    X(PUBLICS_CAPACITY, publics_capacity, entries, level, "public addresses and ports it has room for") \
    X(POOL_DROPS, pool_drops, packets, counter, "packets to shared public addresses that the pre-classifier dropped; counted in the uplinks' drops") \
    X(CELLS_USED, cells_used, cells, level, "cells of payload memory in use") \
    X(CELLS_HIGH, cells_high, cells, level, "most cells of payload memory ever in use") \
    X(CELLS_CAPACITY, cells_capacity, cells, level, "cells of payload memory there are, 0: slicing is off") \
    X(SLICED, sliced, packets, counter, "packets whose payload stayed in payload memory") \
    X(NOT_SLICED, not_sliced, packets, counter, "packets handed over whole for want of free cells or of credit for them") \
    X(PAYLOADS_TIMED_OUT, payloads_timed_out, packets, counter, "payloads given up because nobody asked for them in time") \
    X(PAYLOADS_STALE, payloads_stale, operations, counter, "uses of a payload handle that named nothing of that worker's")

enum hsr_gauge {
    HSR_GAUGE_FIT_USED = 0,
    HSR_GAUGE_FIT_HIGH = 1,
    HSR_GAUGE_FIT_CAPACITY = 2,
    HSR_GAUGE_FIT_HITS = 3,
    HSR_GAUGE_FIT_MISSES = 4,
    HSR_GAUGE_FIT_INSERTS = 5,
    HSR_GAUGE_FIT_REPLACED = 6,
    HSR_GAUGE_FIT_DELETES = 7,
    HSR_GAUGE_FIT_UPDATES = 8,
    HSR_GAUGE_FIT_REFUSED = 9,
    HSR_GAUGE_SLOTS_SINGLE_USED = 10,
    HSR_GAUGE_SLOTS_SINGLE_HIGH = 11,
    HSR_GAUGE_SLOTS_SINGLE_CAPACITY = 12,
    HSR_GAUGE_SLOTS_JUMBO_USED = 13,
    HSR_GAUGE_SLOTS_JUMBO_HIGH = 14,
    HSR_GAUGE_SLOTS_JUMBO_CAPACITY = 15,
    HSR_GAUGE_SLOTS_GSO_USED = 16,
    HSR_GAUGE_SLOTS_GSO_HIGH = 17,
    HSR_GAUGE_SLOTS_GSO_CAPACITY = 18,
    HSR_GAUGE_VECTORS_1 = 19,
    HSR_GAUGE_VECTORS_2 = 20,
    HSR_GAUGE_VECTORS_3 = 21,
    HSR_GAUGE_VECTORS_4 = 22,
    HSR_GAUGE_VECTORS_5 = 23,
    HSR_GAUGE_VECTORS_6 = 24,
    HSR_GAUGE_VECTORS_7 = 25,
    HSR_GAUGE_VECTORS_8 = 26,
    HSR_GAUGE_VECTORS_9 = 27,
    HSR_GAUGE_VECTORS_10 = 28,
    HSR_GAUGE_VECTORS_11 = 29,
    HSR_GAUGE_VECTORS_12 = 30,
    HSR_GAUGE_VECTORS_13 = 31,
    HSR_GAUGE_VECTORS_14 = 32,
    HSR_GAUGE_VECTORS_15 = 33,
    HSR_GAUGE_VECTORS_16 = 34,
    HSR_GAUGE_RX_RING_HIGH = 35,
    HSR_GAUGE_TX_RING_HIGH = 36,
    HSR_GAUGE_BYTES_TO_FW = 37,
    HSR_GAUGE_BYTES_FROM_FW = 38,
    HSR_GAUGE_PUBLICS_USED = 39,
    HSR_GAUGE_PUBLICS_HIGH = 40,
    HSR_GAUGE_PUBLICS_CAPACITY = 41,
    HSR_GAUGE_POOL_DROPS = 42,
    HSR_GAUGE_CELLS_USED = 43,
    HSR_GAUGE_CELLS_HIGH = 44,
    HSR_GAUGE_CELLS_CAPACITY = 45,
    HSR_GAUGE_SLICED = 46,
    HSR_GAUGE_NOT_SLICED = 47,
    HSR_GAUGE_PAYLOADS_TIMED_OUT = 48,
    HSR_GAUGE_PAYLOADS_STALE = 49,
    HSR_GAUGE_COUNT = 50,
};

/* Metadata of a received packet: the first two lines of a slot. Line 0 is all that a flow-id hit over IPv4 needs. */
struct hsr_rx_meta {
    _Alignas(64) uint64_t flow_id; /* from the flow-index table, or 0; a hint the firmware checks */
    uint64_t hash; /* Toeplitz over the key */
    uint64_t key_addrs; /* IPv4: low address << 32 | high address, host order; IPv6: 0 */
    uint64_t key_ports; /* low port << 48 | high port << 32 | context << 8 | protocol */
    uint32_t frame_len; /* bytes from the Ethernet header on, without padding behind IP */
    uint16_t ingress; /* port index */
    uint8_t class; /* enum class */
    uint8_t flags; /* enum rxf */
    uint16_t l2_off; /* keyed Ethernet header, from the frame's start (0 unless DECAP) */
    uint16_t l3_off; /* keyed IP or ARP header */
    uint16_t l4_off; /* keyed L4 header, behind options and extension headers */
    uint16_t payload_off; /* behind the L4 header */
    uint8_t verdicts; /* enum verdict, two bits each: L3, L4, outer L3, outer L4 from bit 0 */
    uint8_t reason; /* drop reason found by the parser, 0 for a good packet */
    uint8_t vec_len; /* packets of the vector that begins here; 0 in its later packets */
    uint8_t tcp_flags; /* TCP flags byte; ICMP: type */
    uint32_t rx_seq; /* sequence in its ownership group, in the order in which packets are written to rings */
    uint32_t owner; /* owner stamp: group (16) | epoch (8) | owner (8) */
    uint32_t payload; /* handle of the sliced payload, 0: the packet is whole; else the slot holds payload_off bytes (at most SLICE_MAX) and frame_len is still all of it */
    uint64_t key6[4]; /* IPv6: low address (two words, network order read as big-endian), high address */
    uint32_t vni_tunnel; /* VNI << 8 | enum tunnel */
    uint32_t outer_src4; /* outer IPv4 source, host order; 0 with OUTER_IPV6 */
    uint16_t csum_start; /* PARTIAL: first byte summed, from the frame's start */
    uint16_t csum_offset; /* PARTIAL: checksum field, from csum_start */
    uint16_t gso_size; /* payload bytes a segment */
    uint8_t gso_type; /* enum gso */
    uint8_t flags1; /* enum rx1f */
    uint32_t frag_id; /* IPv4 identification or IPv6 fragment identification */
    uint32_t timestamp; /* low 32 bits of NIC time at reception, ns */
    uint32_t packet_id; /* stable through all stages, for capture and trace */
    uint16_t vlan_tci; /* outermost tag */
    uint16_t partial_sum; /* with PARTIAL_SUM the one's-complement sum of the sliced payload, with RETURNED the enum return */
};
_Static_assert(sizeof(struct hsr_rx_meta) == 128, "rx_meta size");
_Static_assert(offsetof(struct hsr_rx_meta, flow_id) == 0, "rx_meta.flow_id");
_Static_assert(offsetof(struct hsr_rx_meta, hash) == 8, "rx_meta.hash");
_Static_assert(offsetof(struct hsr_rx_meta, key_addrs) == 16, "rx_meta.key_addrs");
_Static_assert(offsetof(struct hsr_rx_meta, key_ports) == 24, "rx_meta.key_ports");
_Static_assert(offsetof(struct hsr_rx_meta, frame_len) == 32, "rx_meta.frame_len");
_Static_assert(offsetof(struct hsr_rx_meta, ingress) == 36, "rx_meta.ingress");
_Static_assert(offsetof(struct hsr_rx_meta, class) == 38, "rx_meta.class");
_Static_assert(offsetof(struct hsr_rx_meta, flags) == 39, "rx_meta.flags");
_Static_assert(offsetof(struct hsr_rx_meta, l2_off) == 40, "rx_meta.l2_off");
_Static_assert(offsetof(struct hsr_rx_meta, l3_off) == 42, "rx_meta.l3_off");
_Static_assert(offsetof(struct hsr_rx_meta, l4_off) == 44, "rx_meta.l4_off");
_Static_assert(offsetof(struct hsr_rx_meta, payload_off) == 46, "rx_meta.payload_off");
_Static_assert(offsetof(struct hsr_rx_meta, verdicts) == 48, "rx_meta.verdicts");
_Static_assert(offsetof(struct hsr_rx_meta, reason) == 49, "rx_meta.reason");
_Static_assert(offsetof(struct hsr_rx_meta, vec_len) == 50, "rx_meta.vec_len");
_Static_assert(offsetof(struct hsr_rx_meta, tcp_flags) == 51, "rx_meta.tcp_flags");
_Static_assert(offsetof(struct hsr_rx_meta, rx_seq) == 52, "rx_meta.rx_seq");
_Static_assert(offsetof(struct hsr_rx_meta, owner) == 56, "rx_meta.owner");
_Static_assert(offsetof(struct hsr_rx_meta, payload) == 60, "rx_meta.payload");
_Static_assert(offsetof(struct hsr_rx_meta, key6) == 64, "rx_meta.key6");
_Static_assert(offsetof(struct hsr_rx_meta, vni_tunnel) == 96, "rx_meta.vni_tunnel");
_Static_assert(offsetof(struct hsr_rx_meta, outer_src4) == 100, "rx_meta.outer_src4");
_Static_assert(offsetof(struct hsr_rx_meta, csum_start) == 104, "rx_meta.csum_start");
_Static_assert(offsetof(struct hsr_rx_meta, csum_offset) == 106, "rx_meta.csum_offset");
_Static_assert(offsetof(struct hsr_rx_meta, gso_size) == 108, "rx_meta.gso_size");
_Static_assert(offsetof(struct hsr_rx_meta, gso_type) == 110, "rx_meta.gso_type");
_Static_assert(offsetof(struct hsr_rx_meta, flags1) == 111, "rx_meta.flags1");
_Static_assert(offsetof(struct hsr_rx_meta, frag_id) == 112, "rx_meta.frag_id");
_Static_assert(offsetof(struct hsr_rx_meta, timestamp) == 116, "rx_meta.timestamp");
_Static_assert(offsetof(struct hsr_rx_meta, packet_id) == 120, "rx_meta.packet_id");
_Static_assert(offsetof(struct hsr_rx_meta, vlan_tci) == 124, "rx_meta.vlan_tci");
_Static_assert(offsetof(struct hsr_rx_meta, partial_sum) == 126, "rx_meta.partial_sum");

/* What the firmware asks of the Post-Processor. It overlays line 0 of the rx metadata, which by then has been used. */
struct hsr_tx_meta {
    _Alignas(64) uint16_t egress_port; /* port index */
    uint8_t egress_queue; /* queue of a multi-queue port; taken modulo its queues */
    uint8_t action; /* enum txa; kind CTRL: enum ctrl */
    uint16_t frame_off; /* first byte to send, from the slot's start; at least SLOT_META */
    uint16_t mtu; /* largest IP packet of the path, outermost header (with ENCAP the outer one); 0: no limit but the port's */
    uint32_t frame_len; /* bytes in the slot(s) from frame_off on; a payload follows behind them */
    uint32_t payload; /* handle to join, or to let go with DROP and CONSUME; 0: the packet is whole */
    uint8_t payload_op; /* enum payload */
    uint8_t drop_reason; /* with DROP; with RETURN: enum return */
    uint16_t offload; /* enum txo */
    uint16_t l3_off; /* from frame_off */
    uint16_t l4_off; /* from frame_off */
    uint16_t outer_l3_off; /* from frame_off, with ENCAP */
    uint16_t outer_l4_off; /* from frame_off, with ENCAP */
    uint16_t gso_size; /* payload bytes a segment, 0: do not segment */
    uint8_t gso_type; /* enum gso */
    uint8_t fit_op; /* enum fit */
    uint64_t hash; /* of the flow-index operation */
    uint64_t flow_id; /* of the flow-index operation */
    uint64_t fit_named; /* flow id the operation applies to */
    uint32_t owner; /* stamp copied from rx, or the current one for ORIGINATE */
    uint32_t rx_seq; /* copied from rx */
};
_Static_assert(sizeof(struct hsr_tx_meta) == 64, "tx_meta size");
_Static_assert(offsetof(struct hsr_tx_meta, egress_port) == 0, "tx_meta.egress_port");
_Static_assert(offsetof(struct hsr_tx_meta, egress_queue) == 2, "tx_meta.egress_queue");
_Static_assert(offsetof(struct hsr_tx_meta, action) == 3, "tx_meta.action");
_Static_assert(offsetof(struct hsr_tx_meta, frame_off) == 4, "tx_meta.frame_off");
_Static_assert(offsetof(struct hsr_tx_meta, mtu) == 6, "tx_meta.mtu");
_Static_assert(offsetof(struct hsr_tx_meta, frame_len) == 8, "tx_meta.frame_len");
_Static_assert(offsetof(struct hsr_tx_meta, payload) == 12, "tx_meta.payload");
_Static_assert(offsetof(struct hsr_tx_meta, payload_op) == 16, "tx_meta.payload_op");
_Static_assert(offsetof(struct hsr_tx_meta, drop_reason) == 17, "tx_meta.drop_reason");
_Static_assert(offsetof(struct hsr_tx_meta, offload) == 18, "tx_meta.offload");
_Static_assert(offsetof(struct hsr_tx_meta, l3_off) == 20, "tx_meta.l3_off");
_Static_assert(offsetof(struct hsr_tx_meta, l4_off) == 22, "tx_meta.l4_off");
_Static_assert(offsetof(struct hsr_tx_meta, outer_l3_off) == 24, "tx_meta.outer_l3_off");
_Static_assert(offsetof(struct hsr_tx_meta, outer_l4_off) == 26, "tx_meta.outer_l4_off");
_Static_assert(offsetof(struct hsr_tx_meta, gso_size) == 28, "tx_meta.gso_size");
_Static_assert(offsetof(struct hsr_tx_meta, gso_type) == 30, "tx_meta.gso_type");
_Static_assert(offsetof(struct hsr_tx_meta, fit_op) == 31, "tx_meta.fit_op");
_Static_assert(offsetof(struct hsr_tx_meta, hash) == 32, "tx_meta.hash");
_Static_assert(offsetof(struct hsr_tx_meta, flow_id) == 40, "tx_meta.flow_id");
_Static_assert(offsetof(struct hsr_tx_meta, fit_named) == 48, "tx_meta.fit_named");
_Static_assert(offsetof(struct hsr_tx_meta, owner) == 56, "tx_meta.owner");
_Static_assert(offsetof(struct hsr_tx_meta, rx_seq) == 60, "tx_meta.rx_seq");

/* Slots come in runs of consecutive ones: a class is `count` runs of `run` slots from slot `first` on. */
struct hsr_slot_class {
    uint32_t first; /* slot index */
    uint32_t run; /* slots a run */
    uint32_t count; /* runs */
    uint32_t pad; /* 0 */
};
_Static_assert(sizeof(struct hsr_slot_class) == 16, "slot_class size");
_Static_assert(offsetof(struct hsr_slot_class, first) == 0, "slot_class.first");
_Static_assert(offsetof(struct hsr_slot_class, run) == 4, "slot_class.run");
_Static_assert(offsetof(struct hsr_slot_class, count) == 8, "slot_class.count");
_Static_assert(offsetof(struct hsr_slot_class, pad) == 12, "slot_class.pad");

/* Head of the shared region, written by the NIC. Constant from the attach on up to `now` (but see HASH_SET); `now` and what follows change at any time, word by word. */
struct hsr_region_head {
    _Alignas(64) uint64_t magic; /* HSR_MAGIC */
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t header_size; /* bytes of this structure */
    uint64_t size; /* bytes of the region */
    uint64_t features; /* enum feature */
    uint32_t instance; /* 1..255, of the attached firmware; part of its flow ids */
    uint32_t workers; /* ring sets */
    uint32_t ring_entries; /* entries of each ring, a power of two */
    uint32_t slots; /* slots in all */
    uint32_t fw_slots; /* slots of the firmware's quota, per worker */
    uint32_t fw_first; /* first of them; worker w has fw_slots from fw_first + w * fw_slots on */
    uint64_t rings_off; /* offset of worker 0's ring set */
    uint64_t ring_set_size; /* bytes between ring sets */
    uint64_t slots_off; /* offset of slot 0 */
    uint64_t stats_off; /* offset of port_stats[MAX_PORTS] */
    struct hsr_slot_class classes[3]; /* received packets */
    uint8_t hash_key[48]; /* secret of the Toeplitz hash */
    uint8_t pad0[8]; /* 0 */
    uint64_t now; /* NIC time, ns: the firmware's only clock */
    uint32_t link_epoch; /* counts changes of ports_up, each after its bit */
    uint8_t pad1[52]; /* 0 */
    uint64_t ports_up[16]; /* bit p % 64 of word p / 64: port p is there and has a link */
    uint32_t owners[64]; /* current owner stamp of each group, for ORIGINATE */
    uint64_t gauges[128]; /* by gauge, published like port_stats */
    uint8_t pad2[2432]; /* 0 */
};
_Static_assert(sizeof(struct hsr_region_head) == 4096, "region_head size");
_Static_assert(offsetof(struct hsr_region_head, magic) == 0, "region_head.magic");
_Static_assert(offsetof(struct hsr_region_head, abi_major) == 8, "region_head.abi_major");
_Static_assert(offsetof(struct hsr_region_head, abi_minor) == 10, "region_head.abi_minor");
_Static_assert(offsetof(struct hsr_region_head, header_size) == 12, "region_head.header_size");
_Static_assert(offsetof(struct hsr_region_head, size) == 16, "region_head.size");
_Static_assert(offsetof(struct hsr_region_head, features) == 24, "region_head.features");
_Static_assert(offsetof(struct hsr_region_head, instance) == 32, "region_head.instance");
_Static_assert(offsetof(struct hsr_region_head, workers) == 36, "region_head.workers");
_Static_assert(offsetof(struct hsr_region_head, ring_entries) == 40, "region_head.ring_entries");
_Static_assert(offsetof(struct hsr_region_head, slots) == 44, "region_head.slots");
_Static_assert(offsetof(struct hsr_region_head, fw_slots) == 48, "region_head.fw_slots");
_Static_assert(offsetof(struct hsr_region_head, fw_first) == 52, "region_head.fw_first");
_Static_assert(offsetof(struct hsr_region_head, rings_off) == 56, "region_head.rings_off");
_Static_assert(offsetof(struct hsr_region_head, ring_set_size) == 64, "region_head.ring_set_size");
_Static_assert(offsetof(struct hsr_region_head, slots_off) == 72, "region_head.slots_off");
_Static_assert(offsetof(struct hsr_region_head, stats_off) == 80, "region_head.stats_off");
_Static_assert(offsetof(struct hsr_region_head, classes) == 88, "region_head.classes");
_Static_assert(offsetof(struct hsr_region_head, hash_key) == 136, "region_head.hash_key");
_Static_assert(offsetof(struct hsr_region_head, pad0) == 184, "region_head.pad0");
_Static_assert(offsetof(struct hsr_region_head, now) == 192, "region_head.now");
_Static_assert(offsetof(struct hsr_region_head, link_epoch) == 200, "region_head.link_epoch");
_Static_assert(offsetof(struct hsr_region_head, pad1) == 204, "region_head.pad1");
_Static_assert(offsetof(struct hsr_region_head, ports_up) == 256, "region_head.ports_up");
_Static_assert(offsetof(struct hsr_region_head, owners) == 384, "region_head.owners");
_Static_assert(offsetof(struct hsr_region_head, gauges) == 640, "region_head.gauges");
_Static_assert(offsetof(struct hsr_region_head, pad2) == 1664, "region_head.pad2");

/* Head of one ring; `ring_entries` u32 entries follow. Single producer, single consumer; indices run freely modulo 2^32. */
struct hsr_ring_head {
    _Alignas(64) uint32_t prod; /* written by the producer */
    uint32_t pad0[15];
    uint32_t cons; /* written by the consumer */
    uint32_t pad1[15];
    uint32_t asleep; /* set by a consumer that waits on its doorbell */
    uint32_t pad2[31];
};
_Static_assert(sizeof(struct hsr_ring_head) == 256, "ring_head size");
_Static_assert(offsetof(struct hsr_ring_head, prod) == 0, "ring_head.prod");
_Static_assert(offsetof(struct hsr_ring_head, pad0) == 4, "ring_head.pad0");
_Static_assert(offsetof(struct hsr_ring_head, cons) == 64, "ring_head.cons");
_Static_assert(offsetof(struct hsr_ring_head, pad1) == 68, "ring_head.pad1");
_Static_assert(offsetof(struct hsr_ring_head, asleep) == 128, "ring_head.asleep");
_Static_assert(offsetof(struct hsr_ring_head, pad2) == 132, "ring_head.pad2");

/* Counters of one port, published by the NIC. A stage's ledger is kept by the port a packet came in by (ORIGINATE: by its egress port). */
struct hsr_port_stats {
    _Alignas(64) uint64_t rx_packets; /* frames fetched from the port */
    uint64_t rx_bytes;
    uint64_t tx_packets; /* frames sent by the port */
    uint64_t tx_bytes;
    uint64_t pre_rx; /* Pre: frames of this port taken in */
    uint64_t pre_ring; /* Pre: of them written to a ring */
    uint64_t pre_drops; /* Pre: of them dropped */
    uint64_t pre_held; /* Pre: of them in its queues now */
    uint64_t post_ring; /* Post: packets of this port taken from a ring, ORIGINATE apart */
    uint64_t post_originated; /* Post: packets the firmware made */
    uint64_t post_segments; /* Post: packets added by segmentation (segments - 1 a frame) */
    uint64_t post_tx; /* Post: packets of this port given to an egress port */
    uint64_t post_consumed; /* Post: CONSUME */
    uint64_t post_drops; /* Post: dropped here, by firmware's word or by our own */
    uint64_t post_lost; /* of post_drops: in the firmware's hands when it went away */
    uint64_t pre_returned; /* Pre: packets of this port that came again after a RETURN */
    uint64_t post_returned; /* Post: RETURN, handed to Pre; cancels with pre_returned */
    uint64_t post_merged; /* Post: MERGE, their payload left with another packet */
    uint64_t slots_used; /* slots that hold packets of this port now, from reception to their return */
    uint64_t slots_high; /* most of them ever */
    uint64_t post_copies; /* Post: copies that rules made of this port's packets */
    uint64_t rx_held; /* turns in which the port was fetched less than it might have been, or not at all: its credit was used up */
    uint64_t credit; /* packets of this port that a worker may have now */
    uint64_t mtu; /* largest IP packet the port takes, bytes; 0: the port is not there */
    uint64_t drops[128]; /* by drop reason */
    uint64_t net_drops; /* packets to this port from the network that the pre-classifier dropped; counted in the uplink's drops */
    uint64_t takes_tso; /* 1: the port takes TCP frames for segmentation as they are; 0: the Post-Processor cuts them */
    uint64_t cells_used; /* cells of payload memory with payloads from this vNIC, or to it from the network */
    uint64_t cells_high; /* most of them ever */
    uint64_t not_sliced; /* packets from this vNIC, or to it from the network, handed over whole for want of free cells or of credit for them */
    uint64_t queue_stops; /* queues of this vNIC's guest that were stopped: a ring of its that is wrong, or memory of its that went away */
    uint64_t pad1[2];
};
_Static_assert(sizeof(struct hsr_port_stats) == 1280, "port_stats size");
_Static_assert(offsetof(struct hsr_port_stats, rx_packets) == 0, "port_stats.rx_packets");
_Static_assert(offsetof(struct hsr_port_stats, rx_bytes) == 8, "port_stats.rx_bytes");
_Static_assert(offsetof(struct hsr_port_stats, tx_packets) == 16, "port_stats.tx_packets");
_Static_assert(offsetof(struct hsr_port_stats, tx_bytes) == 24, "port_stats.tx_bytes");
_Static_assert(offsetof(struct hsr_port_stats, pre_rx) == 32, "port_stats.pre_rx");
_Static_assert(offsetof(struct hsr_port_stats, pre_ring) == 40, "port_stats.pre_ring");
_Static_assert(offsetof(struct hsr_port_stats, pre_drops) == 48, "port_stats.pre_drops");
_Static_assert(offsetof(struct hsr_port_stats, pre_held) == 56, "port_stats.pre_held");
_Static_assert(offsetof(struct hsr_port_stats, post_ring) == 64, "port_stats.post_ring");
_Static_assert(offsetof(struct hsr_port_stats, post_originated) == 72, "port_stats.post_originated");
_Static_assert(offsetof(struct hsr_port_stats, post_segments) == 80, "port_stats.post_segments");
_Static_assert(offsetof(struct hsr_port_stats, post_tx) == 88, "port_stats.post_tx");
_Static_assert(offsetof(struct hsr_port_stats, post_consumed) == 96, "port_stats.post_consumed");
_Static_assert(offsetof(struct hsr_port_stats, post_drops) == 104, "port_stats.post_drops");
_Static_assert(offsetof(struct hsr_port_stats, post_lost) == 112, "port_stats.post_lost");
_Static_assert(offsetof(struct hsr_port_stats, pre_returned) == 120, "port_stats.pre_returned");
_Static_assert(offsetof(struct hsr_port_stats, post_returned) == 128, "port_stats.post_returned");
_Static_assert(offsetof(struct hsr_port_stats, post_merged) == 136, "port_stats.post_merged");
_Static_assert(offsetof(struct hsr_port_stats, slots_used) == 144, "port_stats.slots_used");
_Static_assert(offsetof(struct hsr_port_stats, slots_high) == 152, "port_stats.slots_high");
_Static_assert(offsetof(struct hsr_port_stats, post_copies) == 160, "port_stats.post_copies");
_Static_assert(offsetof(struct hsr_port_stats, rx_held) == 168, "port_stats.rx_held");
_Static_assert(offsetof(struct hsr_port_stats, credit) == 176, "port_stats.credit");
_Static_assert(offsetof(struct hsr_port_stats, mtu) == 184, "port_stats.mtu");
_Static_assert(offsetof(struct hsr_port_stats, drops) == 192, "port_stats.drops");
_Static_assert(offsetof(struct hsr_port_stats, net_drops) == 1216, "port_stats.net_drops");
_Static_assert(offsetof(struct hsr_port_stats, takes_tso) == 1224, "port_stats.takes_tso");
_Static_assert(offsetof(struct hsr_port_stats, cells_used) == 1232, "port_stats.cells_used");
_Static_assert(offsetof(struct hsr_port_stats, cells_high) == 1240, "port_stats.cells_high");
_Static_assert(offsetof(struct hsr_port_stats, not_sliced) == 1248, "port_stats.not_sliced");
_Static_assert(offsetof(struct hsr_port_stats, queue_stops) == 1256, "port_stats.queue_stops");
_Static_assert(offsetof(struct hsr_port_stats, pad1) == 1264, "port_stats.pad1");

/* Head of every message on the attach socket. */
struct hsr_msg_hdr {
    uint32_t magic; /* low half of HSR_MAGIC */
    uint16_t type; /* enum msg_type */
    uint16_t size; /* bytes, this head included */
    uint32_t seq; /* echoed in the reply */
    uint32_t status; /* REPLY: 0 or an errno */
};
_Static_assert(sizeof(struct hsr_msg_hdr) == 16, "msg_hdr size");
_Static_assert(offsetof(struct hsr_msg_hdr, magic) == 0, "msg_hdr.magic");
_Static_assert(offsetof(struct hsr_msg_hdr, type) == 4, "msg_hdr.type");
_Static_assert(offsetof(struct hsr_msg_hdr, size) == 6, "msg_hdr.size");
_Static_assert(offsetof(struct hsr_msg_hdr, seq) == 8, "msg_hdr.seq");
_Static_assert(offsetof(struct hsr_msg_hdr, status) == 12, "msg_hdr.status");

/* HELLO */
struct hsr_msg_hello {
    struct hsr_msg_hdr hdr;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t workers; /* ring sets wanted, 1..MAX_WORKERS */
    uint64_t features; /* enum feature bits the firmware needs */
    char name[48]; /* for logs, NUL-terminated */
};
_Static_assert(sizeof(struct hsr_msg_hello) == 80, "msg_hello size");
_Static_assert(offsetof(struct hsr_msg_hello, hdr) == 0, "msg_hello.hdr");
_Static_assert(offsetof(struct hsr_msg_hello, abi_major) == 16, "msg_hello.abi_major");
_Static_assert(offsetof(struct hsr_msg_hello, abi_minor) == 18, "msg_hello.abi_minor");
_Static_assert(offsetof(struct hsr_msg_hello, workers) == 20, "msg_hello.workers");
_Static_assert(offsetof(struct hsr_msg_hello, features) == 24, "msg_hello.features");
_Static_assert(offsetof(struct hsr_msg_hello, name) == 32, "msg_hello.name");

/* WELCOME; ancillary data: region memfd, then for each worker the rx doorbell and the tx doorbell (eventfd) */
struct hsr_msg_welcome {
    struct hsr_msg_hdr hdr;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t workers; /* ring sets granted */
    uint64_t features;
    uint64_t region_size; /* bytes of the memfd */
    uint32_t instance;
    uint32_t owner;
    uint64_t pad;
};
_Static_assert(sizeof(struct hsr_msg_welcome) == 56, "msg_welcome size");
_Static_assert(offsetof(struct hsr_msg_welcome, hdr) == 0, "msg_welcome.hdr");
_Static_assert(offsetof(struct hsr_msg_welcome, abi_major) == 16, "msg_welcome.abi_major");
_Static_assert(offsetof(struct hsr_msg_welcome, abi_minor) == 18, "msg_welcome.abi_minor");
_Static_assert(offsetof(struct hsr_msg_welcome, workers) == 20, "msg_welcome.workers");
_Static_assert(offsetof(struct hsr_msg_welcome, features) == 24, "msg_welcome.features");
_Static_assert(offsetof(struct hsr_msg_welcome, region_size) == 32, "msg_welcome.region_size");
_Static_assert(offsetof(struct hsr_msg_welcome, instance) == 40, "msg_welcome.instance");
_Static_assert(offsetof(struct hsr_msg_welcome, owner) == 44, "msg_welcome.owner");
_Static_assert(offsetof(struct hsr_msg_welcome, pad) == 48, "msg_welcome.pad");

/* REPLY */
struct hsr_msg_reply {
    struct hsr_msg_hdr hdr;
    char text[256]; /* what is wrong and what to do, NUL-terminated */
};
_Static_assert(sizeof(struct hsr_msg_reply) == 272, "msg_reply size");
_Static_assert(offsetof(struct hsr_msg_reply, hdr) == 0, "msg_reply.hdr");
_Static_assert(offsetof(struct hsr_msg_reply, text) == 16, "msg_reply.text");

/* PORT_ADD, PORT_DEL, PORT_SET */
struct hsr_msg_port {
    struct hsr_msg_hdr hdr;
    uint16_t index; /* 0..MAX_PORTS - 1, chosen by the firmware */
    uint8_t kind; /* enum port_kind */
    uint8_t uplink; /* 1: an uplink, decapsulates; 0: a vNIC */
    uint32_t context; /* tenant context of a vNIC */
    uint16_t mtu; /* bytes of IP; 0: the device's own */
    uint8_t queues; /* 0 counts as 1 */
    uint8_t has_fd; /* 1: a descriptor comes with the message */
    uint8_t offload; /* 1: offer checksum and segmentation offload to the device's user */
    uint8_t share; /* weight among ports that compete for slots and rings; 0 counts as 1 */
    uint16_t min_slots; /* packets it may have in flight whatever the others do */
    char name[32];
    char device[128]; /* interface name, PCI address, file, ... */
    char netns[64]; /* network namespace of the device, empty: the NIC's own */
    char args[152]; /* key=value list, by kind */
    uint32_t rx_pps; /* packets a second to a vNIC from the network, 0: no limit */
    uint32_t rx_kbps; /* thousand bits a second to a vNIC from the network, 0: no limit */
    uint32_t bad_pps; /* bad packets a second that are handed to the firmware, 0: no limit */
    uint8_t mac[6]; /* of a vNIC's guest: what is for it */
    uint8_t pad[6];
};
_Static_assert(sizeof(struct hsr_msg_port) == 432, "msg_port size");
_Static_assert(offsetof(struct hsr_msg_port, hdr) == 0, "msg_port.hdr");
_Static_assert(offsetof(struct hsr_msg_port, index) == 16, "msg_port.index");
_Static_assert(offsetof(struct hsr_msg_port, kind) == 18, "msg_port.kind");
_Static_assert(offsetof(struct hsr_msg_port, uplink) == 19, "msg_port.uplink");
_Static_assert(offsetof(struct hsr_msg_port, context) == 20, "msg_port.context");
_Static_assert(offsetof(struct hsr_msg_port, mtu) == 24, "msg_port.mtu");
_Static_assert(offsetof(struct hsr_msg_port, queues) == 26, "msg_port.queues");
_Static_assert(offsetof(struct hsr_msg_port, has_fd) == 27, "msg_port.has_fd");
_Static_assert(offsetof(struct hsr_msg_port, offload) == 28, "msg_port.offload");
_Static_assert(offsetof(struct hsr_msg_port, share) == 29, "msg_port.share");
_Static_assert(offsetof(struct hsr_msg_port, min_slots) == 30, "msg_port.min_slots");
_Static_assert(offsetof(struct hsr_msg_port, name) == 32, "msg_port.name");
_Static_assert(offsetof(struct hsr_msg_port, device) == 64, "msg_port.device");
_Static_assert(offsetof(struct hsr_msg_port, netns) == 192, "msg_port.netns");
_Static_assert(offsetof(struct hsr_msg_port, args) == 256, "msg_port.args");
_Static_assert(offsetof(struct hsr_msg_port, rx_pps) == 408, "msg_port.rx_pps");
_Static_assert(offsetof(struct hsr_msg_port, rx_kbps) == 412, "msg_port.rx_kbps");
_Static_assert(offsetof(struct hsr_msg_port, bad_pps) == 416, "msg_port.bad_pps");
_Static_assert(offsetof(struct hsr_msg_port, mac) == 420, "msg_port.mac");
_Static_assert(offsetof(struct hsr_msg_port, pad) == 426, "msg_port.pad");

/* CONTEXT_SET */
struct hsr_msg_context {
    struct hsr_msg_hdr hdr;
    uint32_t vni; /* 24 bits */
    uint32_t context; /* 0 removes */
    uint8_t tunnel; /* enum tunnel */
    uint8_t pad[7];
};
_Static_assert(sizeof(struct hsr_msg_context) == 32, "msg_context size");
_Static_assert(offsetof(struct hsr_msg_context, hdr) == 0, "msg_context.hdr");
_Static_assert(offsetof(struct hsr_msg_context, vni) == 16, "msg_context.vni");
_Static_assert(offsetof(struct hsr_msg_context, context) == 20, "msg_context.context");
_Static_assert(offsetof(struct hsr_msg_context, tunnel) == 24, "msg_context.tunnel");
_Static_assert(offsetof(struct hsr_msg_context, pad) == 25, "msg_context.pad");

/* VTEP_SET */
struct hsr_msg_vtep {
    struct hsr_msg_hdr hdr;
    uint8_t addr[16]; /* network order; IPv4 in the first four bytes */
    uint8_t family; /* 4 or 6 */
    uint8_t remove; /* 1: take it away */
    uint8_t pad[6];
};
_Static_assert(sizeof(struct hsr_msg_vtep) == 40, "msg_vtep size");
_Static_assert(offsetof(struct hsr_msg_vtep, hdr) == 0, "msg_vtep.hdr");
_Static_assert(offsetof(struct hsr_msg_vtep, addr) == 16, "msg_vtep.addr");
_Static_assert(offsetof(struct hsr_msg_vtep, family) == 32, "msg_vtep.family");
_Static_assert(offsetof(struct hsr_msg_vtep, remove) == 33, "msg_vtep.remove");
_Static_assert(offsetof(struct hsr_msg_vtep, pad) == 34, "msg_vtep.pad");

/* A public address, or a port of one, and who it is for. */
struct hsr_public {
    uint8_t addr[16]; /* network order; IPv4 in the first four bytes */
    uint8_t family; /* 4 or 6 */
    uint8_t proto; /* with l4_port: of the port; 0: the whole address, as far as no port of it has an entry */
    uint16_t l4_port; /* TCP or UDP; 0 with proto 0 */
    uint16_t port; /* index of the vNIC it is for; NO_PORT: for those that share the pool */
    uint16_t pool; /* with NO_PORT: 0..MAX_POOLS - 1 */
    uint32_t pps; /* with NO_PORT: packets a second to the pool, 0: no limit; the last one said holds */
    uint32_t kbps; /* with NO_PORT: thousand bits a second to the pool, 0: no limit; likewise */
};
_Static_assert(sizeof(struct hsr_public) == 32, "public size");
_Static_assert(offsetof(struct hsr_public, addr) == 0, "public.addr");
_Static_assert(offsetof(struct hsr_public, family) == 16, "public.family");
_Static_assert(offsetof(struct hsr_public, proto) == 17, "public.proto");
_Static_assert(offsetof(struct hsr_public, l4_port) == 18, "public.l4_port");
_Static_assert(offsetof(struct hsr_public, port) == 20, "public.port");
_Static_assert(offsetof(struct hsr_public, pool) == 22, "public.pool");
_Static_assert(offsetof(struct hsr_public, pps) == 24, "public.pps");
_Static_assert(offsetof(struct hsr_public, kbps) == 28, "public.kbps");

/* PUBLIC_SET */
struct hsr_msg_public {
    struct hsr_msg_hdr hdr;
    struct hsr_public public;
    uint8_t remove; /* 1: take it away */
    uint8_t pad[7];
};
_Static_assert(sizeof(struct hsr_msg_public) == 56, "msg_public size");
_Static_assert(offsetof(struct hsr_msg_public, hdr) == 0, "msg_public.hdr");
_Static_assert(offsetof(struct hsr_msg_public, public) == 16, "msg_public.public");
_Static_assert(offsetof(struct hsr_msg_public, remove) == 48, "msg_public.remove");
_Static_assert(offsetof(struct hsr_msg_public, pad) == 49, "msg_public.pad");

/* One item of a rule's pattern, as in rte_flow: header bytes in network order. A packet's field matches when, under the mask, it is that of `spec`, or from `spec` to `last` where `last` is not 0. */
struct hsr_rule_item {
    uint8_t type; /* enum rule_item_type */
    uint8_t pad[7]; /* 0 */
    uint8_t spec[40];
    uint8_t last[40];
    uint8_t mask[40]; /* 0: any value; bits of no known field are 0 */
};
_Static_assert(sizeof(struct hsr_rule_item) == 128, "rule_item size");
_Static_assert(offsetof(struct hsr_rule_item, type) == 0, "rule_item.type");
_Static_assert(offsetof(struct hsr_rule_item, pad) == 1, "rule_item.pad");
_Static_assert(offsetof(struct hsr_rule_item, spec) == 8, "rule_item.spec");
_Static_assert(offsetof(struct hsr_rule_item, last) == 48, "rule_item.last");
_Static_assert(offsetof(struct hsr_rule_item, mask) == 88, "rule_item.mask");

/* A rule on the packets that come in by a port: rte_flow attributes (ingress, group 0), pattern and actions. */
struct hsr_rule {
    uint32_t priority; /* the smaller is looked at first; among equals the older */
    uint32_t mark; /* with MARK: as the user gave it, session's worker << FLOW_INDEX_BITS | index */
    uint32_t meter; /* with METER: its id */
    uint16_t port; /* ingress port */
    uint16_t mirror; /* with MIRROR: port the copy leaves by */
    uint8_t items; /* of `item` */
    uint8_t actions; /* enum rule_act */
    uint8_t pad[6]; /* 0 */
    uint64_t flow_id; /* with MARK: the session's flow id */
    struct hsr_rule_item item[12]; /* outermost header first */
};
_Static_assert(sizeof(struct hsr_rule) == 1568, "rule size");
_Static_assert(offsetof(struct hsr_rule, priority) == 0, "rule.priority");
_Static_assert(offsetof(struct hsr_rule, mark) == 4, "rule.mark");
_Static_assert(offsetof(struct hsr_rule, meter) == 8, "rule.meter");
_Static_assert(offsetof(struct hsr_rule, port) == 12, "rule.port");
_Static_assert(offsetof(struct hsr_rule, mirror) == 14, "rule.mirror");
_Static_assert(offsetof(struct hsr_rule, items) == 16, "rule.items");
_Static_assert(offsetof(struct hsr_rule, actions) == 17, "rule.actions");
_Static_assert(offsetof(struct hsr_rule, pad) == 18, "rule.pad");
_Static_assert(offsetof(struct hsr_rule, flow_id) == 24, "rule.flow_id");
_Static_assert(offsetof(struct hsr_rule, item) == 32, "rule.item");

/* RULE_CREATE */
struct hsr_msg_rule {
    struct hsr_msg_hdr hdr;
    uint32_t id; /* chosen by the firmware, unique on the port */
    uint8_t validate; /* 1: only say whether it could be created */
    uint8_t pad[3];
    struct hsr_rule rule;
};
_Static_assert(sizeof(struct hsr_msg_rule) == 1592, "msg_rule size");
_Static_assert(offsetof(struct hsr_msg_rule, hdr) == 0, "msg_rule.hdr");
_Static_assert(offsetof(struct hsr_msg_rule, id) == 16, "msg_rule.id");
_Static_assert(offsetof(struct hsr_msg_rule, validate) == 20, "msg_rule.validate");
_Static_assert(offsetof(struct hsr_msg_rule, pad) == 21, "msg_rule.pad");
_Static_assert(offsetof(struct hsr_msg_rule, rule) == 24, "msg_rule.rule");

/* RULE_DESTROY, RULE_QUERY, RULE_FLUSH */
struct hsr_msg_rule_ref {
    struct hsr_msg_hdr hdr;
    uint32_t id; /* RULE_FLUSH: not looked at */
    uint16_t port;
    uint16_t pad;
};
_Static_assert(sizeof(struct hsr_msg_rule_ref) == 24, "msg_rule_ref size");
_Static_assert(offsetof(struct hsr_msg_rule_ref, hdr) == 0, "msg_rule_ref.hdr");
_Static_assert(offsetof(struct hsr_msg_rule_ref, id) == 16, "msg_rule_ref.id");
_Static_assert(offsetof(struct hsr_msg_rule_ref, port) == 20, "msg_rule_ref.port");
_Static_assert(offsetof(struct hsr_msg_rule_ref, pad) == 22, "msg_rule_ref.pad");

/* What became of a request about a rule. */
struct hsr_rule_state {
    uint64_t packets; /* RULE_QUERY */
    uint64_t bytes; /* RULE_QUERY */
    uint32_t removed; /* RULE_FLUSH: how many */
    uint8_t home; /* enum rule_home */
    uint8_t error; /* enum rule_error */
    uint16_t pad; /* 0 */
    char text[256]; /* with error: what is wrong, NUL-terminated */
};
_Static_assert(sizeof(struct hsr_rule_state) == 280, "rule_state size");
_Static_assert(offsetof(struct hsr_rule_state, packets) == 0, "rule_state.packets");
_Static_assert(offsetof(struct hsr_rule_state, bytes) == 8, "rule_state.bytes");
_Static_assert(offsetof(struct hsr_rule_state, removed) == 16, "rule_state.removed");
_Static_assert(offsetof(struct hsr_rule_state, home) == 20, "rule_state.home");
_Static_assert(offsetof(struct hsr_rule_state, error) == 21, "rule_state.error");
_Static_assert(offsetof(struct hsr_rule_state, pad) == 22, "rule_state.pad");
_Static_assert(offsetof(struct hsr_rule_state, text) == 24, "rule_state.text");

/* RULE_STATE; hdr.status is 0 or an errno */
struct hsr_msg_rule_state {
    struct hsr_msg_hdr hdr;
    struct hsr_rule_state state;
};
_Static_assert(sizeof(struct hsr_msg_rule_state) == 296, "msg_rule_state size");
_Static_assert(offsetof(struct hsr_msg_rule_state, hdr) == 0, "msg_rule_state.hdr");
_Static_assert(offsetof(struct hsr_msg_rule_state, state) == 16, "msg_rule_state.state");

/* METER_SET */
struct hsr_msg_meter {
    struct hsr_msg_hdr hdr;
    uint64_t rate; /* a second */
    uint32_t burst;
    uint16_t id; /* 0..MAX_METERS - 1 */
    uint8_t unit; /* enum meter */
    uint8_t pad;
};
_Static_assert(sizeof(struct hsr_msg_meter) == 32, "msg_meter size");
_Static_assert(offsetof(struct hsr_msg_meter, hdr) == 0, "msg_meter.hdr");
_Static_assert(offsetof(struct hsr_msg_meter, rate) == 16, "msg_meter.rate");
_Static_assert(offsetof(struct hsr_msg_meter, burst) == 24, "msg_meter.burst");
_Static_assert(offsetof(struct hsr_msg_meter, id) == 28, "msg_meter.id");
_Static_assert(offsetof(struct hsr_msg_meter, unit) == 30, "msg_meter.unit");
_Static_assert(offsetof(struct hsr_msg_meter, pad) == 31, "msg_meter.pad");

/* ARENA_GET, ARENA_PUT, ARENA_DROP, ARENA: memory of the firmware's that the NIC keeps from one firmware to the next, as a memfd sealed against changes of its size. The NIC never looks into it. */
struct hsr_msg_arena {
    struct hsr_msg_hdr hdr;
    uint64_t size; /* bytes; ARENA_DROP: not looked at */
    uint32_t layout; /* version of what stands in it, the firmware's affair; ARENA_DROP: not looked at */
    uint8_t kept; /* ARENA: 1 as a former firmware left it, 0 new and zeroed */
    uint8_t pad[3];
    char name[48]; /* NUL-terminated */
};
_Static_assert(sizeof(struct hsr_msg_arena) == 80, "msg_arena size");
_Static_assert(offsetof(struct hsr_msg_arena, hdr) == 0, "msg_arena.hdr");
_Static_assert(offsetof(struct hsr_msg_arena, size) == 16, "msg_arena.size");
_Static_assert(offsetof(struct hsr_msg_arena, layout) == 24, "msg_arena.layout");
_Static_assert(offsetof(struct hsr_msg_arena, kept) == 28, "msg_arena.kept");
_Static_assert(offsetof(struct hsr_msg_arena, pad) == 29, "msg_arena.pad");
_Static_assert(offsetof(struct hsr_msg_arena, name) == 32, "msg_arena.name");

/* HASH_SET; the region's head has it from the reply on */
struct hsr_msg_hash {
    struct hsr_msg_hdr hdr;
    uint8_t key[48]; /* secret of the Toeplitz hash */
};
_Static_assert(sizeof(struct hsr_msg_hash) == 64, "msg_hash size");
_Static_assert(offsetof(struct hsr_msg_hash, hdr) == 0, "msg_hash.hdr");
_Static_assert(offsetof(struct hsr_msg_hash, key) == 16, "msg_hash.key");

/* RETA_SET; packets that are in a ring stay there */
struct hsr_msg_reta {
    struct hsr_msg_hdr hdr;
    uint8_t ring[256]; /* by entry: a ring set granted by WELCOME */
};
_Static_assert(sizeof(struct hsr_msg_reta) == 272, "msg_reta size");
_Static_assert(offsetof(struct hsr_msg_reta, hdr) == 0, "msg_reta.hdr");
_Static_assert(offsetof(struct hsr_msg_reta, ring) == 16, "msg_reta.ring");

/* OWNER_SET; what the former owner still sends is valid for packets below from_seq until it says CTRL FENCE */
struct hsr_msg_owner {
    struct hsr_msg_hdr hdr;
    uint32_t from_seq; /* rx_seq of the first packet that is the new owner's */
    uint16_t group; /* 0..MAX_GROUPS - 1 */
    uint8_t owner; /* 0: the first firmware, 1: the second */
    uint8_t from_now; /* 1: from the next packet on, from_seq is not looked at */
};
_Static_assert(sizeof(struct hsr_msg_owner) == 24, "msg_owner size");
_Static_assert(offsetof(struct hsr_msg_owner, hdr) == 0, "msg_owner.hdr");
_Static_assert(offsetof(struct hsr_msg_owner, from_seq) == 16, "msg_owner.from_seq");
_Static_assert(offsetof(struct hsr_msg_owner, group) == 20, "msg_owner.group");
_Static_assert(offsetof(struct hsr_msg_owner, owner) == 22, "msg_owner.owner");
_Static_assert(offsetof(struct hsr_msg_owner, from_now) == 23, "msg_owner.from_now");

/* CAPTURE_SET; the descriptor is memory that packets are written to, in a form that is not part of this contract. A NIC that cannot capture answers EOPNOTSUPP. */
struct hsr_msg_capture {
    struct hsr_msg_hdr hdr;
    uint32_t id; /* 0..3 */
    uint8_t on; /* 1: begin, with a descriptor; 0: end */
    uint8_t pad[3]; /* 0 */
};
_Static_assert(sizeof(struct hsr_msg_capture) == 24, "msg_capture size");
_Static_assert(offsetof(struct hsr_msg_capture, hdr) == 0, "msg_capture.hdr");
_Static_assert(offsetof(struct hsr_msg_capture, id) == 16, "msg_capture.id");
_Static_assert(offsetof(struct hsr_msg_capture, on) == 20, "msg_capture.on");
_Static_assert(offsetof(struct hsr_msg_capture, pad) == 21, "msg_capture.pad");

/* LATENCY_SET; to a NIC with the feature LATENCY alone. What was measured before stays until the firmware goes. */
struct hsr_msg_latency_set {
    struct hsr_msg_hdr hdr;
    uint8_t on; /* 1: measure */
    uint8_t pad[7]; /* 0 */
};
_Static_assert(sizeof(struct hsr_msg_latency_set) == 24, "msg_latency_set size");
_Static_assert(offsetof(struct hsr_msg_latency_set, hdr) == 0, "msg_latency_set.hdr");
_Static_assert(offsetof(struct hsr_msg_latency_set, on) == 16, "msg_latency_set.on");
_Static_assert(offsetof(struct hsr_msg_latency_set, pad) == 17, "msg_latency_set.pad");

/* LATENCY_GET */
struct hsr_msg_latency_get {
    struct hsr_msg_hdr hdr;
    uint32_t worker; /* ring set */
    uint32_t stage; /* enum latency */
};
_Static_assert(sizeof(struct hsr_msg_latency_get) == 24, "msg_latency_get size");
_Static_assert(offsetof(struct hsr_msg_latency_get, hdr) == 0, "msg_latency_get.hdr");
_Static_assert(offsetof(struct hsr_msg_latency_get, worker) == 16, "msg_latency_get.worker");
_Static_assert(offsetof(struct hsr_msg_latency_get, stage) == 20, "msg_latency_get.stage");

/* LATENCY: a histogram of times in ns, by packets. Below 16 each has a bucket of its own; from there on there are 16 of equal width to a power of two; the last one has all of 2^32 ns and more, too. */
struct hsr_msg_latency {
    struct hsr_msg_hdr hdr;
    uint64_t sum; /* of all times */
    uint64_t max; /* the largest */
    uint64_t bucket[464]; /* packets */
};
_Static_assert(sizeof(struct hsr_msg_latency) == 3744, "msg_latency size");
_Static_assert(offsetof(struct hsr_msg_latency, hdr) == 0, "msg_latency.hdr");
_Static_assert(offsetof(struct hsr_msg_latency, sum) == 16, "msg_latency.sum");
_Static_assert(offsetof(struct hsr_msg_latency, max) == 24, "msg_latency.max");
_Static_assert(offsetof(struct hsr_msg_latency, bucket) == 32, "msg_latency.bucket");

/* GROUP_SET; ports and contexts nobody named are in group 0 */
struct hsr_msg_group {
    struct hsr_msg_hdr hdr;
    uint32_t context; /* with port NO_PORT: of what comes out of tunnels */
    uint16_t port; /* or NO_PORT */
    uint16_t group; /* 0..MAX_GROUPS - 1 */
};
_Static_assert(sizeof(struct hsr_msg_group) == 24, "msg_group size");
_Static_assert(offsetof(struct hsr_msg_group, hdr) == 0, "msg_group.hdr");
_Static_assert(offsetof(struct hsr_msg_group, context) == 16, "msg_group.context");
_Static_assert(offsetof(struct hsr_msg_group, port) == 20, "msg_group.port");
_Static_assert(offsetof(struct hsr_msg_group, group) == 22, "msg_group.group");

/* clang-format on */

#endif
