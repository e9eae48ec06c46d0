#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn hsring.toml into the C header, the SystemVerilog header and the reference pages.

usage: hsring_gen.py [--check]    --check writes nothing and fails when an output is stale
"""
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "hsring" / "hsring.toml"
SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "char": 1}
C_TYPES = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "char": "char"}
NOTE = "Generated from hsring/hsring.toml by hsring/gen/hsring_gen.py; edit those."


def fail(text):
    sys.exit(f"hsring.toml: {text}")


def lay_out(structs):
    """Give every field its offset; refuse implicit padding and wrong sizes."""
    known = {}
    for struct in structs:
        offset = 0
        for field in struct["fields"]:
            kind = field["type"]
            if kind not in SIZES and kind not in known:
                fail(f"{struct['name']}.{field['name']}: unknown type {kind}")
            size = SIZES.get(kind) or known[kind]["size"]
            align = SIZES.get(kind) or known[kind]["align"]
            if offset % align:
                fail(f"{struct['name']}.{field['name']} at {offset} is not aligned to {align}")
            field["offset"] = offset
            field["bytes"] = size * field.get("count", 1)
            offset += field["bytes"]
        if offset != struct["size"]:
            fail(f"{struct['name']} has {offset} bytes, size says {struct['size']}")
        known[struct["name"]] = struct


def check_enums(enums):
    for enum in enums:
        values = [v["value"] for v in enum["values"]]
        if len(set(values)) != len(values):
            fail(f"enum {enum['name']} has a value twice")


def number_drops(groups):
    """All reasons in order with their number; 0 is 'no drop'."""
    reasons = []
    for group in groups:
        for reason in group["reasons"]:
            reasons.append({**reason, "stage": group["stage"], "value": len(reasons) + 1})
    if len(reasons) >= 128:
        fail("more drop reasons than port_stats.drops has room for")
    return reasons


def number_gauges(groups, room):
    """All gauges in order with their number from 0; an entry with `count` stands for that many."""
    gauges = []
    for group in groups:
        for gauge in group["values"]:
            for i in range(1, gauge.get("count", 1) + 1):
                kind = gauge.get("kind", "level")
                if kind not in ("level", "counter"):
                    fail(f"gauge {gauge['name']}: unknown kind {kind}")
                gauges.append({
                    **gauge, "name": gauge["name"].format(i), "doc": gauge["doc"].format(i), "kind": kind, "value": len(gauges)
                })
    if len(gauges) > room:
        fail("more gauges than region_head.gauges has room for")
    return gauges


def field_of(structs, struct, name):
    return next(f for s in structs if s["name"] == struct for f in s["fields"] if f["name"] == name)


def literal(value):
    return f"{value}" if value < 0x100 else f"0x{value:X}"


def emit_c(spec, reasons, gauges):
    out = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        f"/* {NOTE} */",
        "#ifndef HSRING_ABI_H",
        "#define HSRING_ABI_H",
        "",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        "/* clang-format off */",
        "",
        f"#define HSR_MAGIC UINT64_C({spec['abi']['magic']})",
        f"#define HSR_ABI_MAJOR {spec['abi']['major']}",
        f"#define HSR_ABI_MINOR {spec['abi']['minor']}",
    ]
    for group in spec["const"]:
        out += ["", f"/* {group['group']} */"]
        for const in group["values"]:
            comment = f" /* {const['doc']} */" if const["doc"] else ""
            out.append(f"#define HSR_{const['name']} {literal(const['value'])}{comment}")
    for enum in spec["enum"]:
        out += ["", f"/* {enum['doc']} */", f"enum hsr_{enum.get('tag', enum['name'])} {{"]
        for value in enum["values"]:
            comment = f" /* {value['doc']} */" if value["doc"] else ""
            out.append(f"    HSR_{enum['name'].upper()}_{value['name']} = {literal(value['value'])},{comment}")
        out.append("};")
    out += ["", "/* X(NAME, name, stage, text): every drop has one reason, and every reason stands here. */"]
    out.append("#define HSR_DROP_REASONS(X) \\")
    for reason in reasons:
        tail = " \\" if reason is not reasons[-1] else ""
        out.append(f"    X({reason['name']}, {reason['name'].lower()}, {reason['stage']}, \"{reason['doc']}\"){tail}")
    out += ["", "enum hsr_drop {", "    HSR_DROP_NONE = 0,"]
    out += [f"    HSR_DROP_{r['name']} = {r['value']}," for r in reasons]
    out += [f"    HSR_DROP_COUNT = {len(reasons) + 1},", "};"]
    out += ["", "/* X(NAME, name, unit, kind, text): what the NIC measures, by its place in region_head.gauges. */"]
    out.append("#define HSR_GAUGES(X) \\")
    for gauge in gauges:
        tail = " \\" if gauge is not gauges[-1] else ""
        out.append(f"    X({gauge['name']}, {gauge['name'].lower()}, {gauge['unit']}, {gauge['kind']}, \"{gauge['doc']}\"){tail}")
    out += ["", "enum hsr_gauge {"]
    out += [f"    HSR_GAUGE_{g['name']} = {g['value']}," for g in gauges]
    out += [f"    HSR_GAUGE_COUNT = {len(gauges)},", "};"]
    for struct in spec["struct"]:
        name = f"struct hsr_{struct['name']}"
        out += ["", f"/* {struct['doc']} */", f"{name} {{"]
        for i, field in enumerate(struct["fields"]):
            kind = C_TYPES.get(field["type"]) or f"struct hsr_{field['type']}"
            align = f"_Alignas({struct['align']}) " if i == 0 and struct["align"] > 8 else ""
            count = f"[{field['count']}]" if "count" in field else ""
            comment = f" /* {field['doc']} */" if field["doc"] else ""
            out.append(f"    {align}{kind} {field['name']}{count};{comment}")
        out.append("};")
        out.append(f"_Static_assert(sizeof({name}) == {struct['size']}, \"{struct['name']} size\");")
        for field in struct["fields"]:
            out.append(
                f"_Static_assert(offsetof({name}, {field['name']}) == {field['offset']}, "
                f"\"{struct['name']}.{field['name']}\");"
            )
    out += ["", "/* clang-format on */", "", "#endif", ""]
    return "\n".join(out)


def emit_sv(spec, reasons, gauges):
    """Constants and packed structures in $unit scope, the form all three tools take.

    A packed structure is written most significant field first, so that bit 0 of the vector is bit 0 of byte 0.
    """
    out = [
        "// SPDX-License-Identifier: Apache-2.0",
        f"// {NOTE}",
        "`ifndef HSRING_TYPES_SVH",
        "`define HSRING_TYPES_SVH",
        "",
        f"localparam [63:0] HSR_MAGIC = 64'h{int(spec['abi']['magic'], 16):016X};",
        f"localparam HSR_ABI_MAJOR = {spec['abi']['major']};",
        f"localparam HSR_ABI_MINOR = {spec['abi']['minor']};",
    ]
    for group in spec["const"]:
        out += ["", f"// {group['group']}"]
        out += [f"localparam HSR_{c['name']} = {c['value']};" for c in group["values"]]
    for enum in spec["enum"]:
        out += ["", f"// {enum['doc']}"]
        widest = max(v["value"] for v in enum["values"])
        width = 8 if widest < 1 << 8 else 16 if widest < 1 << 16 else 64
        out += [
            f"localparam [{width - 1}:0] HSR_{enum['name'].upper()}_{v['name']} = {width}'d{v['value']};"
            for v in enum["values"]
        ]
    out += ["", "// drop reasons", "localparam [7:0] HSR_DROP_NONE = 8'd0;"]
    out += [f"localparam [7:0] HSR_DROP_{r['name']} = 8'd{r['value']};" for r in reasons]
    out += ["", "// gauges"]
    out += [f"localparam [7:0] HSR_GAUGE_{g['name']} = 8'd{g['value']};" for g in gauges]
    for struct in spec["struct"]:
        if struct["name"] not in ("rx_meta", "tx_meta"):
            continue
        out += ["", f"// {struct['doc']}", "typedef struct packed {"]
        for field in reversed(struct["fields"]):
            out.append(f"  logic [{field['bytes'] * 8 - 1}:0] {field['name']};")
        out.append(f"}} hsr_{struct['name']}_t;")
    out += ["", "`endif", ""]
    return "\n".join(out)


def emit_doc(spec, reasons, gauges):
    out = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        f"<!-- {NOTE} -->",
        "# HS-ring reference",
        "",
        f"ABI {spec['abi']['major']}.{spec['abi']['minor']}, little-endian. "
        "What the fields are for is told in [the architecture](../architecture.md).",
    ]
    for group in spec["const"]:
        out += ["", f"## {group['group']}", "", "| constant | value | meaning |", "|---|---|---|"]
        out += [f"| `HSR_{c['name']}` | {literal(c['value'])} | {c['doc']} |" for c in group["values"]]
    for enum in spec["enum"]:
        out += ["", f"## enum {enum['name']}", "", enum["doc"], "", "| name | value | meaning |", "|---|---|---|"]
        out += [
            f"| `HSR_{enum['name'].upper()}_{v['name']}` | {literal(v['value'])} | {v['doc']} |" for v in enum["values"]
        ]
    for struct in spec["struct"]:
        out += ["", f"## struct {struct['name']} ({struct['size']} bytes)", "", struct["doc"], ""]
        out += ["| offset | bytes | field | meaning |", "|---|---|---|---|"]
        for field in struct["fields"]:
            if not field["name"].startswith("pad"):
                out.append(f"| {field['offset']} | {field['bytes']} | `{field['name']}` | {field['doc']} |")
    return "\n".join(out) + "\n"


def emit_drops(spec, reasons, gauges):
    out = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        f"<!-- {NOTE} -->",
        "# Drop reasons",
        "",
        "Every dropped packet is counted under exactly one of these. The name is the one shown by `avs-ctl drops`.",
    ]
    for group in spec["drop"]:
        out += ["", f"## {group['stage']}", "", group["doc"], "", "| reason | when |", "|---|---|"]
        out += [f"| `{r['name'].lower()}` | {r['doc']} |" for r in group["reasons"]]
    return "\n".join(out) + "\n"


def emit_gauges(spec, reasons, gauges):
    out = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        f"<!-- {NOTE} -->",
        "# Gauges",
        "",
        "What the NIC measures about itself, as shown under `nic` by `avs-ctl stats`. Counters begin when the NIC starts.",
    ]
    for group in spec["gauge"]:
        out += ["", f"## {group['doc'].rstrip('.')}", "", "| gauge | unit | kind | meaning |", "|---|---|---|---|"]
        for gauge in group["values"]:
            name, doc, last = gauge["name"].lower(), gauge["doc"], gauge.get("count", 1)
            shown = f"`{name.format(1)}` to `{name.format(last)}`" if last > 1 else f"`{name}`"
            kind = gauge.get("kind", "level")
            out.append(f"| {shown} | {gauge['unit']} | {kind} | {doc.format(f'1 to {last}')} |")
    return "\n".join(out) + "\n"


OUTPUTS = {
    "hsring/include/hsring/abi.h": emit_c,
    "hsring/rtl/hsring_types.svh": emit_sv,
    "docs/reference/hsring.md": emit_doc,
    "docs/reference/drop-reasons.md": emit_drops,
    "docs/reference/gauges.md": emit_gauges,
}


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    spec = tomllib.loads(SOURCE.read_text())
    lay_out(spec["struct"])
    check_enums(spec["enum"])
    reasons = number_drops(spec["drop"])
    gauges = number_gauges(spec["gauge"], field_of(spec["struct"], "region_head", "gauges")["count"])
    stale = []
    for path, emit in OUTPUTS.items():
        text = emit(spec, reasons, gauges)
        target = ROOT / path
        if check:
            if not target.exists() or target.read_text() != text:
                stale.append(path)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    if stale:
        sys.exit("stale, run hsring/gen/hsring_gen.py: " + ", ".join(stale))


if __name__ == "__main__":
    main()
