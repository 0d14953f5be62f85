# Proves that the arrows between the parts are kept: a header is found along an arrow and is not found
# against one, which ends the compilation, and no source file steps around the include paths.
#
# Run as   cmake -DCOMPILER=... -DSOURCE=... -DWORK=... -DPARTS=<part>,<part>,...
#                -DPATHS_<part>=dir,dir,...  -P architecture.cmake
# where PARTS are the parts that are built and PATHS_<part> the include directories that the target
# ctwin_<part> is compiled with.

cmake_minimum_required(VERSION 3.25)

# part : what it may include.
set(arrows
  "base      : base"
  "packet    : base packet"
  "conntrack : base packet conntrack"
  "nat       : base packet conntrack nat"
  "router    : base packet conntrack router"
  "rules     : base packet conntrack nat router rules"
  "setup     : base packet conntrack nat router rules setup"
  "netlink   : base netlink"
  "ctnetlink : base netlink ctnetlink"
  "engine    : base packet conntrack nat router rules setup netlink ctnetlink engine"
  "state     : base packet conntrack nat router rules setup netlink ctnetlink engine state"
  "io        : base packet conntrack nat router rules setup netlink ctnetlink engine io"
  "live      : base packet conntrack nat router rules setup netlink ctnetlink engine io live"
  "backend   : base packet conntrack nat router rules setup netlink ctnetlink engine state io live backend"
  "cli       : base netlink ctnetlink cli")

# The header that stands for its part in the trials.
set(header_base base/address.h)
set(header_packet packet/packet.h)
set(header_conntrack conntrack/tuple.h)
set(header_nat nat/nat.h)
set(header_router router/router.h)
set(header_rules rules/rule.h)
set(header_setup setup/setup_file.h)
set(header_netlink netlink/attr.h)
set(header_ctnetlink ctnetlink/match.h)
set(header_engine engine/engine.h)
set(header_state state/state_file.h)
set(header_io io/feed.h)
set(header_live live/loop.h)
set(header_backend backend/kernel.h)
set(header_cli cli/print.h)

# Sets `outcome` to "found", "missing", or to the compiler's words when they say neither.
function(try_include part header outcome)
  string(REPLACE "," ";-I" flags "-I${PATHS_${part}}")
  set(probe "${WORK}/${part}.cc")
  file(WRITE "${probe}" "#include \"${header}\"\n")
  execute_process(COMMAND ${COMPILER} -std=c++20 -E -o ${WORK}/preprocessed ${flags} "${probe}"
    RESULT_VARIABLE code ERROR_VARIABLE words OUTPUT_VARIABLE words)
  if(code EQUAL 0)
    set(${outcome} found PARENT_SCOPE)
  elseif(words MATCHES "No such file or directory|file not found")
    set(${outcome} missing PARENT_SCOPE)
  else()
    set(${outcome} "${words}" PARENT_SCOPE)
  endif()
endfunction()

set(failures "")
set(parts "")
foreach(arrow IN LISTS arrows)
  string(REGEX MATCH "^([a-z]+) *: (.*)$" _ "${arrow}")
  list(APPEND parts ${CMAKE_MATCH_1})
  string(REPLACE " " ";" may_include_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
endforeach()

# A part that the table does not know would escape the test, and so would one that is not built.
string(REPLACE "," ";" built "${PARTS}")
set(unknown ${built})
list(REMOVE_ITEM unknown ${parts})
foreach(part IN LISTS unknown)
  list(APPEND failures "src/${part} is not in the table of tests/architecture.cmake")
endforeach()
set(absent ${parts})
list(REMOVE_ITEM absent ${built})
foreach(part IN LISTS absent)
  list(APPEND failures "there is no target ctwin_${part}")
endforeach()

file(MAKE_DIRECTORY "${WORK}")
set(trials 0)
foreach(part IN LISTS parts)
  foreach(other IN LISTS parts)
    try_include(${part} ${header_${other}} outcome)
    set(expected missing)
    if(other IN_LIST may_include_${part})
      set(expected found)
    endif()
    if(NOT outcome STREQUAL expected)
      list(APPEND failures
        "${part} including ${header_${other}}: expected '${expected}', got '${outcome}'")
    endif()
    math(EXPR trials "${trials} + 1")
  endforeach()
endforeach()

file(GLOB_RECURSE files "${SOURCE}/src/*.h" "${SOURCE}/src/*.cc" "${SOURCE}/include/*.h")
foreach(file IN LISTS files)
  file(STRINGS "${file}" includes REGEX "^[ \t]*#[ \t]*include[ \t]*[\"<](/|[^\">]*\\.\\./)")
  foreach(include IN LISTS includes)
    list(APPEND failures "${file}: ${include}: an include names <part>/<name>.h or ctwin/<name>.h")
  endforeach()
endforeach()

list(LENGTH files count)
message(STATUS "${trials} includes tried, ${count} files read")
if(NOT count)
  list(APPEND failures "no file was found under ${SOURCE}/src")
endif()
if(failures)
  list(JOIN failures "\n  " text)
  message(FATAL_ERROR "the arrows between the parts are broken:\n  ${text}")
endif()
