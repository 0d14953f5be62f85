// What rules have to say: LOG, NFLOG and TRACE lines in the kernel's words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conntrack/skb.h"
#include "router/interfaces.h"
#include "rules/rule.h"

namespace ctwin::rules {

/// One packet worth a line.
struct LogEntry {
  enum class Kind : uint8_t { kLog, kNflog, kTrace, kInvalid };
  Kind kind = Kind::kLog;
  uint8_t level = 4;
  uint8_t flags = 0;        ///< LogTarget::Flag mask
  uint16_t group = 0;       ///< NFLOG
  std::string_view prefix;  ///< "TRACE: raw:PREROUTING:policy:2 ", "nf_ct_proto_6: … ", a LOG's own
  const conntrack::Skb* skb = nullptr;
  uint32_t in = 0, out = 0;  ///< devices as the hook shows them, 0 for none
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void log(const LogEntry& entry) = 0;
};

/// The line, as nf_log_syslog prints it, without line feed: prefix, IN=, OUT=, MAC=, the packet.
/// It ends in a blank.
std::string log_line(const LogEntry& entry, const router::Interfaces& interfaces);

/// In and out device as the kernel shows them at a hook: no output device before routing, no input
/// device behind it unless forwarded.
uint32_t in_device(const conntrack::Skb& skb, Hook hook);
uint32_t out_device(const conntrack::Skb& skb, Hook hook);

}  // namespace ctwin::rules
