// What the readers of both file formats have in common: frames become packets here.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/byte_stream.h"
#include "io/capture_reader.h"
#include "io/link_layer.h"

namespace ctwin::io {

/// More than any writer puts into one record: libpcap stops at 256 KiB.
constexpr uint32_t kMaxFrame = uint32_t{1} << 20;
/// Interfaces of one file. Each costs memory, and a hostile file could name one a packet.
constexpr size_t kMaxInterfaces = 4096;

class FrameReader : public CaptureReader {
 public:
  size_t read(std::span<CapturedPacket> packets) final;
  const std::vector<std::string>& interfaces() const final { return names_; }
  const std::optional<Error>& damage() const final { return damage_; }
  const CaptureCounts& counts() const final { return counts_; }
  void do_not_wait() final { stream_.do_not_wait(); }
  int waits_for() const final { return stream_.waits() ? stream_.fd() : -1; }

 protected:
  struct Frame {
    std::span<const uint8_t> bytes;
    uint32_t wire_length = 0;
    uint64_t time = 0;
    uint32_t interface = 0;
    LinkType link_type = LinkType::kEthernet;
    bool readable = true;       ///< the link type is supported
    bool one_interface = true;  ///< false: the link layer knows better where it came from
    bool checksum_not_ready = false;
    PacketDirection direction = PacketDirection::kUnknown;
  };

  FrameReader(ByteStream stream, std::string name);

  /// The next frame; false at the end, at damage, and when the stream's window holds no whole frame
  /// while `may_read` is false: reading more would move the bytes of frames before it.
  virtual bool next_frame(Frame& frame, bool may_read) = 0;

  /// Can `size` bytes be looked at? Where they cannot although reading was allowed, the stream has
  /// ended, in the middle of a `what` unless it ended between two.
  bool need(size_t size, bool may_read, const char* what);
  /// Ends the packets. Always false, for the caller to return.
  bool fail(uint64_t offset, const std::string& what);
  /// The index of an interface by its name, made when it is new; false when there are too many.
  bool find_interface(const std::string& name, uint32_t& index);

  ByteStream stream_;

 private:
  bool deliver(const Frame& frame, CapturedPacket& packet);
  uint32_t interface_of_system(uint32_t number, uint32_t otherwise);

  std::string name_;
  std::vector<std::string> names_;
  std::vector<std::pair<uint32_t, uint32_t>> by_number_;  ///< the system's number, our index
  std::optional<Error> damage_;
  CaptureCounts counts_;
};

Result<std::unique_ptr<CaptureReader>> open_pcap(ByteStream stream, const std::string& name);
Result<std::unique_ptr<CaptureReader>> open_pcapng(ByteStream stream, const std::string& name);

}  // namespace ctwin::io
