#include "runner.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine_wire.h"
#include "scan.h"

namespace ctwin::test {

namespace {

constexpr int kLimitMs = 20'000;
constexpr std::chrono::seconds kListenLimit{5};

/// The names of the fixture's labels, and some that no entry has.
constexpr std::string_view kLabels =
    "# labels of the test\n0 zero\n1 web\n2 two words\n3 three\n40 forty\n127 last\n"
    "5 bad_name\n1 again\n";

/// The tables could not be brought to what the row wants: nothing can be compared any more.
void require(const Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "differential: %s: %s\n", what, status.error().text.c_str());
  std::exit(1);
}

Status load_rules(const NetworkNamespace& space) {
  // conntrack's hooks and those of NAT come with the rules that need them, room for labels too.
  // Nothing goes to 127.0.0.5 but what send_packets sends there.
  constexpr std::string_view kRules[] = {
      "iptables-legacy -A INPUT -m conntrack --ctstate INVALID -j ACCEPT",
      "ip6tables-legacy -A INPUT -m conntrack --ctstate INVALID -j ACCEPT",
      "iptables-legacy -t nat -A OUTPUT -p udp -d 127.0.0.5 -j DNAT --to-destination "
      "127.0.0.1:4001",
      "ip6tables-legacy -t nat -A OUTPUT -d fd00:99::1 -j DNAT --to-destination ::1",
      "iptables-legacy -A OUTPUT -m connlabel --label 100 -j ACCEPT",
  };
  for (const std::string_view rule : kRules) {
    const auto invocation = parse_row(rule, {});
    const Program program{"/usr/sbin/" + invocation->words.front(), invocation->words, {}, true};
    const auto ended = test::run(program, space);
    if (!ended) return ended.error();
    if (ended->exit_code != 0)
      return Error{EINVAL, "'" + std::string(rule) + "' fails: " + ended->errors};
  }
  return {};
}

/// Entries have events from the start: by default only if somebody listens when they are made, and
/// whether somebody does is forgotten when a listener in any namespace goes away.
Status set_up(const NetworkNamespace& space) {
  for (const char* name : {"nf_conntrack_acct", "nf_conntrack_timestamp", "nf_conntrack_events"})
    if (Status status = space.set_sysctl(std::string("net/netfilter/") + name, "1"); !status.ok())
      return status;
  return {};
}

sockaddr_storage socket_address(int family, const char* address, uint16_t port) {
  sockaddr_storage where{};
  where.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(where);
    v4.sin_port = htons(port);
    inet_pton(family, address, &v4.sin_addr);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(where);
    v6.sin6_port = htons(port);
    inet_pton(family, address, &v6.sin6_addr);
  }
  return where;
}

UniqueFd bound_udp(int family, const char* address, uint16_t port) {
  UniqueFd fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage where = socket_address(family, address, port);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) < 0) return UniqueFd();
  return fd;
}

void send_udp(const UniqueFd& from, int family, const char* address, uint16_t port,
              unsigned times) {
  sockaddr_storage where = socket_address(family, address, port);
  const socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  for (unsigned i = 0; i < times; ++i)
    sendto(from.get(), "0123456789", 10, 0, reinterpret_cast<sockaddr*>(&where), length);
}

/// Puts ids and the folder's path where a word names them.
std::string filled_in(std::string word, const TableState& state, const std::string& folder) {
  if (const size_t at = word.find("{dir}"); at != std::string::npos) word.replace(at, 5, folder);
  const size_t open = word.find("{id:");
  const size_t close = word.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return word;
  const FixtureEntry& wanted = fixture_entry(word.substr(open + 4, close - open - 4));
  const Entry* found = find_entry(state.entries, wanted);
  return word.replace(open, close - open + 1, std::to_string(found ? found->id : 1));
}

bool deletes(const Invocation& invocation) {
  const CommandLine line(invocation.words);
  return line.is("delete") || line.command().empty();
}

/// Timeouts are compared with a number: every second counts.
bool compares_timeouts(const Invocation& invocation) {
  const CommandLine line(invocation.words);
  return line.is("delete") && line.has("timeout");
}

template <typename Condition>
void wait_until(const Condition& condition) {
  const auto limit = std::chrono::steady_clock::now() + kListenLimit;
  while (!condition() && std::chrono::steady_clock::now() < limit) {
  }
}

}  // namespace

/// An engine has the settings of `set_up`, too, and the rule that makes room for labels. Answers
/// with the path of the file.
Result<std::string> write_engine_setup(const std::string& folder) {
  std::string text = "iptables -A OUTPUT -m connlabel --label 100 -j ACCEPT\n";
  for (const char* name : {"acct", "timestamp", "events"})
    text += std::string("sysctl -w net.netfilter.nf_conntrack_") + name + "=1\n";
  const std::string path = folder + "/engine.setup";
  if (Status written = write_text(path, text); !written.ok()) return written.error();
  return path;
}

Result<Runner::Place> Runner::make_kernel_place(const std::string& program) {
  Result<NetworkNamespace> space = NetworkNamespace::create();
  if (!space) return space.error();
  for (const Status& status : {load_rules(*space), set_up(*space)})
    if (!status.ok()) return status.error();
  Result<Table> table = Table::open(*space);
  if (!table) return table.error();
  return Place{std::move(*space), std::move(*table), program};
}

Result<Runner::Place> Runner::make_state_place(const std::string& program,
                                               const std::string& folder) {
  Result<NetworkNamespace> space = NetworkNamespace::create();
  if (!space) return space.error();
  backend::EngineTableOptions options;
  options.state = folder + "/state";
  const auto setup = write_engine_setup(folder);
  if (!setup) return setup.error();
  options.setups = {*setup};
  return Place{std::move(*space),
               Table(engine_wires([options] { return backend::open_engine_table(options); })),
               program,
               {"CTWIN_BACKEND=engine:" + options.state}};
}

Result<Runner::Place> Runner::make_served_place(const Programs& programs, const std::string& folder,
                                                std::optional<Child>& engine) {
  Result<NetworkNamespace> space = NetworkNamespace::create();
  if (!space) return space.error();
  const std::string socket = folder + "/engine";
  const auto setup = write_engine_setup(folder);
  if (!setup) return setup.error();
  const Program server{programs.ctwin, {"ctwin", "--setup", *setup, "--serve", socket}, {}, true};
  Result<Child> child = Child::start(server, *space);
  if (!child) return child.error();
  wait_until([&] { return child->ended() || access(socket.c_str(), F_OK) == 0; });
  if (child->ended()) return Error{EIO, "no engine: " + child->finish(0).errors};
  engine = std::move(*child);
  return Place{std::move(*space),
               Table(engine_wires([socket] { return backend::open_socket_table(socket); })),
               programs.conntrack,
               {"LD_PRELOAD=" + programs.shim, "CTWIN_SHIM_SOCKET=" + socket}};
}

/// Engines have neither helpers nor, therefore, expectations.
Runner::Runner(PrivateFolder folder, std::optional<Child> engine, Place first, Place second,
               Pair pair)
    : folder_(std::move(folder)),
      engine_(std::move(engine)),
      places_{std::move(first), std::move(second)},
      entries_(standard_entries().begin(), standard_entries().end()),
      usual_labels_(kLabels),
      pair_(pair) {
  if (pair == Pair::kKernel)
    expectations_ = standard_expectations();
  else
    for (FixtureEntry& entry : entries_) entry.helper = nullptr;
}

std::string_view Runner::unfit(const Invocation& invocation, Pair pair) {
  if (pair == Pair::kKernel) return {};
  const CommandLine line(invocation.words);
  if (invocation.contents == Contents::kPackets) return "needs packets";
  for (const std::string& action : invocation.actions) {
    if (action == "packets") return "needs packets";
    if (action == "expect") return "needs expectations";
  }
  if (!invocation.privileged) return "an engine's socket asks for no capability";
  if (invocation.same_namespace) return "needs one table for both";
  if (line.is("stats")) return "an engine is one CPU";
  if (pair == Pair::kState && line.is("event")) return "a file is not watched";
  return {};
}

Result<Runner> Runner::create(const Programs& programs, Pair pair) {
  Result<PrivateFolder> folder = PrivateFolder::create();
  if (!folder) return folder.error();
  const std::string link = folder->path() + "/bin";
  const std::string ctwin = link + "/conntrack";  // to introduce itself as conntrack does
  mkdir(link.c_str(), 0755);
  if (symlink(programs.ctwin.c_str(), ctwin.c_str()) < 0)
    return Error{errno, "cannot link to " + programs.ctwin};
  Result<Place> first = make_kernel_place(programs.conntrack);
  if (!first) return first.error();
  std::optional<Child> engine;
  Result<Place> second = pair == Pair::kKernel ? make_kernel_place(ctwin)
                         : pair == Pair::kState
                             ? make_state_place(ctwin, folder->path())
                             : make_served_place(programs, folder->path(), engine);
  if (!second) return second.error();
  Runner runner(std::move(*folder), std::move(engine), std::move(*first), std::move(*second), pair);
  Table& table = runner.places_[0].table;
  for (const Status& status :
       {table.create(runner.entries_), table.create_expectations(runner.expectations_),
        table.clear_expectations(), table.clear()})
    if (!status.ok()) return status.error();
  return runner;
}

void Runner::send_packets(Place& where) {
  where.space.inside([] {
    const UniqueFd client = bound_udp(AF_INET, "127.0.0.1", 4000);
    const UniqueFd other = bound_udp(AF_INET, "127.0.0.1", 4002);
    const UniqueFd server = bound_udp(AF_INET, "127.0.0.1", 4001);
    const UniqueFd client6 = bound_udp(AF_INET6, "::1", 4000);
    const UniqueFd server6 = bound_udp(AF_INET6, "::1", 4001);
    send_udp(client, AF_INET, "127.0.0.1", 4001, 3);
    send_udp(server, AF_INET, "127.0.0.1", 4000, 2);
    send_udp(other, AF_INET, "127.0.0.5", 4999, 2);
    send_udp(client6, AF_INET6, "::1", 4001, 1);
    send_udp(server6, AF_INET6, "::1", 4000, 4);
  });
}

/// A flush walks the whole table of all namespaces; entries that are known go faster one by one.
void Runner::empty(Place& where) {
  constexpr size_t kFew = 100;
  if (where.expectations_left) require(where.table.clear_expectations(), "emptying expectations");
  if (where.left.size() > kFew || !where.table.remove_all(where.left).ok())
    require(where.table.clear(), "emptying the table");
  where.left.clear();
}

void Runner::fill(Place& where, const Invocation& invocation) {
  empty(where);
  switch (invocation.contents) {
    case Contents::kEmpty: break;
    case Contents::kMany:
      require(where.table.create_many(kManyEntries), "filling the table with many entries");
      break;
    case Contents::kPackets: send_packets(where); break;
    case Contents::kStandard:
      require(where.table.create(entries_), "filling the table");
      require(where.table.create_expectations(expectations_), "creating expectations");
      break;
  }
  if (invocation.after_a_tick || compares_timeouts(invocation))
    require(where.table.let_a_tick_pass(), "waiting for the kernel's clock");
}

uint32_t Runner::prepare(const std::vector<FixtureEntry>& entries, const FixtureEntry& wanted) {
  Place& where = place(Side::kConntrack);
  empty(where);
  std::vector<FixtureEntry> fit = entries;
  if (pair_ != Pair::kKernel)
    for (FixtureEntry& entry : fit) entry.helper = nullptr;
  require(where.table.create(fit), "filling the table");
  const Result<TableState> state = where.table.read();
  if (!state) require(state.error(), "reading the table");
  where.left = state->entries;
  const Entry* found = find_entry(state->entries, wanted);
  return found ? found->id : 0;
}

void Runner::write_files(const Invocation& invocation) {
  const std::string path = "/etc/xtables/connlabel.conf";
  if (invocation.label_file)
    require(write_text(path, invocation.labels.empty() ? usual_labels_ : invocation.labels), "");
  else
    unlink(path.c_str());
  require(write_text(folder() + "/labels", kLabels), "");
  require(write_text(folder() + "/other-labels", kOtherLabels), "");
  require(write_text(folder() + "/input", invocation.input), "");
}

void Runner::act(Place& where, const std::string& action) {
  const auto named = [&](std::string_view name) -> Entry {
    const Result<TableState> state = where.table.read();
    const FixtureEntry& wanted = fixture_entry(name);
    if (const Entry* found = find_entry(state->entries, wanted)) return *found;
    require(Error{ENOENT, "no entry of this name"}, action.c_str());
    return {};
  };
  if (action == "load") {
    require(where.table.create(entries_), "load");
  } else if (action == "clear") {
    require(where.table.clear(), "clear");
  } else if (action == "packets") {
    send_packets(where);
  } else if (action == "expect") {
    require(where.table.create_expectations(standard_expectations()), "expect");
  } else if (action.starts_with("delete:")) {
    require(where.table.remove(named(action.substr(7))), "delete");
  } else if (action.starts_with("mark:")) {
    const size_t equals = action.find('=');
    const Entry entry = named(std::string_view(action).substr(5, equals - 5));
    require(
        where.table.set_mark(entry, static_cast<uint32_t>(std::stoul(action.substr(equals + 1)))),
        "mark");
  } else {
    require(Error{EINVAL, "unknown action"}, action.c_str());
  }
}

Ended Runner::execute_with_actions(Place& where, const Program& program,
                                   const Invocation& invocation) {
  Result<Child> child = Child::start(program, where.space);
  if (!child) require(child.error(), "starting the program");
  const auto ready = [&] { return child->ended() || is_ready(where, *child); };
  wait_until(ready);
  for (const std::string& action : invocation.actions) {
    act(where, action);
    // Entries that come and go have names, too.
    if (const Result<TableState> state = where.table.read()) add_ids(*state, names_);
  }
  wait_until(ready);
  child->send_signal(SIGINT);
  return child->finish(kLimitMs);
}

/// The program listens, and has seen all that it is to see. An engine that has answered a question
/// has sent the events of what it was asked before. conntrack waits where it receives.
bool Runner::is_ready(Place& where, const Child& child) const {
  if (pair_ != Pair::kShim) return child.listens_and_waits(where.space);
  return child.waits_to_receive() && where.table.read().ok() && child.waits_to_receive();
}

Ended Runner::execute(const std::string& path, Place& where, const Invocation& invocation,
                      const TableState& before) {
  ++runs_;
  Program program;
  program.path = path;
  program.environment = where.environment;
  program.words.push_back("conntrack");
  for (const std::string& word : invocation.words)
    program.words.push_back(filled_in(word, before, folder()));
  program.input = invocation.input;
  program.privileged = invocation.privileged;
  if (invocation.is_event_case()) return execute_with_actions(where, program, invocation);
  Result<Ended> ended = test::run(program, where.space, kLimitMs);
  if (!ended) require(ended.error(), "starting the program");
  return std::move(*ended);
}

void Runner::begin_case(Place& where, const Invocation& invocation, const Keep& keep, bool prepared,
                        Run& run) {
  write_files(invocation);
  if (!prepared) fill(where, invocation);
  Result<TableState> state = where.table.read();
  if (!state) require(state.error(), "reading the tables");
  run.before = std::move(*state);
  where.left = run.before.entries;
  names_.clear();
  add_ids(run.before, names_);
  if (!keep) return;
  for (const Entry& entry : run.before.entries) {
    if (keep(entry)) continue;
    require(where.table.remove(entry), "taking out an entry");
    run.hidden.push_back(entry);
  }
}

void Runner::end_case(Place& where, const Invocation& invocation, const Ended& ended, Run& run) {
  Result<TableState> state = where.table.read();
  if (!state) require(state.error(), "reading the tables");
  run.after = std::move(*state);
  where.left = run.after.entries;
  where.expectations_left = !run.after.expectations.empty();
  add_ids(run.after, names_);
  NormaliseOptions options;
  options.keep_order = invocation.is_event_case() || invocation.same_namespace;
  options.hide_numbers = !invocation.same_namespace;
  options.hide_use = deletes(invocation);
  options.hide_causes = pair_ != Pair::kKernel;
  run.seen = observe(ended, run.after, names_, options);
}

Run Runner::run(Side side, const Invocation& invocation, const Keep& keep, bool prepared) {
  Place& where = place(side);
  Run run;
  begin_case(where, invocation, keep, prepared, run);
  const Ended ended = execute(where.program, where, invocation, run.before);
  end_case(where, invocation, ended, run);
  return run;
}

std::pair<Run, Run> Runner::run_both(const Invocation& invocation) {
  Place& where = place(Side::kCtwin);
  std::pair<Run, Run> runs;
  begin_case(where, invocation, {}, false, runs.first);
  runs.second.before = runs.first.before;
  const Ended first = execute(places_[0].program, where, invocation, runs.first.before);
  end_case(where, invocation, first, runs.first);
  const Ended second = execute(where.program, where, invocation, runs.first.before);
  end_case(where, invocation, second, runs.second);
  return runs;
}

}  // namespace ctwin::test
