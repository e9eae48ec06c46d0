# SPDX-License-Identifier: Apache-2.0
# The only ways to add a target.
#
#   avs_library(NAME SOURCES ... [INCLUDES dir...] [PRIVATE_INCLUDES dir...] [DEPS target...] [DPDK])
#       Static library. INCLUDES is public and defaults to ./include when that exists, else ".".
#       Without SOURCES: a header-only library.
#   avs_program(NAME SOURCES ... [INCLUDES dir...] [DEPS target...] [DPDK])
#       Program, built as <build>/bin/NAME.
#   avs_unit_test(NAME SOURCES ... PURPOSE "one line" [INCLUDES dir...] [DEPS target...] [DPDK]
#                 [LABELS label...] [ARGS arg...] [TIMEOUT seconds])
#       cmocka program, built as <build>/unit/NAME; label `unit`. LABELS tsan: also runs under ThreadSanitizer.
#   avs_script_test(NAME COMMAND cmd arg... LABEL replay|system PURPOSE "one line"
#                   [ALONE] [LABELS label...] [DEPENDS test...] [TIMEOUT seconds])
#       Any command; a first word that is a file beside the CMakeLists.txt is taken from there. Exit code 77
#       means skipped, the last line of output says why. At most two `system` tests run at a time, for they wait most of it;
#       ALONE: nothing beside it, as it takes all the processors or measures time. LABELS slow keeps
#       it out of `./run test --quick`. LABELS again: a test of another name under other circumstances, run where that
#       may find more, with gcc and with the sanitizers, and not by `--quick`. LABELS native: wants the kernel itself, not an
#       emulator's idea of it. LABELS embedded: a system test with the NIC in avsd, which `--quick` leaves out.
#       LABELS coverage: runs lines that no unit test does, so the coverage suite has it, beside the unit tests; the others, which
#       would only count once more what is counted, are left out of it.
#
# Every test sees AVS_SOURCE_DIR and AVS_BUILD_DIR (programs are in $AVS_BUILD_DIR/bin) in its environment.
# Time-outs default to 60 s (unit) and 120 s (script), three times that when instrumented.

# No detect_stack_use_after_return: the fake stack of gcc 12 does not keep an alignment of 64 bytes, which metadata has.
set(avs_test_environment
    "AVS_SOURCE_DIR=${CMAKE_SOURCE_DIR}"
    "AVS_BUILD_DIR=${CMAKE_BINARY_DIR}"
    "ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")
# The programs' counters are written when they end, where the build's owner alone may write.
if(AVS_COVERAGE)
    list(APPEND avs_test_environment "AVS_TEST_USER=root")
endif()
set(avs_test_launcher "")
if(AVS_SANITIZE)
    set(avs_test_launcher "${CMAKE_SOURCE_DIR}/scripts/no-aslr.sh")
endif()
# Programs for another machine: tests run them under the toolchain's emulator, by way of a script of the same name in
# <build>/bin, so that no test need know.
if(CMAKE_CROSSCOMPILING)
    set(avs_test_launcher ${CMAKE_CROSSCOMPILING_EMULATOR})
    set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/target")
endif()
set_property(GLOBAL PROPERTY AVS_TEST_LIST "")
# What is built where nothing else is run: by the preset tsan (scripts/build.sh), and of the preset debug by ./run test --quick.
add_custom_target(tsan_tests)
add_custom_target(unit_tests)

function(avs_target_common target scope includes deps dpdk)
    target_include_directories(${target} ${scope} ${includes})
    target_link_libraries(${target} ${scope} ${deps})
    if(dpdk)
        target_link_libraries(${target} ${scope} avs::dpdk)
    endif()
    if(NOT scope STREQUAL "INTERFACE")
        target_link_libraries(${target} PRIVATE avs_options)
        # Everything here ends in a position-independent executable; -fPIC would cost the indirections of a
        # shared library. Not part of avs_options, so that a shared object can be built with -fPIC.
        target_compile_options(${target} PRIVATE -fPIE)
        if(avs_lto)
            target_compile_options(${target} PRIVATE -flto=auto -ffat-lto-objects)
        endif()
    endif()
endfunction()

function(avs_check_arguments function)
    if(A_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${function}: unknown arguments: ${A_UNPARSED_ARGUMENTS}")
    endif()
endfunction()

function(avs_library name)
    cmake_parse_arguments(A "DPDK" "" "SOURCES;INCLUDES;PRIVATE_INCLUDES;DEPS" ${ARGN})
    avs_check_arguments("avs_library(${name})")
    if(NOT A_INCLUDES)
        set(A_INCLUDES "${CMAKE_CURRENT_SOURCE_DIR}")
        if(IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/include")
            set(A_INCLUDES "${CMAKE_CURRENT_SOURCE_DIR}/include")
        endif()
    endif()
    if(A_SOURCES)
        add_library(${name} STATIC ${A_SOURCES})
        avs_target_common(${name} PUBLIC "${A_INCLUDES}" "${A_DEPS}" "${A_DPDK}")
        target_include_directories(${name} PRIVATE ${A_PRIVATE_INCLUDES})
    else()
        add_library(${name} INTERFACE)
        avs_target_common(${name} INTERFACE "${A_INCLUDES}" "${A_DEPS}" "${A_DPDK}")
    endif()
endfunction()

function(avs_program name)
    cmake_parse_arguments(A "DPDK" "" "SOURCES;INCLUDES;DEPS" ${ARGN})
    avs_check_arguments("avs_program(${name})")
    add_executable(${name} ${A_SOURCES})
    avs_target_common(${name} PRIVATE "${A_INCLUDES}" "${A_DEPS}" "${A_DPDK}")
    target_link_options(${name} PRIVATE -pie)
    if(CMAKE_CROSSCOMPILING)
        list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " emulator)
        file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/bin/${name}"
            CONTENT "#!/bin/sh\nexec ${emulator} $<TARGET_FILE:${name}> \"$@\"\n"
            CONDITION $<STREQUAL:$<TARGET_PROPERTY:${name},RUNTIME_OUTPUT_DIRECTORY>,${CMAKE_RUNTIME_OUTPUT_DIRECTORY}>
            FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    endif()
    if(avs_lto)
        target_link_options(${name} PRIVATE $<IF:$<BOOL:$<TARGET_PROPERTY:AVS_TEST>>,-fno-lto,-flto=auto>)
    endif()
endfunction()

# Registers the properties shared by all tests and the line of `./run test --list`.
function(avs_register_test name purpose timeout)
    if(NOT purpose)
        message(FATAL_ERROR "test ${name}: PURPOSE \"one line\" is missing")
    endif()
    if(AVS_SANITIZE OR AVS_COVERAGE OR CMAKE_CROSSCOMPILING)
        math(EXPR timeout "${timeout} * 3")
    endif()
    set_tests_properties(${name} PROPERTIES
        LABELS "${ARGN}" TIMEOUT ${timeout} ENVIRONMENT "${avs_test_environment};AVS_TEST=${name}")
    string(REPLACE ";" "," labels "${ARGN}")
    set_property(GLOBAL APPEND_STRING PROPERTY AVS_TEST_LIST "${name}\t${labels}\t${purpose}\n")
endfunction()

function(avs_unit_test name)
    cmake_parse_arguments(A "DPDK" "PURPOSE;TIMEOUT" "SOURCES;INCLUDES;DEPS;LABELS;ARGS" ${ARGN})
    avs_check_arguments("avs_unit_test(${name})")
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 60)
    endif()
    avs_program(${name} SOURCES ${A_SOURCES} INCLUDES ${A_INCLUDES} DEPS ${A_DEPS} avs::cmocka)
    if(A_DPDK)
        target_link_libraries(${name} PRIVATE avs::dpdk)
    endif()
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/unit" AVS_TEST ON)
    add_test(NAME ${name} COMMAND ${avs_test_launcher} $<TARGET_FILE:${name}> ${A_ARGS})
    avs_register_test(${name} "${A_PURPOSE}" ${A_TIMEOUT} unit ${A_LABELS})
    add_dependencies(unit_tests ${name})
    if("tsan" IN_LIST A_LABELS)
        add_dependencies(tsan_tests ${name})
    endif()
    # Those that note what drop reasons they provoked (tests/lib/seen.h).
    if("${A_DEPS}" MATCHES "test_(bench|datapath_support|seen)(;|$)")
        set_property(GLOBAL APPEND PROPERTY AVS_SEEING ${name})
    endif()
endfunction()

include(ProcessorCount)
ProcessorCount(avs_processors)
math(EXPR avs_half_of_processors "(${avs_processors} + 1) / 2")

function(avs_script_test name)
    cmake_parse_arguments(A "ALONE" "LABEL;PURPOSE;TIMEOUT" "COMMAND;LABELS;DEPENDS" ${ARGN})
    avs_check_arguments("avs_script_test(${name})")
    if(NOT A_LABEL MATCHES "^(replay|system)$")
        message(FATAL_ERROR "avs_script_test(${name}): LABEL must be replay or system")
    endif()
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 120)
    endif()
    list(POP_FRONT A_COMMAND program)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${program}")
        set(program "${CMAKE_CURRENT_SOURCE_DIR}/${program}")
    endif()
    if(CMAKE_CROSSCOMPILING)
        set(avs_test_launcher "") # the script is of this machine
    endif()
    add_test(NAME ${name} COMMAND ${avs_test_launcher} ${program} ${A_COMMAND})
    avs_register_test(${name} "${A_PURPOSE}" ${A_TIMEOUT} ${A_LABEL} ${A_LABELS})
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
    if(A_ALONE)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    elseif(A_LABEL STREQUAL "system")
        set_tests_properties(${name} PROPERTIES PROCESSORS ${avs_half_of_processors})
    endif()
    if(A_DEPENDS)
        set_tests_properties(${name} PROPERTIES DEPENDS "${A_DEPENDS}")
    endif()
endfunction()

# The test that is to be run behind those that note what they saw, whose names are in <build>/seeing.txt.
function(avs_sees_all name)
    get_property(seeing GLOBAL PROPERTY AVS_SEEING)
    set_tests_properties(${name} PROPERTIES DEPENDS "${seeing}")
    string(REPLACE ";" "\n" lines "${seeing}")
    file(WRITE "${CMAKE_BINARY_DIR}/seeing.txt" "${lines}\n")
endfunction()

# <build>/tests.tsv: name, labels, purpose.
function(avs_write_test_list)
    get_property(list GLOBAL PROPERTY AVS_TEST_LIST)
    file(WRITE "${CMAKE_BINARY_DIR}/tests.tsv" "${list}")
endfunction()
