// libnetfilter_conntrack as a judge: the same message through its parser and printer must give the
// line that ours give.
//
// Linking this file stops the clock: time(3), which the library's printer asks for the present,
// always answers kNow in such a program.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "cli/print.h"

struct nfct_labelmap;

namespace ctwin::test {

constexpr std::time_t kNow = 1'795'230'000;
constexpr uint64_t kNowNanoseconds = uint64_t{kNow} * 1'000'000'000;

/// What the library prints of one conntrack message, without a newline; nothing when it does not
/// accept the message.
class Oracle {
 public:
  /// With the label names of a file, or without.
  explicit Oracle(const std::string& label_file = {});

  std::optional<std::string> flow(std::span<const std::byte> message, EventKind event,
                                  const cli::PrintOptions& options) const;
  std::optional<std::string> expectation(std::span<const std::byte> message, EventKind event,
                                         const cli::PrintOptions& options) const;

 private:
  std::shared_ptr<nfct_labelmap> labels_;
};

/// Our line of the same message, without a newline.
std::string our_line(const Flow& flow, EventKind event, const cli::PrintOptions& options);
std::string our_line(const Expectation& expectation, EventKind event,
                     const cli::PrintOptions& options);

/// Our XML of a flow as the library would have written it: without what conntrack leaves out, and
/// with the states of SCTP and DCCP under TCP's names.
std::string without_xml_fixes(std::string xml, const Flow& flow);

}  // namespace ctwin::test
