# SPDX-License-Identifier: Apache-2.0
# What a machine gets, and the Debian package of it: `cpack --config build/release/CPackConfig.cmake`, or `./run package`.

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # the four programs are there, tests are not wanted

install(TARGETS avsd avs-nic RUNTIME DESTINATION sbin)
install(TARGETS avs-ctl avs-replay RUNTIME DESTINATION bin)
install(FILES packaging/avs-nic.service packaging/avsd.service DESTINATION /lib/systemd/system)
install(FILES packaging/avsd.yaml DESTINATION /etc/avs)
install(FILES packaging/avs.default DESTINATION /etc/default RENAME avs)
install(FILES ops/ctl/avs-ctl.bash DESTINATION share/bash-completion/completions RENAME avs-ctl)
install(FILES ops/ctl/_avs-ctl DESTINATION share/zsh/vendor-completions)
install(FILES packaging/copyright README.md docs/security.md DESTINATION share/doc/avs)
install(DIRECTORY docs/examples DESTINATION share/doc/avs)
find_program(AVS_GZIP gzip REQUIRED)
foreach(page avs-ctl.1 avs-replay.1 avsd.8 avs-nic.8)
    string(REGEX REPLACE ".*\\." "" section ${page})
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/man/${page}.gz
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
        COMMAND ${AVS_GZIP} -9nc ${CMAKE_SOURCE_DIR}/docs/man/${page} > ${CMAKE_BINARY_DIR}/man/${page}.gz
        DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/${page} VERBATIM)
    list(APPEND avs_pages ${CMAKE_BINARY_DIR}/man/${page}.gz)
    install(FILES ${CMAKE_BINARY_DIR}/man/${page}.gz DESTINATION share/man/man${section})
endforeach()
add_custom_target(man_pages ALL DEPENDS ${avs_pages})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME avs)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "the avs authors <avs@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "unified-datapath vSwitch for SmartNIC and DPU SoCs")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# DPDK's drivers are loaded when they are wanted: no dependency that a linker knows of.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers, librte-mempool-ring23, librte-net-memif23")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "librte-meta-net")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
file(WRITE ${CMAKE_BINARY_DIR}/packaging/conffiles "/etc/avs/avsd.yaml\n/etc/default/avs\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/packaging/postinst ${CMAKE_SOURCE_DIR}/packaging/prerm ${CMAKE_SOURCE_DIR}/packaging/postrm
    ${CMAKE_BINARY_DIR}/packaging/conffiles)
include(CPack)

if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT CMAKE_CROSSCOMPILING)
    avs_script_test(system_package COMMAND ${CMAKE_SOURCE_DIR}/tests/system/package.sh LABEL system
        PURPOSE "the Debian package in a chroot: installed, started as its units say, used, removed, purged without a trace")
endif()
