# SPDX-License-Identifier: Apache-2.0
# Libraries from the distribution, as imported targets. Imported targets are SYSTEM for the compiler, so
# that our warnings do not apply to their headers.
#   avs::dpdk avs::event avs::jansson avs::yaml avs::pcap avs::numa avs::cmocka avs::seccomp
# `./run deps` installs what is missing.

find_package(PkgConfig REQUIRED)

pkg_check_modules(DPDK REQUIRED libdpdk>=22.11)
add_library(avs_dpdk INTERFACE IMPORTED GLOBAL)
add_library(avs::dpdk ALIAS avs_dpdk)
target_include_directories(avs_dpdk SYSTEM INTERFACE ${DPDK_INCLUDE_DIRS})
# Of libdpdk's own flags only this one is needed: its -march would override ours, which is the same baseline.
target_compile_options(avs_dpdk INTERFACE "SHELL:-include rte_config.h")
target_link_libraries(avs_dpdk INTERFACE ${DPDK_LDFLAGS})

foreach(pair event:libevent jansson:jansson yaml:yaml-0.1 pcap:libpcap numa:numa cmocka:cmocka seccomp:libseccomp)
    string(REPLACE ":" ";" pair "${pair}")
    list(GET pair 0 name)
    list(GET pair 1 module)
    string(TOUPPER "AVS_PKG_${name}" prefix)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${module})
    if(${prefix}_FOUND)
        add_library(avs::${name} ALIAS PkgConfig::${prefix})
    else()
        message(WARNING "${module} not found (./run deps installs it): targets that need avs::${name} will fail")
    endif()
endforeach()
