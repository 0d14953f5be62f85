#include "backend/kernel.h"
#include "base/posix.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace ctwin::cli {

namespace {

int run(Session& session, CommandLine& line) {
  Arguments& arguments = line.arguments;
  if (!line.warnings.empty()) session.messages.raw(line.warnings);
  if (line.problem) return session.messages.report(*line.problem);
  if (arguments.netns)
    if (Status entered = enter_network_namespace(std::string(*arguments.netns)); !entered)
      return session.messages.report({kOtherProblem, entered.error().text});
  if (line.load_file) return load_file(session, *line.load_file);
  if (auto problem = resolve_labels(session.label_map(arguments), arguments))
    return session.messages.report(*problem);
  if (auto problem = check_arguments(arguments)) return session.messages.report(*problem);
  switch (arguments.command) {
    case Command::kNone:
    case Command::kHelp:
      fmt::format_to(fmt::appender(session.output.buffer()), "{}",
                     help_text(session.program.path, arguments));
      return 0;
    case Command::kVersion:
      fmt::format_to(fmt::appender(session.output.buffer()), "{}\n", session.program.version);
      return 0;
    case Command::kEvent: return watch_events(session, arguments);
    default: return run_command(session, arguments);
  }
}

}  // namespace

}  // namespace ctwin::cli

int main(int argc, char** argv) {
  using namespace ctwin;
  const std::vector<std::string_view> words(argv, argv + argc);
  const cli::Program program(words.empty() ? "ctwin" : words.front());
  cli::catch_signals();
  const auto source = backend::kernel_source();
  cli::Session session(program, *source);
  cli::CommandLine line = cli::parse_command_line(words);
  return session.finish(cli::run(session, line));
}
