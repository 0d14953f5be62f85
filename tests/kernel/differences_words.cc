// Differences in reading the words: getopt's corners, values that are no numbers, new options.
#include <algorithm>
#include <cstring>

#include "differences.h"

namespace ctwin::test {

namespace {

/// An option that conntrack does not know, put where it is to stop reading.
constexpr const char* kStop = "--no-such-option";

/// conntrack reads the first `count` options and then stops; what it has to say about these comes
/// first, otherwise `text`.
void refuse_at(Plan& plan, size_t count, std::string text, bool try_line = true) {
  plan.line.cut(count, {kStop});
  plan.rewritten = true;
  plan.settled = true;
  plan.edit([text = std::move(text), try_line](Run& run) {
    const std::string stopped = std::string("PFX: unknown option `") + kStop + "'";
    const auto at = std::find(run.seen.errors.begin(), run.seen.errors.end(), stopped);
    if (at == run.seen.errors.end()) return;
    *at = "PFX: " + text;
    if (!try_line) run.seen.errors.pop_back();
  });
}

// ---- clusters ----

bool is_old_command(const Option& option) {
  return option.is_command && std::strchr("LGDIAUEF", option.letter) != nullptr;
}

/// Letters behind a command's letter in the same word.
bool command_in_cluster(const CommandLine& line) {
  const auto& options = line.options();
  for (size_t i = 0; i < options.size(); ++i) {
    if (!is_old_command(options[i])) continue;
    if (i + 1 < options.size() && options[i + 1].clustered) return true;
    if (i + 1 != options.size() || !line.broken()) continue;
    const std::string& word = line.rest().front();
    if (!word.starts_with("--") && word.find(options[i].letter) != std::string::npos) return true;
  }
  return false;
}

bool cluster(Plan& plan) {
  if (!command_in_cluster(plan.line)) return false;
  plan.rewritten = true;
  if (!plan.line.broken()) return true;
  const std::string word = plan.line.rest().front();
  if (plan.line.lacks_argument()) {
    refuse_at(plan, plan.line.options().size(), "option `" + word + "' requires an argument");
    return true;
  }
  // A bad letter at the end is blamed on its word, one in the middle on the word in front.
  const bool at_end = plan.line.broken_at_end();
  refuse_at(plan, plan.line.options().size(),
            "unknown option `" + (at_end ? word : std::string("conntrack")) + "'");
  return true;
}

bool id_without_argument(Plan& plan) {
  if (!plan.line.lacks_argument() || plan.line.rest().front() != "--id") return false;
  refuse_at(plan, plan.line.options().size(), "option `--id' requires an argument");
  return true;
}

/// conntrack 1.4.7 has no argument for the long name.
bool long_id(Plan& plan) {
  if (!plan.line.has("id") || plan.conntrack().seen.signal == 0) return false;
  return plan.rewritten = true;
}

bool attached_argument(Plan& plan) {
  for (const Option& option : plan.line.options()) {
    const bool optional = option.is_command || option.name == "src-nat" ||
                          option.name == "dst-nat" || option.name == "any-nat" ||
                          option.name == "label-del";
    if (option.attached && optional) return plan.rewritten = true;
  }
  return false;
}

// ---- values ----

struct NumberRule {
  std::string_view name;
  int base;
  uint64_t max;
  bool by_letter = false;  ///< "unexpected value 'X' with -w option"
};

constexpr uint64_t kPort = 0xffff;
constexpr uint64_t kWord = 0xffffffff;

constexpr NumberRule kNumbers[] = {
    {"zone", 0, kPort, true},      {"orig-zone", 0, kPort, true}, {"reply-zone", 0, kPort, true},
    {"id", 0, kWord, true},        {"secmark", 0, kWord, true},   {"timeout", 10, kWord},
    {"buffer-size", 10, kWord},    {"sport", 10, kPort},          {"dport", 10, kPort},
    {"reply-port-src", 10, kPort}, {"reply-port-dst", 10, kPort}, {"mask-port-src", 10, kPort},
    {"mask-port-dst", 10, kPort},  {"tuple-port-src", 10, kPort}, {"tuple-port-dst", 10, kPort},
    {"orig-vtag", 10, kWord},      {"reply-vtag", 10, kWord},     {"srckey", 0, kPort},
    {"dstkey", 0, kPort},          {"reply-key-src", 0, kPort},   {"reply-key-dst", 0, kPort},
    {"mask-key-src", 0, kPort},    {"mask-key-dst", 0, kPort},    {"tuple-key-src", 0, kPort},
    {"tuple-key-dst", 0, kPort},   {"icmp-type", 10, 0xff},       {"icmp-code", 10, 0xff},
    {"icmp-id", 10, kPort},        {"icmpv6-type", 10, 0xff},     {"icmpv6-code", 10, 0xff},
    {"icmpv6-id", 10, kPort},
};

bool is_mark(std::string_view text) {
  const size_t slash = text.find('/');
  if (!number(text.substr(0, slash), 0, kWord)) return false;
  return slash == std::string_view::npos || number(text.substr(slash + 1), 0, kWord).has_value();
}

std::string unexpected(const Option& option) {
  return "unexpected value '" + *option.value + "' with -" + option.letter + " option";
}

/// The message about a value that is no number; nothing if it is one.
std::optional<std::string> bad_number(const Option& option) {
  if (option.name == "mark" && !is_mark(*option.value)) return unexpected(option);
  for (const NumberRule& rule : kNumbers) {
    if (rule.name != option.name || number(*option.value, rule.base, rule.max)) continue;
    if (rule.by_letter) return unexpected(option);
    return "invalid value '" + *option.value + "' for --" + option.name + ": expected …";
  }
  return {};
}

/// A prefix length that is not digits; too large ones are refused by conntrack as well.
bool bad_prefix(const Option& option) {
  constexpr std::string_view kAddresses[] = {"src", "dst", "tuple-src", "tuple-dst"};
  if (std::find(std::begin(kAddresses), std::end(kAddresses), option.name) == std::end(kAddresses))
    return false;
  const size_t slash = option.value->find('/');
  if (slash == std::string::npos) return false;
  // What is no address is refused as that.
  const std::string address = option.value->substr(0, slash);
  if (address.find_first_not_of("0123456789abcdef.:") != std::string::npos) return false;
  return !number(option.value->substr(slash + 1), 10, 128);
}

bool unknown_sctp_state(const Option& option, std::string_view protocol) {
  constexpr std::string_view kStates[] = {
      "NONE",          "CLOSED",        "COOKIE_WAIT",       "COOKIE_ECHOED",  "ESTABLISHED",
      "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT", "HEARTBEAT_ACKED"};
  if (option.name != "state" || (protocol != "sctp" && protocol != "132")) return false;
  return std::find(std::begin(kStates), std::end(kStates), *option.value) == std::end(kStates);
}

enum class Refusal { kNone, kNumber, kPrefix, kState, kFormats };

/// The first value that ctwin refuses and conntrack does not.
struct FirstRefusal {
  Refusal kind = Refusal::kNone;
  size_t index = 0;
  std::string text;
};

FirstRefusal first_refusal(const Plan& plan) {
  const auto& options = plan.line.options();
  std::string_view protocol;
  CommandLine before = plan.line;
  for (size_t i = 0; i < options.size(); ++i) {
    before = plan.line;
    before.cut(i + 1, {});
    if (plan.as_json() && options[i].name == "output" && wants_format(before, "xml") &&
        wants_format(before, "id") && !wants_format(before, "save"))
      return {Refusal::kFormats, i, "cannot combine xml with json output"};
    if (!options[i].value || options[i].value->find('{') != std::string::npos) continue;
    if (options[i].name == "protonum") protocol = *options[i].value;
    if (auto text = bad_number(options[i])) return {Refusal::kNumber, i, std::move(*text)};
    if (bad_prefix(options[i])) return {Refusal::kPrefix, i, "Invalid netmask"};
    if (unknown_sctp_state(options[i], protocol))
      return {Refusal::kState, i, "unknown SCTP state `" + *options[i].value + "'"};
  }
  return {};
}

bool refuse_first(Plan& plan, Refusal kind) {
  const FirstRefusal first = first_refusal(plan);
  if (first.kind != kind) return false;
  refuse_at(plan, first.index, first.text);
  return true;
}

bool garbage_number(Plan& plan) { return refuse_first(plan, Refusal::kNumber); }
bool garbage_prefix(Plan& plan) { return refuse_first(plan, Refusal::kPrefix); }
bool sctp_state(Plan& plan) { return refuse_first(plan, Refusal::kState); }
bool json_and_xml(Plan& plan) { return refuse_first(plan, Refusal::kFormats); }

/// conntrack 1.4.7 looks labels up at once, 1.4.9 when all words are read.
bool unknown_label(Plan& plan) {
  if (plan.line.command().empty()) return false;
  const Observation& seen = plan.conntrack().seen;
  const auto about_label = [](const std::string& error) {
    return error.starts_with("PFX: unknown label '");
  };
  const auto problem = std::find_if(seen.errors.begin(), seen.errors.end(), about_label);
  if (problem == seen.errors.end()) return false;
  for (const char* name : {"label", "label-add"})
    if (plan.line.has(name)) plan.line.set(name, "web");
  if (plan.line.has("label-del") && plan.line.find("label-del")->value)
    plan.line.set("label-del", "web");
  refuse_at(plan, plan.line.options().size(), problem->substr(5));
  return true;
}

// ---- new options and words ----

bool label_map_twice(Plan& plan) {
  const auto& options = plan.line.options();
  bool seen = false;
  for (size_t i = 0; i < options.size(); ++i) {
    if (options[i].name != "labelmap") continue;
    if (seen) {
      refuse_at(plan, i, "option `--labelmap' can only be specified once");
      plan.line.remove("labelmap");
      return true;
    }
    seen = true;
  }
  return false;
}

bool label_map(Plan& plan) {
  if (!plan.line.has("labelmap")) return false;
  const std::string path(plan.line.value("labelmap"));
  plan.line.remove("labelmap");
  plan.rewritten = plan.forgiven = true;
  plan.like.label_file = path != "{dir}/none";
  if (path == "{dir}/other-labels") plan.like.labels = kOtherLabels;
  const bool legal =
      plan.line.one_of({"dump", "update", "delete", "event"}) && plan.line.table() != "expect";
  if (legal) return true;
  plan.settled = true;
  plan.edit([&plan](Run& run) {
    // It is the last of the generic options to be checked, and comes before pairs and protocols.
    const bool earlier = run.seen.exit_code == 2 && !run.seen.errors.empty() &&
                         !run.seen.errors.front().starts_with("PFX: you have to specify");
    if (!earlier) expect_refusal(plan, "Illegal option `--labelmap' with this command", run);
  });
  return true;
}

bool bad_label_map_argument(Plan& plan) {
  if (!plan.line.lacks_argument()) return false;
  const std::string& word = plan.line.rest().front();
  if (word != "-M" && word != "--labelmap") return false;
  refuse_at(plan, plan.line.options().size(), "option `" + word + "' requires an argument");
  return true;
}

constexpr Difference kDifferences[] = {
    {"clusters", "section 6: letters behind a command's letter are options, not dropped", cluster},
    {"attached", "section 7 item 2: an argument in the same word counts", attached_argument},
    {"--id alone", "section 6: --id without a number is refused, not a crash", id_without_argument},
    {"--id", "section 6: --id takes its number and does not crash", long_id},
    {"-M alone", "section 6: --labelmap is known", bad_label_map_argument},
    {"numbers", "item 5 of the issue: what is no number is refused, with option and word",
     garbage_number},
    {"prefix lengths", "section 7 item 5: 1.1.1.1/ is refused, not taken for /0", garbage_prefix},
    {"SCTP states", "section 7 item 19: an unknown one is refused, not a crash", sctp_state},
    {"json and xml", "item 4 of the issue: two formats at once are refused", json_and_xml},
    {"unknown labels", "section 0: looked up when all words are read", unknown_label},
    {"--labelmap twice", "section 6: --labelmap can be given once", label_map_twice},
    {"--labelmap", "section 6: --labelmap names the label file", label_map},
};

}  // namespace

std::span<const Difference> differences_of_words() { return kDifferences; }

}  // namespace ctwin::test
