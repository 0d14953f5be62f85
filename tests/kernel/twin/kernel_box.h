// The running kernel as a Box: a namespace with two TUN devices, tl and tr, that routes whatever
// comes in on one out of the other, and a listener that was there before the first packet.
//
// A write to a TUN device runs the packet through the kernel before it returns, or, when the
// kernel defers its work, a little later. So a packet that shows no output is followed by a marker,
// which conntrack neither tracks nor counts (a multicast listener report, forwarded like any
// packet); when that comes out, everything before it is done. The thread is bound to one CPU, on
// which the kernel handles one packet after the other.
//
// With a setup the namespace is the router that the setup describes. No marker is sent, which rules
// would count: the devices have no queue, so that nothing can wait in one. What reaches the box
// itself ends behind INPUT, as in the engine: the last hook there drops it, behind conntrack's.
#pragma once

#include <memory>

#include "box.h"
#include "jiffies.h"
#include "kernel/namespace.h"
#include "nflog.h"

namespace ctwin::test {

class KernelBox final : public Box {
 public:
  /// An error says why it cannot be: no permission, no TUN, no iptables.
  static Result<std::unique_ptr<KernelBox>> create(const Sysctls& sysctls,
                                                   const SetupLines& setup = {});

  /// Also sets time and tick_crossed of the record.
  Status inject(Record& record) override;
  Status change(const std::string& line) override;
  Result<std::unique_ptr<Backend>> connect() override;
  Status finish(Recording& recording) override;

 private:
  KernelBox(NetworkNamespace space, bool routes) : space_(std::move(space)), routes_(routes) {}

  Status open_devices();
  Status open_listener();
  Status set_sysctls(const Sysctls& sysctls);
  Status run_text(const std::string& text);
  Status read_rules(std::string& rules);
  int device(Side side) const { return devices_[side == Side::kLeft ? 0 : 1].get(); }
  Status write_packet(Side side, PacketView packet);
  /// By a raw socket, which the kernel opens to the box itself.
  Status send_packet(PacketView packet);
  /// Reads what waits at both devices; true when the marker was among it.
  Result<bool> read_outputs(Record& record);
  Status await_marker(Record& record);

  NetworkNamespace space_;
  bool routes_;
  UniqueFd devices_[2];
  std::unique_ptr<Backend> listener_;
  std::unique_ptr<Backend> client_;
  std::unique_ptr<Nflog> log_;  ///< where something may be logged
  Jiffies jiffies_;
};

}  // namespace ctwin::test
