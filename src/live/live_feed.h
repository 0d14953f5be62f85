// An engine that lives: packets come when they come, time goes on by itself, clients ask.
//
// Each step is one turn of the event loop: it waits until there is something to do – packets, a
// client, an entry that expires –, moves the engine's clock to the present, lets packets pass and
// answers clients, a limited number of each, so that all get their share. What the engine sends by
// a device of its own is written there; what it sends by others is counted.
//
// The clock goes on from the engine's time if it has one, else from the time on the wall. Captures
// may pass meanwhile; the clock then begins with their first packet and is moved on by
// those that are later; such as are earlier count as coming now.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctwin/feed.h"
#include "engine/engine.h"
#include "io/checksum_judge.h"
#include "io/feed.h"
#include "io/live_device.h"
#include "live/clock.h"
#include "live/loop.h"

namespace ctwin::live {

class LiveFeed final : public Feed {
 public:
  struct Options {
    io::Checksums checksums = io::Checksums::kAuto;
    /// Has a signal come that is to be dealt with? Is asked before each wait, while signals are
    /// held: those that come later end the wait.
    std::function<bool()> interrupted;
    /// Is called before each wait: what was printed so far may be shown.
    std::function<void()> before_wait;
    /// Is called behind each turn.
    std::function<void()> after_turn;
    /// What is to be said meanwhile, a line.
    std::function<void(std::string_view)> remark;
  };

  /// `loop` and `engine` outlive it.
  LiveFeed(Loop& loop, engine::Engine& engine, Options options)
      : loop_(loop),
        engine_(engine),
        options_(std::move(options)),
        checksums_(options_.checksums) {}

  Status add(std::unique_ptr<io::LiveDevice> device);
  /// Captures that pass meanwhile. They outlive the feed.
  void pass_captures(io::CaptureFeed* captures);
  /// Somebody is served on the loop: the feed does not end by itself, and calls `tend` behind every
  /// turn.
  void serve(std::function<void()> tend) { tend_ = std::move(tend); }
  /// Ends the feed when the reader of this pipe or terminal goes away.
  void end_with_reader_of(int fd);

  /// What the engine sends.
  void depart(const engine::Departure& departure);
  /// What there is to be said in the end of devices, and of packets for those that are not there.
  void say_last_words();

  // ---- Feed ----
  bool step() override;
  bool is_endless() const override { return true; }
  Progress progress() const override;
  Status status() const override;

 private:
  struct Device {
    std::unique_ptr<io::LiveDevice> device;
    std::vector<uint32_t> numbers;  ///< from its interfaces to the engine's devices
    bool gone = false;
  };

  Status wait();
  int milliseconds_to_wait() const;
  void tell_time();
  void step_captures();
  void read_device(Device& device);
  size_t pass_batch(Device& device);
  void lose(Device& device, const Error& error);
  bool lives() const;
  bool passing() const { return captures_ && !captures_ended_; }

  Loop& loop_;
  engine::Engine& engine_;
  Options options_;
  io::ChecksumJudge checksums_;
  std::optional<Clock> clock_;  ///< unset before the first packet of captures
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<io::LiveDevice*> by_number_;  ///< who sends for the engine's devices
  io::CaptureFeed* captures_ = nullptr;
  std::function<void()> tend_;
  Status failure_;
  /// How far the engine's clock stays behind, so that packets which are read late are in time.
  uint64_t lag_ = 0;
  uint64_t packets_ = 0;
  std::vector<uint64_t> lost_departures_;  ///< by device
  bool captures_ended_ = false;
  bool busy_ = true;  ///< the last turn left packets behind, perhaps
  bool reader_gone_ = false;
};

}  // namespace ctwin::live
