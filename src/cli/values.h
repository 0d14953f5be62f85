// Reading the values of options: numbers, addresses with prefixes, marks, NAT targets, word lists.
//
// Nothing here prints. A reader answers with the value or with a Problem, the text that goes behind
// the message prefix and the exit code that goes with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ctwin/address.h"
#include "ctwin/filter.h"

namespace ctwin::cli {

/// Exit codes, as conntrack uses them.
constexpr int kOtherProblem = 1;
constexpr int kUsageProblem = 2;

struct Problem {
  int exit_code = kUsageProblem;
  std::string text;
};

/// An unsigned number of at most `max`, by strtoul's rules for `base` (0 takes 0x and 0 prefixes),
/// but without a minus sign and with nothing behind it.
std::optional<uint64_t> parse_number(std::string_view text, int base, uint64_t max);

/// VALUE[/MASK], both 32 bits.
std::optional<MarkFilter> parse_mark(std::string_view text);

/// An address, with the length of the prefix behind its slash.
struct AddressArgument {
  Address address;
  bool has_prefix = false;
  std::optional<unsigned> prefix;  ///< empty when what stands behind the slash is no length
};

/// AF_UNSPEC when the text is no address.
AddressArgument parse_address_argument(std::string_view text);

/// ADDR, ADDR:PORT or [ADDR]:PORT, not yet checked for being an address.
struct NatArgument {
  std::string_view address;
  std::optional<uint16_t> port;
};
std::variant<NatArgument, Problem> parse_nat_argument(std::string_view text);

/// What a list of words came to.
struct StatusList {
  uint32_t set = 0;
  uint32_t clear = 0;
  bool unset = false;  ///< UNSET was among them
};
struct EventList {
  bool created = false, updated = false, destroyed = false;
};
struct OutputList {
  bool xml = false, extended = false, timestamp = false, id = false, ktimestamp = false,
       labels = false, save = false, json = false;
};

/// These add to what `list` holds. SRC_NAT and DST_NAT are ignored, and named in `ignored`.
std::optional<Problem> parse_status(std::string_view text, StatusList& list, std::string& ignored);
std::optional<Problem> parse_events(std::string_view text, EventList& list, std::string& ignored);
std::optional<Problem> parse_output(std::string_view text, OutputList& list, std::string& ignored);

/// A protocol number; its name may be unknown to conntrack and then has no options.
struct ProtocolArgument {
  uint8_t number = 0;
  bool has_options = false;
};
std::optional<ProtocolArgument> parse_protocol(std::string_view text);

/// The name of a protocol in /etc/protocols, or "unknown".
std::string system_protocol_name(uint8_t proto);

}  // namespace ctwin::cli
