// What a command works with: the table's conversations, the output, the messages.
#pragma once

#include <memory>
#include <optional>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/print.h"
#include "ctnetlink/client.h"
#include "ctwin/backend.h"
#include "ctwin/feed.h"

namespace ctwin::cli {

class Session {
 public:
  explicit Session(const Program& called_as) : program(called_as), messages(called_as, output) {}

  /// The table to work on, and the packets that are to pass before the command, or null.
  void use(BackendSource& source, Feed* feed) {
    source_ = &source;
    feed_ = feed;
  }
  Feed* feed() { return feed_; }
  /// Ends all conversations; the table may go away.
  void close() {
    client_.reset();
    modifier_.reset();
  }

  const Program& program;
  Output output;
  Messages messages;

  /// A conversation for requests and dumps, and a second one for what changes entries during a
  /// dump; each opened when it is first asked for.
  Result<ctnetlink::Client*> client() { return open(client_); }
  Result<ctnetlink::Client*> modifier() { return open(modifier_); }

  /// A signal asked the program to end, or nobody reads what it prints.
  bool is_over() const;

  /// The table's time: the wall's, or that of the engine's packets. ns since the epoch.
  uint64_t now() const;

  /// "Operation failed: …" for an error of this command.
  static std::string describe(const Error& error, Command command, Table table);
  /// Says so, and answers with exit code 1.
  int operation_failed(const Error& error, const Arguments& arguments);

  /// The label map that the arguments need, null when they need none or it cannot be read.
  const LabelMap* label_map(const Arguments& arguments);

  /// The exit code at the end of a command that came to `code`: what standard output or a signal
  /// makes of it.
  int finish(int code);

 private:
  Result<ctnetlink::Client*> open(std::unique_ptr<ctnetlink::Client>& client);

  BackendSource* source_ = nullptr;
  Feed* feed_ = nullptr;
  std::unique_ptr<ctnetlink::Client> client_;
  std::unique_ptr<ctnetlink::Client> modifier_;
  std::optional<LabelMap> label_map_;
  std::optional<std::string> label_map_path_;  ///< of the last attempt to load it
};

/// Prints flows in the chosen format, and the document around them where the format has one.
class FlowPrinter {
 public:
  FlowPrinter(Session& session, const PrintOptions& options)
      : session_(session), output_(session.output), options_(options) {}
  ~FlowPrinter() { finish(); }

  void print(FlowRecord record);
  void print(const ExpectationRecord& record);
  /// Closes the document. Nothing was printed, nothing is closed.
  void finish();

 private:
  void begin(bool expectations);

  Session& session_;
  Output& output_;
  PrintOptions options_;
  bool open_ = false;
  bool expectations_ = false;
};

/// The print options of a command; what a command does not show is left out of them.
PrintOptions print_options(const Arguments& arguments, const LabelMap* labels);

}  // namespace ctwin::cli
