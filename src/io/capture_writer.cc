// A block is (draft-ietf-opsawg-pcapng):
//
//   block   := type:u32 length:u32 body options? length:u32      length counts all of it
//   option  := code:u16 size:u16 value padding                   the last one has code and size 0
//   section := 0x0a0d0d0a { magic:u32 major:u16 minor:u16 length:i64 }
//   device  := 1 { linktype:u16 0:u16 snaplen:u32 if_name if_tsresol }
//   packet  := 6 { device:u32 time:u64 (upper half first) captured:u32 original:u32 bytes }
//
// libpcap reads files with several devices of LINKTYPE_RAW no further than to the second device, so
// packets get an Ethernet header: its addresses are zero. They carry no direction, since what left
// one box may be what comes in to the next.
#include "io/capture_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ctwin::io {

namespace {

constexpr size_t kBufferSize = 256 * 1024;
constexpr uint32_t kSectionBlock = 0x0a0d0d0a, kInterfaceBlock = 1, kPacketBlock = 6;

}  // namespace

Result<std::unique_ptr<CaptureWriter>> CaptureWriter::open(const std::string& path) {
  if (path == "-") {
    UniqueFd fd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
    if (fd.get() < 0) return Error{errno, std::string("standard output: ") + std::strerror(errno)};
    return open(std::move(fd), "standard output");
  }
  constexpr mode_t kMode = 0666;
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (fd.get() < 0) return Error{errno, path + ": cannot write: " + std::strerror(errno)};
  return open(std::move(fd), path);
}

std::unique_ptr<CaptureWriter> CaptureWriter::open(UniqueFd fd, const std::string& name) {
  return std::unique_ptr<CaptureWriter>(new CaptureWriter(std::move(fd), name));
}

CaptureWriter::CaptureWriter(UniqueFd fd, std::string name)
    : fd_(std::move(fd)), name_(std::move(name)) {
  constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
  buffer_.reserve(kBufferSize + kBufferSize / 2);
  begin_block(kSectionBlock);
  u32(kByteOrderMagic);
  u16(1);
  u16(0);
  u64(UINT64_MAX);  // the section's length is not told
  end_block();
}

CaptureWriter::~CaptureWriter() { flush(); }

void CaptureWriter::u16(uint16_t value) {
  buffer_.push_back(static_cast<uint8_t>(value));
  buffer_.push_back(static_cast<uint8_t>(value >> 8));
}

void CaptureWriter::u32(uint32_t value) {
  u16(static_cast<uint16_t>(value));
  u16(static_cast<uint16_t>(value >> 16));
}

void CaptureWriter::u64(uint64_t value) {
  u32(static_cast<uint32_t>(value));
  u32(static_cast<uint32_t>(value >> 32));
}

void CaptureWriter::raw(std::span<const uint8_t> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void CaptureWriter::pad() {
  while ((buffer_.size() - block_) % 4 != 0) buffer_.push_back(0);
}

void CaptureWriter::option(uint16_t code, std::span<const uint8_t> value) {
  u16(code);
  u16(static_cast<uint16_t>(value.size()));
  raw(value);
  pad();
}

void CaptureWriter::begin_block(uint32_t type) {
  block_ = buffer_.size();
  u32(type);
  u32(0);
}

void CaptureWriter::end_block() {
  const auto length = static_cast<uint32_t>(buffer_.size() - block_ + sizeof(uint32_t));
  u32(length);
  for (size_t i = 0; i < sizeof length; ++i)
    buffer_[block_ + sizeof(uint32_t) + i] = static_cast<uint8_t>(length >> (8 * i));
  if (buffer_.size() >= kBufferSize) flush();
}

uint32_t CaptureWriter::add_interface(std::string_view name) {
  constexpr uint16_t kLinkTypeEthernet = 1, kName = 2, kResolution = 9;
  constexpr uint8_t kNanoseconds[] = {9};
  begin_block(kInterfaceBlock);
  u16(kLinkTypeEthernet);
  u16(0);
  u32(0);  // no limit of what is captured
  option(kName, {reinterpret_cast<const uint8_t*>(name.data()), name.size()});
  option(kResolution, kNanoseconds);
  option(0, {});
  end_block();
  return interfaces_++;
}

void CaptureWriter::write(uint32_t interface, uint64_t time_ns, std::span<const uint8_t> bytes,
                          uint32_t wire_length) {
  constexpr uint8_t kHeaderV4[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00};
  constexpr uint8_t kHeaderV6[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd};
  const bool v6 = !bytes.empty() && bytes[0] >> 4 == 6;
  begin_block(kPacketBlock);
  u32(interface);
  u32(static_cast<uint32_t>(time_ns >> 32));
  u32(static_cast<uint32_t>(time_ns));
  u32(static_cast<uint32_t>(sizeof kHeaderV4 + bytes.size()));
  u32(static_cast<uint32_t>(sizeof kHeaderV4) + wire_length);
  raw(v6 ? kHeaderV6 : kHeaderV4);
  raw(bytes);
  pad();
  end_block();
}

void CaptureWriter::flush() {
  std::span<const uint8_t> rest = buffer_;
  while (!rest.empty() && failure_.ok()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written >= 0)
      rest = rest.subspan(static_cast<size_t>(written));
    else if (errno != EINTR)
      failure_ = Error{errno, name_ + ": cannot write: " + std::strerror(errno)};
  }
  buffer_.clear();
}

Status CaptureWriter::finish() {
  flush();
  return failure_;
}

}  // namespace ctwin::io
