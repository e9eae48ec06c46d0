# SPDX-License-Identifier: Apache-2.0
# Toolchain of the preset `arm64`: Debian's cross compiler, the libraries of build/sysroot-arm64 (scripts/sysroot.sh), and
# qemu-user to run what it makes.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)

get_filename_component(avs_sysroot "${CMAKE_CURRENT_LIST_DIR}/../build/sysroot-arm64" ABSOLUTE)
set(CMAKE_SYSROOT "${avs_sysroot}")
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${avs_sysroot}")
set(ENV{PKG_CONFIG_LIBDIR} "${avs_sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig:${avs_sysroot}/usr/share/pkgconfig")

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L "${avs_sysroot}")
