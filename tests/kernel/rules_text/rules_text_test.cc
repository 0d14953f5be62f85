// Rules as text, by iptables-legacy and the kernel and by us: the same are accepted, and what is
// saved is the same, byte for byte.
//
//   rules_text [doctest's options]     CTWIN_SEED=n for other random sets, CTWIN_SETS=n for more
//   rules_text FILE|- [6]              one text of iptables-restore
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "loads.h"
#include "twin/rules_generator.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr int kSkipped = 77;

uint64_t number_from(const char* variable, uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

std::string compare(std::string_view text, bool six) {
  const auto kernel = load_by_kernel(text, six);
  if (!kernel) return kernel.error().text;
  return difference(text, *kernel, load_by_engine(text, six));
}

struct Row {
  char family = '*';  ///< '4', '6', or '*' for both
  bool differs = false;
  std::string block;  ///< from *TABLE to COMMIT
};

/// The rows of rows.txt, which says how they are written.
std::vector<Row> read_rows() {
  std::vector<Row> rows;
  std::ifstream file(CTWIN_RULE_ROWS);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    static constexpr std::string_view kDiffers = "differ: ";
    Row& row = rows.emplace_back();
    row.differs = line.starts_with(kDiffers);
    if (row.differs) line.erase(0, kDiffers.size());
    const size_t table = 2, rule = line.find(' ', table) + 1;
    row.family = line[0];
    row.block = fmt::format("*{}\n", line.substr(table, rule - table - 1));
    for (size_t at = rule, end = 0; end != line.npos; at = end + 2) {
      end = line.find("\\n", at);
      row.block.append(line, at, end == line.npos ? end : end - at).append("\n");
    }
    row.block += "COMMIT\n";
  }
  return rows;
}

/// `services` with `ends` each, in kube-proxy's chains and words.
std::string kube_proxy_rules(int services, int ends) {
  std::string chains, ways, services_chain, ends_chains;
  const auto name = [](const char* kind, int number) {
    return fmt::format("KUBE-{}-{:016X}", kind, static_cast<uint64_t>(number) * 0x9e3779b97f4a7c15);
  };
  for (int i = 0; i < services; ++i) {
    const std::string service = name("SVC", i);
    const std::string address = fmt::format("10.{}.{}.{}", 96 + i / 65536, i / 256 % 256, i % 256);
    const std::string about = fmt::format("-m comment --comment \"prod/app-{}:http", i);
    chains += fmt::format(":{} - [0:0]\n", service);
    services_chain +=
        fmt::format("-A KUBE-SERVICES -d {}/32 -p tcp {} cluster IP\" -m tcp --dport 80 -j {}\n",
                    address, about, service);
    ways += fmt::format(
        "-A {} ! -s 10.244.0.0/16 -d {}/32 -p tcp {} cluster IP\" -m tcp --dport 80 "
        "-j KUBE-MARK-MASQ\n",
        service, address, about);
    for (int k = 0; k < ends; ++k) {
      const std::string end = name("SEP", i * ends + k + 1);
      const std::string pod =
          fmt::format("10.244.{}.{}", (i * ends + k) / 250 % 256, (i * ends + k) % 250 + 1);
      const std::string chance =
          k + 1 == ends
              ? ""
              : fmt::format(" -m statistic --mode random --probability {:.11f}", 1.0 / (ends - k));
      chains += fmt::format(":{} - [0:0]\n", end);
      ways += fmt::format("-A {} {} -> {}:8080\"{} -j {}\n", service, about, pod, chance, end);
      ends_chains += fmt::format("-A {} -s {}/32 {}\" -j KUBE-MARK-MASQ\n", end, pod, about);
      ends_chains += fmt::format("-A {} -p tcp {}\" -m tcp -j DNAT --to-destination {}:8080\n", end,
                                 about, pod);
    }
  }
  return fmt::format(
      "*nat\n:KUBE-MARK-MASQ - [0:0]\n:KUBE-SERVICES - [0:0]\n{}-A PREROUTING -j KUBE-SERVICES\n"
      "-A OUTPUT -j KUBE-SERVICES\n-A KUBE-MARK-MASQ -j MARK --set-xmark "
      "0x4000/0x4000\n{}{}{}COMMIT\n",
      chains, services_chain, ways, ends_chains);
}

}  // namespace

TEST_CASE("each row is accepted or refused alike, and saved alike") {
  const std::vector<Row> rows = read_rows();
  REQUIRE(rows.size() > 1000);
  for (const Row& row : rows) {
    for (const bool six : {false, true}) {
      if (row.family == (six ? '4' : '6')) continue;
      const std::string found = compare(row.block, six);
      if (row.differs)
        CHECK_MESSAGE(found != "", "they agree by now: ", row.block);
      else
        CHECK(found == "");
    }
  }
}

TEST_CASE("random rule sets are accepted or refused alike, and saved alike") {
  const uint64_t seed = number_from("CTWIN_SEED", 1);
  const uint64_t sets = number_from("CTWIN_SETS", 200);
  int different = 0;
  for (uint64_t i = 0; i < sets && different < 10; ++i) {
    Dice dice(seed * 1'000'000 + i);
    const bool six = dice.chance(2, 5);
    Flavour flavour;
    flavour.odd = dice.chance(1, 2);
    const std::string text = generate_rules(dice, six, flavour);
    const auto kernel = load_by_kernel(text, six);
    REQUIRE_MESSAGE(kernel.ok(), kernel.error().text);
    const std::string found = difference(text, *kernel, load_by_engine(text, six));
    if (!found.empty()) ++different;
    if (!flavour.odd) CHECK_MESSAGE(kernel->accepted, kernel->complaint, text);
    CHECK_MESSAGE(found == "", fmt::format("set {} of seed {}{}", i, seed, six ? ", IPv6" : ""));
  }
}

TEST_CASE("rules of well-known programs load as they are") {
  const std::pair<std::string, bool> files[] = {{"docker", false},     {"docker6", true},
                                                {"kube-proxy", false}, {"libvirt", false},
                                                {"ufw", false},        {"ufw6", true}};
  for (const auto& [program, six] : files) {
    const std::string& name = program;  // a structured binding is out of INFO's reach
    std::ifstream file(fmt::format("{}/rules/{}.rules", CTWIN_TEST_DATA, name));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    INFO(name);
    REQUIRE(text.find("COMMIT") != text.npos);
    const Loaded engine = load_by_engine(text, six);
    REQUIRE_MESSAGE(engine.accepted, engine.complaint);
    for (const std::string& accepted : {text, engine.saved}) {
      const auto complaint = complaint_of_test(accepted, six);
      REQUIRE_MESSAGE(complaint.ok(), complaint.error().text);
      CHECK(*complaint == "");
    }
    const auto complaint = complaint_of_test(text + "*filter\n-A INPUT -j NOSUCH\nCOMMIT\n", six);
    REQUIRE_MESSAGE(complaint.ok(), complaint.error().text);
    CHECK(*complaint != "");
    CHECK(compare(text, six) == "");
    // What we write the kernel takes, and writes the same.
    CHECK(compare(engine.saved, six) == "");
  }
}

TEST_CASE("a cluster of thousands of services loads as kube-proxy writes it") {
  const std::string text = kube_proxy_rules(2000, 3);
  CHECK(std::count(text.begin(), text.end(), '\n') > 20'000);
  CHECK(compare(text, false) == "");
}

int main(int count, char** words) {
  if (const std::string why = why_not_here(); !why.empty()) {
    std::cerr << "skipped: " << why << "\n";
    return kSkipped;
  }
  if (count > 1 && words[1][0] != '-') {
    std::ifstream file(words[1]);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const bool six = count > 2;
    const std::string found = compare(text, six);
    std::cout << (found.empty() ? load_by_engine(text, six).saved : found) << "\n";
    return found.empty() ? 0 : 1;
  }
  return doctest::Context(count, words).run();
}
