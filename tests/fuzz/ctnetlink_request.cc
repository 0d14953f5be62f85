// Requests of any bytes go to the Responder, from two programs in turn, while time passes. What it
// answers is what a kernel could send, its table stays sound, and nothing waits for ever.
//
//   input := step*
//   step  := what:u8 size:u16 bytes{size}      little endian; the last one may be short
//
// The lower bits of `what` say who sends the bytes as one datagram: 0 and 1 the first program, 2
// the second, which also listens; with 3 nobody does, but `size` % 4000 seconds pass and the first
// takes a datagram. Bit 2 sets the length of the datagram's first message right, or else a
// mutation would rarely be more than that.
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "conntrack/tracker.h"
#include "ctnetlink/uapi.h"
#include "engine/responder.h"
#include "fuzz/fuzz.h"
#include "support/exact.h"

using namespace ctwin;
using conntrack::Conn;
using conntrack::ConnIndex;
using conntrack::Tracker;
using engine::Responder;

namespace {

using Bytes = std::vector<std::byte>;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 1'700'000'000 * kSecond;
constexpr uint32_t kEntries = 12;
constexpr size_t kLongestPass = 4000;
constexpr size_t kMostDatagrams = 100'000;  // far more than any input can ask for

conntrack::Settings small_table() {
  conntrack::Settings settings;
  settings.max_entries = kEntries;
  settings.acct = settings.timestamp = true;
  return settings;
}

class Programs {
 public:
  Programs() {
    tracker_.advance(kStart);
    responder_.join(second_, ctnetlink::kConntrackGroups);
  }

  void send(bool second, std::span<const std::byte> datagram) {
    responder_.request(second ? second_ : first_, datagram);
  }
  void pass(uint64_t seconds) { tracker_.advance(tracker_.now_ns() + seconds * kSecond); }

  /// Takes one datagram; false when none waits.
  bool take(bool second) {
    const auto datagram = responder_.receive(second ? second_ : first_, buffer_);
    if (!datagram) return false;
    netlink::MessageReader reader(*datagram);
    for (netlink::Message message; reader.next(message);) check_answer(message);
    if (reader.malformed()) fuzz::fail("a datagram is torn", std::to_string(datagram->size()), "");
    return true;
  }
  void take_all() {
    for (const bool second : {false, true})
      for (size_t taken = 0; take(second); ++taken)
        if (taken > kMostDatagrams) fuzz::fail("datagrams without end", "", "");
  }

  /// Every entry is found by both its tuples, and the counts agree.
  void check_table() const {
    const conntrack::ConnTable& table = tracker_.table();
    uint32_t entries = 0;
    for (ConnIndex index = 1; index < table.end(); ++index) {
      const Conn& ct = table[index];
      if (!ct.in_use) continue;
      ++entries;
      for (const auto dir : {conntrack::Direction::kOriginal, conntrack::Direction::kReply})
        if (table.find(ct.tuple[conntrack::index_of(dir)], dir).index != index)
          fuzz::fail("an entry is not found", std::to_string(index), "");
      if (ct.expiry <= tracker_.now()) fuzz::fail("an entry outlives its time", "", "");
    }
    if (entries != table.size() || entries > kEntries)
      fuzz::fail("entries are miscounted", std::to_string(entries), std::to_string(table.size()));
  }

 private:
  static void check_answer(const netlink::Message& message) {
    if (message.is_error() || message.is_done()) return;
    const bool flow =
        message.subsystem() == NFNL_SUBSYS_CTNETLINK &&
        (message.type() == IPCTNL_MSG_CT_NEW || message.type() == IPCTNL_MSG_CT_DELETE);
    if (flow && !fuzz::kernel_could_send_flow(message))
      fuzz::fail("no kernel sends this", std::to_string(message.header.nlmsg_len), "");
  }

  conntrack::Settings settings_ = small_table();
  Tracker tracker_{settings_, kEntries, 1};
  nat::Nat nat_{tracker_};
  Responder responder_{tracker_, nat_};
  Responder::PortId first_ = responder_.connect();
  Responder::PortId second_ = responder_.connect();
  Bytes buffer_ = Bytes(65536);
};

void set_length(Bytes& datagram) {
  if (datagram.size() < sizeof(nlmsghdr)) return;
  uint32_t length;
  std::memcpy(&length, datagram.data(), sizeof length);
  if (length <= datagram.size() && length >= sizeof(nlmsghdr)) return;
  length = static_cast<uint32_t>(datagram.size());
  std::memcpy(datagram.data(), &length, sizeof length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Programs programs;
  for (size_t at = 0; at + 3 <= size;) {
    const unsigned what = data[at];
    const size_t wanted = data[at + 1] | static_cast<size_t>(data[at + 2]) << 8;
    at += 3;
    if ((what & 3) == 3) {
      programs.pass(wanted % kLongestPass);
      programs.take(false);
    } else {
      const size_t have = std::min(wanted, size - at);
      const auto bytes = std::as_bytes(std::span(data + at, have));
      Bytes datagram(bytes.begin(), bytes.end());
      if (what & 4) set_length(datagram);
      programs.send((what & 3) == 2, test::Exact(datagram).view());
      at += have;
    }
    programs.check_table();
  }
  programs.take_all();
  return 0;
}
