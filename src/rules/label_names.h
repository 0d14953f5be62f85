// The names of connlabel bits, as iptables has them from /etc/xtables/connlabel.conf.
//
//   line = number name     of letters, digits, '-' and blanks; any other line is passed over
//
// The first line of a bit and the first of a name hold.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ctwin::rules {

class LabelNames {
 public:
  static LabelNames read(std::string_view text);
  /// Those of the system, read once; none where there is no such file.
  static const LabelNames& system();

  std::optional<uint16_t> bit(std::string_view name) const;
  /// Empty when the bit has none.
  std::string_view name(uint16_t bit) const;

 private:
  std::map<std::string, uint16_t, std::less<>> bits_;
  std::map<uint16_t, std::string> names_;
};

}  // namespace ctwin::rules
