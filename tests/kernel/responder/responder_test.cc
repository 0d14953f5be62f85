// ctnetlink of the engine against ctnetlink of the kernel: the same requests, the same answers,
// events and tables.
//
//   responder_test [doctest's options]      CTWIN_SEED=n for other random requests,
//                                           CTWIN_RANDOM=n for more of them
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "cases.h"
#include "sides.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr int kSkipped = 77;
constexpr SideOptions kPlain{};
constexpr SideOptions kWithExtras{.acct = true, .timestamp = true};

uint64_t number_from(const char* variable, uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

std::string hex(const Bytes& datagram) {
  std::string text;
  for (const std::byte byte : datagram) text += fmt::format("{:02x}", std::to_integer<int>(byte));
  return text;
}

/// The kernel and the engine, side by side.
class Pair {
 public:
  explicit Pair(const SideOptions& options) : engine_(engine_side(options)) {
    auto kernel = kernel_side(options);
    REQUIRE_MESSAGE(kernel.ok(), kernel.error().text);
    kernel_ = std::move(*kernel);
  }

  /// The first difference, with the number of the datagram, or nothing.
  std::string run(const Case& one) {
    kernel_->clear();
    engine_->clear();
    for (size_t i = 0; i < one.datagrams.size(); ++i) {
      const bool look = one.look_often || i + 1 == one.datagrams.size();
      const Bytes& datagram = one.datagrams[i];
      const std::string differs =
          difference(kernel_->ask(datagram, look), engine_->ask(datagram, look));
      if (!differs.empty())
        return fmt::format("{}, datagram {}: {}\n{}", one.name, i, hex(datagram), differs);
    }
    return {};
  }

 private:
  std::unique_ptr<Side> kernel_;
  std::unique_ptr<Side> engine_;
};

void check_all(const std::vector<Case>& cases, const SideOptions& options) {
  Pair pair(options);
  for (const Case& one : cases) {
    const std::string differs = pair.run(one);
    CHECK_MESSAGE(differs.empty(), differs);
  }
}

}  // namespace

TEST_CASE("entries are made, found and ended alike") { check_all(entry_cases(), kWithExtras); }
TEST_CASE("attributes are set alike") { check_all(attribute_cases(), kPlain); }
TEST_CASE("dumps, flushes and counters are alike") { check_all(table_cases(), kWithExtras); }
TEST_CASE("types, expectations and framing are alike") { check_all(framing_cases(), kPlain); }

TEST_CASE("random requests are answered alike") {
  const uint64_t seed = number_from("CTWIN_SEED", std::random_device{}());
  const uint64_t runs = number_from("CTWIN_RANDOM", 200);
  MESSAGE("CTWIN_SEED=" << seed);
  for (const SideOptions& options : {kPlain, kWithExtras}) {
    Pair pair(options);
    for (uint64_t i = 0; i < runs; ++i) {
      const std::string differs = pair.run(random_case(seed + i, 50));
      CHECK_MESSAGE(differs.empty(), differs);
    }
  }
}

int main(int argc, char** argv) {
  if (geteuid() != 0) {
    fmt::print("skipped: making network namespaces needs root\n");
    return kSkipped;
  }
  doctest::Context context(argc, argv);
  return context.run();
}
