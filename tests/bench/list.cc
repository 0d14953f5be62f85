// Big tables: conntrack, ctwin and the kernel by itself over the same work, in one run.
//
// Workload: workload.h, 1,000,000 entries in a network namespace of its own. Each row runs
// conntrack, then the floor – bare netlink that looks at nothing – then ctwin, and that as often as
// there are rounds; the best of each is printed, since other work on the machine only ever adds. A
// row that changes the table finds it made anew. Listings go to a file under /tmp. Rows of events
// print what was lost of what was inserted or deleted as fast as the kernel takes it.
//
//   bench_list [--entries N] [--rounds N] [--only NAME[,NAME...]] [--skip conntrack,floor]
//              [--conntrack PATH] [--ctwin PATH]
//
// `limit` is what ctwin must not exceed, as a multiple of the floor or of conntrack; ctwin's part
// of time is its wall clock's. conntrack 1.4.7 cannot update more than about 250 entries (it never
// reads its ACKs), so that row has none of it.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>

#include "workload.h"

namespace {

using namespace ctwin;
using namespace ctwin::bench;
using test::Child;
using test::NetworkNamespace;

enum Tool { kConntrack, kFloor, kCtwin, kTools };

struct Settings {
  unsigned entries = 1'000'000;
  unsigned rounds = 3;
  std::string only;  ///< names, commas between them; empty: all rows
  std::string skip;
  std::string paths[kTools] = {"/usr/sbin/conntrack", {}, CTWIN_PATH};
};

struct Row {
  std::string name;
  std::vector<std::string> words;
  double limit = 0;                    ///< 0: none
  bool limit_is_floors = true;         ///< else conntrack's
  unsigned long count = 0;             ///< what the summary must say, 0 if it says nothing
  std::optional<BareTask> floor = {};  ///< what is made of the table by bare netlink
  bool changes = false;                ///< the table must be made anew
  bool from_empty = false;
  bool conntrack_can = true;
  long limit_kib = 0;  ///< of ctwin's memory
};

std::vector<unsigned> numbers_below(unsigned entries, bool (*wanted)(unsigned)) {
  std::vector<unsigned> numbers;
  for (unsigned i = 0; i < entries; ++i)
    if (wanted(i)) numbers.push_back(i);
  return numbers;
}

class Bench {
 public:
  Bench(const Settings& settings, NetworkNamespace where, std::string folder)
      : settings_(settings), where_(std::move(where)), folder_(std::move(folder)) {
    write_commands(commands(), settings_.entries);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() {
    unlink(commands().c_str());
    unlink(listing().c_str());
    rmdir(folder_.c_str());
  }

  void run() {
    print_head();
    for (const Row& row : rows())
      if (!interrupted && is_wanted(row.name)) measure(row);
    const unsigned all = settings_.entries;
    if (!interrupted && is_wanted("events"))
      measure_events("events", {"-E"}, all, [&] { fill(all); });
    if (!interrupted && is_wanted("destroy"))
      measure_events("destroy", {"-E", "-e", "DESTROY"}, all * 3 / 10, [&] { empty(); });
  }

 private:
  std::string commands() const { return folder_ + "/commands"; }
  std::string listing() const { return folder_ + "/listing"; }

  bool is_wanted(const std::string& name) const {
    const std::string& only = settings_.only;
    return only.empty() || ("," + only + ",").find("," + name + ",") != std::string::npos;
  }
  bool is_skipped(Tool tool) const {
    return settings_.skip.find(tool == kFloor       ? "floor"
                               : tool == kConntrack ? "conntrack"
                                                    : "ctwin") != std::string::npos;
  }

  std::vector<unsigned> all_numbers() const {
    return numbers_below(settings_.entries, [](unsigned) { return true; });
  }

  std::vector<Row> rows() const {
    const unsigned all = settings_.entries;
    const unsigned hits = std::min(all, kEntriesOfAddress);
    const std::vector<unsigned> tcp = numbers_below(all, is_tcp);
    const std::vector<unsigned> ssh = numbers_below(all, is_ssh);
    const std::vector<unsigned> of_address =
        numbers_below(hits, [](unsigned number) { return number < kEntriesOfAddress; });
    const std::string address = "10.0.0.0";
    Filter by_address;
    by_address.family = AF_INET;
    by_address.orig.src = entry(0).orig.src;
    Filter by_port;
    by_port.family = AF_INET;
    by_port.orig.proto = uint8_t{IPPROTO_TCP};
    by_port.orig.dport = uint16_t{22};
    const BareTask whole{.dump = true};
    const BareTask one_address{.dump = true, .filter = by_address};
    return {
        {"count", {"-C"}, 1.5, false},
        {"list", {"-L"}, 1.15, true, all, whole},
        {"list-xml", {"-L", "-o", "xml"}, 1.25, true, all, whole},
        {"list-json", {"-L", "-o", "json"}, 1.25, true, all, whole, false, false, false},
        {"list-src", {"-L", "-s", address}, 1.3, true, hits, one_address},
        {"list-dport",
         {"-L", "-p", "tcp", "--dport", "22"},
         1.3,
         true,
         ssh.size(),
         BareTask{.dump = true, .filter = by_port}},
        {"delete-src",
         {"-D", "-s", address},
         1.5,
         true,
         hits,
         BareTask{true, by_address, Request::kDelete, of_address},
         true},
        {"delete-tcp",
         {"-D", "-p", "tcp"},
         0.6,
         false,
         tcp.size(),
         BareTask{true, {}, Request::kDelete, tcp},
         true},
        {"update",
         {"-U", "-m", "42"},
         0,
         true,
         all,
         BareTask{true, {}, Request::kMark, all_numbers()},
         true,
         false,
         false},
        {"load",
         {"-R", commands()},
         1.5,
         true,
         0,
         BareTask{false, {}, Request::kCreate, all_numbers()},
         true,
         true,
         true,
         50 << 10},
    };
  }

  void empty() {
    const Sample flushed = run_program(where_, settings_.paths[kCtwin], {"-F"});
    if (flushed.exit_code != 0) give_up("cannot empty the table: " + flushed.errors);
    held_ = 0;
  }

  void fill(unsigned entries) {
    std::vector<unsigned> numbers(entries);
    std::iota(numbers.begin(), numbers.end(), 0u);
    (void)run_bare(where_, {false, {}, Request::kCreate, std::move(numbers)});
    held_ = entries;
  }

  /// The table as a run wants to find it.
  void prepare(unsigned entries) {
    if (held_ == entries) return;
    empty();
    if (entries != 0) fill(entries);
  }

  std::optional<Sample> run_once(const Row& row, Tool tool) {
    if (is_skipped(tool) || interrupted) return {};
    if (tool == kConntrack && !row.conntrack_can) return {};
    if (tool == kFloor && !row.floor) return {};
    prepare(row.from_empty ? 0 : settings_.entries);
    if (row.changes) held_ = ~0u;
    if (tool == kFloor) return run_bare(where_, *row.floor);
    const Sample sample = run_program(where_, settings_.paths[tool], row.words, listing().c_str());
    if (sample.exit_code == 0 && (row.count == 0 || counted(sample.errors) == row.count))
      return sample;
    std::fprintf(stderr, "%s: %s: exit code %d, %s", row.name.c_str(),
                 settings_.paths[tool].c_str(), sample.exit_code, sample.errors.c_str());
    return {};
  }

  void measure(const Row& row) {
    std::optional<Sample> best[kTools];
    for (unsigned round = 0; round < settings_.rounds; ++round)
      for (const Tool tool : {kConntrack, kFloor, kCtwin}) {
        const auto sample = run_once(row, tool);
        if (!sample) continue;
        if (!best[tool]) best[tool] = sample;
        best[tool]->seconds = std::min(best[tool]->seconds, sample->seconds);
        best[tool]->cpu_seconds = std::min(best[tool]->cpu_seconds, sample->cpu_seconds);
        best[tool]->peak_kib = std::max(best[tool]->peak_kib, sample->peak_kib);
      }
    if (!interrupted) print_row(row, best);
  }

  void measure_events(const std::string& name, const std::vector<std::string>& words,
                      unsigned entries, const std::function<void()>& cause) {
    std::printf("%-11s lost of %u:", name.c_str(), entries);
    std::fflush(stdout);
    for (const Tool tool : {kConntrack, kFloor, kCtwin}) {
      if (is_skipped(tool)) continue;
      long most = 0;
      long peak = 0;
      for (unsigned round = 0; round < settings_.rounds && !interrupted; ++round) {
        // By default an entry has events only where somebody listened when it was made.
        prepare(0);
        const Sample sample = watch(tool, words, name == "destroy" ? entries : 0, cause);
        most =
            std::max(most, static_cast<long>(entries) - static_cast<long>(counted(sample.errors)));
        peak = std::max(peak, sample.peak_kib);
      }
      const char* names[kTools] = {"conntrack", "floor", "ctwin"};
      std::printf("  %s %ld (%.2f %%, %.0f MiB)", names[tool], most,
                  100.0 * static_cast<double>(most) / entries, static_cast<double>(peak) / 1024);
      std::fflush(stdout);
    }
    std::printf("\n");
  }

  Child start_watching(Tool tool, const std::vector<std::string>& words) {
    std::vector<std::string> argv{"watcher"};
    std::string path = settings_.paths[tool];
    if (tool == kFloor) {
      path = "/proc/self/exe";
      argv.push_back("--listen");
      argv.push_back(words.back());
    } else {
      argv.insert(argv.end(), words.begin(), words.end());
    }
    Result<Child> child = Child::start({path, argv, {}}, where_);
    if (!child) give_up(child.error().text);
    return std::move(*child);
  }

  Sample watch(Tool tool, const std::vector<std::string>& words, unsigned before,
               const std::function<void()>& cause) {
    std::optional<Child> child(start_watching(tool, words));
    const auto settle = [&] {
      while (!child->listens_and_waits(where_) && !child->ended() && !interrupted) usleep(1000);
    };
    settle();
    if (before != 0) {
      fill(before);
      settle();
    }
    cause();
    settle();
    Sample sample;
    sample.peak_kib = peak_of(child->pid());
    child->send_signal(SIGINT);
    const test::Ended ended = child->finish(60'000);
    // Warnings of losses stand before the summary.
    const size_t summary = ended.errors.find(" flow events have been shown.");
    const size_t line = summary == std::string::npos ? 0 : ended.errors.rfind('\n', summary) + 1;
    sample.errors = ended.errors.substr(line);
    return sample;
  }

  void print_head() const {
    std::printf("%u entries, best of %u rounds\n", settings_.entries, settings_.rounds);
    for (const Tool tool : {kConntrack, kCtwin}) {
      std::printf("  %s: ", settings_.paths[tool].c_str());
      std::fflush(stdout);
      if (std::system((settings_.paths[tool] + " -V").c_str()) != 0) give_up("cannot run it");
    }
    std::printf("\n%-11s %9s %9s %9s  %7s %9s  %-14s %7s %6s\n", "", "conntrack", "floor", "ctwin",
                "/floor", "/conntr.", "limit", "cpu s", "MiB");
  }

  static void print_number(double value, int width, int digits) {
    if (value > 0)
      std::printf(" %*.*f", width, digits, value);
    else
      std::printf(" %*s", width, "-");
  }

  static void print_row(const Row& row, const std::optional<Sample>* best) {
    double seconds[kTools] = {};
    for (int tool = 0; tool < kTools; ++tool)
      if (best[tool]) seconds[tool] = best[tool]->seconds;
    std::printf("%-11s", row.name.c_str());
    for (const double value : seconds) print_number(value, 9, 4);
    const auto ratio = [&](Tool to) { return seconds[to] > 0 ? seconds[kCtwin] / seconds[to] : 0; };
    std::printf(" ");
    print_number(ratio(kFloor), 7, 2);
    print_number(ratio(kConntrack), 9, 2);
    const double against = ratio(row.limit_is_floors ? kFloor : kConntrack);
    char limit[32] = "";
    if (row.limit > 0 && against > 0)
      std::snprintf(limit, sizeof limit, "%.2f %s %s", row.limit,
                    row.limit_is_floors ? "floor" : "conntr", against <= row.limit ? "ok" : "OVER");
    std::printf("  %-14s", limit);
    print_number(best[kCtwin] ? best[kCtwin]->cpu_seconds : 0, 7, 3);
    const double peak = best[kCtwin] ? static_cast<double>(best[kCtwin]->peak_kib) : 0;
    print_number(peak / 1024, 6, 1);
    if (row.limit_kib != 0 && peak > static_cast<double>(row.limit_kib))
      std::printf("  OVER %ld MiB", row.limit_kib >> 10);
    std::printf("\n");
    std::fflush(stdout);
  }

  const Settings settings_;
  const NetworkNamespace where_;
  const std::string folder_;
  unsigned held_ = 0;  ///< entries in the table
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--listen") return listen_bare();
  Settings settings;
  read_options(argc, argv,
               {{"--entries", &settings.entries},
                {"--rounds", &settings.rounds},
                {"--only", &settings.only},
                {"--skip", &settings.skip},
                {"--conntrack", &settings.paths[kConntrack]},
                {"--ctwin", &settings.paths[kCtwin]}});
  return run_bench<Bench>(settings);
}
