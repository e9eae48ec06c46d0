/* SPDX-License-Identifier: Apache-2.0 */
/* Schema: the underlay, VPCs, subnets, mappings and routes. */
#include "internal.h"
#include "schema_tables.h"

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
const struct cfg_table cfg_underlay_table = {
    "underlay", "underlay", "The network that connects the hosts.", underlay_field};

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
const struct cfg_table cfg_vpcs_table = {
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
const struct cfg_table cfg_subnets_table = {
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
const struct cfg_table cfg_mappings_table = {"mappings", "mapping",
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
            "routes; `blackhole`: dropped; `external`: out of the uplink under a public address "
            "(`eips`, "
            "`snat`), without a tunnel unless there is a `vtep`"},
    {.name = "vtep",
     .type = CFG_T_ADDRESS,
     .only = "type=vtep|external",
     .doc = "underlay address of the host, IPv4 or IPv6; with `external` of a gateway host, which "
            "what guests begin goes "
            "through; required with `vtep`"},
    {.name = "mac",
     .type = CFG_T_MAC,
     .only = "type=vtep|external",
     .doc = "inner destination MAC address; with every `vtep`"},
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
const struct cfg_table cfg_routes_table = {
    "routes", "route", "Where a VPC sends what is in none of its subnets.", route_field};
