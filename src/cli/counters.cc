#include "cli/counters.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/posix.h"
#include "ctnetlink/uapi.h"

namespace ctwin::cli {

namespace {

constexpr const char* kStatsFile = "/proc/net/stat/nf_conntrack";

std::string_view counter_name(uint16_t type) {
  switch (type) {
    case CTA_STATS_SEARCHED: return "searched";
    case CTA_STATS_FOUND: return "found";
    case CTA_STATS_NEW: return "new";
    case CTA_STATS_INVALID: return "invalid";
    case CTA_STATS_IGNORE: return "ignore";
    case CTA_STATS_DELETE: return "delete";
    case CTA_STATS_DELETE_LIST: return "delete_list";
    case CTA_STATS_INSERT: return "insert";
    case CTA_STATS_INSERT_FAILED: return "insert_failed";
    case CTA_STATS_DROP: return "drop";
    case CTA_STATS_EARLY_DROP: return "early_drop";
    case CTA_STATS_ERROR: return "error";
    case CTA_STATS_SEARCH_RESTART: return "search_restart";
    case CTA_STATS_CLASH_RESOLVE: return "clash_resolve";
    case CTA_STATS_CHAIN_TOOLONG: return "chaintoolong";
    default: return {};
  }
}

std::string_view expectation_counter_name(uint16_t type) {
  switch (type) {
    case CTA_STATS_EXP_NEW: return "expect_new";
    case CTA_STATS_EXP_CREATE: return "expect_create";
    case CTA_STATS_EXP_DELETE: return "expect_delete";
    default: return {};
  }
}

CpuCounters named(const ctnetlink::CpuStats& stats, bool expectations) {
  CpuCounters cpu{stats.cpu, {}};
  int unknown = 0;
  for (const auto& [type, value] : stats.counters) {
    const std::string_view name =
        expectations ? expectation_counter_name(type) : counter_name(type);
    cpu.counters.push_back(
        {name.empty() ? fmt::format("unknown{}", ++unknown) : std::string(name), value});
  }
  return cpu;
}

/// The words of a line, split at blanks.
std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// A header of names, then a line of hexadecimal numbers for each CPU.
Result<std::vector<CpuCounters>> read_proc() {
  auto text = read_file(kStatsFile);
  if (!text) return text.error();
  std::string_view rest = *text;
  std::vector<std::string_view> names;
  std::vector<CpuCounters> cpus;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const auto words = split(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (names.empty()) {
      names = words;
      continue;
    }
    CpuCounters cpu{static_cast<unsigned>(cpus.size()), {}};
    for (size_t i = 0; i < words.size() && i < names.size(); ++i) {
      uint32_t value = 0;
      std::from_chars(words[i].data(), words[i].data() + words[i].size(), value, 16);
      cpu.counters.push_back({std::string(names[i]), value});
    }
    cpus.push_back(std::move(cpu));
  }
  return cpus;
}

/// Names that /proc has for the same.
std::string_view common_name(std::string_view name) {
  if (name == "clashres") return "clash_resolve";
  if (name == "chainlength") return "chaintoolong";
  if (name == "icmp_error") return "error";
  return name;
}

struct Explanation {
  std::string_view name, meaning, help;
};

constexpr std::array<Explanation, 19> kExplanations{{
    {"found", "NAT wanted a tuple that another flow has, and tried the next",
     "harmless by itself; beside a growing insert_failed or drop, give SNAT more addresses or "
     "ports, or --random-fully"},
    {"invalid", "packets that fit no flow or break their protocol; they pass untracked, as INVALID",
     "net.netfilter.nf_conntrack_log_invalid=255 or --trace=invalid on a capture says why; with "
     "asymmetric routes, nf_conntrack_tcp_be_liberal=1"},
    {"insert", "entries that programs made over netlink, such as -I and conntrackd",
     "nothing to mend; packets' entries do not count here"},
    {"insert_failed",
     "first packets dropped because their entry could not enter the table: its tuple was taken "
     "meanwhile, or its chain was too long",
     "two DNS questions at once from one socket are the classic: single-request-reopen in "
     "resolv.conf, SNAT with --random-fully or more addresses"},
    {"drop", "packets dropped for want of an entry: the table is full, or out of memory",
     "-L --group-by src says who fills it; a larger net.netfilter.nf_conntrack_max (and _buckets), "
     "shorter timeouts, notrack for what needs no tracking"},
    {"early_drop", "entries that were not assured, deleted for new ones because the table is full",
     "as for drop: -C -v shows how full it is, -L --group-by src who fills it"},
    {"error",
     "ICMP messages that are damaged, of unknown type, or quote a packet of no tracked flow",
     "often late or forged errors, and routes that bypass this host in one direction; "
     "nf_conntrack_log_invalid=1 says what is damaged"},
    {"search_restart", "a search began anew because the chain changed under it",
     "harmless; if it grows fast, a larger net.netfilter.nf_conntrack_buckets"},
    {"clash_resolve", "two packets began the same flow at once, and both were let through",
     "nothing: this is how UDP questions sent together are saved"},
    {"chaintoolong", "new entries refused because their hash chain is too long",
     "a larger net.netfilter.nf_conntrack_buckets; many flows that differ in little are a sign of "
     "a flood"},
    {"entries", "entries in the table", "-C -v says how full that is"},
    {"searched", "steps of lookups along their chains",
     "a larger nf_conntrack_buckets, if it hurts"},
    {"new", "entries added for packets", "nothing to mend"},
    {"ignore", "packets that had been seen to before, or need no tracking", "nothing to mend"},
    {"delete", "entries removed", "nothing to mend"},
    {"delete_list", "entries put on the list of the dying", "nothing to mend"},
    {"expect_new", "expectations made by helpers", "nothing to mend"},
    {"expect_create", "expectations that entered the table", "nothing to mend"},
    {"expect_delete", "expectations removed, used up or expired", "nothing to mend"},
}};

const Explanation* explanation_of(std::string_view name) {
  for (const Explanation& known : kExplanations)
    if (known.name == name) return &known;
  return nullptr;
}

}  // namespace

Result<std::vector<CpuCounters>> read_counters(ctnetlink::Client& client, bool expectations) {
  const auto stats = expectations ? client.expectation_cpu_stats() : client.cpu_stats();
  if (!stats) {
    auto proc = read_proc();
    return proc ? std::move(proc) : Result<std::vector<CpuCounters>>(stats.error());
  }
  std::vector<CpuCounters> cpus;
  for (const ctnetlink::CpuStats& cpu : *stats) cpus.push_back(named(cpu, expectations));
  return cpus;
}

std::vector<CpuCounters> growth(const std::vector<CpuCounters>& before,
                                const std::vector<CpuCounters>& now) {
  std::vector<CpuCounters> grown = now;
  for (CpuCounters& cpu : grown) {
    const auto earlier = std::find_if(before.begin(), before.end(),
                                      [&](const CpuCounters& seen) { return seen.cpu == cpu.cpu; });
    if (earlier == before.end()) continue;  // it has come online since
    for (size_t i = 0; i < cpu.counters.size() && i < earlier->counters.size(); ++i)
      if (cpu.counters[i].name == earlier->counters[i].name && cpu.counters[i].name != "entries")
        cpu.counters[i].value -= earlier->counters[i].value;  // right also when it has wrapped
  }
  return grown;
}

void print_counters(const CpuCounters& cpu, fmt::memory_buffer& out) {
  auto at = fmt::appender(out);
  fmt::format_to(at, "cpu={:<4}\t", cpu.cpu);
  for (const Counter& counter : cpu.counters)
    fmt::format_to(at, "{}={} ", counter.name, counter.value);
  out.push_back('\n');
}

void explain_counters(const std::vector<CpuCounters>& cpus, fmt::memory_buffer& out) {
  std::vector<std::pair<std::string_view, uint64_t>> sums;
  for (const CpuCounters& cpu : cpus)
    for (const Counter& counter : cpu.counters) {
      const std::string_view name = common_name(counter.name);
      auto sum = std::find_if(sums.begin(), sums.end(),
                              [name](const auto& seen) { return seen.first == name; });
      if (sum == sums.end()) sum = sums.insert(sums.end(), {name, 0});
      // /proc repeats the number of entries for each CPU.
      sum->second = name == "entries" ? counter.value : sum->second + counter.value;
    }
  auto at = fmt::appender(out);
  bool any = false;
  for (const auto& [name, sum] : sums) {
    if (sum == 0) continue;
    any = true;
    const Explanation* known = explanation_of(name);
    if (known)
      fmt::format_to(at, "{}={}: {}. What helps: {}.\n", name, sum, known->meaning, known->help);
    else
      fmt::format_to(at, "{}={}: a counter that ctwin does not know.\n", name, sum);
  }
  if (!any) fmt::format_to(at, "Every counter is 0.\n");
}

}  // namespace ctwin::cli
