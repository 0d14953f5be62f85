#include "cli/stats.h"

#include <charconv>

#include "base/posix.h"
#include "cli/counters.h"
#include "cli/selection.h"
#include "cli/stats_watch.h"

namespace ctwin::cli {

namespace {

constexpr const char* kCountFile = "/proc/sys/net/netfilter/nf_conntrack_count";
constexpr const char* kMaxFile = "/proc/sys/net/netfilter/nf_conntrack_max";

void print_number(Session& session, uint64_t number) {
  fmt::format_to(fmt::appender(session.output.buffer()), "{}\n", number);
}

/// The number in a file of /proc.
Result<uint32_t> read_number(const char* path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  uint32_t number = 0;
  if (std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{})
    return Error{EBADMSG, {}};
  return number;
}

/// How many entries there are and how many there may be, from /proc where ctnetlink does not say.
Result<ctnetlink::GlobalStats> read_global_stats(ctnetlink::Client& client) {
  auto stats = client.global_stats();
  if (!stats) {
    const auto entries = read_number(kCountFile);
    if (!entries) return stats.error();
    stats = ctnetlink::GlobalStats{*entries, {}};
  }
  if (!stats->max_entries && client.backend().fd() >= 0)
    if (const auto most = read_number(kMaxFile)) stats->max_entries = *most;
  return stats;
}

Result<uint64_t> count_selected(Session& session, ctnetlink::Client& client,
                                const Arguments& arguments) {
  const Selection selection(session, arguments);
  uint64_t count = 0;
  const Status status =
      client.dump(ctnetlink::DumpKind::kTable, &selection.pushed_down(), [&](const Flow& flow) {
        count += selection.matches(flow);
        return stop_signal == 0;
      });
  if (!status) return status.error();
  return count;
}

/// entries=12 max=262144 full=0.0%; a maximum of 0 is none.
void print_fill(Session& session, const ctnetlink::GlobalStats& stats) {
  auto at = fmt::appender(session.output.buffer());
  fmt::format_to(at, "entries={}", stats.entries);
  if (stats.max_entries) fmt::format_to(at, " max={}", *stats.max_entries);
  if (const uint32_t most = stats.max_entries.value_or(0); most != 0)
    fmt::format_to(at, " full={:.1f}%", 100.0 * stats.entries / most);
  fmt::format_to(at, "\n");
}

}  // namespace

int count_entries(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  const bool whole_table = !arguments.filter;
  const bool verbose = arguments.questions.verbose;
  Result<ctnetlink::GlobalStats> stats = ctnetlink::GlobalStats{};
  if (whole_table || verbose) stats = read_global_stats(**client);
  if (!stats) return session.operation_failed(stats.error(), arguments);
  if (whole_table) {
    print_number(session, stats->entries);
  } else {
    const auto count = count_selected(session, **client, arguments);
    if (!count) return session.operation_failed(count.error(), arguments);
    print_number(session, *count);
  }
  if (verbose) print_fill(session, *stats);
  return 0;
}

int count_expectations(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  size_t count = 0;
  Status status = (*client)->dump_expectations(AF_UNSPEC, [&](const Expectation&) {
    ++count;
    return true;
  });
  if (!status) return session.operation_failed(status.error(), arguments);
  print_number(session, count);
  return 0;
}

int show_stats(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  if (arguments.questions.watch != 0) return watch_stats(session, arguments);
  const auto cpus = read_counters(**client, arguments.table == Table::kExpect);
  if (!cpus) return session.operation_failed(cpus.error(), arguments);
  for (const CpuCounters& cpu : *cpus) print_counters(cpu, session.output.buffer());
  if (arguments.questions.explain) explain_counters(*cpus, session.output.buffer());
  return 0;
}

}  // namespace ctwin::cli
