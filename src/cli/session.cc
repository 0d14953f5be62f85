#include "cli/session.h"

#include <cerrno>
#include <cstring>

#include "base/posix.h"

namespace ctwin::cli {

Result<ctnetlink::Client*> Session::open(std::unique_ptr<ctnetlink::Client>& client) {
  if (!client) {
    auto backend = source_->open();
    if (!backend) return backend.error();
    client = std::make_unique<ctnetlink::Client>(std::move(*backend), source_);
  }
  return client.get();
}

bool Session::is_over() const { return stop_signal != 0 || output.closed(); }

uint64_t Session::now() const {
  const auto received = client_ ? client_->backend().received_at() : std::nullopt;
  return received ? *received : wall_clock_ns();
}

std::string Session::describe(const Error& error, Command command, Table table) {
  std::string text = "Operation failed: " + explain_errno(error.code, command, table);
  if (!error.text.empty()) text += " (" + error.text + ")";
  return text;
}

int Session::operation_failed(const Error& error, const Arguments& arguments) {
  return messages.report({kOtherProblem, describe(error, arguments.command, arguments.table)});
}

const LabelMap* Session::label_map(const Arguments& arguments) {
  if (!arguments.needs_label_map()) return nullptr;
  const std::string path(arguments.label_map);
  if (label_map_path_ == path) return label_map_ ? &*label_map_ : nullptr;
  label_map_path_ = path;
  label_map_.reset();
  auto loaded = LabelMap::load(path);
  if (loaded) {
    label_map_ = std::move(*loaded);
    return &*label_map_;
  }
  const OptionSet& given = arguments.given;
  const bool wanted = arguments.output.labels || given.has(Option::kLabel) ||
                      given.has(Option::kLabelAdd) || given.has(Option::kLabelDel);
  // A file without a valid line is none that could not be read: conntrack says "Success" of it.
  const int code = loaded.error().code == EINVAL ? 0 : loaded.error().code;
  if (wanted) messages.raw(std::string("nfct_labelmap_new: ") + std::strerror(code) + "\n");
  return nullptr;
}

int Session::finish(int code) {
  output.flush();
  if (const int failed = output.error(); failed != 0)
    return messages.report(
        {kOtherProblem, std::string("cannot write to standard output: ") + std::strerror(failed)});

  return code;
}

void FlowPrinter::begin(bool expectations) {
  if (open_) return;
  open_ = true;
  expectations_ = expectations;
  print_document_start(options_, expectations, output_.buffer());
}

void FlowPrinter::print(FlowRecord record) {
  begin(false);
  const bool running =
      record.flow.has(FlowField::kTimestampStart) && !record.flow.has(FlowField::kTimestampStop);
  if (record.now == 0 && (running || record.event != EventKind::kNone)) record.now = session_.now();
  print_flow(record, options_, output_.buffer());
  output_.end_line();
}

void FlowPrinter::print(const ExpectationRecord& record) {
  begin(true);
  print_expectation(record, options_, output_.buffer());
  output_.end_line();
}

void FlowPrinter::finish() {
  if (!open_) return;
  open_ = false;
  print_document_end(options_, expectations_, output_.buffer());
}

PrintOptions print_options(const Arguments& arguments, const LabelMap* labels) {
  const OutputList& words = arguments.output;
  const Command command = arguments.command;
  const bool changes = command == Command::kDelete || command == Command::kUpdate;
  PrintOptions options;
  options.format = words.xml    ? Format::kXml
                   : words.save ? Format::kSave
                   : words.json ? Format::kJson
                                : Format::kPlain;
  options.extended = words.extended;
  options.id = words.id;
  options.timestamp = words.timestamp;
  options.ktimestamp = words.ktimestamp && !changes;
  const bool show_labels = command != Command::kDelete || words.save || words.json;
  options.labels = show_labels ? labels : nullptr;
  return options;
}

}  // namespace ctwin::cli
