#include "cli/questions.h"

#include <limits>

#include "cli/build.h"
#include "cli/selection.h"

namespace ctwin::cli {

using ctnetlink::DumpKind;

Outcome rehearse(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return {0, client.error()};
  const Selection selection(session, arguments);
  FlowPrinter printer(session, print_options(arguments, session.label_map(arguments)));
  const bool updates = arguments.command == Command::kUpdate;
  const SaveVerb verb = updates ? SaveVerb::kAdd : SaveVerb::kDelete;
  Outcome outcome;
  Flow update;
  const Status status =
      (*client)->dump(DumpKind::kTable, &selection.pushed_down(), [&](const Flow& flow) {
        if (selection.matches(flow) && (!updates || build_update(arguments, flow, update))) {
          printer.print({.flow = flow, .verb = verb});
          ++outcome.count;
        }
        return !session.is_over();
      });
  if (!status) outcome.error = status.error();
  return outcome;
}

int list_groups(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  const Selection selection(session, arguments);
  Groups groups(arguments.questions.group_by);
  const Status status =
      (*client)->dump(dump_kind(arguments), &selection.pushed_down(), [&](const Flow& flow) {
        if (selection.matches(flow)) groups.add(flow);
        return !session.is_over();
      });
  if (!status) return session.operation_failed(status.error(), arguments);
  print_groups(session, arguments, groups, "flow entries");
  return 0;
}

void print_groups(Session& session, const Arguments& arguments, const Groups& groups,
                  std::string_view what) {
  const size_t top = arguments.questions.top.value_or(std::numeric_limits<uint32_t>::max());
  fmt::memory_buffer& out = session.output.buffer();
  arguments.output.json ? groups.print_json(top, out) : groups.print_table(top, out);
  std::string text = fmt::format("{} {} in {} groups", groups.flows(), what, groups.size());
  if (top < groups.size()) text += fmt::format(", {} of them shown", top);
  if (groups.rest() != 0)
    text += fmt::format("; {} entries of other groups are summed up as the rest", groups.rest());
  session.messages.say(text + ".");
}

}  // namespace ctwin::cli
