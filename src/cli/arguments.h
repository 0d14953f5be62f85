// The command line as data: which command, which options, and what their values came to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/labels.h"
#include "cli/option_table.h"
#include "cli/values.h"
#include "cli/words.h"
#include "ctwin/filter.h"

namespace ctwin::cli {

class OptionSet {
 public:
  bool has(Option option) const { return (bits_ & bit(option)) != 0; }
  void add(Option option) { bits_ |= bit(option); }
  bool any() const { return bits_ != 0; }
  bool only(Option option) const { return bits_ == bit(option); }

  /// The options that both have, or that only this one has.
  OptionSet operator&(OptionSet other) const { return OptionSet(bits_ & other.bits_); }
  OptionSet operator-(OptionSet other) const { return OptionSet(bits_ & ~other.bits_); }

  OptionSet() = default;

 private:
  explicit OptionSet(uint64_t bits) : bits_(bits) {}
  static uint64_t bit(Option option) { return uint64_t{1} << static_cast<unsigned>(option); }

  uint64_t bits_ = 0;
};

/// Values of protocol options. Ports are keys for GRE; `state` is of the protocol that -p names.
struct ProtocolValues {
  std::optional<uint16_t> sport, dport, reply_sport, reply_dport;
  std::optional<uint16_t> mask_sport, mask_dport, tuple_sport, tuple_dport;
  std::optional<uint8_t> state, role;
  std::optional<uint32_t> orig_vtag, reply_vtag;
  std::optional<uint8_t> icmp_type, icmp_code;
  std::optional<uint16_t> icmp_id;
};

/// ctwin's own options: which table, and what is fed to it.
struct OwnOptions {
  std::optional<std::string_view> netns;
  std::optional<std::string_view> backend;
  std::vector<std::string_view> captures;
  std::vector<std::string_view> setups;
  std::vector<std::string_view> captures_out;
  std::optional<std::string_view> log;
  std::optional<std::string_view> iptables_save;
  std::vector<std::string_view> sysctls;
  bool trace = false;
  bool trace_only_invalid = false;
  bool run_out = false;
  std::optional<std::string_view> checksums;
  uint64_t seed = 1;

  /// True when an option makes sense only with an engine.
  bool imply_engine() const {
    return !captures.empty() || !sysctls.empty() || trace || run_out || checksums ||
           needs_setup() || !setups.empty();
  }
  /// True when an option makes sense only with a setup.
  bool needs_setup() const { return log || iptables_save || !captures_out.empty(); }
  /// True when something is to be done even without a command.
  bool have_work() const {
    return !captures.empty() || !setups.empty() || !sysctls.empty() || trace || run_out ||
           checksums;
  }
};

/// Views point into the words that were read.
struct Arguments {
  Command command = Command::kNone;
  Table table = Table::kConntrack;
  OptionSet given;

  uint8_t family = AF_UNSPEC;
  Address src, src_mask, dst, dst_mask, reply_src, reply_dst, tuple_src, tuple_dst;
  std::optional<uint8_t> proto;
  bool proto_has_options = false;
  ProtocolValues protocol;

  uint32_t timeout = 0;
  StatusList status;
  MarkFilter mark;
  uint32_t id = 0;
  uint32_t secmark = 0;
  uint16_t zone = 0, orig_zone = 0, reply_zone = 0;
  NatFilter src_nat, dst_nat, any_nat;
  std::vector<std::string_view> labels, label_add, label_del;
  Labels label_bits, label_add_bits, label_del_bits;  ///< what the names stand for
  bool label_del_all = false;                         ///< --label-del without a list
  std::string_view label_map;

  EventList events;
  OutputList output;
  uint32_t buffer_size = 0;
  OwnOptions own;

  /// True when an option uses label names, or asks for them in the output.
  bool needs_label_map() const {
    return given.has(Option::kLabel) || given.has(Option::kLabelAdd) ||
           given.has(Option::kLabelDel) || output.labels || output.save || output.json;
  }
};

/// Reads the words of one command, the program's name first. Warnings are appended to `warnings`,
/// each with its newline.
std::optional<Problem> parse_arguments(std::span<const std::string_view> words,
                                       Arguments& arguments, std::string& warnings);

/// One option's effect on `arguments`: the step that parse_arguments repeats.
std::optional<Problem> apply_option(const Word& word, Arguments& arguments, std::string& warnings);

/// Turns label names into bits; without a map (null) no name is known.
std::optional<Problem> resolve_labels(const LabelMap* map, Arguments& arguments);

/// Checks that hold for a command as a whole: combinations, the option table, pairs.
std::optional<Problem> check_arguments(const Arguments& arguments);

}  // namespace ctwin::cli
