// How long conntrack and ctwin take over the same work on the kernel's table, and in how much
// memory.
//
// Workload: a network namespace of its own with `entries` established TCP entries, IPv4, no rules.
// Both programs do each task in turn, conntrack first in even rounds and ctwin first in odd ones;
// printed are the medians of all rounds, of the time from before the fork to after the wait and of
// the processor time in between, and the highest peak of resident memory. The table is made anew
// for every run. Standard output goes nowhere, except for -E, where it goes to a file in memory; -E
// has no time of its own, since it waits for the inserts, which all come from `ctwin -R`. The floor
// is a dump by a bare socket that looks at nothing but the end.
//
// conntrack 1.4.7 cannot update more than about 250 entries (it never reads its ACKs), so there is
// an update of few entries too; what is not the updates' in it shows in the row above. Runs that
// fail do not count.
//
//   bench_table [--entries N] [--rounds N] [--only TEXT] [--conntrack PATH] [--ctwin PATH]
//
// --only does the tasks whose name contains the text.
//
// Raises net.netfilter.nf_conntrack_max and the number of buckets while it runs, if the entries
// need that.
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "measure.h"
#include "namespace.h"

namespace {

using namespace ctwin;
using namespace ctwin::bench;
using namespace ctwin::test;

/// Receives the whole table and throws it away.
Sample bare_dump(const NetworkNamespace& where) {
  rusage before{};
  rusage after{};
  getrusage(RUSAGE_SELF, &before);
  const double begin = seconds_now();
  mnl_socket* socket = where.inside([] { return mnl_socket_open(NETLINK_NETFILTER); });
  if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) give_up("no netlink socket");
  alignas(nlmsghdr) static char buffer[1 << 16];
  nlmsghdr* request = mnl_nlmsg_put_header(buffer);
  request->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  mnl_nlmsg_put_extra_header(request, sizeof(nfgenmsg));
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) give_up("cannot ask for a dump");
  for (bool done = false; !done;) {
    const ssize_t size = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
    if (size <= 0) give_up("the dump broke off");
    // The end comes in a datagram of its own, or first in one that has nothing else to say.
    done = reinterpret_cast<const nlmsghdr*>(buffer)->nlmsg_type == NLMSG_DONE;
  }
  mnl_socket_close(socket);
  getrusage(RUSAGE_SELF, &after);
  return {seconds_now() - begin, cpu_time(after) - cpu_time(before), 0, 0, {}};
}

enum Tool { kConntrack, kCtwin, kTools };

struct Settings {
  unsigned entries = 100'000;
  unsigned rounds = 7;
  std::string only;
  std::string paths[kTools] = {"/usr/sbin/conntrack", CTWIN_PATH};
};

constexpr unsigned kFew = 200;
constexpr unsigned kEnoughFailures = 3;  // without a success: it will not be tried again

struct Task {
  const char* name;
  std::vector<std::string> words;  ///< MARK stands for a number that is new in every run
  unsigned entries = 0;            ///< what the table holds before
  unsigned long count = 0;         ///< what the summary must say, 0 if it says nothing
  bool only_ctwin = false;
};

class Bench {
 public:
  Bench(const Settings& settings, NetworkNamespace where, std::string folder)
      : settings_(settings), where_(std::move(where)), folder_(std::move(folder)) {
    write_lines(creations(), "-I", settings.entries);
    write_lines(additions(), "-A", settings.entries);
    write_lines(few(), "-I", kFew);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() {
    for (const std::string& path : {creations(), additions(), few()}) unlink(path.c_str());
    rmdir(folder_.c_str());
  }

  void run() {
    print_head();
    if (settings_.only.empty()) measure_floor();
    const unsigned all = settings_.entries;
    const Task tasks[] = {
        {"-C", {"-C"}, all},
        {"-L", {"-L"}, all, all},
        {"-L -o extended,id", {"-L", "-o", "extended,id"}, all, all},
        {"-L -o xml", {"-L", "-o", "xml"}, all, all},
        {"-L -s ADDR, one hit", {"-L", "-s", "10.0.0.1"}, all, 1},
        {"-L -s ADDR, of few, no hit", {"-L", "-s", "203.0.113.1"}, kFew},
        {"-U -f ipv4 -p tcp -m N, few",
         {"-U", "-f", "ipv4", "-p", "tcp", "-m", "MARK"},
         kFew,
         kFew},
        {"-U -f ipv4 -p tcp -m N, all", {"-U", "-f", "ipv4", "-p", "tcp", "-m", "MARK"}, all, all},
        {"-D -p tcp", {"-D", "-p", "tcp"}, all, all},
        {"-F", {"-F"}, all},
        {"-R, new entries", {"-R", creations()}},
        {"-R, -A of existing entries", {"-R", additions()}, all, 0, true}};
    for (const Task& task : tasks)
      if (!interrupted && is_wanted(task.name)) measure(task);
    if (!interrupted && is_wanted(kWatching)) measure_watching();
  }

 private:
  static constexpr const char* kWatching = "-E";

  bool is_wanted(const std::string& name) const {
    return name.find(settings_.only) != std::string::npos;
  }

  std::string creations() const { return folder_ + "/create"; }
  std::string additions() const { return folder_ + "/add"; }
  std::string few() const { return folder_ + "/few"; }

  static void write_lines(const std::string& path, const char* command, unsigned entries) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
    if (!file) give_up("cannot write " + path);
    for (unsigned i = 1; i <= entries; ++i)
      std::fprintf(file.get(),
                   "%s -p tcp -t 3000 -u SEEN_REPLY,ASSURED -s 10.%u.%u.%u -d 192.0.2.1 --sport %u "
                   "--dport 443 --state ESTABLISHED -m 0\n",
                   command, i >> 16 & 255, i >> 8 & 255, i & 255, 1024 + i % 60000);
  }

  Sample run_tool(Tool tool, const std::vector<std::string>& words) const {
    return run_program(where_, settings_.paths[tool], words);
  }

  void prepare(unsigned entries) const {
    const Sample flushed = run_tool(kCtwin, {"-F"});
    if (flushed.exit_code != 0) give_up("cannot empty the table: " + flushed.errors);
    if (entries == 0) return;
    const Sample filled = run_tool(kCtwin, {"-R", entries == kFew ? few() : creations()});
    if (filled.exit_code != 0) give_up("cannot fill the table: " + filled.errors);
  }

  static bool succeeded(const Task& task, const Sample& sample) {
    return sample.exit_code == 0 && (task.count == 0 || counted(sample.errors) == task.count);
  }

  void measure(const Task& task) {
    std::vector<Sample> samples[kTools];
    unsigned failures[kTools] = {};
    std::string note;
    for (unsigned round = 0; round < settings_.rounds; ++round) {
      for (unsigned turn = 0; turn < kTools; ++turn) {
        const Tool tool = (round + turn) % 2 == 0 ? kConntrack : kCtwin;
        const bool hopeless = failures[tool] >= kEnoughFailures && samples[tool].empty();
        if (hopeless || (tool == kConntrack && task.only_ctwin)) continue;
        prepare(task.entries);
        const Sample sample = run_tool(tool, with_new_mark(task.words));
        if (interrupted) return;
        if (succeeded(task, sample)) {
          samples[tool].push_back(sample);
        } else {
          ++failures[tool];
          note = "  " + sample.errors.substr(0, sample.errors.find('\n'));
        }
      }
    }
    if (!note.empty())
      note = "  failed " + std::to_string(failures[kConntrack]) + " and " +
             std::to_string(failures[kCtwin]) + " times:" + note;
    print_row(task.name, samples, note);
  }

  std::vector<std::string> with_new_mark(std::vector<std::string> words) {
    ++mark_;
    for (std::string& word : words)
      if (word == "MARK") word = std::to_string(mark_);
    return words;
  }

  void measure_floor() {
    prepare(settings_.entries);
    std::vector<Sample> samples[kTools];
    (void)bare_dump(where_);
    for (unsigned round = 0; round < settings_.rounds; ++round)
      samples[kCtwin].push_back(bare_dump(where_));
    print_row("bare dump: the floor of -L", samples, "");
    for (Sample& sample : samples[kCtwin]) sample = run_program(where_, "/bin/true", {});
    print_row("/bin/true: of -C, and of peaks", samples, "");
  }

  void measure_watching() {
    std::vector<Sample> samples[kTools];
    unsigned long lost[kTools] = {};
    for (unsigned round = 0; round < settings_.rounds && !interrupted; ++round)
      for (const Tool tool : {kConntrack, kCtwin})
        if (const auto sample = watch(tool)) {
          samples[tool].push_back(*sample);
          lost[tool] =
              std::max<unsigned long>(lost[tool], settings_.entries - counted(sample->errors));
        }
    const auto percent = [&](Tool tool) {
      return std::to_string(lost[tool] * 100 / settings_.entries) + "%";
    };
    print_row(kWatching, samples,
              "  lost at most: " + percent(kConntrack) + ", " + percent(kCtwin));
  }

  std::optional<Sample> watch(Tool tool) {
    prepare(0);
    Result<Child> child = Child::start({settings_.paths[tool], {"conntrack", "-E"}, {}}, where_);
    if (!child) give_up(child.error().text);
    const auto waits = [&] {
      return child->listens_and_waits(where_) || child->ended() || interrupted;
    };
    while (!waits()) usleep(1000);
    const Sample inserts = run_tool(kCtwin, {"-R", creations()});
    while (!waits()) usleep(1000);
    if (interrupted) return {};
    if (inserts.exit_code != 0) give_up("cannot fill the table: " + inserts.errors);
    Sample sample;
    sample.peak_kib = peak_of(child->pid());
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_CHILDREN, &before);
    child->send_signal(SIGINT);
    const Ended ended = child->finish(60'000);
    getrusage(RUSAGE_CHILDREN, &after);
    sample.cpu_seconds = cpu_time(after) - cpu_time(before);
    sample.errors = ended.errors;
    // The warnings of losses come before the summary.
    if (const size_t warnings = ended.errors.rfind("conntrack v"); warnings != std::string::npos)
      sample.errors = ended.errors.substr(warnings);
    return sample;
  }

  void print_head() const {
    std::printf("%u entries, %u rounds, medians\n", settings_.entries, settings_.rounds);
    for (const std::string& path : settings_.paths) {
      std::printf("  %s: ", path.c_str());
      std::fflush(stdout);
      if (std::system((path + " -V").c_str()) != 0) give_up("cannot run " + path);
    }
    std::printf("\n%-30s  %-24s  %-24s  %s\n%-30s", "", "conntrack", "ctwin", "ratio", "");
    for (int i = 0; i < kTools; ++i) std::printf("  %8s %8s %6s", "s", "cpu s", "MiB");
    std::printf("  %5s %5s\n", "s", "cpu");
  }

  static double median(const std::vector<Sample>& samples, double Sample::*part) {
    std::vector<double> values;
    for (const Sample& sample : samples) values.push_back(sample.*part);
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
  }

  /// A number, or as many blanks if there is none.
  static void print_number(const char* format, int width, double value) {
    std::printf(" ");
    if (value > 0)
      std::printf(format, width, value);
    else
      std::printf("%*s", width, "");
  }

  static void print_row(const char* name, const std::vector<Sample>* samples,
                        const std::string& note) {
    std::printf("%-30s", name);
    for (const Tool tool : {kConntrack, kCtwin}) {
      long peak = 0;
      for (const Sample& sample : samples[tool]) peak = std::max(peak, sample.peak_kib);
      std::printf(" ");
      print_number("%*.4f", 8, median(samples[tool], &Sample::seconds));
      print_number("%*.4f", 8, median(samples[tool], &Sample::cpu_seconds));
      print_number("%*.1f", 6, static_cast<double>(peak) / 1024);
    }
    std::printf(" ");
    for (double Sample::*part : {&Sample::seconds, &Sample::cpu_seconds}) {
      const double ours = median(samples[kCtwin], part);
      print_number("%*.2f", 5, ours > 0 ? median(samples[kConntrack], part) / ours : 0);
    }
    std::printf("%s\n", note.c_str());
    std::fflush(stdout);
  }

  const Settings settings_;
  const NetworkNamespace where_;
  const std::string folder_;
  unsigned mark_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  read_options(argc, argv,
               {{"--entries", &settings.entries},
                {"--rounds", &settings.rounds},
                {"--only", &settings.only},
                {"--conntrack", &settings.paths[kConntrack]},
                {"--ctwin", &settings.paths[kCtwin]}});
  return run_bench<Bench>(settings);
}
