#include "scan.h"

#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <span>

namespace ctwin::test {

namespace {

enum class Takes {
  kNothing,
  kValue,
  kNextWord,     ///< the next word, unless it begins with - or !
  kTableWord,    ///< the same, as the table of a command
  kAttachedToo,  ///< a table word; a value in the same word is taken and dropped
};

struct Known {
  char letter;
  std::string_view name;
  std::string_view alias;
  Takes takes;
  std::string_view protocols = {};  ///< names of those that have this option, with blanks around
};

constexpr std::string_view kPorts = " tcp udp udplite sctp dccp ";
constexpr std::string_view kGre = " gre ";

constexpr Known kKnown[] = {
    {'L', "dump", {}, Takes::kTableWord},
    {'G', "get", {}, Takes::kTableWord},
    {'D', "delete", {}, Takes::kTableWord},
    {'I', "create", {}, Takes::kTableWord},
    {'A', "add", {}, Takes::kTableWord},
    {'U', "update", {}, Takes::kTableWord},
    {'E', "event", {}, Takes::kTableWord},
    {'F', "flush", {}, Takes::kTableWord},
    {'C', "counter", {}, Takes::kAttachedToo},
    {'S', "stats", {}, Takes::kTableWord},
    {'V', "version", {}, Takes::kTableWord},
    {'h', "help", {}, Takes::kTableWord},
    {'s', "src", "orig-src", Takes::kValue},
    {'d', "dst", "orig-dst", Takes::kValue},
    {'r', "reply-src", {}, Takes::kValue},
    {'q', "reply-dst", {}, Takes::kValue},
    {'p', "protonum", {}, Takes::kValue},
    {'f', "family", {}, Takes::kValue},
    {'t', "timeout", {}, Takes::kValue},
    {'u', "status", {}, Takes::kValue},
    {'m', "mark", {}, Takes::kValue},
    {'l', "label", {}, Takes::kValue},
    {'<', "label-add", {}, Takes::kValue},
    {'>', "label-del", {}, Takes::kNextWord},
    {'M', "labelmap", {}, Takes::kValue},
    {'c', "secmark", {}, Takes::kValue},
    {'i', "id", {}, Takes::kValue},
    {'w', "zone", {}, Takes::kValue},
    {'(', "orig-zone", {}, Takes::kValue},
    {')', "reply-zone", {}, Takes::kValue},
    {'n', "src-nat", {}, Takes::kNextWord},
    {'g', "dst-nat", {}, Takes::kNextWord},
    {'j', "any-nat", {}, Takes::kNextWord},
    {'z', "zero", {}, Takes::kNothing},
    {'e', "event-mask", {}, Takes::kValue},
    {'b', "buffer-size", {}, Takes::kValue},
    {'o', "output", {}, Takes::kValue},
    {'a', "nat-range", {}, Takes::kValue},
    {'[', "tuple-src", {}, Takes::kValue},
    {']', "tuple-dst", {}, Takes::kValue},
    {'{', "mask-src", {}, Takes::kValue},
    {'}', "mask-dst", {}, Takes::kValue},
    {0, "sport", "orig-port-src", Takes::kValue, kPorts},
    {0, "dport", "orig-port-dst", Takes::kValue, kPorts},
    {0, "reply-port-src", {}, Takes::kValue, kPorts},
    {0, "reply-port-dst", {}, Takes::kValue, kPorts},
    {0, "mask-port-src", {}, Takes::kValue, kPorts},
    {0, "mask-port-dst", {}, Takes::kValue, kPorts},
    {0, "tuple-port-src", {}, Takes::kValue, kPorts},
    {0, "tuple-port-dst", {}, Takes::kValue, kPorts},
    {0, "state", {}, Takes::kValue, " tcp sctp dccp "},
    {0, "orig-vtag", {}, Takes::kValue, " sctp "},
    {0, "reply-vtag", {}, Takes::kValue, " sctp "},
    {0, "role", {}, Takes::kValue, " dccp "},
    {0, "srckey", "orig-key-src", Takes::kValue, kGre},
    {0, "dstkey", "orig-key-dst", Takes::kValue, kGre},
    {0, "reply-key-src", {}, Takes::kValue, kGre},
    {0, "reply-key-dst", {}, Takes::kValue, kGre},
    {0, "mask-key-src", {}, Takes::kValue, kGre},
    {0, "mask-key-dst", {}, Takes::kValue, kGre},
    {0, "tuple-key-src", {}, Takes::kValue, kGre},
    {0, "tuple-key-dst", {}, Takes::kValue, kGre},
    {0, "icmp-type", {}, Takes::kValue, " icmp "},
    {0, "icmp-code", {}, Takes::kValue, " icmp "},
    {0, "icmp-id", {}, Takes::kValue, " icmp "},
    {0, "icmpv6-type", {}, Takes::kValue, " icmpv6 "},
    {0, "icmpv6-code", {}, Takes::kValue, " icmpv6 "},
    {0, "icmpv6-id", {}, Takes::kValue, " icmpv6 "},
};

/// The name by which the table above knows what stands behind -p.
std::string protocol_word(std::string_view value) {
  constexpr std::pair<int, const char*> kNumbers[] = {
      {6, "tcp"},   {17, "udp"}, {136, "udplite"}, {132, "sctp"},
      {33, "dccp"}, {47, "gre"}, {1, "icmp"},      {58, "icmpv6"}};
  std::string text(value);
  for (const auto& [number, name] : kNumbers)
    if (strcasecmp(text.c_str(), name) == 0 || (!text.empty() && text == std::to_string(number)))
      return name;
  return "none";
}

/// Goes through the words as getopt_long and conntrack do together.
class Scanner {
 public:
  explicit Scanner(const std::vector<std::string>& words) : words_(words) {}

  /// False at the end and where something is wrong.
  bool next(Option& option);
  bool wrong() const { return wrong_; }
  bool lacks_argument() const { return lacks_argument_; }
  bool at_end() const { return at_end_; }
  size_t first_unread() const { return start_; }

 private:
  bool is_known(const Known& row) const {
    return row.protocols.empty() ||
           row.protocols.find(" " + protocol_ + " ") != std::string_view::npos;
  }
  const Known* find_long(std::string_view name) const;
  const Known* find_letter(char letter) const;
  bool long_option(std::string_view text, Option& option);
  bool letter(Option& option);
  bool take(const Known& row, std::optional<std::string> attached, Option& option);
  bool fail() {
    wrong_ = true;
    return false;
  }

  const std::vector<std::string>& words_;
  size_t position_ = 0;
  size_t start_ = 0;  ///< the word that is being read
  std::string_view cluster_;
  std::string protocol_ = "none";
  bool wrong_ = false;
  bool lacks_argument_ = false;
  bool at_end_ = false;
};

const Known* Scanner::find_letter(char letter) const {
  for (const Known& row : kKnown)
    if (row.letter == letter && letter != 0) return &row;
  return nullptr;
}

const Known* Scanner::find_long(std::string_view name) const {
  const Known* found = nullptr;
  for (const Known& row : kKnown) {
    if (!is_known(row)) continue;
    if (row.name == name || (!row.alias.empty() && row.alias == name)) return &row;
  }
  for (const Known& row : kKnown) {
    if (!is_known(row) || (!row.name.starts_with(name) && !row.alias.starts_with(name))) continue;
    if (found) return nullptr;
    found = &row;
  }
  return found;
}

bool Scanner::take(const Known& row, std::optional<std::string> attached, Option& option) {
  option.name = row.name;
  option.letter = row.letter;
  option.is_command = row.takes == Takes::kTableWord || row.takes == Takes::kAttachedToo;
  option.of_protocol = !row.protocols.empty();
  option.attached = attached.has_value();
  option.value = std::move(attached);
  const bool more = position_ < words_.size();
  switch (row.takes) {
    case Takes::kNothing: break;
    case Takes::kValue:
      if (option.attached) break;
      if (!more) return lacks_argument_ = true, fail();
      option.value = words_[position_++];
      break;
    default:
      if (option.attached || !cluster_.empty() || !more) break;
      if (words_[position_].starts_with('-') || words_[position_].starts_with('!')) break;
      option.value = words_[position_++];
  }
  if (option.name == "protonum") protocol_ = protocol_word(*option.value);
  return true;
}

bool Scanner::long_option(std::string_view text, Option& option) {
  const size_t equals = text.find('=');
  const Known* row = find_long(text.substr(0, equals));
  if (!row) return fail();
  std::optional<std::string> attached;
  if (equals != std::string_view::npos) attached = text.substr(equals + 1);
  if (attached && row->takes == Takes::kNothing) return fail();
  return take(*row, std::move(attached), option);
}

bool Scanner::letter(Option& option) {
  const Known* row = find_letter(cluster_.front());
  if (!row) {
    at_end_ = cluster_.size() == 1;
    return fail();
  }
  cluster_.remove_prefix(1);
  const bool attaches = row->takes != Takes::kNothing && row->takes != Takes::kTableWord;
  std::optional<std::string> attached;
  if (attaches && !cluster_.empty() && row->letter != '>') {
    attached = std::string(cluster_);
    cluster_ = {};
  }
  return take(*row, std::move(attached), option);
}

bool Scanner::next(Option& option) {
  option = {};
  if (!cluster_.empty()) {
    option.clustered = true;
    return letter(option);
  }
  for (; position_ < words_.size(); ++position_) {
    const std::string_view word = words_[position_];
    if (word.size() < 2 || word.front() != '-') continue;
    start_ = position_++;
    if (word == "--") break;
    if (word.starts_with("--")) return long_option(word.substr(2), option);
    cluster_ = word.substr(1);
    return letter(option);
  }
  return false;
}

}  // namespace

CommandLine::CommandLine(const std::vector<std::string>& words) {
  Scanner scanner(words);
  for (Option option; scanner.next(option);) options_.push_back(option);
  broken_ = scanner.wrong();
  lacks_argument_ = scanner.lacks_argument();
  broken_at_end_ = scanner.at_end();
  if (broken_)
    rest_.assign(words.begin() + static_cast<ptrdiff_t>(scanner.first_unread()), words.end());
}

std::string_view CommandLine::command() const {
  for (const Option& option : options_)
    if (option.is_command) return option.name;
  return {};
}

bool CommandLine::one_of(std::initializer_list<std::string_view> names) const {
  return std::find(names.begin(), names.end(), command()) != names.end();
}

std::string_view CommandLine::table() const {
  for (const Option& option : options_) {
    if (!option.is_command) continue;
    if (!option.value) return "conntrack";
    for (const std::string_view name : {"expect", "conntrack", "dying", "unconfirmed"})
      if (name.starts_with(*option.value)) return name;
    return {};
  }
  return "conntrack";
}

bool CommandLine::has_any(std::initializer_list<std::string_view> names) const {
  return std::any_of(names.begin(), names.end(),
                     [this](std::string_view name) { return has(name); });
}

const Option* CommandLine::find(std::string_view name) const {
  const Option* found = nullptr;
  for (const Option& option : options_)
    if (option.name == name) found = &option;
  return found;
}

std::string_view CommandLine::value(std::string_view name) const {
  const Option* option = find(name);
  return option && option->value ? std::string_view(*option->value) : std::string_view{};
}

size_t CommandLine::count(std::string_view name) const {
  return static_cast<size_t>(
      std::count_if(options_.begin(), options_.end(),
                    [name](const Option& option) { return option.name == name; }));
}

void CommandLine::remove(std::string_view name) {
  std::erase_if(options_, [name](const Option& option) { return option.name == name; });
}

void CommandLine::rename(std::string_view name, std::string to, char letter) {
  for (Option& option : options_) {
    if (option.name != name) continue;
    option.name = to;
    option.letter = letter;
  }
}

void CommandLine::change(std::string_view name,
                         const std::function<std::string(const std::string&)>& make) {
  for (Option& option : options_)
    if (option.name == name && option.value) option.value = make(*option.value);
}

void CommandLine::set(std::string_view name, std::string value) {
  for (Option& option : options_)
    if (option.name == name) option.value = value;
}

void CommandLine::move_to_end(std::string_view name) {
  std::stable_partition(options_.begin(), options_.end(),
                        [name](const Option& option) { return option.name != name; });
}

void CommandLine::cut(size_t count, std::vector<std::string> rest) {
  options_.resize(count);
  rest_ = std::move(rest);
}

std::vector<std::string> CommandLine::words() const {
  std::vector<std::string> words;
  for (const Option& option : options_) {
    words.push_back(option.letter ? std::string("-") + option.letter : "--" + option.name);
    if (option.value) words.push_back(*option.value);
  }
  words.insert(words.end(), rest_.begin(), rest_.end());
  return words;
}

}  // namespace ctwin::test
