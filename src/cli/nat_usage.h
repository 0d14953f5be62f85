// --nat-usage: how full the addresses are that sources are translated to.
//
// A port can serve many flows at once, as long as they go to different destinations: what runs out
// is the ports towards one destination. So two things are told of each address and protocol: how
// many of its ports are in use at all, and which destinations have most flows.
//
// Memory: 128 bytes for each 1024 ports of an address and protocol of which one is in use, and 150
// for each destination. Of destinations kMaxDestinations are kept; the flows to others are counted
// with their address only.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ctwin/flow.h"

namespace ctwin::cli {

/// Which of 65536 numbers are in use.
class PortSet {
 public:
  void insert(uint16_t port);
  /// How many numbers from `first` to `last` are in the set.
  size_t count(uint32_t first, uint32_t last) const;

 private:
  using Chunk = std::array<uint64_t, 16>;  // 1024 bits
  std::array<std::unique_ptr<Chunk>, 64> chunks_;
};

class NatUsage {
 public:
  static constexpr size_t kMaxDestinations = size_t{1} << 18;

  explicit NatUsage(size_t max_destinations = kMaxDestinations)
      : max_destinations_(max_destinations) {}

  /// Flows whose source is not translated do not count.
  void add(const Flow& flow);

  uint64_t flows() const { return flows_; }
  size_t addresses() const { return publics_.size(); }
  /// Flows whose destination was one too many.
  uint64_t rest() const { return rest_; }

  /// A table of the addresses, and one of the `top` most crowded destinations.
  void print_table(size_t top, fmt::memory_buffer& out) const;
  /// An object for each address and protocol, with the `top` most crowded destinations of each.
  void print_json(size_t top, fmt::memory_buffer& out) const;

 private:
  /// An address that stands outside, and the protocol.
  struct PublicKey {
    Address address;
    uint8_t proto;
    bool operator<(const PublicKey& other) const;
  };
  struct Public {
    uint64_t flows = 0;
    PortSet ports;
    std::unordered_map<std::string, uint64_t> destinations;  ///< address and port → flows
  };
  using Entry = const std::map<PublicKey, Public>::value_type*;
  struct Crowd {
    Entry entry;
    const std::string* destination;
    uint64_t flows;
  };

  /// Those with most flows first.
  std::vector<Entry> sorted() const;
  /// The `top` most crowded destinations, of one address or, null, of all.
  std::vector<Crowd> crowded(Entry only, size_t top) const;
  void print_object(Entry entry, size_t top, fmt::memory_buffer& out) const;

  std::map<PublicKey, Public> publics_;
  size_t max_destinations_;
  size_t destinations_ = 0;
  uint64_t flows_ = 0;
  uint64_t rest_ = 0;
};

}  // namespace ctwin::cli
