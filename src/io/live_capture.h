// A network interface that is watched: copies of the packets that pass it, by libpcap. Nothing is
// sent, and the interface is not made to take packets that are not meant for it.
#pragma once

#include <memory>

#include "io/link_layer.h"
#include "io/live_device.h"

struct pcap;

namespace ctwin::io {

struct PcapLibrary;

class LiveCapture final : public LiveDevice {
 public:
  /// Watches the interface, or all of them ("any"). `filter` is an expression of pcap-filter(7)
  /// that packets must match; empty: all do.
  static Result<std::unique_ptr<LiveCapture>> open(const std::string& name,
                                                   const std::string& filter);

  const std::string& name() const override { return name_; }
  int fd() const override;
  Result<size_t> read(std::span<CapturedPacket> packets) override;
  /// Those whose packets came, where all are watched; else the one.
  const std::vector<std::string>& interfaces() const override { return names_; }
  bool has_times() const override { return true; }
  bool checksums_are_finished() const override { return false; }
  void write(const engine::Departure&) override {}
  std::string last_words() const override;

 private:
  struct Close {
    const PcapLibrary* library;
    void operator()(pcap* handle) const;
  };
  using Handle = std::unique_ptr<pcap, Close>;

  LiveCapture(const PcapLibrary& library, const std::string& name, Handle handle,
              LinkType link_type);
  Status set_filter(const std::string& filter);
  void keep(std::span<const uint8_t> frame, uint32_t wire_length, CapturedPacket& packet);
  uint32_t interface_of(uint32_t system_number);

  const PcapLibrary& library_;
  std::string name_;
  Handle handle_;
  LinkType link_type_;
  uint64_t unit_;  ///< ns that the fraction of a time counts
  std::vector<std::string> names_;
  std::vector<uint32_t> system_numbers_;  ///< of `names_`, where all interfaces are watched
  std::unique_ptr<uint8_t[]> buffer_;     ///< frames of one batch, one behind the other
  size_t used_ = 0;
};

}  // namespace ctwin::io
