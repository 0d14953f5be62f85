# Behaviour on the running kernel, in namespaces of its own.

find_package(doctest REQUIRED)
find_package(nlohmann_json REQUIRED)

add_executable(kernel_behaviour
  behaviour/change_test.cc behaviour/concurrency_test.cc behaviour/event_filter_test.cc behaviour/events_test.cc behaviour/load_test.cc behaviour/losses_test.cc
  behaviour/main.cc behaviour/netns_test.cc behaviour/reload_test.cc behaviour/resync_test.cc behaviour/space.cc
  behaviour/system_calls_test.cc fixture.cc kernel_wire.cc namespace.cc table.cc)
target_include_directories(kernel_behaviour PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(kernel_behaviour PRIVATE CTWIN_PATH="$<TARGET_FILE:ctwin>")
target_link_libraries(kernel_behaviour PRIVATE
  ctwin_base PkgConfig::MNL PkgConfig::NFCT doctest::doctest nlohmann_json::nlohmann_json)
add_dependencies(kernel_behaviour ctwin)
add_test(NAME kernel.behaviour COMMAND kernel_behaviour)
set_tests_properties(kernel.behaviour PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 RUN_SERIAL ON)
