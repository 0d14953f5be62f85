#include "conntrack/zone.h"

namespace ctwin::conntrack {

Zone zone_of(const Conn& ct) {
  const uint16_t orig = ct.tuple[0].zone, reply = ct.tuple[1].zone;
  const uint16_t id = orig != 0 ? orig : reply;
  return {id, orig == id, reply == id};
}

ConnTable::Found find_flow(const ConnTable& table, const TupleKey& key, const Zone& zone) {
  TupleKey zoned = key;
  zoned.zone = zone.in(Direction::kOriginal);
  if (!zone.one_way()) return table.find(zoned);
  ConnTable::Found found = table.find(zoned, Direction::kOriginal);
  if (found.index != 0) return found;
  zoned.zone = zone.in(Direction::kReply);
  return table.find(zoned, Direction::kReply);
}

ConnTable::Found find_clash(const ConnTable& table, const TupleKey& key, const Zone& zone,
                            Direction dir) {
  TupleKey zoned = key;
  zoned.zone = zone.in(dir);
  return zone.one_way() ? table.find(zoned, dir) : table.find(zoned);
}

}  // namespace ctwin::conntrack
