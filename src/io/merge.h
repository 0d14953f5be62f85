// Several captures as one, by time.
//
// Packets of one file keep their order, whatever their times; of two files the earlier packet comes
// first, and of two packets of one time that of the file named first. Interfaces of the same name
// are the same interface, in whichever file; a file may be given a name for all of its packets.
// Damage ends one file and not the others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/capture_reader.h"

namespace ctwin::io {

class CaptureMerger {
 public:
  /// `interface`: what to call the interface of all packets of this file.
  void add(std::unique_ptr<CaptureReader> reader, std::optional<std::string> interface = {});

  /// The next packets, at least one and at most `packets.size()`; 0 at the end. All their bytes are
  /// valid until the next call.
  size_t read(std::span<CapturedPacket> packets);
  /// As CaptureReader has it, for all captures added so far: the next packet is not known before
  /// each of them has shown one.
  void do_not_wait();
  int waits_for() const { return waits_for_; }

  const std::vector<std::string>& interfaces() const { return names_; }
  /// One for each damaged file, in the order in which they were met.
  const std::vector<Error>& damage() const { return damage_; }
  /// Sums; `file_size` is 0 when that of any file is not known.
  CaptureCounts counts() const;

 private:
  struct Source {
    std::unique_ptr<CaptureReader> reader;
    std::optional<uint32_t> forced;    ///< index of the name for all
    std::vector<uint32_t> interfaces;  ///< from the reader's indices to ours
    std::vector<CapturedPacket> packets;
    size_t next = 0;
    size_t count = 0;

    bool is_empty() const { return next == count; }
  };

  bool refill();
  size_t read_one_file(Source& source, std::span<CapturedPacket> packets);
  void translate(Source& source, std::span<CapturedPacket> packets);
  uint32_t interface_index(const std::string& name);
  bool is_later(size_t a, size_t b) const;

  std::vector<Source> sources_;
  std::vector<size_t> heap_;       ///< sources that have packets, the earliest in front
  std::vector<size_t> exhausted_;  ///< sources whose packets were all handed out, or not read yet
  std::vector<std::string> names_;
  std::vector<Error> damage_;
  int waits_for_ = -1;
};

}  // namespace ctwin::io
