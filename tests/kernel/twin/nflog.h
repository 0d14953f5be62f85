// What the kernel logs of packets, read from NFLOG's group 0 instead of the kernel log, which only
// the first network namespace has.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ctwin/backend.h"
#include "kernel/namespace.h"
#include "record.h"

namespace ctwin::test {

class Nflog {
 public:
  /// Has the log of both families of the namespace go to group 0, and joins it. With `packets` the
  /// bytes and devices of what is logged come along.
  static Result<std::unique_ptr<Nflog>> open(const NetworkNamespace& space, bool packets);

  /// What waits: the prefix alone, or log_text of all.
  Status read(std::vector<std::string>& logs);

 private:
  Nflog(std::unique_ptr<Backend> socket, bool packets, std::vector<std::string> devices)
      : socket_(std::move(socket)), packets_(packets), devices_(std::move(devices)) {}

  std::unique_ptr<Backend> socket_;
  bool packets_;
  std::vector<std::string> devices_;  ///< names by index
};

/// One packet that was logged.
struct LoggedPacket {
  std::string prefix;
  std::string in, out;  ///< devices; empty for none
  uint32_t mark = 0;
  Packet bytes;
};

/// A line for both sides' logs to be compared by: prefix, devices, mark and bytes. Left out are the
/// IP id of ICMP errors, which the box draws, and the checksum of the TCP resets that it makes,
/// which the kernel fills in when they leave.
std::string log_text(const LoggedPacket& logged);

/// Stands behind an engine's line of which the kernel may have fewer bytes: NFLOG copies no more
/// than its rule says.
constexpr char kMayBeCut = '~';
bool same_log(const std::string& kernel, const std::string& engine);

}  // namespace ctwin::test
