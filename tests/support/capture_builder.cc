#include "support/capture_builder.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace ctwin::test {

namespace {

constexpr uint32_t kOriginal = 0;

uint32_t length_on_wire(uint32_t wire_length, const Bytes& frame) {
  return wire_length == kOriginal ? static_cast<uint32_t>(frame.size()) : wire_length;
}

void write_all(int fd, const Bytes& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t step = write(fd, bytes.data() + done, bytes.size() - done);
    if (step <= 0) std::abort();
    done += static_cast<size_t>(step);
  }
}

}  // namespace

FileBytes& FileBytes::number(uint64_t value, int size) {
  for (int i = 0; i < size; ++i)
    bytes_.push_back(static_cast<uint8_t>(value >> 8 * (big_ ? size - 1 - i : i)));
  return *this;
}

FileBytes& FileBytes::u16(uint16_t value) { return number(value, 2); }
FileBytes& FileBytes::u32(uint32_t value) { return number(value, 4); }
FileBytes& FileBytes::u64(uint64_t value) { return number(value, 8); }

FileBytes& FileBytes::raw(const Bytes& bytes) {
  std::copy(bytes.begin(), bytes.end(), std::back_inserter(bytes_));
  return *this;
}

FileBytes& FileBytes::pad32() {
  bytes_.resize((bytes_.size() + 3) / 4 * 4);
  return *this;
}

PcapBuilder::PcapBuilder(uint32_t link_type, bool big, bool nanoseconds) : file_(big) {
  file_.u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(262144);
  file_.u32(link_type);
}

PcapBuilder& PcapBuilder::packet(uint32_t seconds, uint32_t fraction, const Bytes& frame,
                                 uint32_t wire_length) {
  file_.u32(seconds).u32(fraction).u32(static_cast<uint32_t>(frame.size()));
  file_.u32(length_on_wire(wire_length, frame)).raw(frame);
  return *this;
}

PcapngBuilder& PcapngBuilder::section(bool big) {
  big_ = big;
  FileBytes body(big_);
  body.u32(0x1a2b3c4d).u16(1).u16(0).u64(UINT64_MAX);
  return block(0x0a0d0d0a, body.bytes());
}

PcapngBuilder& PcapngBuilder::interface(uint16_t link_type, const std::vector<Option>& options,
                                        uint32_t snap_length) {
  FileBytes body(big_);
  body.u16(link_type).u16(0).u32(snap_length);
  add_options(body, options);
  return block(1, body.bytes());
}

PcapngBuilder& PcapngBuilder::packet(const Packet& packet) {
  FileBytes body(big_);
  body.u32(packet.interface);
  body.u32(static_cast<uint32_t>(packet.time >> 32)).u32(static_cast<uint32_t>(packet.time));
  body.u32(static_cast<uint32_t>(packet.frame.size()));
  body.u32(length_on_wire(packet.wire_length, packet.frame)).raw(packet.frame).pad32();
  add_options(body, packet.options);
  return block(6, body.bytes());
}

PcapngBuilder& PcapngBuilder::old_packet(const Packet& packet) {
  FileBytes body(big_);
  body.u16(static_cast<uint16_t>(packet.interface)).u16(7);
  body.u32(static_cast<uint32_t>(packet.time >> 32)).u32(static_cast<uint32_t>(packet.time));
  body.u32(static_cast<uint32_t>(packet.frame.size()));
  body.u32(length_on_wire(packet.wire_length, packet.frame)).raw(packet.frame).pad32();
  add_options(body, packet.options);
  return block(2, body.bytes());
}

PcapngBuilder& PcapngBuilder::simple_packet(const Bytes& frame, uint32_t wire_length) {
  FileBytes body(big_);
  body.u32(length_on_wire(wire_length, frame)).raw(frame).pad32();
  return block(3, body.bytes());
}

PcapngBuilder& PcapngBuilder::block(uint32_t type, const Bytes& body) {
  FileBytes block(big_);
  const auto total = static_cast<uint32_t>(body.size() + 12);
  block.u32(type).u32(total).raw(body).u32(total);
  std::copy(block.bytes().begin(), block.bytes().end(), std::back_inserter(bytes_));
  return *this;
}

void PcapngBuilder::add_options(FileBytes& body, const std::vector<Option>& options) const {
  if (options.empty()) return;
  for (const Option& option : options)
    body.u16(option.code).u16(static_cast<uint16_t>(option.value.size())).raw(option.value).pad32();
  body.u16(0).u16(0);
}

PcapngBuilder::Option PcapngBuilder::text(uint16_t code, std::string_view value) {
  return {code, Bytes(value.begin(), value.end())};
}

PcapngBuilder::Option PcapngBuilder::number32(uint16_t code, uint32_t value) const {
  return {code, FileBytes(big_).u32(value).bytes()};
}

PcapngBuilder::Option PcapngBuilder::number64(uint16_t code, uint64_t value) const {
  return {code, FileBytes(big_).u64(value).bytes()};
}

Bytes ethernet_frame(const Bytes& ip, const std::vector<uint32_t>& tags) {
  FileBytes frame(true);
  frame.raw(Bytes(12, 2));
  for (const uint32_t tag : tags) frame.u32(tag);
  const bool v6 = !ip.empty() && ip[0] >> 4 == 6;
  return frame.u16(v6 ? 0x86dd : 0x0800).raw(ip).bytes();
}

UniqueFd file_of(const Bytes& bytes) {
  UniqueFd fd(memfd_create("capture", MFD_CLOEXEC));
  write_all(fd.get(), bytes);
  if (lseek(fd.get(), 0, SEEK_SET) != 0) std::abort();
  return fd;
}

UniqueFd pipe_of(const Bytes& bytes) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const UniqueFd in(ends[1]);
  UniqueFd out(ends[0]);
  write_all(in.get(), bytes);
  return out;
}

}  // namespace ctwin::test
