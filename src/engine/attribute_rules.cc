#include "engine/attribute_rules.h"

#include <algorithm>
#include <cerrno>

namespace ctwin::engine {

using netlink::Attr;

namespace {

int check_text(uint32_t bound, std::span<const std::byte> payload) {
  const size_t size = payload.size();
  const size_t searched = bound == 0 ? size : std::min<size_t>(size, bound + 1);
  const auto end = payload.begin() + static_cast<ptrdiff_t>(searched);
  if (std::find(payload.begin(), end, std::byte{0}) == end) return EINVAL;
  const bool closed = payload.back() == std::byte{0};
  return bound != 0 && size - closed > bound ? ERANGE : 0;
}

int check(const AttrRule& rule, const Attr& attr) {
  const size_t size = attr.payload.size();
  switch (rule.kind) {
    case AttrRule::Kind::kAny: return 0;
    case AttrRule::Kind::kAtLeast: return size < rule.bound ? ERANGE : 0;
    case AttrRule::Kind::kByteUpTo:
      return size < 1 || static_cast<uint8_t>(attr.payload[0]) > rule.bound ? ERANGE : 0;
    case AttrRule::Kind::kNested: return size != 0 && size < sizeof(nlattr) ? ERANGE : 0;
    case AttrRule::Kind::kText: return check_text(rule.bound, attr.payload);
    case AttrRule::Kind::kBinary: return size > rule.bound ? ERANGE : 0;
    case AttrRule::Kind::kRejected: return EINVAL;
  }
  return 0;
}

}  // namespace

int read_attrs(std::span<const std::byte> bytes, std::span<const AttrRule> rules,
               std::span<Attr> slots) {
  netlink::AttrReader reader(bytes);
  for (Attr attr; reader.next(attr);) {
    if (attr.type == 0 || attr.type >= rules.size()) continue;
    if (const int code = check(rules[attr.type], attr); code != 0) return code;
    slots[attr.type] = attr;
  }
  return 0;
}

}  // namespace ctwin::engine
