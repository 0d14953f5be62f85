// -S: what counters have grown by, and the words that explain them.
#include "cli/counters.h"

#include <doctest/doctest.h>

using namespace ctwin::cli;

namespace {

std::string explained(const std::vector<CpuCounters>& cpus) {
  fmt::memory_buffer out;
  explain_counters(cpus, out);
  return fmt::to_string(out);
}

}  // namespace

TEST_CASE("growth is right when a counter has wrapped, and whole for a CPU that is new") {
  const std::vector<CpuCounters> before{{0, {{"found", 4294967290u}, {"invalid", 7}}}};
  const std::vector<CpuCounters> now{{0, {{"found", 4}, {"invalid", 9}}},
                                     {1, {{"found", 3}, {"invalid", 0}}}};
  const std::vector<CpuCounters> grown = growth(before, now);
  REQUIRE_EQ(grown.size(), 2);
  CHECK_EQ(grown[0].counters[0].value, 10);
  CHECK_EQ(grown[0].counters[1].value, 2);
  CHECK_EQ(grown[1].counters[0].value, 3);
}

TEST_CASE("the number of entries is no counter and does not grow") {
  const std::vector<CpuCounters> before{{0, {{"entries", 50}, {"drop", 1}}}};
  const std::vector<CpuCounters> now{{0, {{"entries", 40}, {"drop", 3}}}};
  const std::vector<CpuCounters> grown = growth(before, now);
  CHECK_EQ(grown[0].counters[0].value, 40);
  CHECK_EQ(grown[0].counters[1].value, 2);
}

TEST_CASE("a line has the counters of a CPU as conntrack prints them") {
  fmt::memory_buffer out;
  print_counters({12, {{"found", 1}, {"invalid", 0}}}, out);
  CHECK_EQ(fmt::to_string(out), "cpu=12  \tfound=1 invalid=0 \n");
}

TEST_CASE("sums over all CPUs are explained, and zeros are not") {
  const std::string text = explained({{0, {{"drop", 2}, {"found", 0}}}, {1, {{"drop", 3}}}});
  CHECK(text.starts_with("drop=5: "));
  CHECK(text.find("What helps: ") != std::string::npos);
  CHECK(text.find("found") == std::string::npos);
  CHECK_EQ(explained({{0, {{"drop", 0}}}}), "Every counter is 0.\n");
}

TEST_CASE("every counter that Linux has is known, under /proc's names too") {
  for (const char* name : {"searched",       "found",         "new",          "invalid",
                           "ignore",         "delete",        "delete_list",  "insert",
                           "insert_failed",  "drop",          "early_drop",   "error",
                           "search_restart", "clash_resolve", "chaintoolong", "entries",
                           "clashres",       "chainlength",   "icmp_error",   "expect_new",
                           "expect_create",  "expect_delete"}) {
    CAPTURE(name);
    CHECK(explained({{0, {{name, 1}}}}).find("What helps: ") != std::string::npos);
  }
  CHECK_EQ(explained({{0, {{"unknown1", 1}}}}),
           "unknown1=1: a counter that ctwin does not know.\n");
}

TEST_CASE("the number of entries, which /proc repeats for each CPU, is told once") {
  CHECK(explained({{0, {{"entries", 9}}}, {1, {{"entries", 9}}}}).starts_with("entries=9: "));
}
