#include "cli/picture.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace ctwin::cli {

namespace {

KeyedHash::Key random_key() {
  std::random_device device;
  KeyedHash::Key key;
  for (uint64_t& word : key) word = uint64_t{device()} << 32 | device();
  return key;
}

/// What stands where the ports do: for ICMP its id, and type and code.
std::array<uint16_t, 2> ports_of(const Tuple& tuple) {
  if (!is_icmp(tuple.proto)) return {tuple.sport, tuple.dport};
  return {tuple.icmp_id, static_cast<uint16_t>(tuple.icmp_type << 8 | tuple.icmp_code)};
}

void set_ports(uint16_t first, uint16_t second, Tuple& tuple) {
  tuple.has_ports = transport_kind(tuple.proto) != TransportKind::kNone;
  if (is_icmp(tuple.proto)) {
    tuple.icmp_id = first;
    tuple.icmp_type = static_cast<uint8_t>(second >> 8);
    tuple.icmp_code = static_cast<uint8_t>(second);
  } else {
    tuple.sport = first;
    tuple.dport = second;
  }
}

uint32_t id_of(const Flow& flow) { return flow.has(FlowField::kId) ? flow.id : 0; }

struct ZoneOf {
  uint16_t zone = 0;
  uint8_t of = 0;
};

ZoneOf zone_of(const Flow& flow) {
  if (flow.has(FlowField::kZone)) return {flow.zone, 1};
  if (flow.orig.has_zone) return {flow.orig.zone, 2};
  if (flow.reply.has_zone) return {flow.reply.zone, 3};
  return {};
}

void set_zone_of(ZoneOf zone, Flow& flow) {
  if (zone.of == 1) flow.set_zone(zone.zone);
  if (zone.of < 2) return;
  Tuple& tuple = zone.of == 2 ? flow.orig : flow.reply;
  tuple.zone = zone.zone;
  tuple.has_zone = true;
}

template <size_t kSize>
Address address_from(const std::array<uint8_t, kSize>& bytes) {
  Address address;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  address.family = kSize == 4 ? AF_INET : AF_INET6;
  return address;
}

uint64_t word_of(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

}  // namespace

Picture::Picture() : hash_(random_key()) {}

uint64_t Picture::key_of(const Flow& flow) const {
  const Tuple& tuple = flow.orig;
  const auto ports = ports_of(tuple);
  const ZoneOf zone = zone_of(flow);
  uint64_t state = hash_.start();
  for (const Address* address : {&tuple.src, &tuple.dst})
    state = hash_.mix(state, word_of(address->bytes.data()), word_of(address->bytes.data() + 8));
  state = hash_.mix(state, uint64_t{id_of(flow)} << 32 | uint64_t{ports[0]} << 16 | ports[1],
                    uint64_t{zone.zone} << 24 | uint64_t{zone.of} << 16 |
                        uint64_t{tuple.proto} << 8 | tuple.family());
  return hash_.finish(state);
}

Picture::State Picture::updated(State state, const Flow& flow) {
  if (flow.has(FlowField::kStatus)) state.status = flow.status;
  state.mark = flow.has(FlowField::kMark) ? flow.mark : 0;
  if (flow.has(FlowField::kTcpState)) state.protocol_state = flow.tcp_state;
  if (flow.has(FlowField::kSctpState)) state.protocol_state = flow.sctp_state;
  if (flow.has(FlowField::kDccpState)) state.protocol_state = flow.dccp_state;
  if (flow.has(FlowField::kLabels)) {
    state.labels = 0;
    for (const uint32_t word : flow.labels.words) state.labels = state.labels * 0x01000193u ^ word;
  }
  return state;
}

template <size_t kSize>
Picture::News Picture::learn_in(Map<kSize>& map, const Flow& flow) {
  const auto [found, is_new] = map.try_emplace(key_of(flow));
  Known<kSize>& known = found->second;
  const State before = known.state;
  known.state = updated(before, flow);
  known.listing = listing_;
  if (!is_new) return known.state == before ? News::kNone : News::kChanged;
  size_t at = 0;
  for (const Address* address : {&flow.orig.src, &flow.orig.dst, &flow.reply.src, &flow.reply.dst})
    std::copy_n(address->bytes.begin(), kSize, known.addresses[at++].begin());
  const auto orig = ports_of(flow.orig);
  const auto reply = ports_of(flow.reply);
  known.ports = {orig[0], orig[1], reply[0], reply[1]};
  known.id = id_of(flow);
  const ZoneOf zone = zone_of(flow);
  known.zone = zone.zone;
  known.zone_of = zone.of;
  known.proto = flow.orig.proto;
  return News::kNew;
}

Picture::News Picture::learn(const Flow& flow) {
  return flow.orig.family() == AF_INET ? learn_in(v4_, flow) : learn_in(v6_, flow);
}

bool Picture::forget(const Flow& flow) {
  const uint64_t key = key_of(flow);
  return (flow.orig.family() == AF_INET ? v4_.erase(key) : v6_.erase(key)) != 0;
}

void Picture::note(const Flow& flow) {
  const uint64_t key = key_of(flow);
  if (const auto known = v4_.find(key); known != v4_.end()) known->second.listing = listing_;
  if (const auto known = v6_.find(key); known != v6_.end()) known->second.listing = listing_;
}

template <size_t kSize>
void Picture::sweep(Map<kSize>& map, const std::function<void(const Flow&)>& gone) {
  for (auto it = map.begin(); it != map.end();) {
    const Known<kSize>& known = it->second;
    if (known.listing == listing_) {
      ++it;
      continue;
    }
    Flow flow;
    flow.orig.src = address_from(known.addresses[0]);
    flow.orig.dst = address_from(known.addresses[1]);
    flow.reply.src = address_from(known.addresses[2]);
    flow.reply.dst = address_from(known.addresses[3]);
    for (Tuple* tuple : {&flow.orig, &flow.reply}) {
      tuple->proto = known.proto;
      tuple->has_proto = true;
    }
    set_ports(known.ports[0], known.ports[1], flow.orig);
    set_ports(known.ports[2], known.ports[3], flow.reply);
    flow.fields.add(FlowField::kOrig);
    flow.fields.add(FlowField::kReply);
    flow.set_status(known.state.status);
    if (known.state.mark != 0) flow.set_mark(known.state.mark);
    flow.set_id(known.id);
    set_zone_of({known.zone, known.zone_of}, flow);
    it = map.erase(it);
    gone(flow);
  }
}

void Picture::end_listing(const std::function<void(const Flow&)>& gone) {
  sweep(v4_, gone);
  sweep(v6_, gone);
}

}  // namespace ctwin::cli
