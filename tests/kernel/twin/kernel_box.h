// The running kernel as a Box: a namespace with two TUN devices, tl and tr, that routes whatever
// comes in on one out of the other, and a listener that was there before the first packet.
//
// A write to a TUN device runs the packet through the kernel before it returns, or, when the
// kernel defers its work, a little later. So a packet that shows no output is followed by a marker,
// which conntrack neither tracks nor counts (a multicast listener report, forwarded like any
// packet); when that comes out, everything before it is done. The thread is bound to one CPU, on
// which the kernel handles one packet after the other.
#pragma once

#include "box.h"
#include "jiffies.h"
#include "kernel/namespace.h"

namespace ctwin::test {

class KernelBox final : public Box {
 public:
  /// An error says why it cannot be: no permission, no TUN, no iptables.
  static Result<std::unique_ptr<KernelBox>> create(const Sysctls& sysctls);

  /// Also sets time and tick_crossed of the record.
  Status inject(Record& record) override;
  Status finish(Recording& recording) override;

 private:
  explicit KernelBox(NetworkNamespace space) : space_(std::move(space)) {}

  Status open_devices();
  Status open_listener();
  Status open_log();
  Status read_logs(Record& record);
  Status set_sysctls(const Sysctls& sysctls);
  Status configure();
  int device(Side side) const { return devices_[side == Side::kLeft ? 0 : 1].get(); }
  Status write_packet(Side side, PacketView packet);
  /// Reads what waits at both devices; true when the marker was among it.
  Result<bool> read_outputs(Record& record);
  Status await_marker(Record& record);

  NetworkNamespace space_;
  OwnedFd devices_[2];
  std::unique_ptr<Backend> listener_;
  std::unique_ptr<Backend> client_;
  std::unique_ptr<Backend> log_;  ///< NFLOG group 0, where nf_conntrack_log_invalid is set
  Jiffies jiffies_;
};

}  // namespace ctwin::test
