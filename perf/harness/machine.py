# SPDX-License-Identifier: Apache-2.0
"""The machine a figure is of, and what it lost to others while it was measured."""
import os
import platform
import subprocess
import time


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def fields(path, names):
    """First value of each `name : value` line."""
    found = {}
    for line in read(path).splitlines():
        name, _, value = line.partition(":")
        if name.strip() in names and name.strip() not in found:
            found[name.strip()] = value.strip()
    return found


def version(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else None


def caches():
    """Sizes of CPU 0's caches by level."""
    base = "/sys/devices/system/cpu/cpu0/cache"
    sizes = {}
    for index in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        level, kind, size = (read(f"{base}/{index}/{name}").strip() for name in ("level", "type", "size"))
        if level and kind != "Instruction":
            sizes[f"L{level}"] = size
    return sizes


def cached(build):
    """What the build was configured with."""
    wanted = ("AVS_LTO", "CMAKE_BUILD_TYPE", "CMAKE_C_COMPILER", "AVS_CPU")
    found = {}
    for line in read(os.path.join(build, "CMakeCache.txt")).splitlines():
        name, _, value = line.partition("=")
        if name.split(":")[0] in wanted:
            found[name.split(":")[0]] = value
    return found


def commit(directory):
    return version("git", "-C", directory, "-c", "safe.directory=*", "describe", "--always", "--dirty")


def describe(build, source):
    cpu = fields("/proc/cpuinfo", {"model name", "CPU part", "cpu MHz", "flags"})
    memory = fields("/proc/meminfo", {"MemTotal", "HugePages_Total", "Hugepagesize"})
    flags = cpu.get("flags", "").split()
    options = cached(build)
    return {
        "cpu": cpu.get("model name") or cpu.get("CPU part") or platform.machine(),
        "cpus": os.cpu_count(),
        "mhz": cpu.get("cpu MHz"),
        "vectors": [flag for flag in ("sse4_2", "avx2", "avx512f") if flag in flags],
        "virtual": "hypervisor" in flags,
        "caches": caches(),
        "memory": memory.get("MemTotal"),
        "huge_pages": memory.get("HugePages_Total"),
        "transparent_huge_pages": read("/sys/kernel/mm/transparent_hugepage/enabled").strip(),
        "kernel": os.uname().release,
        "system": next((line.partition("=")[2].strip('"') for line in read("/etc/os-release").splitlines()
                        if line.startswith("PRETTY_NAME=")), ""),
        "load": [round(load, 2) for load in os.getloadavg()],
        "compiler": version(options.get("CMAKE_C_COMPILER", "gcc"), "--version"),
        "build": {key: value for key, value in options.items() if key != "CMAKE_C_COMPILER"},
        "dpdk": version("pkg-config", "--modversion", "libdpdk"),
        "ovs": version("ovs-vsctl", "--version"),
        "commit": commit(source),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def line(machine):
    """The description in one line."""
    virtual = ", virtual" if machine["virtual"] else ""
    return (f"{machine['cpu']}, {machine['cpus']} CPUs{virtual}, {machine['system']}, Linux {machine['kernel']}, "
            f"load {machine['load'][0]}, {machine['date']}")


def steal_ms():
    """Time the hypervisor took from all CPUs since boot; counted in hundredths of a second."""
    words = read("/proc/stat").split("\n", 1)[0].split()
    return int(words[8]) * 1000 // os.sysconf("SC_CLK_TCK") if len(words) > 8 else 0
