#include "engine/box.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "engine/passage.h"
#include "engine/trace_text.h"
#include "router/address_class.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::CtInfo;
using conntrack::Direction;
using conntrack::Hook;
using conntrack::PacketType;
using conntrack::Skb;
using packet::ParseResult;
using rules::TableId;

namespace {

constexpr size_t kBatch = 32;
/// What targets may add to a packet (TCPMSS: one option).
constexpr uint32_t kHeadroom = 64;

PacketType type_of(std::span<const uint8_t> link_header,
                   const std::optional<std::array<uint8_t, 6>>& mac) {
  constexpr size_t kEthernet = 14;
  if (link_header.size() < kEthernet) return PacketType::kHost;
  const auto destination = link_header.first<6>();
  const bool all_ones = std::ranges::all_of(destination, [](uint8_t byte) { return byte == 0xff; });
  if (all_ones) return PacketType::kBroadcast;
  if (destination[0] & 1) return PacketType::kMulticast;
  const bool ours = !mac || std::ranges::equal(destination, *mac);
  return ours ? PacketType::kHost : PacketType::kOtherHost;
}

bool leads_here(const router::Route& route) {
  return route.type == router::RouteType::kLocal || route.type == router::RouteType::kAnycast;
}

/// What the box sends to itself leaves by lo, whatever device has the address.
uint32_t output_device(const router::Route& route) {
  return leads_here(route) ? router::kLoopback : route.device;
}

}  // namespace

Box::Box(setup::Setup setup, const conntrack::Settings& settings, conntrack::Tracker& tracker,
         nat::Nat& nat)
    : settings_(settings),
      error_limiter_(setup.box.rates),
      tracker_(tracker),
      nat_(nat),
      buffer_(UINT16_MAX + 1 + kHeadroom) {
  replace(std::move(setup));
}

void Box::replace(setup::Setup setup) {
  setup_texts_ = std::move(setup.texts);
  box_settings_ = setup.box;
  input_rules_.clear();
  router_ = std::move(setup.router);
  error_limiter_ = ErrorLimiter(setup.box.rates);
  const rules::Firewall::World world{tracker_, nat_, router_, tracker_.random(), log_, observer_};
  firewall_v4_.emplace(std::move(setup.v4), world);
  firewall_v6_.emplace(std::move(setup.v6), world);
  if (firewall_v4_->uses_labels() || firewall_v6_->uses_labels()) tracker_.use_labels();
}

void Box::set_log(rules::LogSink* log) {
  log_ = log;
  firewall_v4_->set_log(log);
  firewall_v6_->set_log(log);
  if (log_ && settings_.log_invalid != 0) tracker_.take_notes(this);
}

void Box::observe(PathObserver* observer) {
  observer_ = observer;
  firewall_v4_->set_watcher(observer);
  firewall_v6_->set_watcher(observer);
}

// ---- what conntrack says ----

void Box::note(conntrack::TrackNote note) {
  constexpr uint8_t kEvery = 255;
  constexpr uint8_t kNotice = 5, kEverything = 0x0f;
  const bool wanted = settings_.log_invalid == kEvery || settings_.log_invalid == note.proto;
  if (log_ && passing_ && note.kernel_logs && wanted && settings_.log_invalid != 0) {
    const std::string prefix = fmt::format("nf_ct_proto_{}: {} ", note.proto, note.text);
    log_->log({rules::LogEntry::Kind::kInvalid, kNotice, kEverything, 0, prefix, passing_,
               rules::in_device(*passing_, hook_), rules::out_device(*passing_, hook_)});
  }
  if (notes_) notes_->note(std::move(note));
}

void Box::timeout(conntrack::Tick ticks, const char* rule) {
  if (notes_) notes_->timeout(ticks, rule);
}

// ---- a packet comes in ----

void Box::process(std::span<const Arrival> arrivals) {
  std::array<Lookup, kBatch> lookups;
  for (size_t first = 0; first < arrivals.size(); first += kBatch) {
    const auto batch = arrivals.subspan(first, std::min(kBatch, arrivals.size() - first));
    for (size_t i = 0; i < batch.size(); ++i) {
      lookups[i] = {};
      if (batch[i].parsed == ParseResult::kOk) tracker_.look_ahead(batch[i].packet, lookups[i]);
    }
    constexpr size_t kAhead = conntrack::Tracker::kAhead;
    const auto await = [&](Lookup& lookup) {
      if (!tracker_.await_entry(lookup)) nat_.await_source(lookup.key);
    };
    for (size_t i = 0; i < std::min(kAhead, batch.size()); ++i) await(lookups[i]);
    for (size_t i = 0; i < batch.size(); ++i) {
      if (i + kAhead < batch.size()) await(lookups[i + kAhead]);
      tracker_.advance(batch[i].packet.time);
      arrive(batch[i], lookups[i]);
    }
  }
}

/// A copy, which may be rewritten.
void Box::load(const Arrival& arrival, Skb& skb) {
  skb.packet = arrival.packet;
  std::memcpy(buffer_.data(), arrival.packet.bytes, arrival.packet.captured);
  skb.data = buffer_.data();
  skb.packet.bytes = skb.data;
  skb.capacity = static_cast<uint32_t>(buffer_.size());
  skb.largest_fragment = arrival.largest_fragment;
  skb.link_header = arrival.link_header;
  skb.unparsed = arrival.parsed != ParseResult::kOk;
  skb.cut = arrival.parsed == ParseResult::kCut;
}

void Box::arrive(const Arrival& arrival, Lookup& lookup) {
  Skb skb;
  load(arrival, skb);
  const Passage passage(tracker_, skb);
  if (arrival.outbound) {
    if (observer_) observer_->begins(skb, false);
    output(skb, lookup);
    return;
  }
  skb.in = arrival.packet.device;
  skb.type = type_of(arrival.link_header, router_.interfaces()[skb.in].mac);
  if (observer_) observer_->begins(skb, false);
  if (skb.type == PacketType::kOtherHost) return ends(skb, "dropped: for another host's MAC");
  if (const char* why =
          router::refused_before_hooks(router_, skb.in, source_of(skb), destination_of(skb))) {
    if (observer_) observer_->says("route", why);
    return ends(skb, "dropped before any hook");
  }
  prerouting(skb, lookup);
}

void Box::prerouting(Skb& skb, Lookup& lookup) {
  if (pass_prerouting(skb, lookup)) route_in(skb);
}

bool Box::pass_prerouting(Skb& skb, Lookup& lookup) {
  constexpr Hook kHook = Hook::kPrerouting;
  if (observer_) observer_->reaches(skb, kHook);
  return pass(TableId::kRaw, kHook, skb) && track(skb, kHook, lookup) &&
         pass(TableId::kMangle, kHook, skb) && translate(skb, kHook);
}

/// Of a device that the setup did not name, too.
const router::InputRules& Box::input_rules(uint32_t device) {
  while (input_rules_.size() <= device)
    input_rules_.push_back(box_settings_.input_rules(static_cast<uint32_t>(input_rules_.size())));
  return input_rules_[device];
}

void Box::route_in(Skb& skb) {
  const router::InputRoute found =
      router::route_input(router_, skb.in, source_of(skb), destination_of(skb), skb.type,
                          input_rules(skb.in), skb.data[skb.is_ipv4() ? 8 : 7]);
  switch (found.decision) {
    case router::InputDecision::kLocal: return input(skb);
    case router::InputDecision::kForward: return forward(skb, found);
    case router::InputDecision::kError:
      if (observer_) observer_->says("route", found.reason);
      if (!skb.is_ipv4() || error_limiter_.allow_no_route(source_of(skb), tracker_.now()))
        send_error(skb, found.error.type, found.error.code, found.error.info);
      return ends(skb, "dropped: no route");
    case router::InputDecision::kDrop:
      if (observer_) observer_->says("route", found.reason);
      return ends(skb, "dropped by routing");
  }
}

void Box::input(Skb& skb) {
  constexpr Hook kHook = Hook::kInput;
  if (observer_) observer_->reaches(skb, kHook);
  for (const TableId table : {TableId::kMangle, TableId::kFilter, TableId::kSecurity})
    if (!pass(table, kHook, skb)) return;
  if (!translate(skb, kHook)) return;
  if (confirm(skb)) ends(skb, "delivered to the box itself");
}

// ---- forwarding ----

void Box::forward(Skb& skb, const router::InputRoute& found) {
  const router::Route& route = *found.route;
  constexpr uint16_t kDontFragment = 0x4000;
  constexpr uint8_t kTimeExceeded = 11, kUnreachable = 3, kFragmentationNeeded = 4;
  constexpr uint8_t kTimeExceededV6 = 3, kPacketTooBig = 2;
  const bool v4 = skb.is_ipv4();
  if (skb.type != PacketType::kHost) return ends(skb, "dropped: not sent to this box's MAC");
  uint8_t& ttl = skb.data[v4 ? 8 : 7];
  if (ttl <= 1) {
    send_error(skb, v4 ? kTimeExceeded : kTimeExceededV6, 0, 0);
    return ends(skb, "dropped: its time to live is over");
  }
  const uint32_t mtu = router_.forward_mtu(route, skb.packet.family);
  if (skb.packet.largest_piece() > mtu) {
    const bool may_cut = v4 ? !(packet::load16(skb.data + 6) & kDontFragment) ||
                                  (skb.largest_fragment != 0 && skb.largest_fragment <= mtu)
                            : skb.largest_fragment != 0 && skb.largest_fragment <= mtu;
    if (!may_cut) {
      send_error(skb, v4 ? kUnreachable : kPacketTooBig, v4 ? kFragmentationNeeded : 0, mtu);
      return ends(skb, "dropped: larger than the next link carries");
    }
  }
  if (found.redirect) send_redirect(skb, route);
  --ttl;
  if (v4) {
    // The checksum of a header whose TTL's byte is one less is 0x0100 more (RFC 1141).
    const uint32_t sum = packet::load16(skb.data + 10) + 0x0100u;
    const uint16_t folded = static_cast<uint16_t>(sum + (sum >= 0xffff));
    skb.data[10] = static_cast<uint8_t>(folded >> 8);
    skb.data[11] = static_cast<uint8_t>(folded);
  }
  skb.out = route.device;
  constexpr Hook kHook = Hook::kForward;
  if (observer_) observer_->reaches(skb, kHook);
  for (const TableId table : {TableId::kMangle, TableId::kFilter, TableId::kSecurity})
    if (!pass(table, kHook, skb)) return;
  postrouting(skb, route);
}

// ---- the way out ----

void Box::output(Skb& skb, Lookup& lookup, uint32_t link) {
  constexpr Hook kHook = Hook::kOutput;
  Address destination = destination_of(skb);
  const router::Route* route =
      &router_.find(destination, router::is_link_local_v6(destination) ? link : 0);
  if (route->device == 0) return ends(skb, "dropped: no route");
  skb.out = output_device(*route);
  if (observer_) observer_->reaches(skb, kHook);
  if (!pass(TableId::kRaw, kHook, skb)) return;
  if (!track(skb, kHook, lookup)) return;
  if (!pass(TableId::kMangle, kHook, skb)) return;
  if (!translate(skb, kHook)) return;
  if (const Address now = destination_of(skb); !(now == destination)) {
    route = &router_.find(now);
    if (route->device == 0) return ends(skb, "dropped: no route to where it was translated");
  }
  // The hook goes on to show the device that it began with.
  for (const TableId table : {TableId::kFilter, TableId::kSecurity})
    if (!pass(table, kHook, skb)) return;
  skb.out = output_device(*route);
  postrouting(skb, *route);
}

void Box::postrouting(Skb& skb, const router::Route& route) {
  constexpr Hook kHook = Hook::kPostrouting;
  if (observer_) observer_->reaches(skb, kHook);
  if (!pass(TableId::kMangle, kHook, skb)) return;
  if (!translate(skb, kHook)) return;
  if (!confirm(skb)) return;
  if (leads_here(route)) return loop_back(skb);
  emit(skb, route);
}

/// What the box sends to itself comes in again by lo. It keeps its entry, if it has one, and its
/// route, if PREROUTING leaves it its destination.
void Box::loop_back(Skb& skb) {
  skb.in = router::kLoopback;
  skb.out = 0;
  skb.type = PacketType::kHost;
  const bool was_looped = std::exchange(skb.looped, skb.looped || skb.ct.index != 0);
  Lookup lookup;
  if (!skb.looped && !skb.unparsed) tracker_.look_ahead(skb.packet, lookup);
  const Address destination = destination_of(skb);
  if (pass_prerouting(skb, lookup)) destination_of(skb) == destination ? input(skb) : route_in(skb);
  skb.looped = was_looped;
}

// ---- at the hooks ----

/// The chain of one table. False: the packet ends here.
bool Box::pass(TableId table, Hook hook, Skb& skb) {
  rules::Firewall& rules = firewall(skb);
  if (!rules.has(table) || !rules::has_hook(table, hook)) return true;
  if (rules.run(table, hook, skb) == rules::Verdict::kAccept) return true;
  if (const auto with = rules.take_rejection()) reject(skb, *with);
  ends(skb, "dropped by a rule");
  return false;
}

bool Box::track(Skb& skb, Hook hook, Lookup& lookup) {
  if (skb.looped || skb.ct.info == CtInfo::kUntracked) return true;
  const bool wanted = std::exchange(skb.track_template.set, false);
  if (skb.unparsed) {
    tracker_.stats().invalid += !skb.cut;
    return true;
  }
  passing_ = &skb;
  hook_ = hook;
  if (observer_) observer_->before_tracking(skb);
  skb.ct = tracker_.in(
      skb.packet, lookup,
      {hook == Hook::kPrerouting, wanted ? &skb.track_template : nullptr, skb.mark, true});
  if (observer_) observer_->after_tracking(skb);
  passing_ = nullptr;
  if (skb.ct.drop) ends(skb, "dropped by conntrack");
  return !skb.ct.drop;
}

/// NAT at this hook: the nat table, asked once a flow and side, and the rewriting (nf_nat_inet_fn).
bool Box::translate(Skb& skb, Hook hook) {
  if (skb.ct.index == 0 || !firewall(skb).has(TableId::kNat)) return true;
  if (!bind(skb, hook)) return false;
  const std::string before = observer_ ? packet_text(skb.packet) : std::string();
  if (!nat_.translate(skb, hook)) {
    ends(skb, "dropped by NAT");
    return false;
  }
  if (observer_)
    if (const std::string after = packet_text(skb.packet); after != before)
      observer_->says("nat", before + " => " + after);
  return true;
}

bool Box::bind(Skb& skb, Hook hook) {
  const Conn& ct = tracker_.table()[skb.ct.index];
  const nat::Manip manip = nat::manip_at(hook);
  const CtInfo info = skb.ct.info;
  const bool related = info == CtInfo::kRelated || info == CtInfo::kRelatedReply;
  if (related && is_icmp(skb.packet.proto)) {
    if (observer_) observer_->says("nat", "RELATED: nat not consulted");
    return true;
  }
  if ((info == CtInfo::kNew || related) && !nat::Nat::is_done(ct, manip)) {
    if (!pass(TableId::kNat, hook, skb)) return false;
    if (!nat::Nat::is_done(ct, manip)) nat_.set_up_null(skb.ct.index, manip);
    return true;
  }
  if (hook == Hook::kPostrouting && nat_.left_its_device(skb)) {
    nat_.end_flow(skb);
    ends(skb, "dropped: its masqueraded flow left by another device");
    return false;
  }
  if (observer_ && info == CtInfo::kNew) observer_->says("nat", "flow already has its binding");
  return true;
}

bool Box::confirm(Skb& skb) {
  if (tracker_.confirm(skb.ct, skb.packet)) return true;
  ends(skb, "dropped: its entry could not be inserted");
  return false;
}

}  // namespace ctwin::engine
