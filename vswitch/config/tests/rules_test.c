/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule has a document that breaks it, and the place and words of the complaint. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* A document that is right; a case appends lines to it, or replaces it. Line 14 is the first appended one. */
#define BASE                                                                        \
    "version: 1\n"                                                                  \
    "vpcs: [{name: blue, vni: 100}, {name: red, vni: 200}]\n"                       \
    "subnets:\n"                                                                    \
    "  - {name: b, vpc: blue, prefix4: 10.1.0.0/24, prefix6: 'fd00::/64'}\n"        \
    "  - {name: r, vpc: red, prefix4: 10.1.0.0/24}\n"                               \
    "mappings:\n"                                                                   \
    "  - {vpc: red, address: 10.1.0.77, mac: 02:00:00:00:00:77, vtep: 192.0.2.7}\n" \
    "ports:\n"                                                                      \
    "  - {name: up, role: uplink, type: null, address: 192.0.2.1/24}\n"             \
    "  - {name: v, role: vnic, type: tap, subnet: b, mac: 02:00:00:00:00:01,\n"     \
    "     addresses: [10.1.0.5]}\n"                                                 \
    "# What follows is the case.\n"                                                 \
    "\n"
#define VNIC    "  - {name: w, role: vnic, type: tap, subnet: b, mac: 02:00:00:00:00:02, "
#define UPLINK  "  - {name: x, role: uplink, type: pcap, "
#define SUBNETS "version: 1\nvpcs: [{name: blue, vni: 1}]\nsubnets:\n"
#define MAPS                                                                    \
    "version: 1\n"                                                              \
    "vpcs: [{name: blue, vni: 100}]\n"                                          \
    "subnets: [{name: b, vpc: blue, prefix4: 10.1.0.0/24}]\n"                   \
    "ports:\n"                                                                  \
    "  - {name: up, role: uplink, type: null, address: 192.0.2.1/24}\n"         \
    "  - {name: v, role: vnic, type: tap, subnet: b, mac: 02:00:00:00:00:01,\n" \
    "     addresses: [10.1.0.5]}\n"
#define MAP(rest)   MAPS "mappings:\n  - {vpc: blue, " rest "}\n"
#define ROUTE(rest) MAPS "routes:\n  - {vpc: blue, " rest "}\n"
#define GENEVE(rest) \
    "version: 1\nvpcs: [{name: a, vni: 1, encap: geneve, geneve_options: [{" rest "}]}]\n"
#define DIGITS    "0123456789abcdefABCDEF9876543210"
#define NAT(rest) MAPS rest "\n" /* line 8 */
#define MANY(n)   "  - {name: y" #n ", role: uplink, type: 'null', address: 198.51." #n ".1/24}\n"
#define RULE(rest)                                            \
    "version: 1\nsecurity_groups:\n  - name: g\n    rules:\n" \
    "      - {direction: ingress, action: allow, " rest "}\n"

static const struct bad {
    const char *text;
    const char *path;
    int line;
    const char *fragment;
} bad[] = {
    /* the document */
    {"vpcs: []\n", "", 1, "'version' is missing"},
    {"version: 2\nnew_things: 1\n", "/version", 1, "this program reads version 1"},
    {"version: one\n", "/version", 1, "expected a whole number"},
    {"version: 1\n\nport: []\n", "/port", 3, "unknown key 'port'; known: version, options"},
    {"[1]\n", "", 1, "expected an object"},
    {"version: 1\nports: {}\n", "/ports", 2, "expected a list"},
    {"version: 1\nports:\n  - 5\n", "/ports/0", 3, "expected an object"},
    {"version: 1\noptions: []\n", "/options", 2, "expected an object"},
    {"version: 1\na/b~c: 1\n", "/a~1b~0c", 2, "unknown key"},
    /* options */
    {"version: 1\noptions: {workers: 17}\n", "/options/workers", 2, "1 to 16"},
    {"version: 1\noptions: {workers: 1.5}\n", "/options/workers", 2, "fraction"},
    {"version: 1\noptions: {workers: \"2\"}\n", "/options/workers", 2, "without quotes"},
    {"version: 1\noptions: {workers: 0}\n", "/options/workers", 2, "1 to 16"},
    {"version: 1\noptions: {workers: 3, workers_max: 2}\n", "/options/workers", 2,
     "more workers than workers_max (2)"},
    {"version: 1\noptions: {workers_max: 17}\n", "/options/workers_max", 2, "0 to 16"},
    {"version: 1\noptions: {sessions: 10}\n", "/options/sessions", 2, "1024 to"},
    {"version: 1\noptions: {vector: 0}\n", "/options/vector", 2, "1 to 16"},
    {"version: 1\noptions: {quota: -1}\n", "/options/quota", 2, "0 to"},
    {"version: 1\noptions: {fast_path: yes}\n", "/options/fast_path", 2, "write true"},
    {"version: 1\noptions: {fast_path: Off}\n", "/options/fast_path", 2, "write false"},
    {"version: 1\noptions: {fast_path: 1}\n", "/options/fast_path", 2, "expected true or false"},
    {"version: 1\noptions:\n  timeouts:\n    icmp: 0\n", "/options/timeouts/icmp", 4, "1 to"},
    {"version: 1\noptions: {timeouts: {tcp: 3}}\n", "/options/timeouts/tcp", 2, "unknown key"},
    /* underlay */
    {"version: 1\nunderlay:\n  neighbors:\n    - {address: 192.0.2.2, mac: 02:00:00:00:00:01}\n"
     "    - {address: 192.0.2.2, mac: 02:00:00:00:00:02}\n",
     "/underlay/neighbors/1/address", 5, "taken"},
    {BASE "underlay: {neighbors: [{address: 192.0.2.1, mac: 02:00:00:00:00:01}]}\n",
     "/underlay/neighbors/0/address", 14, "192.0.2.1 is taken"},
    {"version: 1\nunderlay: {neighbors: [{address: 192.0.2.2}]}\n", "/underlay/neighbors/0", 2,
     "'mac' is missing"},
    {BASE "underlay: {vtep: 'fd00::1'}\n", "/underlay/vtep", 14, "fd00::1 is IPv6; 'vtep' is IPv4"},
    {BASE "underlay: {vtep6: 192.0.2.9}\n", "/underlay/vtep6", 14,
     "192.0.2.9 is IPv4; 'vtep6' is IPv6"},
    {BASE "underlay: {vtep6: 'fd00::9'}\n", "/underlay/vtep6", 14,
     "fd00::9 is IPv6; no uplink has an 'address6'"},
    {BASE "underlay: {udp_checksum: maybe}\n", "/underlay/udp_checksum", 14, "ipv6|always|never"},
    {BASE "underlay: {vtep: 192.0.2.7}\n", "/mappings/0/vtep", 7, "is our own"},
    {BASE "routes: [{vpc: blue, prefix: 10.9.0.0/16, type: blackhole, reply: source}]\n",
     "/routes/0/reply", 14, "only for a route with type=local|vtep"},
    {BASE UPLINK "address: 192.0.3.1/24}\n" MANY(1) MANY(2) MANY(3) MANY(4) MANY(5) MANY(6) MANY(7),
     "/ports/9/role", 21, "more than 8 uplinks"},
    {BASE "  - {name: h, role: host, type: tap, uplink: v}\n", "/ports/2/uplink", 14,
     "is no uplink"},
    {BASE "  - {name: h, role: host, type: tap}\n", "/ports/2", 14, "'uplink' is missing"},
    {BASE "  - {name: h, role: host, type: tap, uplink: up}\n"
          "  - {name: i, role: host, type: tap, uplink: up}\n",
     "/ports/3/uplink", 15, "is taken by port 'h'"},
    {BASE VNIC "addresses: [10.1.0.6], rate: 100}\n", "/ports/2/rate", 14, "role=host"},
    /* names and references */
    {"version: 1\nvpcs:\n  - {name: a b, vni: 1}\n", "/vpcs/0/name", 3, "is no name"},
    {"version: 1\nvpcs:\n  - {name: -a, vni: 1}\n", "/vpcs/0/name", 3, "is no name"},
    {"version: 1\nvpcs:\n  - {name: '', vni: 1}\n", "/vpcs/0/name", 3, "is no name"},
    {"version: 1\nvpcs:\n  - {name: a2345678901234567890123456789012, vni: 1}\n", "/vpcs/0/name", 3,
     "1 to 31"},
    {"version: 1\nvpcs:\n  - {name: 5, vni: 1}\n", "/vpcs/0/name", 3, "put it in quotes"},
    {"version: 1\nvpcs:\n  - {name: null, vni: 1}\n", "/vpcs/0/name", 3, "is nothing"},
    {"version: 1\nvpcs:\n  - {name: [a], vni: 1}\n", "/vpcs/0/name", 3, "is a list"},
    {"version: 1\nvpcs:\n  - {name: a, vni: 1}\n  - {name: a, vni: 2}\n", "/vpcs/1/name", 4,
     "another vpc 'a'"},
    {SUBNETS "  - {name: s, vpc: green, prefix4: 10.1.0.0/24}\n", "/subnets/0/vpc", 4,
     "no vpc 'green'; 'vpcs' has blue"},
    {BASE "security_groups: [{name: g}, {name: g}]\n", "/security_groups/1/name", 14, "another"},
    /* VPCs */
    {"version: 1\nvpcs: [{name: a, vni: 0}]\n", "/vpcs/0/vni", 2, "1 to 16777215"},
    {"version: 1\nvpcs: [{name: a, vni: 16777216}]\n", "/vpcs/0/vni", 2, "1 to 16777215"},
    {"version: 1\nvpcs:\n  - {name: a, vni: 1}\n  - {name: b, vni: 1}\n", "/vpcs/1/vni", 4,
     "VNI 1 is taken by VPC 'a'"},
    {"version: 1\nvpcs: [{name: a}]\n", "/vpcs/0", 2, "'vni' is missing"},
    {"version: 1\nvpcs: [{name: a, vni: 1, encap: gre}]\n", "/vpcs/0/encap", 2, "vxlan|geneve"},
    {"version: 1\nvpcs: [{name: a, vni: 1, geneve_options: [{class: 1, type: 1}]}]\n",
     "/vpcs/0/geneve_options", 2, "only for a vpc with encap=geneve"},
    {GENEVE("class: 1"), "/vpcs/0/geneve_options/0", 2, "'type' is missing"},
    {GENEVE("class: 65536, type: 1"), "/vpcs/0/geneve_options/0/class", 2, "0 to 65535"},
    {GENEVE("class: 1, type: 128"), "/vpcs/0/geneve_options/0/type", 2, "0 to 127"},
    {GENEVE("class: 1, type: 1, data: 0a0b0c"), "/vpcs/0/geneve_options/0/data", 2,
     "multiple of four bytes"},
    {GENEVE("class: 1, type: 1, data: 0a0b0c0g"), "/vpcs/0/geneve_options/0/data", 2,
     "multiple of four bytes"},
    {GENEVE("class: 1, type: 1, data: 0a0b0c0"), "/vpcs/0/geneve_options/0/data", 2,
     "multiple of four bytes"},
    {GENEVE("class: 1, type: 1, data: '" DIGITS DIGITS DIGITS "0000000a'}, {class: 1, type: 2"),
     "/vpcs/0/geneve_options/1", 2, "longer than 56 bytes"},
    /* subnets */
    {SUBNETS "  - {name: s, vpc: blue}\n", "/subnets/0", 4, "prefix4, prefix6 or both"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.1/24}\n", "/subnets/0/prefix4", 4,
     "the prefix is 10.1.0.0/24"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0}\n", "/subnets/0/prefix4", 4,
     "address/length"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/33}\n", "/subnets/0/prefix4", 4,
     "address/length"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/024}\n", "/subnets/0/prefix4", 4,
     "address/length"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/31}\n", "/subnets/0/prefix4", 4,
     "/1 to /30"},
    {SUBNETS "  - {name: s, vpc: blue, prefix6: 'fd00::/127'}\n", "/subnets/0/prefix6", 4,
     "/1 to /126"},
    {SUBNETS "  - {name: s, vpc: blue, prefix6: '::/0'}\n", "/subnets/0/prefix6", 4, "/1 to /126"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 'fd00::/64'}\n", "/subnets/0/prefix4", 4,
     "'prefix4' is IPv4"},
    {SUBNETS "  - {name: s, vpc: blue, prefix6: 10.0.0.0/8}\n", "/subnets/0/prefix6", 4,
     "'prefix6' is IPv6"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 224.0.0.0/8}\n", "/subnets/0/prefix4", 4,
     "no addresses of hosts"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/24, gateway4: 10.2.0.1}\n",
     "/subnets/0/gateway4", 4, "not in 10.1.0.0/24"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/24, gateway4: 'fd00::1'}\n",
     "/subnets/0/gateway4", 4, "not in 10.1.0.0/24"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/24, gateway6: 'fd00::1'}\n",
     "/subnets/0/gateway6", 4, "needs a prefix6"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/24, gateway_mac: 03:00:00:00:00:01}\n",
     "/subnets/0/gateway_mac", 4, "multicast"},
    {SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/24}\n"
             "  - {name: t, vpc: blue, prefix4: 10.0.0.0/8}\n",
     "/subnets/1/prefix4", 5, "overlaps 10.1.0.0/24 of subnet 's'"},
    {SUBNETS "  - {name: s, vpc: blue, prefix6: 'fd00::/48'}\n"
             "  - {name: t, vpc: blue, prefix6: 'fd00:0:0:5::/64'}\n",
     "/subnets/1/prefix6", 5, "overlaps fd00::/48"},
    /* ports */
    {BASE "routes: [{vpc: blue, prefix: 0.0.0.0/0, type: far}]\n", "/routes/0/type", 14,
     "expected one of local|vtep"},
    {"version: 1\nports: [{name: a, role: vnic}]\n", "/ports/0", 2, "'type' is missing"},
    {"version: 1\nports: [{name: a, type: tap}]\n", "/ports/0", 2, "'role' is missing"},
    {"version: 1\nports: [{name: a, role: guest, type: tap}]\n", "/ports/0/role", 2,
     "vnic|uplink|host"},
    {"version: 1\nports: [{name: a, role: vnic, type: vhost}]\n", "/ports/0/type", 2,
     "tap|kernel|pcap"},
    {BASE VNIC "addresses: [10.1.0.6], address: 10.0.0.1/8}\n", "/ports/2/address", 14,
     "only for a port with role=uplink"},
    {BASE VNIC "addresses: [10.1.0.6], gateway: 10.0.0.1}\n", "/ports/2/gateway", 14,
     "role=uplink"},
    {BASE UPLINK "address: 192.0.3.1/24, subnet: b}\n", "/ports/2/subnet", 14, "role=vnic"},
    {BASE UPLINK "address: 192.0.3.1/24, addresses: [10.1.0.6]}\n", "/ports/2/addresses", 14,
     "role=vnic"},
    {BASE UPLINK "address: 192.0.3.1/24, security_groups: [default]}\n", "/ports/2/security_groups",
     14, "role=vnic"},
    {BASE UPLINK "address: 192.0.3.1/24, anti_spoof: false}\n", "/ports/2/anti_spoof", 14,
     "role=vnic"},
    {BASE UPLINK "address: 192.0.3.1/24, midstream: strict}\n", "/ports/2/midstream", 14,
     "role=vnic"},
    {BASE UPLINK "address: 192.0.3.1/24, quota: 5}\n", "/ports/2/quota", 14, "role=vnic"},
    {BASE UPLINK "address: 192.0.3.1/24, netns: a}\n", "/ports/2/netns", 14, "type=tap|kernel"},
    {BASE "  - {name: w, role: vnic, type: kernel, subnet: b, mac: 02:00:00:00:00:02,\n"
          "     addresses: [10.1.0.6]}\n",
     "/ports/2", 14, "'device' is missing: the name of the interface"},
    {BASE "  - {name: w, role: uplink, type: pci, address: 192.0.3.1/24}\n", "/ports/2", 14,
     "'device' is missing: the address of the DPDK device"},
    {BASE "  - {name: a-long-name-of-a-port, role: uplink, type: tap, address: 192.0.3.1/24}\n",
     "/ports/2/name", 14, "at most 15 bytes"},
    {BASE VNIC "addresses: [10.1.0.6], device: a/b}\n", "/ports/2/device", 14, "interface"},
    {BASE VNIC "addresses: [10.1.0.6], device: v}\n", "/ports/2/device", 14,
     "device v is taken by port 'v'"},
    {BASE VNIC "addresses: [10.1.0.6], device: ''}\n", "/ports/2/device", 14, "empty"},
    {BASE VNIC "addresses: [10.1.0.6], device: \"a\\tb\"}\n", "/ports/2/device", 14, "control"},
    {BASE VNIC "addresses: [10.1.0.6], netns: /run/netns/a}\n", "/ports/2/netns", 14, "is a path"},
    {BASE VNIC "addresses: [10.1.0.6], netns: a2345678901234567890123456789012345678901234567890"
               "12345678901234}\n",
     "/ports/2/netns", 14, "64 bytes long; at most 63"},
    {BASE VNIC "addresses: [10.1.0.6], args: fast}\n", "/ports/2/args", 14, "key=value"},
    {BASE VNIC "addresses: [10.1.0.6], args: 'a=1,b'}\n", "/ports/2/args", 14, "key=value"},
    {BASE VNIC "addresses: [10.1.0.6], mtu: 10000}\n", "/ports/2/mtu", 14, "576 to 9900"},
    {BASE VNIC "addresses: [10.1.0.6], queues: 0}\n", "/ports/2/queues", 14, "1 to 16"},
    {BASE VNIC "addresses: [10.1.0.6], midstream: lax}\n", "/ports/2/midstream", 14,
     "strict|pick-up"},
    {BASE VNIC "addresses: [10.1.0.6], name: again}\n", "", 14, "key 'name' is there twice"},
    {BASE "  - {name: v, role: uplink, type: null, address: 192.0.3.1/24}\n", "/ports/2/name", 14,
     "another port 'v'"},
    /* a vNIC's addresses */
    {BASE "  - {name: w, role: vnic, type: tap, subnet: b, mac: 02:00:00:00:00:02}\n", "/ports/2",
     14, "'addresses' is missing"},
    {BASE "  - {name: w, role: vnic, type: tap, subnet: b, addresses: [10.1.0.6]}\n", "/ports/2",
     14, "'mac' is missing"},
    {BASE VNIC "addresses: []}\n", "/ports/2/addresses", 14, "at least 1"},
    {BASE VNIC "addresses: [5]}\n", "/ports/2/addresses/0", 14, "expected a text"},
    {BASE VNIC "addresses: 10.1.0.6}\n", "/ports/2/addresses", 14, "expected a list"},
    {BASE VNIC "addresses: [10.1.0.6/24]}\n", "/ports/2/addresses/0", 14, "without a length"},
    {BASE VNIC "addresses: [10.1.0.6, 10.2.0.6]}\n", "/ports/2/addresses/1", 14,
     "10.2.0.6 is not in subnet 'b', 10.1.0.0/24"},
    {BASE VNIC "addresses: [10.1.0.1]}\n", "/ports/2/addresses/0", 14,
     "taken by the gateway of subnet 'b'"},
    {BASE VNIC "addresses: ['fd00::1']}\n", "/ports/2/addresses/0", 14, "gateway of subnet 'b'"},
    {BASE VNIC "addresses: [10.1.0.5]}\n", "/ports/2/addresses/0", 14,
     "10.1.0.5 is taken by port 'v' of the same VPC"},
    {BASE VNIC "addresses: [10.1.0.0]}\n", "/ports/2/addresses/0", 14, "first or last"},
    {BASE VNIC "addresses: [10.1.0.255]}\n", "/ports/2/addresses/0", 14, "first or last"},
    {BASE VNIC "addresses: ['fd00::']}\n", "/ports/2/addresses/0", 14, "first or last"},
    {BASE VNIC "addresses: [224.0.0.5]}\n", "/ports/2/addresses/0", 14, "not the address of one"},
    {BASE VNIC "addresses: ['ff02::1']}\n", "/ports/2/addresses/0", 14, "not the address of one"},
    {BASE VNIC "addresses: ['::1']}\n", "/ports/2/addresses/0", 14, "not the address of one"},
    {BASE "  - {name: w, role: vnic, type: tap, subnet: r, mac: 02:00:00:00:00:02,\n"
          "     addresses: ['fd00::5']}\n",
     "/ports/2/addresses/0", 15, "subnet 'r' has no IPv6 prefix"},
    {BASE "  - {name: w, role: vnic, type: tap, subnet: r, mac: 02:00:00:00:00:02,\n"
          "     addresses: [10.1.0.77]}\n",
     "/mappings/0/address", 7, "10.1.0.77 is taken by port 'w'"},
    {BASE "  - {name: w, role: vnic, type: tap, subnet: n, mac: 02:00:00:00:00:02,\n"
          "     addresses: [10.1.0.6]}\n",
     "/ports/2/subnet", 14, "no subnet 'n'; 'subnets' has b, r"},
    {BASE VNIC "addresses: [10.1.0.6], security_groups: [x]}\n", "/ports/2/security_groups/0", 14,
     "no security_group 'x'; 'security_groups' has default"},
    {BASE VNIC "addresses: [10.1.0.6], security_groups: []}\n", "/ports/2/security_groups", 14,
     "at least 1"},
    {BASE VNIC "addresses: [10.1.0.6], security_groups: [a, b, c, d, e, f, g, h, i]}\n",
     "/ports/2/security_groups", 14, "9 elements in 'security_groups'; at most 8"},
    {BASE VNIC "addresses: [10.1.0.6], security_groups: [default, default]}\n",
     "/ports/2/security_groups/1", 14, "there twice"},
/* MACs */
#define WITH_MAC(mac) \
    BASE "  - {name: w, role: vnic, type: tap, subnet: b, addresses: [10.1.0.6], mac: " mac "}\n"
    {WITH_MAC("01:00:5e:00:00:01"), "/ports/2/mac", 14, "multicast"},
    {WITH_MAC("00:00:00:00:00:00"), "/ports/2/mac", 14, "nobody's"},
    {WITH_MAC("02:00:00:00:00:01"), "/ports/2/mac", 14, "taken by port 'v' of the same VPC"},
    {WITH_MAC("02:00:5e:00:01:01"), "/ports/2/mac", 14, "taken by the gateway"},
    {WITH_MAC("02:00:00:00:00"), "/ports/2/mac", 14, "no MAC address"},
    {WITH_MAC("02-00-00-00-00-01"), "/ports/2/mac", 14, "no MAC address"},
    {WITH_MAC("02:00:00:00:00:0g"), "/ports/2/mac", 14, "no MAC address"},
    {WITH_MAC("20000000001"), "/ports/2/mac", 14, "put it in quotes"},
    /* uplinks */
    {BASE UPLINK "gateway: 192.0.3.2}\n", "/ports/2/gateway", 14, "a gateway needs an address"},
    {BASE UPLINK "mtu: 1500}\n", "/ports/2", 14, "'address', 'address6' or both"},
    {BASE UPLINK "address: 192.0.3.1}\n", "/ports/2/address", 14, "192.0.2.1/24"},
    {BASE UPLINK "address: 'fd00::1/64'}\n", "/ports/2/address", 14,
     "fd00::1/64 is IPv6; 'address' is IPv4"},
    {BASE UPLINK "address: 127.0.0.1/8}\n", "/ports/2/address", 14, "not the address of one"},
    {BASE UPLINK "address: 192.0.2.1/24}\n", "/ports/2/address", 14, "taken by uplink 'up'"},
    {BASE UPLINK "address: 192.0.3.1/24, gateway: 192.0.4.1}\n", "/ports/2/gateway", 14,
     "not on the link, 192.0.3.0/24"},
    {BASE UPLINK "address: 192.0.3.1/24, gateway: 'fd00::1'}\n", "/ports/2/gateway", 14,
     "not on the link"},
    {BASE UPLINK "address: 192.0.3.1/24, gateway: 192.0.3.1}\n", "/ports/2/gateway", 14,
     "our own address"},
    /* mappings */
    {MAP("address: 10.1.0.9, mac: 02:00:00:00:00:09"), "/mappings/0", 9, "'vtep' is missing"},
    {MAP("address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 'fd00::2'"), "/mappings/0/vtep", 9,
     "fd00::2 is IPv6; no uplink has an 'address6'"},
    {MAP("address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 192.0.2.1"), "/mappings/0/vtep", 9,
     "our own, of uplink 'up'"},
    {MAP("address: 10.1.0.5, mac: 02:00:00:00:00:09, vtep: 192.0.2.2"), "/mappings/0/address", 9,
     "taken by port 'v'"},
    {MAP("address: 10.1.0.1, mac: 02:00:00:00:00:09, vtep: 192.0.2.2"), "/mappings/0/address", 9,
     "taken by the gateway"},
    {MAP("address: 10.1.0.9, mac: 02:00:00:00:00:01, vtep: 192.0.2.2"), "/mappings/0/mac", 9,
     "taken by port 'v'"},
    {MAP("address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 192.0.2.2}\n"
         "  - {vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:0a, vtep: 192.0.2.3"),
     "/mappings/1/address", 10, "taken by a mapping to 192.0.2.2"},
    {MAP("address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 192.0.2.2}\n"
         "  - {vpc: blue, address: 10.1.0.10, mac: 02:00:00:00:00:09, vtep: 192.0.2.3"),
     "/mappings/1/mac", 10, "taken by a mapping to 192.0.2.2"},
    {MAP("address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 192.0.2.2, mtu: 575"), "/mappings/0/mtu",
     9, "576 to 9900"},
    {MAP("address: 'fd00:1::9', mac: 02:00:00:00:00:09, vtep: 192.0.2.2, mtu: 1279"),
     "/mappings/0/mtu", 9, "at least 1280"},
    /* routes */
    {ROUTE("prefix: 10.0.0.0/8, type: local, mtu: 9901"), "/routes/0/mtu", 9, "576 to 9900"},
    {ROUTE("prefix: '::/0', type: vtep, vtep: 192.0.2.2, mac: 02:00:00:00:00:09, mtu: 1279"),
     "/routes/0/mtu", 9, "at least 1280"},
    {ROUTE("prefix: 0.0.0.0/0, type: vtep, mac: 02:00:00:00:00:09"), "/routes/0", 9,
     "'vtep' is missing"},
    {ROUTE("prefix: 0.0.0.0/0, type: vtep, vtep: 192.0.2.2"), "/routes/0", 9, "'mac' is missing"},
    {ROUTE("prefix: 0.0.0.0/0, type: external, vtep: 192.0.2.2"), "/routes/0", 9,
     "'mac' is missing"},
    {ROUTE("prefix: 0.0.0.0/0, type: external, mac: 02:00:00:00:00:09"), "/routes/0", 9,
     "'vtep' is missing"},
    {ROUTE("prefix: 0.0.0.0/0, type: external, vtep: 192.0.2.1, mac: 02:00:00:00:00:09"),
     "/routes/0/vtep", 9, "our own"},
    {ROUTE("prefix: 0.0.0.0/0, type: gateway"), "/routes/0", 9, "'via' is missing"},
    {ROUTE("prefix: 0.0.0.0/0, type: blackhole, via: 10.1.0.5"), "/routes/0/via", 9,
     "only for a route with type=gateway"},
    {ROUTE("prefix: 0.0.0.0/0, type: local, vtep: 192.0.2.2"), "/routes/0/vtep", 9, "type=vtep"},
    {ROUTE("prefix: 0.0.0.0/0, type: vtep, vtep: 192.0.2.1, mac: 02:00:00:00:00:09"),
     "/routes/0/vtep", 9, "our own"},
    {ROUTE("prefix: 0.0.0.0/0, type: vtep, vtep: 'fd00::9', mac: 02:00:00:00:00:09"),
     "/routes/0/vtep", 9, "no uplink has an 'address6'"},
    {ROUTE("prefix: 0.0.0.0/0, type: gateway, via: 10.1.0.66"), "/routes/0/via", 9,
     "unknown in the VPC"},
    {ROUTE("prefix: 0.0.0.0/0, type: gateway, via: 10.1.0.1"), "/routes/0/via", 9,
     "is the gateway of subnet 'b'"},
    {ROUTE("prefix: '::/0', type: gateway, via: 10.1.0.5"), "/routes/0/via", 9, "IPv6 gateway"},
    {ROUTE("prefix: 10.0.0.1/8, type: local"), "/routes/0/prefix", 9, "the prefix is 10.0.0.0/8"},
    {ROUTE("prefix: 10.0.0.0/8, type: local}\n"
           "  - {vpc: blue, prefix: 10.0.0.0/8, type: blackhole"),
     "/routes/1/prefix", 10, "10.0.0.0/8 is taken by another route"},
    {ROUTE("prefix: 'fd00::/8', type: local}\n"
           "  - {vpc: blue, prefix: 'fd00:0::/8', type: blackhole"),
     "/routes/1/prefix", 10, "fd00::/8 is taken by another route"},
    {ROUTE("prefix: 0.0.0.0/0, type: external, via: 10.1.0.5"), "/routes/0/via", 9, "type=gateway"},
    /* public addresses */
    {NAT("eips: [{name: e, address: 203.0.113.1}]"), "/eips/0", 8, "'vnic' is missing"},
    {NAT("eips: [{name: e, vnic: v}]"), "/eips/0", 8, "'address' is missing"},
    {NAT("eips: [{name: e, address: 203.0.113.1, vnic: x}]"), "/eips/0/vnic", 8,
     "no port 'x'; 'ports' has up, v"},
    {NAT("eips: [{name: e, address: 203.0.113.1, vnic: up}]"), "/eips/0/vnic", 8,
     "'up' is an uplink"},
    {NAT("eips: [{name: e, address: 203.0.113.1, vnic: v, inside: 10.1.0.6}]"), "/eips/0/inside", 8,
     "10.1.0.6 is not an address of port 'v'"},
    {NAT("eips: [{name: e, address: '2001:db8::1', vnic: v, inside: 10.1.0.5}]"), "/eips/0/inside",
     8, "10.1.0.5 is IPv4; the public address is IPv6"},
    {NAT("eips: [{name: e, address: '2001:db8::1', vnic: v}]"), "/eips/0/vnic", 8,
     "port 'v' has no IPv6 address"},
    {NAT("eips: [{name: e, address: 192.0.2.1, vnic: v}]"), "/eips/0/address", 8,
     "192.0.2.1 is taken by uplink 'up'"},
    {NAT("eips:\n"
         "  - {name: e, address: 203.0.113.1, vnic: v}\n"
         "  - {name: f, address: 203.0.113.2, vnic: v}"),
     "/eips/1/vnic", 10, "the EIP of 10.1.0.5 is taken by EIP 'e'"},
    {NAT("eips:\n"
         "  - {name: e, address: 203.0.113.1, vnic: v}\n"
         "  - {name: f, address: 203.0.113.1, vnic: v}"),
     "/eips/1/address", 10, "203.0.113.1 is taken by EIP 'e'"},
    {NAT("eips: [{name: e, address: 203.0.113.1, vnic: v}]\n"
         "snat: [{name: s, vpc: blue, addresses: [203.0.113.1]}]"),
     "/snat/0/addresses/0", 9, "203.0.113.1 is taken by EIP 'e'"},
    {NAT("snat: [{name: s, vpc: blue, addresses: []}]"), "/snat/0/addresses", 8, "at least 1"},
    {NAT("snat: [{name: s, vpc: blue, addresses: [203.0.113.1, 203.0.113.1]}]"),
     "/snat/0/addresses/1", 8, "203.0.113.1 is there twice"},
    {NAT("snat: [{name: s, vpc: blue, addresses: [203.0.113.1], ports: 0-5}]"), "/snat/0/ports", 8,
     "port 0 is nobody's"},
    {NAT("snat: [{name: s, vpc: blue, addresses: [203.0.113.1], ports: 0}]"), "/snat/0/ports", 8,
     "port 0 is nobody's"},
    {NAT("snat: [{name: s, vpc: blue, addresses: [203.0.113.1], subnets: [c]}]"),
     "/snat/0/subnets/0", 8, "no subnet 'c'"},
    {NAT("snat:\n"
         "  - {name: s, vpc: blue, addresses: [203.0.113.1]}\n"
         "  - {name: t, vpc: blue, addresses: [203.0.113.2]}"),
     "/snat/1/vpc", 10, "the snat pool of all subnets is taken by snat 's'"},
    {NAT("snat:\n"
         "  - {name: s, vpc: blue, addresses: [203.0.113.1], subnets: [b]}\n"
         "  - {name: t, vpc: blue, addresses: [203.0.113.2], subnets: [b]}"),
     "/snat/1/subnets/0", 10, "the snat pool of subnet 'b' is taken by snat 's'"},
    {BASE "snat: [{name: s, vpc: blue, addresses: [203.0.113.1], subnets: [r]}]\n",
     "/snat/0/subnets/0", 14, "subnet 'r' is of another VPC, 'red'"},
    {NAT("forwards: [{name: f, address: 203.0.113.1, protocol: sctp, port: 5, vnic: v}]"),
     "/forwards/0/protocol", 8, "one of tcp|udp"},
    {NAT("forwards: [{name: f, address: 203.0.113.1, protocol: tcp, port: 0, vnic: v}]"),
     "/forwards/0/port", 8, "1 to 65535"},
    {NAT("forwards:\n"
         "  - {name: f, address: 203.0.113.1, protocol: tcp, port: 5, vnic: v}\n"
         "  - {name: g, address: 203.0.113.1, protocol: tcp, port: 5, vnic: v}"),
     "/forwards/1/port", 10, "tcp port 5 of 203.0.113.1 is taken by forward 'f'"},
    {NAT("forwards: [{name: f, address: 203.0.113.1, protocol: tcp, port: 5, vnic: v}]\n"
         "eips: [{name: e, address: 203.0.113.1, vnic: v}]"),
     "/forwards/0/address", 8, "203.0.113.1 is taken by EIP 'e'"},
    {"version: 1\nvpcs: [{name: blue, vni: 100}]\n"
     "ports: [{name: up, role: uplink, type: null, address: 192.0.2.1/24, gateway: 192.0.2.9}]\n"
     "snat: [{name: s, vpc: blue, addresses: [192.0.2.9]}]\n",
     "/snat/0/addresses/0", 4, "192.0.2.9 is the gateway of uplink 'up'"},
    /* several next hops */
    {BASE UPLINK "address: 192.0.3.1/24, gateways: []}\n", "/ports/2/gateways", 14, "at least 1"},
    {BASE UPLINK "address: 192.0.3.1/24, gateways: [192.0.3.2, 192.0.4.2]}\n",
     "/ports/2/gateways/1", 14, "192.0.4.2 is not on the link"},
    {BASE UPLINK "address: 192.0.3.1/24, gateway: 192.0.3.2, gateways: [192.0.3.2]}\n",
     "/ports/2/gateways/0", 14, "192.0.3.2 is there twice"},
    {BASE UPLINK "address: 192.0.3.1/24, gateway: 192.0.3.2, gateways: [192.0.3.3, 192.0.3.4, "
                 "192.0.3.5, 192.0.3.6]}\n",
     "/ports/2/gateways/3", 14, "more than 4 next hops"},
    {BASE UPLINK "address: 192.0.3.1/24, gateways6: ['fe80::1']}\n", "/ports/2/gateways6", 14,
     "a gateway6 needs an address6"},
    {BASE UPLINK "address: 192.0.3.1/24}\n"
                 "  - {name: y, role: uplink, type: pcap, address6: 'fd00:9::1/64',\n"
                 "     gateways6: ['fd00:9::2']}\n"
                 "snat: [{name: s, vpc: blue, addresses: ['fd00:9::2']}]\n",
     "/snat/0/addresses/0", 17, "fd00:9::2 is the gateway of uplink 'y'"},
    /* an uplink's IPv6 */
    {BASE UPLINK "mtu: 1279, address6: 'fd00:9::1/64'}\n", "/ports/2/mtu", 14, "at least 1280"},
    {BASE UPLINK "address6: 'fd00:9::1/64'}\n"
                 "routes: [{vpc: blue, prefix: '::/0', type: vtep, vtep: 'fd00:9::1', mac: "
                 "02:00:00:00:00:09}]\n",
     "/routes/0/vtep", 15, "our own, of uplink 'x'"},
    {BASE UPLINK "address6: 'fd00:9::1/64'}\n"
                 "routes: [{vpc: blue, prefix: '::/0', type: vtep, vtep: 'fd00:9::7', mac: "
                 "02:00:00:00:00:09}]\nunderlay: {vtep6: 'fd00:9::7'}\n",
     "/routes/0/vtep", 15, "our own; expected"},
    {BASE UPLINK "address: 192.0.3.1/24, address6: 192.0.4.1/24}\n", "/ports/2/address6", 14,
     "192.0.4.1/24 is IPv4"},
    {BASE UPLINK "address: 192.0.3.1/24, gateway6: 'fd00:9::1'}\n", "/ports/2/gateway6", 14,
     "a gateway6 needs an address6"},
    {BASE UPLINK "address: 192.0.3.1/24, address6: 'fd00:9::1/64', gateway6: 'fd00:8::1'}\n",
     "/ports/2/gateway6", 14, "fd00:8::1 is not on the link, fd00:9::/64"},
    {BASE UPLINK "address: 192.0.3.1/24, address6: 'fd00:9::1/64', gateway6: 192.0.3.2}\n",
     "/ports/2/gateway6", 14, "is not on the link"},
    {BASE UPLINK "address: 192.0.3.1/24, address6: 'fd00:9::1/64', gateway6: 'fd00:9::1'}\n",
     "/ports/2/gateway6", 14, "our own address"},
    {BASE UPLINK "address: 192.0.3.1/24, address6: 'fd00:9::1/64'}\n"
                 "snat: [{name: s, vpc: blue, addresses: ['fd00:9::1']}]\n",
     "/snat/0/addresses/0", 15, "fd00:9::1 is taken by uplink 'x'"},
    /* security groups */
    {RULE("priority: 0"), "/security_groups/0/rules/0/priority", 5, "1 to 1000"},
    {RULE("priority: 1001"), "/security_groups/0/rules/0/priority", 5, "1 to 1000"},
    {RULE("protocol: tcpp"), "/security_groups/0/rules/0/protocol", 5, "'tcpp' is no protocol"},
    {RULE("protocol: 256"), "/security_groups/0/rules/0/protocol", 5, "'256' is no protocol"},
    {RULE("protocol: [tcp]"), "/security_groups/0/rules/0/protocol", 5, "is no protocol"},
    {RULE("ports: 80"), "/security_groups/0/rules/0/ports", 5, "protocol=tcp|udp|sctp"},
    {RULE("protocol: icmp, ports: 80"), "/security_groups/0/rules/0/ports", 5, "protocol=tcp"},
    {RULE("protocol: tcp, ports: 90-80"), "/security_groups/0/rules/0/ports", 5,
     "goes backwards; expected 80-90"},
    {RULE("protocol: tcp, ports: 65536"), "/security_groups/0/rules/0/ports", 5, "0 to 65535"},
    {RULE("protocol: tcp, ports: 1-2-3"), "/security_groups/0/rules/0/ports", 5, "80-90"},
    {RULE("protocol: tcp, ports: [80]"), "/security_groups/0/rules/0/ports", 5, "is a list"},
    {RULE("remote: all"), "/security_groups/0/rules/0/remote", 5, "any, a prefix or group:NAME"},
    {RULE("remote: 10.0.0.1"), "/security_groups/0/rules/0/remote", 5, "10.0.0.1/32"},
    {RULE("remote: 'fd00::1'"), "/security_groups/0/rules/0/remote", 5, "fd00::1/128"},
    {RULE("remote: 10.0.0.1/8"), "/security_groups/0/rules/0/remote", 5, "10.0.0.0/8"},
    {RULE("remote: 'group:h'"), "/security_groups/0/rules/0/remote", 5, "no security_group 'h'"},
    {RULE("remote: 'group:'"), "/security_groups/0/rules/0/remote", 5, "is no name"},
    {RULE("protocol: icmp, remote: 'fd00::/8'"), "/security_groups/0/rules/0/remote", 5,
     "expected protocol icmpv6"},
    {RULE("protocol: icmpv6, remote: 10.0.0.0/8"), "/security_groups/0/rules/0/remote", 5,
     "expected protocol icmp"},
    {"version: 1\nsecurity_groups: [{name: g, rules: [{action: allow}]}]\n",
     "/security_groups/0/rules/0", 2, "'direction' is missing"},
    {"version: 1\nsecurity_groups: [{name: g, rules: [{direction: ingress}]}]\n",
     "/security_groups/0/rules/0", 2, "'action' is missing"},
    {"version: 1\nsecurity_groups: [{name: g, rules: [{direction: in, action: allow}]}]\n",
     "/security_groups/0/rules/0/direction", 2, "ingress|egress"},
    {"version: 1\nsecurity_groups: [{name: g, rules: [{direction: ingress, action: drop}]}]\n",
     "/security_groups/0/rules/0/action", 2, "allow|deny"},
};

static bool check_one(const struct bad *b)
{
    struct cfg_lines *lines = NULL;
    struct cfg_error error;
    json_t *document;
    struct cfg *c = NULL;
    bool ok;
    int rc = cfg_yaml_load(b->text, strlen(b->text), &document, &lines, &error);

    if (!rc) {
        rc = cfg_parse(document, NULL, &c, &error);
        error.line = cfg_line(lines, error.path);
    }
    ok = rc == -EINVAL && !strcmp(error.path, b->path) && error.line == b->line &&
         strstr(error.text, b->fragment);
    if (!ok) {
        print_error("%s\n  rc %d, '%s' line %d: %s\n  expected '%s' line %d: ...%s...\n", b->text,
                    rc, error.path, error.line, error.text, b->path, b->line, b->fragment);
    }
    cfg_free(c);
    cfg_lines_free(lines);
    json_decref(document);
    return ok;
}

static void every_rule(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wrong += !check_one(&bad[i]);
    }
    assert_int_equal(wrong, 0);
}

/* The frames of the cases are right by themselves, so that each case fails for its own reason. */
static void frames_are_right(void **state)
{
    static const char *const good[] = {
        BASE,
        BASE VNIC "addresses: [10.1.0.6, 'fd00::6'], device: w0, netns: a, args: 'a=1,b=2'}\n",
        BASE UPLINK "address: 192.0.3.1/24, gateway: 192.0.3.2}\n",
        BASE UPLINK "address: 192.0.3.1/24, gateways: [192.0.3.2, 192.0.3.3]}\n",
        BASE UPLINK "address6: 'fd00:9::1/64', gateway6: 'fe80::1', gateways6: ['fd00:9::2']}\n"
                    "routes: [{vpc: blue, prefix: '::/0', type: vtep, vtep: 'fd00:8::7', mac: "
                    "02:00:00:00:00:09}]\nunderlay: {vtep6: 'fd00::9', udp_checksum: always}\n",
        BASE UPLINK "address6: 'fd00:9::1/64'}\nunderlay: {vtep6: 'fd00:9::1'}\n",
        SUBNETS "  - {name: s, vpc: blue, prefix4: 10.1.0.0/24}\n",
        WITH_MAC("02:00:00:00:00:02"),
        MAP("address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 192.0.2.2}\n"
            "  - {vpc: blue, address: 'fd00::9', mac: 02:00:00:00:00:09, vtep: 192.0.2.2"),
        ROUTE("prefix: 0.0.0.0/0, type: gateway, via: 10.1.0.5"),
        RULE("protocol: tcp, ports: 80, priority: 1000, remote: 'group:g'"),
        RULE("protocol: 17, ports: 53-54"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        cfg_free(parse_text(good[i], NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule),
        cmocka_unit_test(frames_are_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
