// The names of connlabel bits: /etc/xtables/connlabel.conf, read by libnetfilter_conntrack.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctwin/flow.h"
#include "ctwin/result.h"

namespace ctwin::cli {

class LabelMap {
 public:
  /// Reads the file at `path`, or the system's when it is empty. Fails with the errno of opening
  /// it, and with an errno of 0 turned into EINVAL when it holds no valid line.
  static Result<LabelMap> load(const std::string& path);

  /// The bit that `name` stands for.
  std::optional<unsigned> bit(std::string_view name) const;

  /// The name of a bit below Labels::kBits; empty when it has none.
  std::string_view name(unsigned bit) const { return names_[bit]; }

 private:
  std::vector<std::string> names_;  // Labels::kBits of them
};

}  // namespace ctwin::cli
