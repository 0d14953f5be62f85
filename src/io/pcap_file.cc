// The classic format:
//
//   file   = magic:u32 major:u16 minor:u16 zone:u32 figures:u32 snaplen:u32 network:u32 record*
//   record = seconds:u32 fraction:u32 captured:u32 length:u32 byte{captured}
//
// Everything is in the byte order of the magic number, which also says what the fraction counts:
// microseconds (a1b2c3d4) or nanoseconds (a1b23c4d). The lower half of `network` is the link type;
// the upper half tells of a frame check sequence, which the IP length leaves out anyway.

#include <fmt/format.h>

#include <cerrno>

#include "io/byte_order.h"
#include "io/frame_reader.h"

namespace ctwin::io {

namespace {

constexpr uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr uint32_t kNanoseconds = 0xa1b23c4d;
constexpr size_t kFileHeader = 24;
constexpr size_t kRecordHeader = 16;

class PcapFile final : public FrameReader {
 public:
  PcapFile(ByteStream stream, std::string name, ByteOrder order, uint32_t unit, LinkType link_type)
      : FrameReader(std::move(stream), std::move(name)),
        order_(order),
        unit_(unit),
        link_type_(link_type) {
    find_interface("if0", interface_);
    stream_.consume(kFileHeader);
  }

 private:
  bool next_frame(Frame& frame, bool may_read) override {
    if (!need(kRecordHeader, may_read, "record's head")) return false;
    const uint8_t* record = stream_.data();
    const uint32_t captured = order_.u32(record + 8);
    if (captured > kMaxFrame)
      return fail(stream_.offset(), fmt::format("a packet of {} bytes cannot be", captured));
    if (!need(kRecordHeader + captured, may_read, "record")) return false;
    record = stream_.data();
    frame.bytes = {record + kRecordHeader, captured};
    frame.wire_length = order_.u32(record + 12);
    frame.time =
        order_.u32(record) * uint64_t{1'000'000'000} + order_.u32(record + 4) * uint64_t{unit_};
    frame.interface = interface_;
    frame.link_type = link_type_;
    frame.one_interface = link_type_ != LinkType::kLinuxCooked2;
    stream_.consume(kRecordHeader + captured);
    return true;
  }

  ByteOrder order_;
  uint32_t unit_;  ///< ns that the fraction counts
  LinkType link_type_;
  uint32_t interface_ = 0;
};

}  // namespace

Result<std::unique_ptr<CaptureReader>> open_pcap(ByteStream stream, const std::string& name) {
  const auto refuse = [&](const std::string& why) { return Error{EINVAL, name + ": " + why}; };
  if (!stream.have(kFileHeader))
    return refuse(fmt::format("offset 0: the file ends inside of its head, after {} bytes",
                              stream.available()));
  const uint8_t* head = stream.data();
  const uint32_t native = ByteOrder().u32(head);
  const ByteOrder order(native != kMicroseconds && native != kNanoseconds);
  const uint16_t major = order.u16(head + 4);
  const uint16_t minor = order.u16(head + 6);
  if (major != 2 || minor != 4)
    return refuse(fmt::format("offset 4: pcap version {}.{} is not known, only 2.4", major, minor));
  const auto link_type = static_cast<uint16_t>(order.u32(head + 20));
  if (!is_supported(link_type))
    return refuse(fmt::format("offset 20: link type {} is not supported; ctwin reads {}", link_type,
                              supported_link_types()));
  const uint32_t unit = order.u32(head) == kMicroseconds ? 1000 : 1;
  return std::unique_ptr<CaptureReader>(std::make_unique<PcapFile>(
      std::move(stream), name, order, unit, static_cast<LinkType>(link_type)));
}

}  // namespace ctwin::io
