// SPDX-License-Identifier: Apache-2.0
// Generated from hsring/hsring.toml by hsring/gen/hsring_gen.py; edit those.
`ifndef HSRING_TYPES_SVH
`define HSRING_TYPES_SVH

localparam [63:0] HSR_MAGIC = 64'h31474E5249525448;
localparam HSR_ABI_MAJOR = 0;
localparam HSR_ABI_MINOR = 5;

// Region and slots
localparam HSR_CACHE_LINE = 64;
localparam HSR_MAX_WORKERS = 16;
localparam HSR_MAX_PORTS = 1024;
localparam HSR_NO_PORT = 65535;
localparam HSR_MAX_POOLS = 2048;
localparam HSR_MAX_GROUPS = 64;
localparam HSR_SLOT_META = 128;
localparam HSR_SLOT_HEADROOM = 128;
localparam HSR_SLOT_FRAME = 256;
localparam HSR_SLOT_SIZE = 2112;
localparam HSR_SLOT_CLASSES = 3;
localparam HSR_RUN_SINGLE = 1;
localparam HSR_RUN_JUMBO = 5;
localparam HSR_RUN_GSO = 32;
localparam HSR_CELL_SIZE = 2048;
localparam HSR_CELLS = 2048;
localparam HSR_SLICE_MAX = 256;
localparam HSR_MAX_FRAME = 65600;
localparam HSR_MAX_VECTOR = 16;
localparam HSR_ENTRY_SLOT_BITS = 24;
localparam HSR_LATENCY_STAGES = 3;
localparam HSR_LATENCY_BUCKETS = 464;
localparam HSR_KEY_CONTEXT_BITS = 24;

// Hash slices (of the 64-bit Toeplitz hash; disjoint)
localparam HSR_HASH_QUEUE_SHIFT = 0;
localparam HSR_HASH_QUEUE_BITS = 10;
localparam HSR_HASH_RETA_SHIFT = 10;
localparam HSR_HASH_RETA_BITS = 8;
localparam HSR_HASH_BUCKET_SHIFT = 18;
localparam HSR_HASH_BUCKET_BITS = 14;
localparam HSR_HASH_TAG_SHIFT = 32;
localparam HSR_HASH_TAG_BITS = 32;

// Flow id
localparam HSR_FLOW_FLAGS_BITS = 8;
localparam HSR_FLOW_INDEX_BITS = 25;
localparam HSR_FLOW_GEN_BITS = 15;
localparam HSR_FLOW_WORKER_BITS = 8;
localparam HSR_FLOW_INSTANCE_BITS = 8;

// Rules
localparam HSR_MAX_RULES = 256;
localparam HSR_MAX_METERS = 256;
localparam HSR_RULE_ITEMS = 12;
localparam HSR_RULE_HEADER = 40;

// What a ring entry carries (bits 24..31 of the entry).
localparam [7:0] HSR_KIND_PACKET = 8'd0;
localparam [7:0] HSR_KIND_CTRL = 8'd1;
localparam [7:0] HSR_KIND_ORIGINATE = 8'd2;

// State of one checksum.
localparam [7:0] HSR_VERDICT_UNCHECKED = 8'd0;
localparam [7:0] HSR_VERDICT_GOOD = 8'd1;
localparam [7:0] HSR_VERDICT_BAD = 8'd2;
localparam [7:0] HSR_VERDICT_PARTIAL = 8'd3;

// Traffic class of the keyed packet, as the parser sees it.
localparam [7:0] HSR_CLASS_BAD = 8'd0;
localparam [7:0] HSR_CLASS_TCP = 8'd1;
localparam [7:0] HSR_CLASS_UDP = 8'd2;
localparam [7:0] HSR_CLASS_ICMP = 8'd3;
localparam [7:0] HSR_CLASS_ICMP_ERROR = 8'd4;
localparam [7:0] HSR_CLASS_SCTP = 8'd5;
localparam [7:0] HSR_CLASS_IP_OTHER = 8'd6;
localparam [7:0] HSR_CLASS_FRAG = 8'd7;
localparam [7:0] HSR_CLASS_ARP = 8'd8;
localparam [7:0] HSR_CLASS_ND = 8'd9;
localparam [7:0] HSR_CLASS_DHCP = 8'd10;
localparam [7:0] HSR_CLASS_MULTICAST = 8'd11;
localparam [7:0] HSR_CLASS_NON_IP = 8'd12;

// Tunnel a packet came in.
localparam [7:0] HSR_TUNNEL_NONE = 8'd0;
localparam [7:0] HSR_TUNNEL_VXLAN = 8'd1;
localparam [7:0] HSR_TUNNEL_GENEVE = 8'd2;

// Segmentation asked for by the sender (rx) or of the Post-Processor (tx). ECN is a bit beside the type.
localparam [7:0] HSR_GSO_NONE = 8'd0;
localparam [7:0] HSR_GSO_TCP4 = 8'd1;
localparam [7:0] HSR_GSO_TCP6 = 8'd2;
localparam [7:0] HSR_GSO_UFO = 8'd3;
localparam [7:0] HSR_GSO_USO = 8'd4;
localparam [7:0] HSR_GSO_ECN = 8'd128;

// Bits of rx_meta.flags.
localparam [7:0] HSR_RXF_SWAP = 8'd1;
localparam [7:0] HSR_RXF_IPV6 = 8'd2;
localparam [7:0] HSR_RXF_UPLINK = 8'd4;
localparam [7:0] HSR_RXF_DECAP = 8'd8;
localparam [7:0] HSR_RXF_OPTIONS = 8'd16;
localparam [7:0] HSR_RXF_LINE1 = 8'd32;
localparam [7:0] HSR_RXF_L2_MCAST = 8'd64;

// Bits of rx_meta.flags1 (line 1).
localparam [7:0] HSR_RX1F_PARTIAL_SUM = 8'd1;
localparam [7:0] HSR_RX1F_RETURNED = 8'd2;
localparam [7:0] HSR_RX1F_OUTER_CE = 8'd4;
localparam [7:0] HSR_RX1F_OUTER_ECT = 8'd8;
localparam [7:0] HSR_RX1F_VLAN = 8'd16;
localparam [7:0] HSR_RX1F_FRAG_FIRST = 8'd32;
localparam [7:0] HSR_RX1F_FRAG_MORE = 8'd64;
localparam [7:0] HSR_RX1F_OUTER_IPV6 = 8'd128;

// What becomes of a slot on tx (tx_meta.action).
localparam [7:0] HSR_TXA_TRANSMIT = 8'd0;
localparam [7:0] HSR_TXA_DROP = 8'd1;
localparam [7:0] HSR_TXA_CONSUME = 8'd2;
localparam [7:0] HSR_TXA_RETURN = 8'd3;
localparam [7:0] HSR_TXA_MERGE = 8'd4;

// Why the firmware wants a packet again and whole: tx_meta.drop_reason of a RETURN, then rx_meta.partial_sum with RX1F_RETURNED.
localparam [7:0] HSR_RETURN_NEIGHBOR = 8'd1;
localparam [7:0] HSR_RETURN_WHOLE = 8'd2;
localparam [7:0] HSR_RETURN_L7 = 8'd3;

// What becomes of a reference to sliced payload (tx_meta.payload_op).
localparam [7:0] HSR_PAYLOAD_RELEASE = 8'd0;
localparam [7:0] HSR_PAYLOAD_KEEP = 8'd1;

// What an entry of kind CTRL asks for (its tx_meta.action).
localparam [7:0] HSR_CTRL_FIT = 8'd0;
localparam [7:0] HSR_CTRL_RELEASE = 8'd1;
localparam [7:0] HSR_CTRL_FENCE = 8'd2;

// Work for the Post-Processor (tx_meta.offload).
localparam [15:0] HSR_TXO_L3_CSUM = 16'd1;
localparam [15:0] HSR_TXO_L4_PARTIAL = 16'd2;
localparam [15:0] HSR_TXO_L4_UDP = 16'd4;
localparam [15:0] HSR_TXO_ENCAP = 16'd8;
localparam [15:0] HSR_TXO_OUTER_L3_CSUM = 16'd16;
localparam [15:0] HSR_TXO_OUTER_L4_CSUM = 16'd32;
localparam [15:0] HSR_TXO_L4_SCTP = 16'd64;
localparam [15:0] HSR_TXO_IPV6 = 16'd128;
localparam [15:0] HSR_TXO_FRAGMENT = 16'd256;
localparam [15:0] HSR_TXO_MORE = 16'd512;

// Flow-index operation (tx_meta.fit_op).
localparam [7:0] HSR_FIT_NONE = 8'd0;
localparam [7:0] HSR_FIT_INSERT = 8'd1;
localparam [7:0] HSR_FIT_DELETE = 8'd2;
localparam [7:0] HSR_FIT_UPDATE = 8'd3;

// Bits 0..7 of a flow id.
localparam [7:0] HSR_FLOW_NO_SLICE = 8'd1;
localparam [7:0] HSR_FLOW_KEY2 = 8'd2;
localparam [7:0] HSR_FLOW_DIR = 8'd4;
localparam [7:0] HSR_FLOW_HOME = 8'd248;

// Port drivers of a software NIC; a DPU has its own.
localparam [7:0] HSR_PORT_KIND_TAP = 8'd1;
localparam [7:0] HSR_PORT_KIND_KERNEL = 8'd2;
localparam [7:0] HSR_PORT_KIND_PCAP = 8'd3;
localparam [7:0] HSR_PORT_KIND_NULL = 8'd4;
localparam [7:0] HSR_PORT_KIND_RING = 8'd5;
localparam [7:0] HSR_PORT_KIND_PCI = 8'd6;
localparam [7:0] HSR_PORT_KIND_VHOST_USER = 8'd7;
localparam [7:0] HSR_PORT_KIND_MEMIF = 8'd8;

// Feature bits of a region; an unknown bit in the low half is refused, in the high half ignored.
localparam [63:0] HSR_FEATURE_BASE = 64'd1;
localparam [63:0] HSR_FEATURE_SECOND = 64'd2;
localparam [63:0] HSR_FEATURE_LATENCY = 64'd4294967296;

// Messages of the attach socket (SOCK_SEQPACKET).
localparam [7:0] HSR_MSG_REPLY = 8'd0;
localparam [7:0] HSR_MSG_HELLO = 8'd1;
localparam [7:0] HSR_MSG_WELCOME = 8'd2;
localparam [7:0] HSR_MSG_START = 8'd3;
localparam [7:0] HSR_MSG_PORT_ADD = 8'd4;
localparam [7:0] HSR_MSG_PORT_DEL = 8'd5;
localparam [7:0] HSR_MSG_CONTEXT_SET = 8'd6;
localparam [7:0] HSR_MSG_VTEP_SET = 8'd7;
localparam [7:0] HSR_MSG_SYNC = 8'd8;
localparam [7:0] HSR_MSG_STOP = 8'd9;
localparam [7:0] HSR_MSG_RULE_CREATE = 8'd10;
localparam [7:0] HSR_MSG_RULE_DESTROY = 8'd11;
localparam [7:0] HSR_MSG_RULE_QUERY = 8'd12;
localparam [7:0] HSR_MSG_RULE_FLUSH = 8'd13;
localparam [7:0] HSR_MSG_RULE_STATE = 8'd14;
localparam [7:0] HSR_MSG_METER_SET = 8'd15;
localparam [7:0] HSR_MSG_ARENA_GET = 8'd16;
localparam [7:0] HSR_MSG_ARENA_PUT = 8'd17;
localparam [7:0] HSR_MSG_ARENA_DROP = 8'd18;
localparam [7:0] HSR_MSG_ARENA = 8'd19;
localparam [7:0] HSR_MSG_PORT_SET = 8'd20;
localparam [7:0] HSR_MSG_HASH_SET = 8'd21;
localparam [7:0] HSR_MSG_OWNER_SET = 8'd22;
localparam [7:0] HSR_MSG_GROUP_SET = 8'd23;
localparam [7:0] HSR_MSG_PUBLIC_SET = 8'd24;
localparam [7:0] HSR_MSG_RETA_SET = 8'd25;
localparam [7:0] HSR_MSG_CAPTURE_SET = 8'd26;
localparam [7:0] HSR_MSG_LATENCY_SET = 8'd27;
localparam [7:0] HSR_MSG_LATENCY_GET = 8'd28;
localparam [7:0] HSR_MSG_LATENCY = 8'd29;

// What the NIC measures of a received packet, by its own clock and from what it keeps of it (msg_latency_get.stage).
localparam [7:0] HSR_LATENCY_TO_RING = 8'd0;
localparam [7:0] HSR_LATENCY_WITH_WORKER = 8'd1;
localparam [7:0] HSR_LATENCY_WHOLE = 8'd2;

// Header that an item of a rule matches; names and meaning are those of enum rte_flow_item_type.
localparam [7:0] HSR_RULE_ITEM_ETH = 8'd1;
localparam [7:0] HSR_RULE_ITEM_VLAN = 8'd2;
localparam [7:0] HSR_RULE_ITEM_IPV4 = 8'd3;
localparam [7:0] HSR_RULE_ITEM_IPV6 = 8'd4;
localparam [7:0] HSR_RULE_ITEM_TCP = 8'd5;
localparam [7:0] HSR_RULE_ITEM_UDP = 8'd6;
localparam [7:0] HSR_RULE_ITEM_SCTP = 8'd7;
localparam [7:0] HSR_RULE_ITEM_ICMP = 8'd8;
localparam [7:0] HSR_RULE_ITEM_ICMP6 = 8'd9;
localparam [7:0] HSR_RULE_ITEM_VXLAN = 8'd10;
localparam [7:0] HSR_RULE_ITEM_GENEVE = 8'd11;

// Bits of rule.actions, done in this order: COUNT, METER, MIRROR, MARK, DROP.
localparam [7:0] HSR_RULE_ACT_DROP = 8'd1;
localparam [7:0] HSR_RULE_ACT_MARK = 8'd2;
localparam [7:0] HSR_RULE_ACT_COUNT = 8'd4;
localparam [7:0] HSR_RULE_ACT_METER = 8'd8;
localparam [7:0] HSR_RULE_ACT_MIRROR = 8'd16;
localparam [7:0] HSR_RULE_ACT_PASSTHRU = 8'd32;

// What of a rule is wrong; names and numbers are those of enum rte_flow_error_type.
localparam [7:0] HSR_RULE_ERROR_NONE = 8'd0;
localparam [7:0] HSR_RULE_ERROR_UNSPECIFIED = 8'd1;
localparam [7:0] HSR_RULE_ERROR_HANDLE = 8'd2;
localparam [7:0] HSR_RULE_ERROR_ATTR_GROUP = 8'd3;
localparam [7:0] HSR_RULE_ERROR_ATTR_PRIORITY = 8'd4;
localparam [7:0] HSR_RULE_ERROR_ATTR_INGRESS = 8'd5;
localparam [7:0] HSR_RULE_ERROR_ATTR_EGRESS = 8'd6;
localparam [7:0] HSR_RULE_ERROR_ATTR_TRANSFER = 8'd7;
localparam [7:0] HSR_RULE_ERROR_ATTR = 8'd8;
localparam [7:0] HSR_RULE_ERROR_ITEM_NUM = 8'd9;
localparam [7:0] HSR_RULE_ERROR_ITEM_SPEC = 8'd10;
localparam [7:0] HSR_RULE_ERROR_ITEM_LAST = 8'd11;
localparam [7:0] HSR_RULE_ERROR_ITEM_MASK = 8'd12;
localparam [7:0] HSR_RULE_ERROR_ITEM = 8'd13;
localparam [7:0] HSR_RULE_ERROR_ACTION_NUM = 8'd14;
localparam [7:0] HSR_RULE_ERROR_ACTION_CONF = 8'd15;
localparam [7:0] HSR_RULE_ERROR_ACTION = 8'd16;
localparam [7:0] HSR_RULE_ERROR_STATE = 8'd17;

// Where a rule is kept (rule_state.home).
localparam [7:0] HSR_RULE_HOME_NONE = 8'd0;
localparam [7:0] HSR_RULE_HOME_TABLE = 8'd1;
localparam [7:0] HSR_RULE_HOME_DEVICE = 8'd2;

// What a meter counts (msg_meter.unit).
localparam [7:0] HSR_METER_NONE = 8'd0;
localparam [7:0] HSR_METER_PACKETS = 8'd1;
localparam [7:0] HSR_METER_BITS = 8'd2;

// drop reasons
localparam [7:0] HSR_DROP_NONE = 8'd0;
localparam [7:0] HSR_DROP_PKT_TOO_SMALL = 8'd1;
localparam [7:0] HSR_DROP_PKT_TOO_BIG = 8'd2;
localparam [7:0] HSR_DROP_VLAN_DEPTH = 8'd3;
localparam [7:0] HSR_DROP_IP_HDR = 8'd4;
localparam [7:0] HSR_DROP_IP_CSUM = 8'd5;
localparam [7:0] HSR_DROP_IP_OPT = 8'd6;
localparam [7:0] HSR_DROP_IP6_HDR = 8'd7;
localparam [7:0] HSR_DROP_IP6_EXT = 8'd8;
localparam [7:0] HSR_DROP_FRAG_BAD = 8'd9;
localparam [7:0] HSR_DROP_TCP_HDR = 8'd10;
localparam [7:0] HSR_DROP_TCP_FLAGS = 8'd11;
localparam [7:0] HSR_DROP_TCP_CSUM = 8'd12;
localparam [7:0] HSR_DROP_UDP_LEN = 8'd13;
localparam [7:0] HSR_DROP_UDP_CSUM = 8'd14;
localparam [7:0] HSR_DROP_ICMP_HDR = 8'd15;
localparam [7:0] HSR_DROP_ICMP_CSUM = 8'd16;
localparam [7:0] HSR_DROP_SCTP_HDR = 8'd17;
localparam [7:0] HSR_DROP_SCTP_CSUM = 8'd18;
localparam [7:0] HSR_DROP_ARP_BAD = 8'd19;
localparam [7:0] HSR_DROP_ND_BAD = 8'd20;
localparam [7:0] HSR_DROP_VXLAN_HDR = 8'd21;
localparam [7:0] HSR_DROP_GENEVE_HDR = 8'd22;
localparam [7:0] HSR_DROP_GENEVE_OPT = 8'd23;
localparam [7:0] HSR_DROP_OUTER_CSUM = 8'd24;
localparam [7:0] HSR_DROP_OUTER_FRAG = 8'd25;
localparam [7:0] HSR_DROP_GSO_BAD = 8'd26;
localparam [7:0] HSR_DROP_NO_SLOT = 8'd27;
localparam [7:0] HSR_DROP_RX_RING_FULL = 8'd28;
localparam [7:0] HSR_DROP_RULE = 8'd29;
localparam [7:0] HSR_DROP_METER = 8'd30;
localparam [7:0] HSR_DROP_PRE_LIMIT = 8'd31;
localparam [7:0] HSR_DROP_PRE_SHARE = 8'd32;
localparam [7:0] HSR_DROP_BAD_LIMIT = 8'd33;
localparam [7:0] HSR_DROP_META_BAD = 8'd34;
localparam [7:0] HSR_DROP_NOT_CONFIGURED = 8'd35;
localparam [7:0] HSR_DROP_ETHERTYPE = 8'd36;
localparam [7:0] HSR_DROP_UNKNOWN_VNI = 8'd37;
localparam [7:0] HSR_DROP_UNKNOWN_VTEP = 8'd38;
localparam [7:0] HSR_DROP_NOT_FOR_US = 8'd39;
localparam [7:0] HSR_DROP_SPOOF_MAC = 8'd40;
localparam [7:0] HSR_DROP_SPOOF_IP = 8'd41;
localparam [7:0] HSR_DROP_SPOOF_ARP = 8'd42;
localparam [7:0] HSR_DROP_SPOOF_ND = 8'd43;
localparam [7:0] HSR_DROP_SPOOF_DHCP = 8'd44;
localparam [7:0] HSR_DROP_LOOP = 8'd45;
localparam [7:0] HSR_DROP_SG_EGRESS = 8'd46;
localparam [7:0] HSR_DROP_SG_INGRESS = 8'd47;
localparam [7:0] HSR_DROP_NO_ROUTE = 8'd48;
localparam [7:0] HSR_DROP_BLACKHOLE = 8'd49;
localparam [7:0] HSR_DROP_NO_MAPPING = 8'd50;
localparam [7:0] HSR_DROP_UNKNOWN_MAC = 8'd51;
localparam [7:0] HSR_DROP_NEIGH_PENDING = 8'd52;
localparam [7:0] HSR_DROP_TTL = 8'd53;
localparam [7:0] HSR_DROP_BUM = 8'd54;
localparam [7:0] HSR_DROP_ARP_UNKNOWN = 8'd55;
localparam [7:0] HSR_DROP_NO_SESSION = 8'd56;
localparam [7:0] HSR_DROP_TCP_STATE = 8'd57;
localparam [7:0] HSR_DROP_TCP_WINDOW = 8'd58;
localparam [7:0] HSR_DROP_ICMP_STATE = 8'd59;
localparam [7:0] HSR_DROP_ICMP_INNER = 8'd60;
localparam [7:0] HSR_DROP_SESSION_FULL = 8'd61;
localparam [7:0] HSR_DROP_SESSION_QUOTA = 8'd62;
localparam [7:0] HSR_DROP_FRAGMENT = 8'd63;
localparam [7:0] HSR_DROP_ECN = 8'd64;
localparam [7:0] HSR_DROP_PMTU = 8'd65;
localparam [7:0] HSR_DROP_NAT_NONE = 8'd66;
localparam [7:0] HSR_DROP_NAT_PORTS = 8'd67;
localparam [7:0] HSR_DROP_FRAG_OVERLAP = 8'd68;
localparam [7:0] HSR_DROP_FRAG_DUP = 8'd69;
localparam [7:0] HSR_DROP_FRAG_QUOTA = 8'd70;
localparam [7:0] HSR_DROP_NO_UPLINK = 8'd71;
localparam [7:0] HSR_DROP_NEIGH_TIMEOUT = 8'd72;
localparam [7:0] HSR_DROP_HANDOVER_FULL = 8'd73;
localparam [7:0] HSR_DROP_HOST_RATE = 8'd74;
localparam [7:0] HSR_DROP_NEIGH_QUOTA = 8'd75;
localparam [7:0] HSR_DROP_TX_META_BAD = 8'd76;
localparam [7:0] HSR_DROP_PORT_GONE = 8'd77;
localparam [7:0] HSR_DROP_PORT_TX_FULL = 8'd78;
localparam [7:0] HSR_DROP_TX_TOO_BIG = 8'd79;
localparam [7:0] HSR_DROP_TSO_BAD = 8'd80;
localparam [7:0] HSR_DROP_STALE_OWNER = 8'd81;
localparam [7:0] HSR_DROP_FW_GONE = 8'd82;
localparam [7:0] HSR_DROP_HELD_BACK = 8'd83;
localparam [7:0] HSR_DROP_SECOND_FULL = 8'd84;
localparam [7:0] HSR_DROP_PAYLOAD_GONE = 8'd85;
localparam [7:0] HSR_DROP_GUEST_DESC = 8'd86;

// gauges
localparam [7:0] HSR_GAUGE_FIT_USED = 8'd0;
localparam [7:0] HSR_GAUGE_FIT_HIGH = 8'd1;
localparam [7:0] HSR_GAUGE_FIT_CAPACITY = 8'd2;
localparam [7:0] HSR_GAUGE_FIT_HITS = 8'd3;
localparam [7:0] HSR_GAUGE_FIT_MISSES = 8'd4;
localparam [7:0] HSR_GAUGE_FIT_INSERTS = 8'd5;
localparam [7:0] HSR_GAUGE_FIT_REPLACED = 8'd6;
localparam [7:0] HSR_GAUGE_FIT_DELETES = 8'd7;
localparam [7:0] HSR_GAUGE_FIT_UPDATES = 8'd8;
localparam [7:0] HSR_GAUGE_FIT_REFUSED = 8'd9;
localparam [7:0] HSR_GAUGE_SLOTS_SINGLE_USED = 8'd10;
localparam [7:0] HSR_GAUGE_SLOTS_SINGLE_HIGH = 8'd11;
localparam [7:0] HSR_GAUGE_SLOTS_SINGLE_CAPACITY = 8'd12;
localparam [7:0] HSR_GAUGE_SLOTS_JUMBO_USED = 8'd13;
localparam [7:0] HSR_GAUGE_SLOTS_JUMBO_HIGH = 8'd14;
localparam [7:0] HSR_GAUGE_SLOTS_JUMBO_CAPACITY = 8'd15;
localparam [7:0] HSR_GAUGE_SLOTS_GSO_USED = 8'd16;
localparam [7:0] HSR_GAUGE_SLOTS_GSO_HIGH = 8'd17;
localparam [7:0] HSR_GAUGE_SLOTS_GSO_CAPACITY = 8'd18;
localparam [7:0] HSR_GAUGE_VECTORS_1 = 8'd19;
localparam [7:0] HSR_GAUGE_VECTORS_2 = 8'd20;
localparam [7:0] HSR_GAUGE_VECTORS_3 = 8'd21;
localparam [7:0] HSR_GAUGE_VECTORS_4 = 8'd22;
localparam [7:0] HSR_GAUGE_VECTORS_5 = 8'd23;
localparam [7:0] HSR_GAUGE_VECTORS_6 = 8'd24;
localparam [7:0] HSR_GAUGE_VECTORS_7 = 8'd25;
localparam [7:0] HSR_GAUGE_VECTORS_8 = 8'd26;
localparam [7:0] HSR_GAUGE_VECTORS_9 = 8'd27;
localparam [7:0] HSR_GAUGE_VECTORS_10 = 8'd28;
localparam [7:0] HSR_GAUGE_VECTORS_11 = 8'd29;
localparam [7:0] HSR_GAUGE_VECTORS_12 = 8'd30;
localparam [7:0] HSR_GAUGE_VECTORS_13 = 8'd31;
localparam [7:0] HSR_GAUGE_VECTORS_14 = 8'd32;
localparam [7:0] HSR_GAUGE_VECTORS_15 = 8'd33;
localparam [7:0] HSR_GAUGE_VECTORS_16 = 8'd34;
localparam [7:0] HSR_GAUGE_RX_RING_HIGH = 8'd35;
localparam [7:0] HSR_GAUGE_TX_RING_HIGH = 8'd36;
localparam [7:0] HSR_GAUGE_BYTES_TO_FW = 8'd37;
localparam [7:0] HSR_GAUGE_BYTES_FROM_FW = 8'd38;
localparam [7:0] HSR_GAUGE_PUBLICS_USED = 8'd39;
localparam [7:0] HSR_GAUGE_PUBLICS_HIGH = 8'd40;
localparam [7:0] HSR_GAUGE_PUBLICS_CAPACITY = 8'd41;
localparam [7:0] HSR_GAUGE_POOL_DROPS = 8'd42;
localparam [7:0] HSR_GAUGE_CELLS_USED = 8'd43;
localparam [7:0] HSR_GAUGE_CELLS_HIGH = 8'd44;
localparam [7:0] HSR_GAUGE_CELLS_CAPACITY = 8'd45;
localparam [7:0] HSR_GAUGE_SLICED = 8'd46;
localparam [7:0] HSR_GAUGE_NOT_SLICED = 8'd47;
localparam [7:0] HSR_GAUGE_PAYLOADS_TIMED_OUT = 8'd48;
localparam [7:0] HSR_GAUGE_PAYLOADS_STALE = 8'd49;

// Metadata of a received packet: the first two lines of a slot. Line 0 is all that a flow-id hit over IPv4 needs.
typedef struct packed {
  logic [15:0] partial_sum;
  logic [15:0] vlan_tci;
  logic [31:0] packet_id;
  logic [31:0] timestamp;
  logic [31:0] frag_id;
  logic [7:0] flags1;
  logic [7:0] gso_type;
  logic [15:0] gso_size;
  logic [15:0] csum_offset;
  logic [15:0] csum_start;
  logic [31:0] outer_src4;
  logic [31:0] vni_tunnel;
  logic [255:0] key6;
  logic [31:0] payload;
  logic [31:0] owner;
  logic [31:0] rx_seq;
  logic [7:0] tcp_flags;
  logic [7:0] vec_len;
  logic [7:0] reason;
  logic [7:0] verdicts;
  logic [15:0] payload_off;
  logic [15:0] l4_off;
  logic [15:0] l3_off;
  logic [15:0] l2_off;
  logic [7:0] flags;
  logic [7:0] class;
  logic [15:0] ingress;
  logic [31:0] frame_len;
  logic [63:0] key_ports;
  logic [63:0] key_addrs;
  logic [63:0] hash;
  logic [63:0] flow_id;
} hsr_rx_meta_t;

// What the firmware asks of the Post-Processor. It overlays line 0 of the rx metadata, which by then has been used.
typedef struct packed {
  logic [31:0] rx_seq;
  logic [31:0] owner;
  logic [63:0] fit_named;
  logic [63:0] flow_id;
  logic [63:0] hash;
  logic [7:0] fit_op;
  logic [7:0] gso_type;
  logic [15:0] gso_size;
  logic [15:0] outer_l4_off;
  logic [15:0] outer_l3_off;
  logic [15:0] l4_off;
  logic [15:0] l3_off;
  logic [15:0] offload;
  logic [7:0] drop_reason;
  logic [7:0] payload_op;
  logic [31:0] payload;
  logic [31:0] frame_len;
  logic [15:0] mtu;
  logic [15:0] frame_off;
  logic [7:0] action;
  logic [7:0] egress_queue;
  logic [15:0] egress_port;
} hsr_tx_meta_t;

`endif
