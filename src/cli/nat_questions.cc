#include "cli/nat_questions.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "cli/json.h"
#include "cli/nat_usage.h"
#include "cli/selection.h"

namespace ctwin::cli {

namespace {

constexpr uint32_t kDefaultTop = 10;

struct CloseFile {
  void operator()(FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using File = std::unique_ptr<FILE, CloseFile>;

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

/// How the lines of a log could be read.
struct LogLines {
  size_t read = 0;
  size_t unreadable = 0;
  std::string first_problem;  ///< of the unreadable ones, with file and line
};

/// Reads the whole log. Where it was rotated, or its writer ended in the middle, lines are cut:
/// what stands in the others is true all the same. The last may be one that is being written.
LogLines read_log(FILE* file, const std::string& name, EventLog& log) {
  char* buffer = nullptr;
  size_t room = 0;
  LogLines lines;
  for (size_t number = 1; stop_signal == 0; ++number) {
    const ssize_t size = getline(&buffer, &room, file);
    const std::unique_ptr<char, FreeText> owner(buffer);
    buffer = nullptr, room = 0;
    if (size <= 0) break;
    const bool whole = owner.get()[size - 1] == '\n';
    const auto problem = log.read({owner.get(), static_cast<size_t>(whole ? size - 1 : size)});
    if (!problem) {
      ++lines.read;
    } else if (whole || owner.get()[0] != '{') {
      if (++lines.unreadable == 1)
        lines.first_problem = name + ":" + std::to_string(number) + ": " + *problem;
    }
  }
  return lines;
}

void print_time(const std::optional<uint64_t>& time, Writer& out) {
  time ? write_json_time(*time, 6, out) : out.put("null");
}

void print_holder(const Holder& holder, bool json, fmt::memory_buffer& buffer) {
  Writer out(buffer);
  if (json) {
    out.put("{\"from\":");
    print_time(holder.from, out);
    out.put(",\"to\":");
    print_time(holder.to, out);
    out.put(",\"last\":");
    out.text(holder.shown);
    out.put("}\n");
    return;
  }
  for (const auto& [word, time] :
       {std::pair("from=", &holder.from), std::pair(" to=", &holder.to)}) {
    out.text(word);
    *time ? write_time(**time, 6, out) : out.put("-");
  }
  out.character('\t');
  out.text(holder.shown);
  out.character('\n');
}

}  // namespace

int show_nat_usage(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  const Selection selection(session, arguments);
  NatUsage usage;
  const Status status =
      (*client)->dump(ctnetlink::DumpKind::kTable, &selection.pushed_down(), [&](const Flow& flow) {
        if (selection.matches(flow)) usage.add(flow);
        return stop_signal == 0;
      });
  if (!status) return session.operation_failed(status.error(), arguments);
  const uint32_t top = arguments.questions.top.value_or(kDefaultTop);
  fmt::memory_buffer& out = session.output.buffer();
  arguments.output.json ? usage.print_json(top, out) : usage.print_table(top, out);
  std::string text = fmt::format("{} flow entries are translated to {} addresses and protocols",
                                 usage.flows(), usage.addresses());
  if (usage.rest() != 0)
    text += fmt::format("; the destinations of {} of them are not counted, there are too many",
                        usage.rest());
  session.messages.say(text + ".");
  return 0;
}

int search_event_log(Session& session, const Arguments& arguments) {
  const Questions& questions = arguments.questions;
  const std::string name(*questions.event_log);
  const File file(name == "-" ? stdin : std::fopen(name.c_str(), "re"));
  if (!file)
    return session.messages.report(
        {kOtherProblem, "cannot read " + name + ": " + std::strerror(errno)});
  const bool json = arguments.output.json;
  EventLog log(*questions.who_had, arguments.proto, json);
  const LogLines lines = read_log(file.get(), name, log);
  if (std::ferror(file.get()))
    return session.messages.report(
        {kOtherProblem, "cannot read " + name + ": " + std::strerror(errno)});
  if (lines.read == 0 && lines.unreadable != 0)
    return session.messages.report({kOtherProblem, lines.first_problem});
  size_t count = 0;
  for (const Holder& holder : log.holders()) {
    if (questions.at && !holder.had_it_at(*questions.at)) continue;
    print_holder(holder, json, session.output.buffer());
    session.output.end_line();
    ++count;
  }
  session.messages.say(std::to_string(count) + " flows had the address.");
  if (log.losses() != 0)
    session.messages.say("The log says " + std::to_string(log.losses()) +
                         " times that events were lost: flows may be missing.");
  if (lines.unreadable != 0)
    session.messages.say(lines.first_problem + "; " + std::to_string(lines.unreadable) +
                         " such lines were left out: flows may be missing.");
  return count == 0 ? kOtherProblem : 0;
}

}  // namespace ctwin::cli
