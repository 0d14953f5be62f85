#include "rules/targets.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "packet/checksum.h"

namespace ctwin::rules {

using conntrack::Conn;
using conntrack::CtInfo;
using conntrack::Skb;
using packet::load16;

namespace {

void store16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

void replace_word(uint8_t* checksum, uint16_t from, uint16_t to) {
  packet::ChecksumUpdate update(checksum);
  update.replace(htons(from), htons(to));
  update.finish();
}

Address first_address(const router::Interface& device, uint8_t family) {
  for (const router::InterfaceAddress& entry : device.addresses)
    if (entry.address.family == family) return entry.address;
  return {};
}

/// ipv6_addr_scope as a set of bits: 0 is global and meets every address.
unsigned scope_bits(const Address& address) {
  constexpr unsigned kLoopback = 0x10, kLinkLocal = 0x20, kSiteLocal = 0x40;
  const auto& bytes = address.bytes;
  if (bytes[0] == 0xff) {
    switch (bytes[1] & 0x0f) {
      case 1: return kLoopback;
      case 2: return kLinkLocal;
      case 5: return kSiteLocal;
      default: return 0;
    }
  }
  if (bytes[0] == 0xfe) {
    if ((bytes[1] & 0xc0) == 0x80) return kLinkLocal;
    if ((bytes[1] & 0xc0) == 0xc0) return kSiteLocal;
  }
  Address loopback;
  loopback.family = AF_INET6;
  loopback.bytes[15] = 1;
  return address == loopback ? kLoopback : 0;
}

/// The address of the input device that REDIRECT takes: the first, for IPv6 of a scope that the
/// packet's destination has.
Address redirect_address(const Passage& passage) {
  Address address;
  address.family = passage.skb.packet.family;
  if (passage.hook == Hook::kOutput) {
    if (passage.is_v4())
      address.bytes[0] = 127, address.bytes[3] = 1;
    else
      address.bytes[15] = 1;
    return address;
  }
  if (passage.skb.in == 0) return {};
  const router::Interface& device = passage.world.router.interfaces()[passage.skb.in];
  if (passage.is_v4()) return first_address(device, AF_INET);
  const unsigned wanted = scope_bits(passage.destination_address());
  for (const router::InterfaceAddress& entry : device.addresses)
    if (entry.address.family == AF_INET6 &&
        (wanted == 0 || (wanted & scope_bits(entry.address)) != 0))
      return entry.address;
  return {};
}

/// The address that MASQUERADE takes: for IPv4 chosen for the next hop, for IPv6 for the
/// destination.
Address masquerade_address(const Passage& passage) {
  const router::Router& router = passage.world.router;
  const Address destination = passage.destination_address();
  if (!passage.is_v4()) return router.source_for(destination, passage.out);
  const router::Route route = router.find(destination, passage.out);
  return router.source_for(route.gateway.is_set() ? route.gateway : destination, passage.out);
}

/// The MTU of the way to `destination`; by `device` when it is not 0. Unlimited where none leads.
uint32_t path_mtu(const router::Router& router, const Address& destination, uint32_t device) {
  constexpr uint32_t kMostV4 = 65535, kLeastV6 = 1280;
  router::Route route = router.find(destination);
  if (device != 0 && route.device != device) route = router.find(destination, device);
  const bool leads_on =
      route.type == router::RouteType::kUnicast || route.type == router::RouteType::kLocal ||
      route.type == router::RouteType::kBroadcast || route.type == router::RouteType::kMulticast ||
      route.type == router::RouteType::kAnycast;
  if (!leads_on || route.device == 0) return UINT32_MAX;
  const uint32_t mtu = route.mtu != 0 ? route.mtu : router.interfaces()[route.device].mtu;
  return destination.family == AF_INET ? std::min(mtu, kMostV4) : std::max(mtu, kLeastV6);
}

class Action {
 public:
  explicit Action(Passage& passage) : p_(passage), skb_(passage.skb) {}

  // What only steers through the chains never comes here.
  Outcome operator()(const NoTarget&) const { return Outcome::kContinue; }
  Outcome operator()(const VerdictTarget&) const { return Outcome::kContinue; }
  Outcome operator()(const ChainTarget&) const { return Outcome::kContinue; }
  Outcome operator()(const RejectTarget&) const { return Outcome::kDrop; }

  Outcome operator()(const LogTarget& target) const;
  Outcome operator()(const NflogTarget& target) const;
  Outcome operator()(const TraceTarget&) const {
    skb_.traced = true;
    return Outcome::kContinue;
  }
  Outcome operator()(const NatTarget& target) const;
  Outcome operator()(const MarkTarget& target) const {
    skb_.mark = (skb_.mark & ~target.clear) ^ target.flip;
    return Outcome::kContinue;
  }
  Outcome operator()(const ConnmarkTarget& target) const;
  Outcome operator()(const CtTarget& target) const;
  Outcome operator()(const TcpmssTarget& target) const;
  Outcome operator()(const TtlTarget& target) const;
  Outcome operator()(const ChecksumTarget&) const { return Outcome::kContinue; }

 private:
  Outcome bind(const nat::Range& range, nat::Manip manip) const {
    return p_.world.nat.set_up(skb_.ct.index, range, manip) ? Outcome::kAccept : Outcome::kDrop;
  }
  /// The same range, with one address.
  Outcome bind_to(nat::Range range, const Address& address, nat::Manip manip) const {
    range.flags |= nat::kMapIps;
    range.min_address = range.max_address = address;
    return bind(range, manip);
  }
  Outcome masquerade(const NatTarget& target) const;
  Outcome netmap(const NatTarget& target) const;
  bool wanted_mss(const TcpmssTarget& target, uint16_t& mss) const;
  void add_mss_option(uint16_t mss) const;

  Passage& p_;
  Skb& skb_;
};

// ---- what is said ----

Outcome Action::operator()(const LogTarget& target) const {
  if (p_.world.log)
    p_.world.log->log(
        {LogEntry::Kind::kLog, target.level, target.flags, 0, target.prefix, &skb_, p_.in, p_.out});
  return Outcome::kContinue;
}

Outcome Action::operator()(const NflogTarget& target) const {
  constexpr uint8_t kWarning = 4, kEverything = 0x0f;
  if (p_.world.log)
    p_.world.log->log({LogEntry::Kind::kNflog, kWarning, kEverything, target.group, target.prefix,
                       &skb_, p_.in, p_.out});
  return Outcome::kContinue;
}

// ---- NAT ----

Outcome Action::operator()(const NatTarget& target) const {
  using Kind = NatTarget::Kind;
  if (skb_.ct.index == 0) return Outcome::kAccept;
  switch (target.kind) {
    case Kind::kSnat: return bind(target.range, nat::Manip::kSource);
    case Kind::kDnat: return bind(target.range, nat::Manip::kDestination);
    case Kind::kMasquerade: return masquerade(target);
    case Kind::kNetmap: return netmap(target);
    case Kind::kRedirect: break;
  }
  const Address address = redirect_address(p_);
  return address.is_set() ? bind_to(target.range, address, nat::Manip::kDestination)
                          : Outcome::kDrop;
}

Outcome Action::masquerade(const NatTarget& target) const {
  const conntrack::TupleKey& original = p_.entry()->tuple[0];
  const bool unspecified =
      std::ranges::all_of(original.src, [](uint8_t byte) { return byte == 0; });
  // 0.0.0.0 asks for an address of its own (DHCP), and must be seen to do so.
  if (p_.is_v4() && unspecified) return Outcome::kAccept;
  const Address address = masquerade_address(p_);
  if (!address.is_set()) return Outcome::kDrop;
  p_.world.nat.bind_to_device(skb_.ct.index, p_.out);
  return bind_to(target.range, address, nat::Manip::kSource);
}

/// The network's bits from the rule, the host's from the packet.
Outcome Action::netmap(const NatTarget& target) const {
  const nat::Manip manip = nat::manip_at(p_.hook);
  Address address = manip == nat::Manip::kSource ? p_.source_address() : p_.destination_address();
  const auto& first = target.range.min_address.bytes;
  const auto& last = target.range.max_address.bytes;
  for (size_t i = 0; i < address.size(); ++i) {
    const auto host = static_cast<uint8_t>(first[i] ^ last[i]);
    address.bytes[i] = static_cast<uint8_t>((address.bytes[i] & host) | (first[i] & ~host));
  }
  return bind_to(target.range, address, manip);
}

// ---- marks and conntrack ----

Outcome Action::operator()(const ConnmarkTarget& target) const {
  using Mode = ConnmarkTarget::Mode;
  Conn* ct = p_.entry();
  if (!ct) return Outcome::kContinue;
  if (target.mode == Mode::kRestore) {
    skb_.mark = (skb_.mark & ~target.nfmask) ^ (ct->mark & target.ctmask);
    return Outcome::kContinue;
  }
  const uint32_t flip = target.mode == Mode::kSet ? target.ctmark : skb_.mark & target.nfmask;
  const uint32_t mark = (ct->mark & ~target.ctmask) ^ flip;
  if (mark != ct->mark) {
    ct->mark = mark;
    p_.world.tracker.cache_event(*ct, conntrack::kEventMark);
  }
  return Outcome::kContinue;
}

/// Only before conntrack has seen the packet, and only once.
Outcome Action::operator()(const CtTarget& target) const {
  const bool taken = skb_.ct.index != 0 || skb_.ct.info == CtInfo::kUntracked ||
                     skb_.track_template.set || skb_.tracked_by_none;
  if (taken) return Outcome::kContinue;
  if (target.notrack) {
    skb_.ct.info = CtInfo::kUntracked;
    return Outcome::kContinue;
  }
  conntrack::TrackTemplate& wanted = skb_.track_template;
  wanted.set = true;
  wanted.entry = &p_.states.template_of(target);
  wanted.has_zone = target.has_zone;
  wanted.zone_from_mark = target.zone_from_mark;
  wanted.zone_orig = target.zone_orig;
  wanted.zone_reply = target.zone_reply;
  wanted.zone = target.zone;
  // With a mask for expectations alone there are no events of the entry itself.
  wanted.has_event_mask = target.event_mask != 0 || target.expect_event_mask != 0;
  wanted.event_mask = target.event_mask;
  wanted.helper = InlineString<15>(target.helper);
  return Outcome::kContinue;
}

// ---- rewriting ----

/// False: the way there is too narrow for any segment.
bool Action::wanted_mss(const TcpmssTarget& target, uint16_t& mss) const {
  constexpr uint32_t kTcpHeader = 20;
  mss = target.mss;
  if (!target.clamp) return true;
  const uint32_t headers = (p_.is_v4() ? 20 : 40) + kTcpHeader;
  const router::Router& router = p_.world.router;
  const uint32_t mtu = std::min(path_mtu(router, p_.destination_address(), p_.out),
                                path_mtu(router, p_.source_address(), 0));
  if (mtu <= headers) return false;
  mss = static_cast<uint16_t>(mtu - headers);
  return true;
}

/// In front of the other options, and never larger than what a SYN without it stands for.
void Action::add_mss_option(uint16_t mss) const {
  constexpr uint32_t kHeader = 20, kOption = 4;
  constexpr uint16_t kDefaultV4 = 536, kDefaultV6 = 1220;  // RFC 9293, 3.7.1
  packet::Packet& packet = skb_.packet;
  if (packet.captured < packet.length || packet.captured + kOption > skb_.capacity) return;
  mss = std::min(mss, p_.is_v4() ? kDefaultV4 : kDefaultV6);
  uint8_t* tcp = skb_.data + p_.l4_offset;
  const uint32_t length = packet.length - p_.l4_offset;
  std::memmove(tcp + kHeader + kOption, tcp + kHeader, length - kHeader);
  const uint8_t option[kOption] = {2, kOption, static_cast<uint8_t>(mss >> 8),
                                   static_cast<uint8_t>(mss)};
  std::memcpy(tcp + kHeader, option, kOption);

  uint8_t* checksum = tcp + 16;
  replace_word(checksum, static_cast<uint16_t>(length), static_cast<uint16_t>(length + kOption));
  replace_word(checksum, 0, load16(option));
  replace_word(checksum, 0, load16(option + 2));
  const uint16_t before = load16(tcp + 12);
  tcp[12] = static_cast<uint8_t>(tcp[12] + (kOption / 4 << 4));
  replace_word(checksum, before, load16(tcp + 12));

  packet.length += kOption;
  packet.captured += kOption;
  uint8_t* field = skb_.data + (p_.is_v4() ? 2 : 4);
  const uint16_t old = load16(field);
  store16(field, old + kOption);
  if (p_.is_v4()) replace_word(skb_.data + 10, old, load16(field));
}

Outcome Action::operator()(const TcpmssTarget& target) const {
  constexpr uint32_t kHeader = 20, kMostHeader = 60;
  constexpr uint8_t kMss = 2, kMssLength = 4;
  if (p_.fragment_offset != 0 || p_.walk == Passage::Walk::kCut) return Outcome::kContinue;
  const packet::Packet& packet = skb_.packet;
  if (p_.l4_offset + kHeader > packet.length) return Outcome::kDrop;
  const uint32_t length = packet.length - p_.l4_offset;
  if (p_.l4_offset + kHeader > packet.captured) return Outcome::kContinue;
  uint8_t* tcp = skb_.data + p_.l4_offset;
  const uint32_t header = (tcp[12] >> 4) * 4u;
  if (header < kHeader || header > length) return Outcome::kDrop;
  uint16_t mss;
  if (!wanted_mss(target, mss)) return Outcome::kDrop;
  if (p_.l4_offset + header > packet.captured) return Outcome::kContinue;

  for (uint32_t i = kHeader; i + kMssLength <= header;) {
    if (tcp[i] == kMss && tcp[i + 1] == kMssLength) {
      const uint16_t old = load16(tcp + i + 2);
      if (old <= mss) return Outcome::kContinue;
      store16(tcp + i + 2, mss);
      // The checksum goes by the two bytes as a word, wherever they stand, as the kernel has it.
      replace_word(tcp + 16, old, mss);
      return Outcome::kContinue;
    }
    i += tcp[i] <= 1 || tcp[i + 1] == 0 ? 1 : tcp[i + 1];
  }
  // Data behind the header would have to move, and a full header has no room.
  if (length == header && header < kMostHeader) add_mss_option(mss);
  return Outcome::kContinue;
}

Outcome Action::operator()(const TtlTarget& target) const {
  using How = TtlTarget::How;
  if (!p_.has_header) return Outcome::kContinue;
  uint8_t& ttl = skb_.data[p_.is_v4() ? 8 : 7];
  const uint8_t before = ttl;
  switch (target.how) {
    case How::kSet: ttl = target.value; break;
    case How::kIncrease: ttl = static_cast<uint8_t>(std::min(before + target.value, 255)); break;
    case How::kDecrease: ttl = static_cast<uint8_t>(std::max(before - target.value, 0)); break;
  }
  if (p_.is_v4() && ttl != before)
    replace_word(skb_.data + 10, static_cast<uint16_t>(before << 8),
                 static_cast<uint16_t>(ttl << 8));
  return Outcome::kContinue;
}

}  // namespace

Outcome apply(const Target& target, Passage& passage) {
  return std::visit(Action(passage), target);
}

}  // namespace ctwin::rules
