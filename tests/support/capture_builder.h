// Captures made in memory, in either byte order, for tests of the readers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/posix.h"

namespace ctwin::test {

using Bytes = std::vector<uint8_t>;

/// Bytes of a file that is written in one byte order.
class FileBytes {
 public:
  /// Little endian, or big.
  explicit FileBytes(bool big = false) : big_(big) {}

  FileBytes& u16(uint16_t value);
  FileBytes& u32(uint32_t value);
  FileBytes& u64(uint64_t value);
  FileBytes& raw(const Bytes& bytes);
  FileBytes& pad32();
  bool big() const { return big_; }
  const Bytes& bytes() const { return bytes_; }

 private:
  FileBytes& number(uint64_t value, int size);

  bool big_;
  Bytes bytes_;
};

/// Writes a classic capture.
class PcapBuilder {
 public:
  explicit PcapBuilder(uint32_t link_type = 1, bool big = false, bool nanoseconds = false);
  PcapBuilder& packet(uint32_t seconds, uint32_t fraction, const Bytes& frame,
                      uint32_t wire_length = 0);
  const Bytes& bytes() const { return file_.bytes(); }

 private:
  FileBytes file_;
};

/// Writes a pcapng capture. It begins with a section's head.
class PcapngBuilder {
 public:
  struct Option {
    uint16_t code;
    Bytes value;
  };
  struct Packet {
    uint32_t interface = 0;
    uint64_t time = 0;
    Bytes frame{};
    uint32_t wire_length = 0;  ///< 0: that of `frame`
    std::vector<Option> options{};
  };

  explicit PcapngBuilder(bool big = false) { section(big); }
  PcapngBuilder& section(bool big);
  PcapngBuilder& interface(uint16_t link_type, const std::vector<Option>& options = {},
                           uint32_t snap_length = 0);
  PcapngBuilder& packet(const Packet& packet);
  PcapngBuilder& old_packet(const Packet& packet);
  PcapngBuilder& simple_packet(const Bytes& frame, uint32_t wire_length = 0);
  PcapngBuilder& block(uint32_t type, const Bytes& body);
  const Bytes& bytes() const { return bytes_; }

  /// A text, and a number in the byte order of the file.
  static Option text(uint16_t code, std::string_view value);
  Option number32(uint16_t code, uint32_t value) const;
  Option number64(uint16_t code, uint64_t value) const;

 private:
  void add_options(FileBytes& body, const std::vector<Option>& options) const;

  bool big_ = false;
  Bytes bytes_;
};

/// An Ethernet frame around `ip`, whose version tells the ethertype. `tags` are whole: type and id.
Bytes ethernet_frame(const Bytes& ip, const std::vector<uint32_t>& tags = {});

/// A file without a name that holds `bytes`, to be read from its beginning.
UniqueFd file_of(const Bytes& bytes);
/// The end of a pipe out of which `bytes` come. They must fit into the pipe.
UniqueFd pipe_of(const Bytes& bytes);

}  // namespace ctwin::test
