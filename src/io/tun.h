// A TUN device: the network stack of this namespace at the other end of a wire.
#pragma once

#include <memory>

#include "base/posix.h"
#include "io/live_device.h"

namespace ctwin::io {

class TunDevice final : public LiveDevice {
 public:
  /// Makes the device, or takes one that was made to stay (ip tuntap add) and that nobody has.
  /// Whether it is up is left to others.
  static Result<std::unique_ptr<TunDevice>> open(const std::string& name);
  /// Does it give TCP segments that are yet to be cut? It takes them in any case. Not at first.
  Status give_large(bool wanted);

  const std::string& name() const override { return names_.front(); }
  int fd() const override { return fd_.get(); }
  Result<size_t> read(std::span<CapturedPacket> packets) override;
  const std::vector<std::string>& interfaces() const override { return names_; }
  bool has_times() const override { return false; }
  bool checksums_are_finished() const override { return true; }
  void write(const engine::Departure& packet) override;
  std::string last_words() const override;

 private:
  struct PacketWords;
  TunDevice(UniqueFd fd, const std::string& name);
  Error cannot_read() const;
  static void take(const PacketWords& words, std::span<uint8_t> bytes, CapturedPacket& packet);

  UniqueFd fd_;
  std::vector<std::string> names_;
  uint64_t unsent_ = 0;
  int last_error_ = 0;                 ///< why a packet was not sent
  std::unique_ptr<uint8_t[]> buffer_;  ///< packets of one batch, one behind the other
};

}  // namespace ctwin::io
