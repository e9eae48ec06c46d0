/* SPDX-License-Identifier: Apache-2.0 */
#include "config/schema.h"

#include <string.h>

#include "internal.h"

#define SECONDS(field, text, what)                                                     \
    {                                                                                  \
        .name = (field), .type = CFG_T_INT, .lo = 1, .hi = 604800, .fallback = (text), \
        .doc = (what)                                                                  \
    }

static const struct cfg_field timeout_field[] = {
    SECONDS("tcp_embryonic", "20", "TCP: SYN seen, or SYN and SYN+ACK"),
    SECONDS("tcp_established", "3600", "TCP: established"),
    SECONDS("tcp_half_closed", "120", "TCP: one FIN seen"),
    SECONDS("tcp_closing", "30", "TCP: both FINs seen, not both acknowledged"),
    SECONDS("tcp_time_wait", "30", "TCP: closed by both sides"),
    SECONDS("tcp_reset", "2", "TCP: reset"),
    SECONDS("udp_single", "30", "UDP: packets in one direction only"),
    SECONDS("udp_stream", "120", "UDP: packets in both directions"),
    SECONDS("icmp", "10", "ICMP and ICMPv6 queries"),
    SECONDS("other", "60", "other protocols"),
    {.name = NULL},
};
static const struct cfg_table timeouts = {
    "timeouts", "timeouts", "Seconds without a packet after which a session goes.", timeout_field};

static const struct cfg_field option_field[] = {
    {.name = "workers",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = HSR_MAX_WORKERS,
     .fallback = "1",
     .doc = "worker threads that packets go to; may change under traffic, up to workers_max"},
    {.name = "workers_max",
     .type = CFG_T_INT,
     .hi = HSR_MAX_WORKERS,
     .fallback = "0",
     .doc = "most that `workers` may become while the program runs; an avs-nic needs as many ring "
            "sets. 0: as many as "
            "`workers` says at start, and later documents may leave it out"},
    {.name = "sessions",
     .type = CFG_T_INT,
     .lo = 1024,
     .hi = 1 << HSR_FLOW_INDEX_BITS,
     .fallback = "131072",
     .doc = "sessions a worker"},
    {.name = "quota",
     .type = CFG_T_INT,
     .hi = 1 << HSR_FLOW_INDEX_BITS,
     .fallback = "0",
     .doc = "sessions a vNIC may open, and as many that the network may open to it, 0: no limit"},
    {.name = "vector",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = HSR_MAX_VECTOR,
     .fallback = "16",
     .doc = "most packets of a vector"},
    {.name = "fast_path",
     .type = CFG_T_BOOL,
     .fallback = "true",
     .doc = "false sends every packet through the policy stages, for tests"},
    {.name = "gro",
     .type = CFG_T_BOOL,
     .fallback = "true",
     .doc = "packets of a TCP flow that come together leave as one by a vNIC that takes "
            "segmentation offload"},
    {.name = "timeouts", .type = CFG_T_OBJECT, .sub = &timeouts, .doc = "idle time-outs"},
    {.name = NULL},
};
static const struct cfg_table options = {"options", "options", "Sizes and limits of the program.",
                                         option_field};

static const struct cfg_field neighbor_field[] = {
    {.name = "address",
     .type = CFG_T_ADDRESS,
     .required = true,
     .key = true,
     .doc = "address on the link of an uplink"},
    {.name = "mac", .type = CFG_T_MAC, .required = true, .doc = "its MAC address"},
    {.name = NULL},
};
static const struct cfg_table neighbors = {
    "neighbors", "neighbor",
    "Static neighbours of the uplinks; others are asked for by ARP and neighbour discovery.",
    neighbor_field};

static const struct cfg_field underlay_field[] = {
    {.name = "vtep",
     .type = CFG_T_ADDRESS,
     .doc = "our end of all tunnels over IPv4, whatever uplink they take: an address of the host "
            "that the routers of all uplinks know the way to; default: `address` of the uplink"},
    {.name = "vtep6",
     .type = CFG_T_ADDRESS,
     .doc = "the same for tunnels over IPv6; default: `address6` of the uplink"},
    {.name = "udp_checksum",
     .type = CFG_T_ENUM,
     .choices = "ipv6|always|never",
     .fallback = "ipv6",
     .doc =
         "tunnel packets that have a UDP checksum outside: `ipv6`: those over IPv6, as Linux and "
         "Open vSwitch send them; `always`; `never`: none, which the other hosts must be set to "
         "take over IPv6 (RFC 6935). Received ones may have one or not; what is there must be "
         "right"},
    {.name = "neighbors",
     .type = CFG_T_OBJECTS,
     .hi = 1024,
     .sub = &neighbors,
     .doc = "static neighbours"},
    {.name = NULL},
};
static const struct cfg_table underlay = {"underlay", "underlay",
                                          "The network that connects the hosts.", underlay_field};

static const struct cfg_field rx_limit_field[] = {
    {.name = "pps",
     .type = CFG_T_INT,
     .hi = 1000000000,
     .fallback = "0",
     .doc = "packets a second, 0: no limit"},
    {.name = "kbps",
     .type = CFG_T_INT,
     .hi = 1000000000,
     .fallback = "0",
     .doc = "thousand bits a second, 0: no limit"},
    {.name = NULL},
};
static const struct cfg_table rx_limit = {
    "rx_limit", "rx_limit",
    "What a vNIC, or a pool of public addresses, may receive through uplinks; more is dropped "
    "before anything is spent on it (`pre_limit`). Packets of other vNICs of the host wait in "
    "their guests instead.",
    rx_limit_field};

static const struct cfg_field port_field[] = {
    {.name = "name", .type = CFG_T_NAME, .required = true, .key = true, .doc = "name of the port"},
    {.name = "role",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "vnic|uplink|host",
     .doc = "`vnic`: a guest is behind it; `uplink`: the underlay is; `host`: the host's own "
            "kernel is, for what it sends and "
            "gets on an uplink"},
    {.name = "type",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "tap|kernel|pcap|null|ring|pci|vhost-user|memif",
     .doc = "`tap`: an interface made for it; `kernel`: an interface that exists; `pcap`: capture "
            "files; `null`: nothing; `ring`: memory; `pci`: a DPDK device; `vhost-user`: a virtual "
            "machine's network device; `memif`: an interface of shared memory, for containers and "
            "DPDK programs"},
    {.name = "device",
     .type = CFG_T_STRING,
     .hi = 127,
     .doc =
         "interface, file or device address; required for `kernel` and `pci`; default for `tap`: "
         "the port's name"},
    {.name = "path",
     .type = CFG_T_STRING,
     .required = true,
     .hi = 107,
     .only = "type=vhost-user|memif",
     .doc = "socket that both sides meet at, from `/` on, in a folder that not everybody may write "
            "to"},
    {.name = "side",
     .type = CFG_T_ENUM,
     .choices = "client|server",
     .fallback = "client",
     .only = "type=vhost-user|memif",
     .doc = "`client`: the other side listens at `path`, and is gone back to at once after a "
            "restart; `server`: we listen"},
    {.name = "netns",
     .type = CFG_T_STRING,
     .hi = 63,
     .only = "type=tap|kernel",
     .doc = "network namespace of the interface, by its name under `/run/netns`; default: our own"},
    {.name = "args",
     .type = CFG_T_STRING,
     .hi = 151,
     .doc = "`key=value,key=value` for the driver of the type"},
    {.name = "mtu",
     .type = CFG_T_INT,
     .lo = 576,
     .hi = 9900,
     .doc = "bytes of an IP packet; default: the device's own"},
    {.name = "queues",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = 16,
     .fallback = "1",
     .doc = "queues of the device"},
    {.name = "offload",
     .type = CFG_T_BOOL,
     .fallback = "true",
     .doc = "offer checksum and segmentation offload to the device's user"},
    {.name = "share",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = 16,
     .doc = "its weight where ports compete for the NIC's memory; default: 1, of an uplink 16"},
    {.name = "min_slots",
     .type = CFG_T_INT,
     .hi = 4096,
     .fallback = "64",
     .doc =
         "packets it may have in flight whatever other ports do; all ports' together get at most "
         "half of the memory"},
    {.name = "bad_limit",
     .type = CFG_T_INT,
     .hi = 1000000,
     .fallback = "10000",
     .doc = "malformed packets a second that are counted by their reasons, more are dropped unseen "
            "(`bad_limit`); 0: no limit"},
    {.name = "mac",
     .type = CFG_T_MAC,
     .doc = "the guest's MAC address (required); of an uplink: ours, default `02:a5` and the four "
            "bytes of `address`, or the last four of `address6` where there is no `address`; of a "
            "`host` tap: the interface's, default the uplink's"},
    {.name = "subnet",
     .type = CFG_T_REF,
     .required = true,
     .choices = "subnets",
     .only = "role=vnic",
     .doc = "subnet the guest is in"},
    {.name = "addresses",
     .type = CFG_T_ADDRESSES,
     .required = true,
     .lo = 1,
     .hi = CFG_PORT_ADDRS,
     .only = "role=vnic",
     .doc = "the guest's addresses, of the subnet"},
    {.name = "security_groups",
     .type = CFG_T_REFS,
     .lo = 1,
     .hi = CFG_PORT_GROUPS,
     .choices = "security_groups",
     .fallback = "[default]",
     .only = "role=vnic",
     .doc = "groups it is a member of"},
    {.name = "anti_spoof",
     .type = CFG_T_BOOL,
     .fallback = "true",
     .only = "role=vnic",
     .doc = "refuse what the guest sends under foreign addresses"},
    {.name = "midstream",
     .type = CFG_T_ENUM,
     .choices = "strict|pick-up",
     .fallback = "strict",
     .only = "role=vnic",
     .doc = "TCP without a SYN: refuse, or take up as established"},
    {.name = "quota",
     .type = CFG_T_INT,
     .hi = 1 << HSR_FLOW_INDEX_BITS,
     .fallback = "0",
     .only = "role=vnic",
     .doc = "sessions it may open, and the network to it, 0: as `options` says"},
    {.name = "rx_limit",
     .type = CFG_T_OBJECT,
     .sub = &rx_limit,
     .only = "role=vnic",
     .doc = "what it may receive from the network"},
    {.name = "address",
     .type = CFG_T_INTERFACE,
     .only = "role=uplink",
     .doc = "our IPv4 address with the length of the link's prefix; a local VTEP. An uplink has "
            "this, `address6` or both"},
    {.name = "uplink",
     .type = CFG_T_REF,
     .required = true,
     .choices = "ports",
     .only = "role=host",
     .doc = "the uplink whose traffic it gets that is neither a tunnel's nor answered by us, and "
            "which its own leaves by"},
    {.name = "rate",
     .type = CFG_T_INT,
     .lo = 10,
     .hi = 1000000,
     .fallback = "20000",
     .only = "role=host",
     .doc = "most packets a second, both ways together, of each worker"},
    {.name = "gateway",
     .type = CFG_T_ADDRESS,
     .only = "role=uplink",
     .doc = "next hop to what is not on the link"},
    {.name = "gateways",
     .type = CFG_T_ADDRESSES,
     .lo = 1,
     .hi = CFG_GATEWAYS,
     .only = "role=uplink",
     .doc = "more next hops; flows are spread over all, with `gateway` four at most, and those of "
            "one that does not answer are taken by the others"},
    {.name = "address6",
     .type = CFG_T_INTERFACE,
     .only = "role=uplink",
     .doc = "our IPv6 address with the length of the link's prefix; a local VTEP"},
    {.name = "gateway6",
     .type = CFG_T_ADDRESS,
     .only = "role=uplink",
     .doc = "next hop to IPv6 addresses that are not on the link; may be link-local"},
    {.name = "gateways6",
     .type = CFG_T_ADDRESSES,
     .lo = 1,
     .hi = CFG_GATEWAYS,
     .only = "role=uplink",
     .doc = "as `gateways`, for IPv6"},
    {.name = NULL},
};
static const struct cfg_table ports = {"ports", "port", "Where packets come from and go to.",
                                       port_field};

static const struct cfg_field geneve_option_field[] = {
    {.name = "class",
     .type = CFG_T_INT,
     .required = true,
     .hi = 0xFFFF,
     .doc = "option class, by IANA's registry; 0xFF00 (65280) and above are for experiments"},
    {.name = "type", .type = CFG_T_INT, .required = true, .hi = 127, .doc = "type in the class"},
    {.name = "critical",
     .type = CFG_T_BOOL,
     .fallback = "false",
     .doc = "an end point that does not know the option has to drop the packet"},
    {.name = "data",
     .type = CFG_T_STRING,
     .hi = 2 * CFG_GENEVE_OPTIONS,
     .doc = "hexadecimal digits in quotes, a multiple of four bytes; default: no data"},
    {.name = NULL},
};
static const struct cfg_table geneve_options = {
    "geneve_options", "geneve_option",
    "What each Geneve packet that we send for the VPC carries (RFC 8926, 3.5). Options of others "
    "are ignored, and a "
    "critical one gets its packet dropped.",
    geneve_option_field};

static const struct cfg_field vpc_field[] = {
    {.name = "name", .type = CFG_T_NAME, .required = true, .key = true, .doc = "name of the VPC"},
    {.name = "vni",
     .type = CFG_T_INT,
     .required = true,
     .lo = 1,
     .hi = (1 << 24) - 1,
     .doc = "network identifier of the tunnel, of one VPC only"},
    {.name = "encap",
     .type = CFG_T_ENUM,
     .choices = "vxlan|geneve",
     .fallback = "vxlan",
     .doc = "tunnel between the hosts, the same on all of them: VXLAN (RFC 7348) or Geneve (RFC "
            "8926)"},
    {.name = "mss_clamp",
     .type = CFG_T_BOOL,
     .fallback = "false",
     .doc = "lower the MSS that TCP SYNs offer to what the path of the session takes"},
    {.name = "geneve_options",
     .type = CFG_T_OBJECTS,
     .hi = CFG_GENEVE_OPTIONS / 4,
     .only = "encap=geneve",
     .sub = &geneve_options,
     .doc = "options of each packet sent, 56 bytes in all"},
    {.name = NULL},
};
static const struct cfg_table vpcs = {
    "vpcs", "vpc", "Tenant networks. Each has its own addresses; nothing passes between two.",
    vpc_field};

static const struct cfg_field subnet_field[] = {
    {.name = "name",
     .type = CFG_T_NAME,
     .required = true,
     .key = true,
     .doc = "name of the subnet"},
    {.name = "vpc", .type = CFG_T_REF, .required = true, .choices = "vpcs", .doc = "its VPC"},
    {.name = "prefix4", .type = CFG_T_PREFIX, .doc = "IPv4 prefix, at most /30"},
    {.name = "prefix6", .type = CFG_T_PREFIX, .doc = "IPv6 prefix, at most /126"},
    {.name = "gateway4",
     .type = CFG_T_ADDRESS,
     .doc = "the router's IPv4 address; default: the first of the prefix"},
    {.name = "gateway6",
     .type = CFG_T_ADDRESS,
     .doc = "the router's IPv6 address; default: the first of the prefix"},
    {.name = "gateway_mac",
     .type = CFG_T_MAC,
     .fallback = "02:00:5e:00:01:01",
     .doc = "the router's MAC address; the same on every host, so that a guest may move"},
    {.name = NULL},
};
static const struct cfg_table subnets = {
    "subnets", "subnet",
    "Parts of a VPC: `prefix4`, `prefix6` or both. The gateway is our own, on every host.",
    subnet_field};

static const struct cfg_field mapping_field[] = {
    {.name = "vpc",
     .type = CFG_T_REF,
     .required = true,
     .key = true,
     .choices = "vpcs",
     .doc = "VPC of the address"},
    {.name = "address",
     .type = CFG_T_ADDRESS,
     .required = true,
     .key = true,
     .doc = "address of a guest on another host"},
    {.name = "mac", .type = CFG_T_MAC, .required = true, .doc = "the guest's MAC address"},
    {.name = "vtep",
     .type = CFG_T_ADDRESS,
     .required = true,
     .doc = "underlay address of its host, IPv4 or IPv6"},
    {.name = "mtu",
     .type = CFG_T_INT,
     .lo = 576,
     .hi = 9900,
     .doc = "largest IP packet that reaches it; default: what the uplink leaves to it"},
    {.name = NULL},
};
static const struct cfg_table mappings = {"mappings", "mapping",
                                          "Addresses that live on other hosts.", mapping_field};

static const struct cfg_field route_field[] = {
    {.name = "vpc",
     .type = CFG_T_REF,
     .required = true,
     .key = true,
     .choices = "vpcs",
     .doc = "VPC the route is in"},
    {.name = "prefix",
     .type = CFG_T_PREFIX,
     .required = true,
     .key = true,
     .doc = "destinations; the longest match decides"},
    {.name = "type",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "local|vtep|gateway|blackhole|external",
     .doc = "`local`: known hosts of the VPC only; `vtep`: another host; `gateway`: a guest that "
            "routes; `blackhole`: dropped; `external`: out of the uplink without a tunnel, under a "
            "public address (`eips`, `snat`)"},
    {.name = "vtep",
     .type = CFG_T_ADDRESS,
     .required = true,
     .only = "type=vtep",
     .doc = "underlay address of the host, IPv4 or IPv6"},
    {.name = "mac",
     .type = CFG_T_MAC,
     .required = true,
     .only = "type=vtep",
     .doc = "inner destination MAC address"},
    {.name = "reply",
     .type = CFG_T_ENUM,
     .choices = "route|source",
     .fallback = "route",
     .only = "type=local|vtep",
     .doc = "where replies to hosts of the prefix go whose first packet came out of a tunnel: "
            "`route`: as the table says; "
            "`source`: to the host that first packet came from"},
    {.name = "via",
     .type = CFG_T_ADDRESS,
     .required = true,
     .only = "type=gateway",
     .doc = "address of a vNIC or mapping of the VPC"},
    {.name = "mtu",
     .type = CFG_T_INT,
     .lo = 576,
     .hi = 9900,
     .doc = "largest IP packet that takes this route; default: what the port it leaves by takes"},
    {.name = NULL},
};
static const struct cfg_table routes = {
    "routes", "route", "Where a VPC sends what is in none of its subnets.", route_field};

static const struct cfg_field eip_field[] = {
    {.name = "name", .type = CFG_T_NAME, .required = true, .key = true, .doc = "name of the EIP"},
    {.name = "address",
     .type = CFG_T_ADDRESS,
     .required = true,
     .doc = "public address, of this guest alone"},
    {.name = "vnic",
     .type = CFG_T_REF,
     .required = true,
     .choices = "ports",
     .doc = "port of the guest"},
    {.name = "inside",
     .type = CFG_T_ADDRESS,
     .doc = "its address that the public one stands for; default: its first of the same family"},
    {.name = NULL},
};
static const struct cfg_table eips = {
    "eips", "eip",
    "Elastic IPs: a public address for one guest, in both directions and with all its ports.",
    eip_field};

static const struct cfg_field snat_field[] = {
    {.name = "name", .type = CFG_T_NAME, .required = true, .key = true, .doc = "name of the pool"},
    {.name = "vpc",
     .type = CFG_T_REF,
     .required = true,
     .choices = "vpcs",
     .doc = "whose guests share it"},
    {.name = "subnets",
     .type = CFG_T_REFS,
     .lo = 1,
     .hi = CFG_SNAT_NETS,
     .choices = "subnets",
     .doc = "only guests of these; default: all that have no pool of their own"},
    {.name = "addresses",
     .type = CFG_T_ADDRESSES,
     .required = true,
     .lo = 1,
     .hi = CFG_SNAT_ADDRS,
     .doc = "public addresses; a guest mostly keeps one of them"},
    {.name = "ports",
     .type = CFG_T_PORTS,
     .fallback = "1024-65535",
     .doc = "ports (ICMP: identifiers) to be used; a guest's own is kept where it is free"},
    {.name = "rx_limit",
     .type = CFG_T_OBJECT,
     .sub = &rx_limit,
     .doc = "of packets from outside to its addresses, forwarded ports apart; none by default"},
    {.name = NULL},
};
static const struct cfg_table snats = {
    "snat", "snat", "Public addresses that guests without an EIP share for what they begin.",
    snat_field};

static const struct cfg_field forward_field[] = {
    {.name = "name",
     .type = CFG_T_NAME,
     .required = true,
     .key = true,
     .doc = "name of the port forwarding"},
    {.name = "address",
     .type = CFG_T_ADDRESS,
     .required = true,
     .doc = "public address; may be one of a `snat` pool"},
    {.name = "protocol",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "tcp|udp",
     .doc = "transport protocol"},
    {.name = "port",
     .type = CFG_T_INT,
     .required = true,
     .lo = 1,
     .hi = 65535,
     .doc = "public port"},
    {.name = "vnic",
     .type = CFG_T_REF,
     .required = true,
     .choices = "ports",
     .doc = "port of the guest"},
    {.name = "inside",
     .type = CFG_T_ADDRESS,
     .doc = "its address; default: its first of the same family"},
    {.name = "inside_port",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = 65535,
     .doc = "its port; default: the public one"},
    {.name = NULL},
};
static const struct cfg_table forwards = {
    "forwards", "forward", "Ports of public addresses that lead to a guest.", forward_field};

static const struct cfg_field rule_field[] = {
    {.name = "direction",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "ingress|egress",
     .doc = "towards the guest, or from it"},
    {.name = "action",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "allow|deny",
     .doc = "what happens"},
    {.name = "priority",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = 1000,
     .fallback = "100",
     .doc = "the smaller decides; between equals, `deny`"},
    {.name = "protocol",
     .type = CFG_T_PROTOCOL,
     .fallback = "any",
     .doc = "of the first packet of a session"},
    {.name = "ports",
     .type = CFG_T_PORTS,
     .fallback = "0-65535",
     .only = "protocol=tcp|udp|sctp|6|17|132",
     .doc = "destination ports"},
    {.name = "remote",
     .type = CFG_T_REMOTE,
     .fallback = "any",
     .doc = "the other end; a group stands for its members in the same VPC"},
    {.name = NULL},
};
static const struct cfg_table rules = {
    "rules", "rule", "What may begin a session. The answers of a session need no rule.",
    rule_field};

static const struct cfg_field group_field[] = {
    {.name = "name", .type = CFG_T_NAME, .required = true, .key = true, .doc = "name of the group"},
    {.name = "rules", .type = CFG_T_OBJECTS, .hi = 1024, .sub = &rules, .doc = "its rules"},
    {.name = NULL},
};
static const struct cfg_table groups = {
    "security_groups", "security_group",
    "What no rule of a vNIC's groups allows is denied. The group `default` always exists: unless "
    "it "
    "is given here, it allows everything from its members, and to its members from each other.",
    group_field};

static const struct cfg_field document_field[] = {
    {.name = "version",
     .type = CFG_T_INT,
     .required = true,
     .lo = CFG_VERSION,
     .hi = CFG_VERSION,
     .doc = "version of this layout"},
    {.name = "options", .type = CFG_T_OBJECT, .sub = &options, .doc = "sizes and limits"},
    {.name = "underlay", .type = CFG_T_OBJECT, .sub = &underlay, .doc = "between the hosts"},
    {.name = "ports", .type = CFG_T_OBJECTS, .hi = HSR_MAX_PORTS, .sub = &ports, .doc = "ports"},
    {.name = "vpcs", .type = CFG_T_OBJECTS, .hi = 4096, .sub = &vpcs, .doc = "tenant networks"},
    {.name = "subnets", .type = CFG_T_OBJECTS, .hi = 4096, .sub = &subnets, .doc = "their parts"},
    {.name = "mappings",
     .type = CFG_T_OBJECTS,
     .hi = 65536,
     .sub = &mappings,
     .doc = "addresses elsewhere"},
    {.name = "routes", .type = CFG_T_OBJECTS, .hi = 65536, .sub = &routes, .doc = "routes"},
    {.name = "eips",
     .type = CFG_T_OBJECTS,
     .hi = 4096,
     .sub = &eips,
     .doc = "a guest's public addresses"},
    {.name = "snat",
     .type = CFG_T_OBJECTS,
     .hi = CFG_SNATS,
     .sub = &snats,
     .doc = "public addresses that are shared"},
    {.name = "forwards",
     .type = CFG_T_OBJECTS,
     .hi = 16384,
     .sub = &forwards,
     .doc = "public ports that lead to guests"},
    {.name = "security_groups",
     .type = CFG_T_OBJECTS,
     .hi = 1024,
     .sub = &groups,
     .doc = "who may talk to whom"},
    {.name = NULL},
};
const struct cfg_table cfg_schema = {"document", "document", "The document.", document_field};

static const struct cfg_table *find_in(const struct cfg_table *table, const char *name)
{
    for (const struct cfg_field *f = table->field; f->name; f++) {
        const struct cfg_table *found;

        if (!f->sub) {
            continue;
        }
        if (!strcmp(f->sub->name, name) || !strcmp(f->sub->singular, name)) {
            return f->sub;
        }
        found = find_in(f->sub, name);
        if (found) {
            return found;
        }
    }
    return NULL;
}

const struct cfg_table *cfg_schema_find(const char *name)
{
    return find_in(&cfg_schema, name);
}

const struct cfg_field *cfg_schema_field(const struct cfg_table *table, const char *name)
{
    for (const struct cfg_field *f = table->field; f->name; f++) {
        if (!strcmp(f->name, name)) {
            return f;
        }
    }
    return NULL;
}
