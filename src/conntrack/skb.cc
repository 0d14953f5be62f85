#include "conntrack/skb.h"

namespace ctwin::conntrack {

const char* name_of(Hook hook) {
  static constexpr const char* kNames[kHooks] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT",
                                                 "POSTROUTING"};
  return kNames[static_cast<size_t>(hook)];
}

}  // namespace ctwin::conntrack
