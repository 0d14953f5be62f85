// An expectation as it crosses the seam: a flow that a helper has announced (CTA_EXPECT_*).
#pragma once

#include <cstdint>

#include "ctwin/flow.h"

namespace ctwin {

enum ExpectFlag : uint32_t {
  kExpectPermanent = 1u << 0,
  kExpectInactive = 1u << 1,
  kExpectUserspace = 1u << 2,
};

struct Expectation {
  Tuple expected;
  Tuple mask;            ///< addresses and ports are bit masks here
  Tuple master;          ///< original tuple of the flow that announced it
  uint32_t timeout = 0;  ///< seconds left
  uint32_t id = 0;
  uint32_t flags = 0;  ///< ExpectFlag mask
  uint32_t class_ = 0;
  uint16_t zone = 0;
  bool has_master = false;
  bool has_timeout = false;
  bool has_id = false;
  bool has_flags = false;
  bool has_class = false;
  bool has_zone = false;
  bool has_nat = false;
  Tuple nat;             ///< what the expected flow is translated to
  uint32_t nat_dir = 0;  ///< 0 original, 1 reply
  InlineString<31> helper;
  InlineString<63> function;  ///< name of the expectfn, e.g. nat-follow-master
};

}  // namespace ctwin
