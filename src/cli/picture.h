// What a reader of the output knows of the table: the entries that it was told of, as they were
// then. When events were lost, the table and the picture are compared, and what differs is told.
//
// An entry is known by its original tuple, its zones and its id together, since ids alone are not
// unique and tuples are used again. Of its contents the picture keeps what can change: status
// bits, mark, state and labels; an event that leaves one of them out says nothing about it, but a
// mark that is left out is 0. About 90 bytes an IPv4 entry.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "base/keyed_hash.h"
#include "ctwin/flow.h"

namespace ctwin::cli {

class Picture {
 public:
  Picture();

  /// How a flow that is now the case compares with what was known.
  enum class News : uint8_t { kNone, kNew, kChanged };
  /// Takes it into the picture.
  News learn(const Flow& flow);
  /// Takes it out; false when it was not in.
  bool forget(const Flow& flow);

  size_t size() const { return v4_.size() + v6_.size(); }

  /// A listing of the whole table begins: from here on `learn` and `note` mark what is in it.
  void begin_listing() { ++listing_; }
  /// An entry that is in the table, if not one that the reader is to be told of.
  void note(const Flow& flow);
  /// The listing is complete: hands out what is not in it, as far as it is known, and forgets it.
  void end_listing(const std::function<void(const Flow&)>& gone);

 private:
  struct State {
    uint32_t status = 0;
    uint32_t mark = 0;
    uint32_t labels = 0;  ///< a digest, 0 for none
    uint8_t protocol_state = 0;
    friend bool operator==(const State&, const State&) = default;
  };
  /// `kSize`: bytes of an address.
  template <size_t kSize>
  struct Known {
    std::array<std::array<uint8_t, kSize>, 4> addresses;  ///< src and dst, original and reply
    std::array<uint16_t, 4> ports;                        ///< or ICMP's id, and type and code
    State state;
    uint32_t id = 0;
    uint16_t zone = 0;
    uint8_t zone_of = 0;  ///< 0: none, 1: both directions, 2: original, 3: reply
    uint8_t proto = 0;
    uint8_t listing = 0;
  };
  template <size_t kSize>
  using Map = std::unordered_map<uint64_t, Known<kSize>>;

  uint64_t key_of(const Flow& flow) const;
  static State updated(State state, const Flow& flow);
  template <size_t kSize>
  News learn_in(Map<kSize>& map, const Flow& flow);
  template <size_t kSize>
  void sweep(Map<kSize>& map, const std::function<void(const Flow&)>& gone);

  KeyedHash hash_;
  Map<4> v4_;
  Map<16> v6_;
  uint8_t listing_ = 0;
};

}  // namespace ctwin::cli
