// The program: puts command line, table and command together.
#include <cstdlib>

#include "backend/open.h"
#include "base/posix.h"
#include "cli/commands.h"
#include "cli/nat_questions.h"
#include "cli/options.h"
#include "cli/progress.h"

namespace ctwin::cli {

namespace {

std::vector<std::string> strings(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

/// Which table: --backend says so, else CTWIN_BACKEND where that is an engine or there is no option
/// that needs one, else an engine.
Result<BackendChoice> choose_backend(const OwnOptions& own) {
  using Kind = BackendChoice::Kind;
  if (own.backend) {
    if (own.backend->kind != Kind::kEngine && own.imply_engine())
      return Error{EINVAL,
                   "--backend kernel and --backend unix:PATH take no --pcap, --setup, --sysctl, "
                   "--trace, --run-out, --checksum, --pcap-out, --log, --iptables-save, --serve, "
                   "--tun or --capture: these are for an engine in this process"};
    return *own.backend;
  }
  const char* preset = std::getenv("CTWIN_BACKEND");
  const auto chosen = preset ? parse_backend(preset) : BackendChoice{};
  if (!chosen)
    return Error{EINVAL, std::string("CTWIN_BACKEND is '") + preset +
                             "': expected kernel, engine, engine:FILE or unix:PATH"};
  if (own.imply_engine() && chosen->kind != Kind::kEngine) return BackendChoice{Kind::kEngine, {}};
  return *chosen;
}

/// May the engine be another one behind the command, beside that time has passed?
bool may_change(const CommandLine& line) {
  const Arguments& arguments = line.arguments;
  if (line.load_file || arguments.own.have_work()) return true;
  switch (arguments.command) {
    case Command::kList: return arguments.given.has(Option::kZero);
    case Command::kGet:
    case Command::kCount:
    case Command::kStats:
    case Command::kEvent: return false;
    default: return true;
  }
}

backend::EngineTableOptions engine_options(Session& session, const CommandLine& line,
                                           const BackendChoice& chosen) {
  const Arguments& arguments = line.arguments;
  const OwnOptions& own = arguments.own;
  backend::EngineTableOptions options;
  if (own.serve)
    options.serve = {
        std::string(*own.serve), own.socket_mode.value_or(0600),
        own.socket_group ? std::optional<std::string>(*own.socket_group) : std::nullopt};
  options.captures = strings(own.captures);
  options.setups = strings(own.setups);
  options.captures_out = strings(own.captures_out);
  options.log = own.log ? std::string(*own.log) : std::string();
  options.iptables_save = own.iptables_save ? std::string(*own.iptables_save) : std::string();
  options.sysctls = strings(own.sysctls);
  if (own.checksums) options.checksums = *own.checksums;
  options.run_out = own.run_out;
  options.seed = own.seed;
  options.state = chosen.path;
  options.changes = may_change(line);
  options.wait_ms = uint64_t{own.wait} * 1000;
  options.trace = own.trace;
  options.trace_only_invalid = own.trace_only_invalid;
  options.trace_json = arguments.output.json;
  options.trace_to = [&session](std::string_view text) { session.output.buffer().append(text); };
  options.log_to = [&session](std::string_view text) { session.messages.raw(text); };
  options.tuns = strings(own.tuns);
  options.live_captures = strings(own.live_captures);
  options.capture_filter = own.capture_filter.value_or(std::string_view());
  options.interrupted = [] { return stop_signal != 0 || reload_signal != 0; };
  options.take_reload = [] {
    const bool wanted = reload_signal != 0;
    reload_signal = 0;
    return wanted;
  };
  options.before_wait = [&session] { session.output.flush(); };
  options.ends_with_output = arguments.command == Command::kEvent || own.trace;
  options.remark = [&session](std::string_view text) { session.messages.say(text); };
  return options;
}

Result<std::unique_ptr<backend::Table>> open_table(Session& session, const CommandLine& line,
                                                   const BackendChoice& chosen) {
  switch (chosen.kind) {
    case BackendChoice::Kind::kKernel: return backend::open_kernel_table();
    case BackendChoice::Kind::kSocket: return backend::open_socket_table(std::string(chosen.path));
    case BackendChoice::Kind::kEngine: break;
  }
  return backend::open_engine_table(engine_options(session, line, chosen));
}

int run_any(Session& session, const Arguments& arguments) {
  switch (arguments.command) {
    case Command::kEvent: return watch_events(session, arguments);
    case Command::kNone: return 0;
    default: return run_command(session, arguments);
  }
}

/// What cannot be meant by ctwin's own options together; empty if they can. A state that was kept
/// may have a setup of its own.
std::string_view contradiction(const Arguments& arguments, const BackendChoice& chosen) {
  const OwnOptions& own = arguments.own;
  if (arguments.command == Command::kEvent && chosen.is_kept() && own.captures.empty() &&
      !own.is_live())
    return "-E: a state file tells nobody of changes; give packets (--pcap), or have an engine "
           "serve the file (--serve PATH) and watch that (--backend unix:PATH)";
  const bool has_devices = !own.tuns.empty() || !own.live_captures.empty();
  if (own.needs_setup() && own.setups.empty() && !chosen.is_kept())
    return "--pcap-out, --log and --iptables-save need a router: give --setup FILE";
  if (!own.tuns.empty() && own.setups.empty() && !chosen.is_kept())
    return "--tun is for a router: give --setup FILE with its addresses and routes";
  if (own.capture_filter && own.live_captures.empty())
    return "--capture-filter is for --capture IFACE";
  if (has_devices && !own.captures.empty())
    return "--pcap has a clock of its own: it cannot be together with --tun or --capture";
  if ((own.socket_mode || own.socket_group) && !own.serve)
    return "--socket-mode and --socket-group are for --serve PATH";
  if (own.is_live() && own.run_out)
    return "--run-out needs an end of the packets: not with --serve, --tun or --capture";
  return {};
}

/// The command on its table, behind the packets if there are any.
int run_on_table(Session& session, const CommandLine& line) {
  const Arguments& arguments = line.arguments;
  const auto chosen = choose_backend(arguments.own);
  if (!chosen) return session.messages.report({kUsageProblem, chosen.error().text});
  if (const auto text = contradiction(arguments, *chosen); !text.empty())
    return session.messages.report({kUsageProblem, std::string(text)});
  if (arguments.own.netns)
    if (Status entered = enter_network_namespace(std::string(*arguments.own.netns)); !entered)
      return session.messages.report({kOtherProblem, entered.error().text});
  LoadInput input;
  if (line.load_file) {
    auto opened = open_load_file(session, *line.load_file);
    if (const int* code = std::get_if<int>(&opened)) return *code;
    input = std::move(std::get<LoadInput>(opened));
  }
  if (arguments.own.is_live()) catch_reload();
  auto table = open_table(session, line, *chosen);
  if (!table)
    return session.messages.report(
        {table.error().code == EINVAL ? kUsageProblem : kOtherProblem, table.error().text});
  session.use((*table)->source(), (*table)->feed());
  if (chosen->is_kept() && may_change(line) && !session.feed()) session.output.hold();
  const bool follows_packets =
      arguments.command == Command::kEvent || arguments.questions.watch != 0;
  if (!follows_packets) run_feed(session);
  const int code = line.load_file ? load_file(session, input) : run_any(session, arguments);
  int damage = finish_feed(session);
  if (Status finished = (*table)->finish(); !finished) {
    session.output.discard();
    damage = session.messages.report({kOtherProblem, finished.error().text});
  }
  session.output.release();
  session.close();
  return code != 0 ? code : damage;
}

void print(Session& session, std::string_view text) { session.output.buffer().append(text); }

int run(Session& session, CommandLine& line) {
  Arguments& arguments = line.arguments;
  if (!line.warnings.empty()) session.messages.raw(line.warnings);
  if (line.problem) return session.messages.report(*line.problem);
  if (!line.load_file && arguments.command == Command::kNone && arguments.questions.stand_alone())
    arguments.command = Command::kList;
  if (line.load_file) {
    if (auto problem = check_load(arguments)) return session.messages.report(*problem);
    return run_on_table(session, line);
  }
  if (auto problem = resolve_labels(session.label_map(arguments), arguments))
    return session.messages.report(*problem);
  if (auto problem = resolve_filter(session.label_map(arguments), arguments))
    return session.messages.report(*problem);
  if (auto problem = check_arguments(arguments)) return session.messages.report(*problem);
  const bool only_packets = arguments.command == Command::kNone && arguments.own.have_work();
  if (arguments.command == Command::kVersion) {
    print(session, session.program.version + "\n");
    return 0;
  }
  if (arguments.command == Command::kHelp ||
      (arguments.command == Command::kNone && !only_packets)) {
    print(session, help_text(session.program.path, arguments));
    return 0;
  }
  if (arguments.questions.event_log) return search_event_log(session, arguments);
  return run_on_table(session, line);
}

}  // namespace

}  // namespace ctwin::cli

int main(int argc, char** argv) {
  using namespace ctwin;
  const std::vector<std::string_view> words(argv, argv + argc);
  const cli::Program program(words.empty() ? "ctwin" : words.front());
  cli::catch_signals();
  cli::Session session(program);
  cli::CommandLine line = cli::parse_command_line(words);
  return session.finish(cli::run(session, line));
}
