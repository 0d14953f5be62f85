// How the differential test talks to the tables that it fills and reads: netlink datagrams to the
// kernel, or to an engine.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "ctwin/result.h"
#include "namespace.h"

namespace ctwin::test {

class Wire {
 public:
  virtual ~Wire() = default;
  virtual Status send(std::string_view datagram) = 0;
  /// Waits for a datagram, and answers with its size.
  virtual Result<size_t> receive(std::span<char> buffer) = 0;
};

/// Opens a conversation with one table. It ends, and what it has changed is there for others, when
/// nobody holds it any more.
using WireSource = std::function<Result<std::shared_ptr<Wire>>()>;

/// The kernel's table of a namespace.
Result<WireSource> kernel_wires(const NetworkNamespace& where);

}  // namespace ctwin::test
