#include "cli/labels.h"

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#include <algorithm>
#include <cerrno>

#include "base/posix.h"

namespace ctwin::cli {

namespace {

struct DestroyMap {
  void operator()(nfct_labelmap* map) const { nfct_labelmap_destroy(map); }
};

}  // namespace

Result<LabelMap> LabelMap::load(const std::string& path) {
  const std::string file = path.empty() ? nfct_labels_get_path() : path;
  if (const auto readable = read_file(file); !readable) return readable.error();
  const std::unique_ptr<nfct_labelmap, DestroyMap> map(nfct_labelmap_new(file.c_str()));
  if (!map) return Error{EINVAL, file + " holds no line of the form \"BIT NAME\""};
  LabelMap labels;
  labels.names_.reserve(Labels::kBits);
  for (unsigned bit = 0; bit < Labels::kBits; ++bit) {
    const char* name = nfct_labelmap_get_name(map.get(), bit);
    labels.names_.emplace_back(name ? name : "");
  }
  return labels;
}

std::optional<unsigned> LabelMap::bit(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (name.empty() || found == names_.end()) return {};
  return static_cast<unsigned>(found - names_.begin());
}

}  // namespace ctwin::cli
