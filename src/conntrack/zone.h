// Zones: tables within the table. A zone may hold for one direction of a flow only.
#pragma once

#include "conntrack/table.h"

namespace ctwin::conntrack {

/// A zone, and the directions of a flow for which it holds (struct nf_conntrack_zone).
struct Zone {
  uint16_t id = 0;
  bool orig = true;
  bool reply = true;

  uint16_t in(Direction dir) const {
    return (dir == Direction::kOriginal ? orig : reply) ? id : uint16_t{0};
  }
  bool one_way() const { return id != 0 && orig != reply; }
};

/// The zone of an entry.
Zone zone_of(const Conn& ct);

/// Finds an entry by the tuple of either of its directions (nf_conntrack_find_get). The key's own
/// zone does not count.
ConnTable::Found find_flow(const ConnTable& table, const TupleKey& key, const Zone& zone);
/// Finds an entry that would clash with another whose tuple of direction `dir` is `key`.
ConnTable::Found find_clash(const ConnTable& table, const TupleKey& key, const Zone& zone,
                            Direction dir);

}  // namespace ctwin::conntrack
