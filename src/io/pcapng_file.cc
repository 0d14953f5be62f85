// pcapng (draft-ietf-opsawg-pcapng):
//
//   file      = section+          section = SHB block*
//   block     = type:u32 total:u32 body total:u32         total counts all of it, in fours
//   SHB       = 0a0d0d0a, body 1a2b3c4d:u32 major:u16 minor:u16 length:u64 options
//   IDB       = 1,        body linktype:u16 0:u16 snaplen:u32 options
//   SPB       = 3,        body length:u32 data            of the section's first interface
//   EPB       = 6,        body interface:u32 time:u64' captured:u32 length:u32 data options
//   PB        = 2,        body interface:u16 drops:u16 time:u64' captured:u32 length:u32 data
//   options options   = (code:u16 size:u16 value{size} padding)*  ended by code 0 or by the block
//
// u64' has its upper half first, whatever the byte order. A section's byte order is that in which
// its first number reads 1a2b3c4d; its interfaces are its own, counted from 0. Interfaces of
// different sections that have one name are one interface. Blocks of other types are passed over
// without being kept, however long.

#include <fmt/format.h>

#include <cerrno>
#include <limits>
#include <memory>

#include "io/byte_order.h"
#include "io/frame_reader.h"

namespace ctwin::io {

namespace {

enum BlockType : uint32_t {
  kInterfaceBlock = 1,
  kOldPacketBlock = 2,
  kSimplePacketBlock = 3,
  kPacketBlock = 6,
  kSectionBlock = 0x0a0d0d0a,
};

constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint32_t kBlockHead = 8;
constexpr uint32_t kBlockTail = 4;
constexpr uint32_t kEmptyBlock = kBlockHead + kBlockTail;
/// Of blocks that are kept while they are read: a frame and all the options anyone writes.
constexpr uint32_t kMaxBlock = 4 * kMaxFrame;

/// Why a block cannot be read; null when it can.
using Complaint = const char*;

/// From an interface's clock to ns since the epoch (if_tsresol, if_tsoffset).
class TimeScale {
 public:
  /// The upper bit chooses between powers of ten and of two.
  void set_resolution(uint8_t value) {
    multiplier_ = divisor_ = 1;
    shift_ = 0;
    constexpr uint32_t kNanoDigits = 9;
    const uint32_t power = value & 0x7f;
    if (value & 0x80) {
      multiplier_ = kNanoseconds;
      shift_ = power;
    } else if (power <= kNanoDigits) {
      multiplier_ = power_of_ten(kNanoDigits - power);
    } else {
      divisor_ = power_of_ten(power - kNanoDigits);
    }
  }
  void set_offset(int64_t seconds) { offset_ = Wide{seconds} * kNanoseconds; }

  uint64_t to_ns(uint64_t time) const {
    constexpr Wide kLatest = std::numeric_limits<int64_t>::max();
    Wide ns = Wide{time} * multiplier_;
    if (divisor_ != 1) ns /= divisor_;
    // Before a shift this large even the largest product was below a nanosecond.
    if (shift_ != 0) ns = shift_ < 96 ? ns >> shift_ : 0;
    ns += offset_;
    return static_cast<uint64_t>(ns < 0 ? 0 : ns > kLatest ? kLatest : ns);
  }

 private:
  __extension__ using Wide = __int128;
  static constexpr int64_t kNanoseconds = 1'000'000'000;

  /// As large as it may be: what is divided by 10^19 has nothing left.
  static uint64_t power_of_ten(uint32_t power) {
    uint64_t result = 1;
    for (uint32_t i = 0; i < power && i < 19; ++i) result *= 10;
    return result;
  }

  uint64_t multiplier_ = 1000;
  uint64_t divisor_ = 1;
  uint32_t shift_ = 0;
  Wide offset_ = 0;
};

struct Interface {
  LinkType link_type = LinkType::kEthernet;
  bool readable = false;
  bool is_one = true;  ///< false: its packets tell which one they came from
  uint16_t link_number = 0;
  uint32_t snap_length = 0;
  uint32_t index = 0;
  TimeScale scale;
};

/// Goes through the options of a block.
class OptionReader {
 public:
  OptionReader(std::span<const uint8_t> bytes, ByteOrder order) : rest_(bytes), order_(order) {}

  /// The next option; false at the end, or when one does not fit (`broken`).
  bool next() {
    constexpr size_t kHead = 4;
    if (rest_.empty()) return false;
    if (rest_.size() < kHead) return give_up();
    code = order_.u16(rest_.data());
    const size_t size = order_.u16(rest_.data() + 2);
    const size_t padded = kHead + ((size + 3) & ~size_t{3});
    if (code == 0) return false;
    if (rest_.size() < padded) return give_up();
    value = rest_.subspan(kHead, size);
    rest_ = rest_.subspan(padded);
    return true;
  }

  uint16_t code = 0;
  std::span<const uint8_t> value;
  bool broken = false;

 private:
  bool give_up() {
    broken = true;
    return false;
  }

  std::span<const uint8_t> rest_;
  ByteOrder order_;
};

constexpr Complaint kBrokenOption = "an option does not fit into its block";
constexpr Complaint kShortBlock = "the block is too short for its type";

/// A name that can be printed.
std::string clean_name(std::span<const uint8_t> bytes) {
  std::string name;
  for (const uint8_t byte : bytes) {
    if (byte == 0) break;
    name += byte < 0x20 || byte == 0x7f ? '?' : static_cast<char>(byte);
  }
  return name;
}

class PcapngFile final : public FrameReader {
 public:
  PcapngFile(ByteStream stream, std::string name)
      : FrameReader(std::move(stream), std::move(name)) {}

  /// Reads the first section's head, which makes it a capture. False with `damage`.
  bool begin() {
    uint32_t total = 0;
    if (!read_head(true, total)) return false;
    return need_block(total, true) && take(read_section({stream_.data(), total}), total);
  }

 private:
  bool next_frame(Frame& frame, bool may_read) override;
  bool read_head(bool may_read, uint32_t& total);
  bool need_block(uint32_t total, bool may_read);
  bool skip_block(uint32_t total, bool may_read);
  bool take(Complaint complaint, uint32_t total);

  Complaint read_section(std::span<const uint8_t> block);
  Complaint read_interface(std::span<const uint8_t> block);
  Complaint read_packet(std::span<const uint8_t> block, Frame& frame);
  Complaint read_old_packet(std::span<const uint8_t> block, Frame& frame);
  Complaint read_simple_packet(std::span<const uint8_t> block, Frame& frame);
  Complaint read_packet_body(std::span<const uint8_t> block, uint32_t interface, Frame& frame);
  Complaint describe(uint32_t interface, Frame& frame);
  bool refuse_link_type(const Frame& frame);

  ByteOrder order_;
  std::vector<Interface> section_;
  bool any_readable_ = false;
  uint32_t current_ = 0;  ///< interface of the last packet, in the section
  uint64_t last_time_ = 0;
};

/// The head of the next block, which stays in the stream: its length, and for a section its order.
bool PcapngFile::read_head(bool may_read, uint32_t& total) {
  if (!need(kEmptyBlock, may_read, "block's head")) return false;
  const uint8_t* block = stream_.data();
  if (order_.u32(block) == kSectionBlock) {
    const uint32_t magic = ByteOrder().u32(block + kBlockHead);
    if (magic != kByteOrderMagic && magic != __builtin_bswap32(kByteOrderMagic))
      return fail(stream_.offset(), fmt::format("a section with byte-order magic {:08x}", magic));
    order_ = ByteOrder(magic != kByteOrderMagic);
  }
  total = order_.u32(block + 4);
  if (total < kEmptyBlock || total % 4 != 0)
    return fail(stream_.offset(), fmt::format("a block of {} bytes cannot be", total));
  return true;
}

/// The whole block, for those that are looked into.
bool PcapngFile::need_block(uint32_t total, bool may_read) {
  if (total > kMaxBlock)
    return fail(stream_.offset(), fmt::format("a block of {} bytes cannot be", total));
  if (!need(total, may_read, "block")) return false;
  const uint32_t again = order_.u32(stream_.data() + total - kBlockTail);
  if (again == total) return true;
  return fail(stream_.offset(), fmt::format("a block of {} bytes ends as one of {}", total, again));
}

bool PcapngFile::skip_block(uint32_t total, bool may_read) {
  if (stream_.available() < total && !may_read) return false;
  const uint64_t offset = stream_.offset();
  const bool whole = stream_.skip(total - kBlockTail) && stream_.await(kBlockTail);
  if (!whole)
    return fail(offset, fmt::format("the file ends inside of a block of {} bytes", total));
  const uint32_t again = order_.u32(stream_.data());
  if (again != total)
    return fail(offset, fmt::format("a block of {} bytes ends as one of {}", total, again));
  stream_.consume(kBlockTail);
  return true;
}

bool PcapngFile::take(Complaint complaint, uint32_t total) {
  if (complaint != nullptr) return fail(stream_.offset(), complaint);
  stream_.consume(total);
  return true;
}

bool PcapngFile::next_frame(Frame& frame, bool may_read) {
  for (;;) {
    uint32_t total;
    if (!read_head(may_read, total)) return false;
    const uint32_t type = order_.u32(stream_.data());
    switch (type) {
      case kSectionBlock:
      case kInterfaceBlock:
      case kPacketBlock:
      case kOldPacketBlock:
      case kSimplePacketBlock: break;
      default:
        if (!skip_block(total, may_read)) return false;
        continue;
    }
    if (!need_block(total, may_read)) return false;
    const std::span block(stream_.data(), total);
    Complaint complaint = nullptr;
    switch (type) {
      case kSectionBlock: complaint = read_section(block); break;
      case kInterfaceBlock: complaint = read_interface(block); break;
      case kPacketBlock: complaint = read_packet(block, frame); break;
      case kOldPacketBlock: complaint = read_old_packet(block, frame); break;
      default: complaint = read_simple_packet(block, frame); break;
    }
    const bool is_packet = type != kSectionBlock && type != kInterfaceBlock;
    if (is_packet && complaint == nullptr && refuse_link_type(frame)) return false;
    if (!take(complaint, total)) return false;
    if (is_packet) return true;
  }
}

/// A file with some interface that can be read may have others; one with none is of no use.
bool PcapngFile::refuse_link_type(const Frame& frame) {
  if (frame.readable || any_readable_) return false;
  fail(stream_.offset(), fmt::format("link type {} is not supported; ctwin reads {}",
                                     section_[current_].link_number, supported_link_types()));
  return true;
}

Complaint PcapngFile::read_section(std::span<const uint8_t> block) {
  constexpr size_t kSmallest = 28;
  if (block.size() < kSmallest) return kShortBlock;
  if (order_.u16(&block[12]) != 1) return "a section of a version that is not known";
  section_.clear();
  return nullptr;
}

Complaint PcapngFile::read_interface(std::span<const uint8_t> block) {
  constexpr size_t kOptions = 16;
  constexpr uint16_t kName = 2, kResolution = 9, kOffset = 14;
  if (block.size() < kOptions + kBlockTail) return kShortBlock;
  if (section_.size() == kMaxInterfaces) return "more interfaces than there can be";
  Interface& made = section_.emplace_back();
  made.link_number = order_.u16(&block[8]);
  made.link_type = static_cast<LinkType>(made.link_number);
  made.readable = is_supported(made.link_number);
  made.snap_length = order_.u32(&block[12]);
  any_readable_ = any_readable_ || made.readable;
  std::string name;
  OptionReader option(block.subspan(kOptions, block.size() - kOptions - kBlockTail), order_);
  while (option.next()) {
    if (option.code == kName) name = clean_name(option.value);
    if (option.code == kResolution && option.value.size() == 1)
      made.scale.set_resolution(option.value[0]);
    if (option.code == kOffset && option.value.size() == 8)
      made.scale.set_offset(static_cast<int64_t>(order_.u64(option.value.data())));
  }
  if (option.broken) return kBrokenOption;
  // A capture of all interfaces is called "any"; its packets may know better.
  made.is_one = made.link_type != LinkType::kLinuxCooked2 || !(name.empty() || name == "any");
  if (name.empty()) name = fmt::format("if{}", section_.size() - 1);
  return find_interface(name, made.index) ? nullptr : "more interfaces than there can be";
}

Complaint PcapngFile::read_packet(std::span<const uint8_t> block, Frame& frame) {
  constexpr size_t kSmallest = 32;
  if (block.size() < kSmallest) return kShortBlock;
  return read_packet_body(block, order_.u32(&block[8]), frame);
}

Complaint PcapngFile::read_old_packet(std::span<const uint8_t> block, Frame& frame) {
  constexpr size_t kSmallest = 32;
  if (block.size() < kSmallest) return kShortBlock;
  return read_packet_body(block, order_.u16(&block[8]), frame);
}

/// What the block says of where and when; a packet's own flags begin unset.
Complaint PcapngFile::describe(uint32_t interface, Frame& frame) {
  if (interface >= section_.size()) return "a packet of an interface that is not described";
  const Interface& from = section_[interface];
  current_ = interface;
  frame.interface = from.index;
  frame.link_type = from.link_type;
  frame.readable = from.readable;
  frame.one_interface = from.is_one;
  frame.direction = PacketDirection::kUnknown;
  frame.checksum_not_ready = false;
  return nullptr;
}

Complaint PcapngFile::read_packet_body(std::span<const uint8_t> block, uint32_t interface,
                                       Frame& frame) {
  constexpr size_t kData = 28;
  constexpr uint16_t kFlags = 2;  // epb_flags and pack_flags
  constexpr uint32_t kDirection = 0x3, kChecksumNotReady = 1 << 9;
  if (const Complaint complaint = describe(interface, frame)) return complaint;
  const uint64_t time = uint64_t{order_.u32(&block[12])} << 32 | order_.u32(&block[16]);
  last_time_ = frame.time = section_[interface].scale.to_ns(time);
  const uint32_t captured = order_.u32(&block[20]);
  frame.wire_length = order_.u32(&block[24]);
  const size_t room = block.size() - kData - kBlockTail;
  if (captured > kMaxFrame || captured > room) return "the packet does not fit into its block";
  frame.bytes = block.subspan(kData, captured);
  const size_t padded = (size_t{captured} + 3) & ~size_t{3};
  OptionReader option(block.subspan(kData + padded, room - padded), order_);
  while (option.next()) {
    if (option.code != kFlags || option.value.size() != 4) continue;
    const uint32_t flags = order_.u32(option.value.data());
    frame.checksum_not_ready = (flags & kChecksumNotReady) != 0;
    switch (flags & kDirection) {
      case 1: frame.direction = PacketDirection::kInbound; break;
      case 2: frame.direction = PacketDirection::kOutbound; break;
      default: break;
    }
  }
  return option.broken ? kBrokenOption : nullptr;
}

/// A packet without a time stamp comes when the one before it came.
Complaint PcapngFile::read_simple_packet(std::span<const uint8_t> block, Frame& frame) {
  constexpr size_t kData = 12;
  if (block.size() < kData + kBlockTail) return kShortBlock;
  if (const Complaint complaint = describe(0, frame)) return complaint;
  frame.time = last_time_;
  frame.wire_length = order_.u32(&block[8]);
  const uint32_t snap_length = section_[0].snap_length;
  uint32_t captured = frame.wire_length;
  if (snap_length != 0 && captured > snap_length) captured = snap_length;
  if (captured > kMaxFrame || captured > block.size() - kData - kBlockTail)
    return "the packet does not fit into its block";
  frame.bytes = block.subspan(kData, captured);
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> open_pcapng(ByteStream stream, const std::string& name) {
  auto file = std::make_unique<PcapngFile>(std::move(stream), name);
  if (!file->begin())
    return file->damage() ? *file->damage() : Error{EINVAL, name + ": it is empty"};
  return std::unique_ptr<CaptureReader>(std::move(file));
}

}  // namespace ctwin::io
