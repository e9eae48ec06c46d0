/* SPDX-License-Identifier: Apache-2.0 */
/* What the configurations of the benchmarks begin with: one VPC, and a stateful group whose members may be asked on some ports. */
#ifndef PERF_BENCH_NET_H
#define PERF_BENCH_NET_H

#define BENCH_NET                                                                               \
    "vpcs: [{name: blue, vni: 100}]\n"                                                          \
    "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24, prefix6: 'fd00:1::/64'}, {name: " \
    "quiet, vpc: blue, prefix4: "                                                               \
    "10.2.0.0/16}]\n"

#define BENCH_GROUP(protocol, ports)                                                          \
    "security_groups:\n"                                                                      \
    "  - name: web\n"                                                                         \
    "    rules:\n"                                                                            \
    "      - {direction: egress, action: allow}\n"                                            \
    "      - {direction: ingress, action: allow, protocol: " protocol ", ports: " ports "}\n" \
    "      - {direction: ingress, action: deny, priority: 10, remote: 10.1.0.128/25}\n"

#endif
