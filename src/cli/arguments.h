// The command line as data: which command, which options, and what their values came to.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/filter_expr.h"
#include "cli/group_keys.h"
#include "cli/labels.h"
#include "cli/option_table.h"
#include "cli/values.h"
#include "cli/who_had.h"
#include "cli/words.h"
#include "ctwin/filter.h"

namespace ctwin::cli {

class OptionSet {
 public:
  bool has(Option option) const { return bits_[static_cast<size_t>(option)]; }
  void add(Option option) { bits_.set(static_cast<size_t>(option)); }
  void remove(Option option) { bits_.reset(static_cast<size_t>(option)); }
  bool any() const { return bits_.any(); }
  bool only(Option option) const { return has(option) && bits_.count() == 1; }

  /// The options that both have, or that only this one has.
  OptionSet operator&(OptionSet other) const { return OptionSet(bits_ & other.bits_); }
  OptionSet operator-(OptionSet other) const { return OptionSet(bits_ & ~other.bits_); }

  OptionSet() = default;

 private:
  using Bits = std::bitset<static_cast<size_t>(Option::kCommand) + 1>;
  explicit OptionSet(const Bits& bits) : bits_(bits) {}

  Bits bits_;
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

/// Which table: a word of --backend or of CTWIN_BACKEND.
struct BackendChoice {
  enum class Kind : uint8_t { kKernel, kEngine, kSocket };
  Kind kind = Kind::kKernel;
  std::string_view path;  ///< of the engine's state file, or of the socket; empty: none

  /// An engine that is kept in a file.
  bool is_kept() const { return kind == Kind::kEngine && !path.empty(); }
};
/// Nothing when it is none of kernel, engine, engine:FILE, unix:PATH.
std::optional<BackendChoice> parse_backend(std::string_view text);

/// ctwin's own options: which table, and what is fed to it.
struct OwnOptions {
  std::string_view last_name;  ///< of the option that came last; empty: none came
  std::optional<std::string_view> netns;
  std::optional<BackendChoice> backend;
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
  std::optional<uint64_t> seed;
  uint32_t wait = 60;  ///< seconds
  std::optional<std::string_view> serve;
  std::optional<uint32_t> socket_mode;
  std::optional<std::string_view> socket_group;
  std::vector<std::string_view> tuns;
  std::vector<std::string_view> live_captures;
  std::optional<std::string_view> capture_filter;

  /// True when the engine works until it is told to stop.
  bool is_live() const { return serve || !tuns.empty() || !live_captures.empty(); }
  /// True when an option makes sense only with an engine.
  bool imply_engine() const { return have_work() || needs_setup(); }
  /// True when an option makes sense only with a setup.
  bool needs_setup() const { return log || iptables_save || !captures_out.empty(); }
  /// True when something is to be done even without a command.
  bool have_work() const {
    return !captures.empty() || !setups.empty() || !sysctls.empty() || trace || run_out ||
           checksums || is_live();
  }
};

/// Options of ctwin's own that select, sum up and explain.
struct Questions {
  std::optional<std::string_view> filter;  ///< the text of Arguments::filter
  bool dry_run = false;
  GroupColumns group_by;  ///< empty: no groups
  std::optional<uint32_t> top;
  uint32_t watch = 0;  ///< ms; 0: not
  bool snapshot = false;
  bool no_resync = false;
  std::optional<uint64_t> limit;  ///< events
  uint32_t duration = 0;          ///< ms; 0: no end
  bool explain = false;
  bool nat_usage = false;
  std::optional<WhoHad> who_had;
  std::optional<uint64_t> at;  ///< ns since the epoch
  std::optional<std::string_view> event_log;

  /// True for a question that needs no command beside it: it is put to a list.
  bool stand_alone() const { return nat_usage || who_had; }
  bool verbose = false;
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
  Questions questions;
  std::optional<FilterExpr> filter;

  /// True when an option uses label names, or asks for them in the output.
  bool needs_label_map() const {
    return given.has(Option::kLabel) || given.has(Option::kLabelAdd) ||
           given.has(Option::kLabelDel) || output.labels || output.save || output.json ||
           questions.filter;
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

/// Reads the expression of --filter; `map` as for the labels of other options.
std::optional<Problem> resolve_filter(const LabelMap* map, Arguments& arguments);

/// Checks that hold for a command as a whole: combinations, the option table, pairs.
std::optional<Problem> check_arguments(const Arguments& arguments);

/// Checks what stands in front of -R.
std::optional<Problem> check_load(const Arguments& arguments);

}  // namespace ctwin::cli
