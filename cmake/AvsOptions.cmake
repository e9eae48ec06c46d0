# SPDX-License-Identifier: Apache-2.0
# Language, warnings, instruction set, hardening, sanitizers: all in the interface target `avs_options`,
# which avs_library(), avs_program() and avs_unit_test() link for you.

set(AVS_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")
option(AVS_FUZZ "Build the fuzzers for libFuzzer (clang)" OFF)
option(AVS_COVERAGE "Instrument for gcov" OFF)
option(AVS_LIBC_POOLS "Take pool objects from malloc() one by one, so that ASan sees each of them" OFF)
option(AVS_WERROR "Warnings are errors" ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# CMake's own RelWithDebInfo adds -DNDEBUG; a release here keeps its assertions.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O3 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

# The packet path crosses a dozen libraries in short functions: programs are optimised as a whole (gcc; avs-bench: a
# quarter fewer instructions a packet). Libraries keep ordinary code as well, which the many tests link quickly. Off, for
# quick builds while one works: cmake -DAVS_LTO=OFF build/release
option(AVS_LTO "optimise programs of the release build as a whole" ON)
set(avs_lto OFF)
if(AVS_LTO AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    set(avs_lto ON)
endif()

# GNU dialect of C17: DPDK's headers use asm and typeof.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# The baseline that Debian's DPDK is built for. Faster variants are chosen at run time, never here.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(avs_march_default "x86-64-v2")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(avs_march_default "armv8-a+crc")
else()
    set(avs_march_default "")
endif()
set(AVS_MARCH "${avs_march_default}" CACHE STRING "Baseline instruction set (-march=); never native")
if(AVS_MARCH STREQUAL "native")
    message(FATAL_ERROR "AVS_MARCH=native builds a program that runs on this machine only")
endif()

add_library(avs_options INTERFACE)
target_compile_definitions(avs_options INTERFACE
    _GNU_SOURCE
    AVS_VERSION="${PROJECT_VERSION}"
    $<$<BOOL:${AVS_LIBC_POOLS}>:AVS_LIBC_POOLS=1>
    $<$<BOOL:${CMAKE_CROSSCOMPILING}>:AVS_EMULATED=1>)
target_compile_options(avs_options INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wvla
    $<$<BOOL:${AVS_WERROR}>:-Werror>
    -fno-common
    -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=
    -fstack-protector-strong)
# What they cost and what they are worth: docs/security.md, "Flags". clang 14 knows no stack clash protection for arm64.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    target_compile_options(avs_options INTERFACE -fstack-clash-protection -fcf-protection)
    # The C library's start files lack the mark, and do nothing against it. They do lack landing pads: no -z ibt.
    target_link_options(avs_options INTERFACE -Wl,-z,shstk)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    target_compile_options(avs_options INTERFACE -mbranch-protection=standard)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_compile_options(avs_options INTERFACE -fstack-clash-protection)
    endif()
endif()
if(AVS_MARCH)
    target_compile_options(avs_options INTERFACE -march=${AVS_MARCH})
endif()
target_link_options(avs_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
target_link_libraries(avs_options INTERFACE Threads::Threads)

if(AVS_SANITIZE)
    target_compile_options(avs_options INTERFACE -fsanitize=${AVS_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(avs_options INTERFACE -fsanitize=${AVS_SANITIZE})
    if(AVS_SANITIZE STREQUAL "thread")
        # It does not understand fences. What they order here is atomic itself, or a guest's.
        target_compile_options(avs_options INTERFACE -Wno-tsan)
    endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    # Needs optimisation, and hides from the sanitizers the calls they intercept.
    target_compile_options(avs_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

# libFuzzer's eyes; its main() is in the fuzzers alone (tests/fuzz).
if(AVS_FUZZ)
    target_compile_options(avs_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(AVS_COVERAGE)
    target_compile_definitions(avs_options INTERFACE AVS_COVERAGE=1)
    target_compile_options(avs_options INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(avs_options INTERFACE --coverage)
endif()
