// Packets into a pcapng file: one section, little endian, an interface for each device, times in
// nanoseconds, packets behind an Ethernet header.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/posix.h"
#include "ctwin/result.h"

namespace ctwin::io {

class CaptureWriter {
 public:
  /// Makes the file, or empties the one that is there; "-" is standard output. What is written
  /// stands in the file when `finish` has said so, or when the buffer was full.
  static Result<std::unique_ptr<CaptureWriter>> open(const std::string& path);
  /// Writes to what is open already; messages call it `name`.
  static std::unique_ptr<CaptureWriter> open(UniqueFd fd, const std::string& name);
  /// Writes what is left, without a word where that fails.
  ~CaptureWriter();
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;

  /// Declares a device; its number is for `write`.
  uint32_t add_interface(std::string_view name);
  /// One packet, leaving by an interface. `bytes` may be less than the `wire_length` that it had.
  /// Where the file cannot be written nothing happens; `finish` tells.
  void write(uint32_t interface, uint64_t time_ns, std::span<const uint8_t> bytes,
             uint32_t wire_length);
  /// Writes what is left. The first thing that went wrong, named with the file.
  Status finish();

 private:
  CaptureWriter(UniqueFd fd, std::string name);
  void u16(uint16_t value);
  void u32(uint32_t value);
  void u64(uint64_t value);
  void raw(std::span<const uint8_t> bytes);
  void pad();
  void option(uint16_t code, std::span<const uint8_t> value);
  void begin_block(uint32_t type);
  void end_block();
  void flush();

  UniqueFd fd_;
  std::string name_;
  std::vector<uint8_t> buffer_;
  size_t block_ = 0;  ///< where in the buffer the block began
  uint32_t interfaces_ = 0;
  Status failure_;
};

}  // namespace ctwin::io
