// --who-had: the flows behind a translated address, in the table or in a log of events.
//
// A log is what -E -o json wrote, with or without a listing in front. An event of a flow opens its
// life and "destroy" closes it; a flow whose beginning the log has not seen, because it was listed
// or is told of late, begins with the kernel's `start` or, without that, at a time that is not
// known. Only lines that name the address are parsed, and only flows that had it are
// held in memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/values.h"
#include "ctwin/address.h"
#include "ctwin/flow.h"

namespace ctwin::cli {

/// ADDR, ADDR:PORT or [ADDR]:PORT.
struct WhoHad {
  Address address;
  std::optional<uint16_t> port;  ///< or the id of a ping, or the key of GRE

  /// Was a flow's source translated to it, or its destination from it?
  bool matches(const Flow& flow) const;
};
std::variant<WhoHad, Problem> parse_who_had(std::string_view text);

/// A flow of a log that had the address, and when.
struct Holder {
  std::optional<uint64_t> from;  ///< ns since the epoch; empty: not known
  std::optional<uint64_t> to;    ///< empty: its end is not in the log
  std::string shown;             ///< the last event about it: its object, or a line as -L prints it

  bool had_it_at(uint64_t time) const { return (!from || *from <= time) && (!to || time <= *to); }
};

class EventLog {
 public:
  /// `proto` narrows the question, or is empty; `json` says what to keep of each flow.
  EventLog(const WhoHad& who, std::optional<uint8_t> proto, bool json);

  /// Reads one line, without its end. Answers with what is wrong with it, if anything.
  std::optional<std::string> read(std::string_view line);

  /// Everyone who had the address, in the order in which they come first in the log.
  const std::vector<Holder>& holders() const { return holders_; }

  /// How many lines tell of lost events.
  uint64_t losses() const { return losses_; }

 private:
  struct Event;
  void add(const Event& event, std::string_view line);
  std::string show(const Event& event, std::string_view line) const;

  WhoHad who_;
  std::optional<uint8_t> proto_;
  bool json_;
  std::string quoted_address_;  ///< as it stands in a line that names it
  std::vector<Holder> holders_;
  std::map<std::string, size_t> open_;  ///< identity of a flow that lives → its place in holders_
  uint64_t losses_ = 0;
};

}  // namespace ctwin::cli
