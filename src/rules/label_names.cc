#include "rules/label_names.h"

#include <algorithm>

#include "base/posix.h"
#include "rules/values.h"

namespace ctwin::rules {

namespace {

constexpr const char* kFile = "/etc/xtables/connlabel.conf";
constexpr uint64_t kMostBits = 1024;  ///< that the file may number; packets have 128
constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ' ';
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

}  // namespace

LabelNames LabelNames::read(std::string_view text) {
  LabelNames labels;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    const auto number = leading_number(line);
    if (!number || number->value >= kMostBits) continue;
    const std::string_view name = trim(line.substr(number->used));
    const auto bit = static_cast<uint16_t>(number->value);
    if (!is_name(name) || labels.bit(name) || !labels.name(bit).empty()) continue;
    labels.bits_.emplace(name, bit);
    labels.names_.emplace(bit, name);
  }
  return labels;
}

const LabelNames& LabelNames::system() {
  static const LabelNames kLabels = [] {
    const auto text = read_file(kFile);
    return text ? read(*text) : LabelNames();
  }();
  return kLabels;
}

std::optional<uint16_t> LabelNames::bit(std::string_view name) const {
  const auto found = bits_.find(name);
  return found == bits_.end() ? std::nullopt : std::optional(found->second);
}

std::string_view LabelNames::name(uint16_t bit) const {
  const auto found = names_.find(bit);
  return found == names_.end() ? std::string_view() : found->second;
}

}  // namespace ctwin::rules
