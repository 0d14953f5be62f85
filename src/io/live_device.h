// A device whose packets come while the engine runs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ctwin/result.h"
#include "engine/box.h"
#include "io/capture_reader.h"

namespace ctwin::io {

class LiveDevice {
 public:
  virtual ~LiveDevice() = default;

  virtual const std::string& name() const = 0;
  /// Is readable when packets are there.
  virtual int fd() const = 0;

  /// The packets that are there now, at most `packets.size()` of them; nobody waits. Their bytes
  /// are valid until the next call. Fails when no more will ever come.
  virtual Result<size_t> read(std::span<CapturedPacket> packets) = 0;
  /// The interfaces that packets name, so far.
  virtual const std::vector<std::string>& interfaces() const = 0;
  /// Do packets have the time at which they passed, by the clock on the wall? They may be read up
  /// to `kLargestDelay` later.
  virtual bool has_times() const = 0;
  static constexpr uint64_t kLargestDelay = 20'000'000;  ///< ns
  /// Have their checksums been finished, but for those that say so? Captures may show them before.
  virtual bool checksums_are_finished() const = 0;

  /// Sends a packet. What the device does not take is lost.
  virtual void write(const engine::Departure& packet) = 0;
  /// What there is to be said in the end; empty for nothing.
  virtual std::string last_words() const = 0;
};

}  // namespace ctwin::io
