// A firewall rule as data: what iptables writes, the kernel keeps and iptables-save prints.
//
// A rule is the match of the IP header, a list of further matches and a target. Matches and targets
// are plain structs in a variant, one per extension of iptables; numbers are in host order,
// addresses as Address. Nothing here is computed: the parser fills these in (command.h), `save`
// prints them, and `evaluate` asks them of packets.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "conntrack/skb.h"
#include "ctwin/address.h"
#include "nat/range.h"

namespace ctwin::rules {

using conntrack::Hook;

enum class TableId : uint8_t { kRaw, kMangle, kNat, kFilter, kSecurity };
constexpr size_t kTables = 5;
const char* name_of(TableId table);  ///< "raw"
std::optional<TableId> table_named(std::string_view name);

/// Where a rule was written. Line and column count from 1; line 0: nowhere.
struct Origin {
  uint32_t file = 0;  ///< index into Ruleset::files
  uint32_t line = 0;
  uint32_t column = 0;
};

/// [min, max], or outside of it.
template <typename T>
struct Interval {
  T min = 0;
  T max = 0;
  bool invert = false;
  bool holds(T value) const { return (value >= min && value <= max) != invert; }
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// -s, -d: an address under a mask.
struct AddressMatch {
  Address address;
  Address mask;  ///< all zero: any
  bool invert = false;
  friend bool operator==(const AddressMatch&, const AddressMatch&) = default;
};

/// -i, -o. Empty: any. `prefix`: the name ended in '+', which `name` does not hold.
struct DeviceMatch {
  std::string name;
  bool prefix = false;
  bool set = false;
  bool invert = false;
  friend bool operator==(const DeviceMatch&, const DeviceMatch&) = default;
};

struct HeaderMatch {
  AddressMatch source, destination;
  DeviceMatch in, out;
  uint16_t proto = 0;  ///< 0: any
  bool proto_invert = false;
  bool fragment = false;  ///< -f: later fragments (IPv4)
  bool fragment_invert = false;
  friend bool operator==(const HeaderMatch&, const HeaderMatch&) = default;
};

// ---- matches, by the name that follows -m ----

struct TcpMatch {
  Interval<uint16_t> sport{0, 65535, false}, dport{0, 65535, false};
  uint8_t flags_mask = 0, flags_compare = 0;  ///< mask 0 and not inverted: not asked
  bool flags_invert = false;
  uint8_t option = 0;  ///< 0: not asked
  bool option_invert = false;
  friend bool operator==(const TcpMatch&, const TcpMatch&) = default;
};
struct UdpMatch {
  Interval<uint16_t> sport{0, 65535, false}, dport{0, 65535, false};
  friend bool operator==(const UdpMatch&, const UdpMatch&) = default;
};
/// sctp. What was not asked is not printed, even where it would hold for every packet.
struct SctpMatch {
  enum class Chunks : uint8_t { kNotAsked, kAll, kAny, kOnly };
  /// The flags that a chunk of this type must have.
  struct ChunkFlags {
    uint8_t type = 0, flags = 0, mask = 0;
    friend bool operator==(const ChunkFlags&, const ChunkFlags&) = default;
  };
  std::optional<Interval<uint16_t>> sport, dport;
  Chunks chunks = Chunks::kNotAsked;
  bool chunks_invert = false;
  std::bitset<256> types;
  std::vector<ChunkFlags> flags;
  friend bool operator==(const SctpMatch&, const SctpMatch&) = default;
};
/// icmp and icmp6. Type 255 with codes 0-255 is "any" for icmp.
struct IcmpMatch {
  uint8_t type = 255;
  uint8_t code_min = 0, code_max = 255;
  bool invert = false;
  bool six = false;
  friend bool operator==(const IcmpMatch&, const IcmpMatch&) = default;
};
struct MultiportMatch {
  enum class Side : uint8_t { kSource, kDestination, kEither };
  Side side = Side::kEither;
  bool invert = false;
  std::vector<Interval<uint16_t>> ports;  ///< at most 15 numbers, a range counts two
  friend bool operator==(const MultiportMatch&, const MultiportMatch&) = default;
};

/// conntrack and state (xt_conntrack). `asked` says which parts hold, `inverted` which are negated.
struct ConntrackMatch {
  enum Part : uint32_t {  // XT_CONNTRACK_*
    kState = 1 << 0,
    kProto = 1 << 1,
    kOrigSrc = 1 << 2,
    kOrigDst = 1 << 3,
    kReplSrc = 1 << 4,
    kReplDst = 1 << 5,
    kStatus = 1 << 6,
    kExpires = 1 << 7,
    kOrigSrcPort = 1 << 8,
    kOrigDstPort = 1 << 9,
    kReplSrcPort = 1 << 10,
    kReplDstPort = 1 << 11,
    kDirection = 1 << 12,
  };
  enum State : uint16_t {  // of `states`
    kInvalid = 1 << 0,
    kEstablished = 1 << 1,
    kRelated = 1 << 2,
    kNew = 1 << 3,
    kSnat = 1 << 6,
    kDnat = 1 << 7,
    kUntracked = 1 << 8,
  };
  bool state_alias = false;  ///< written as -m state --state
  uint32_t asked = 0, inverted = 0;
  uint16_t states = 0;
  uint16_t statuses = 0;  ///< StatusBits; 0 of what is asked means NONE
  uint16_t proto = 0;
  AddressMatch orig_src, orig_dst, repl_src, repl_dst;  ///< their `invert` is not used
  Interval<uint16_t> orig_src_port, orig_dst_port, repl_src_port, repl_dst_port;
  Interval<uint32_t> expires;  ///< seconds
  bool original = true;        ///< --ctdir ORIGINAL
  friend bool operator==(const ConntrackMatch&, const ConntrackMatch&) = default;
};

/// mark and connmark.
struct MarkMatch {
  bool of_connection = false;
  uint32_t mark = 0, mask = UINT32_MAX;
  bool invert = false;
  friend bool operator==(const MarkMatch&, const MarkMatch&) = default;
};
struct ConnlabelMatch {
  uint16_t bit = 0;
  bool set = false;  ///< --set: sets it, too
  bool invert = false;
  friend bool operator==(const ConnlabelMatch&, const ConnlabelMatch&) = default;
};
struct ConnbytesMatch {
  enum class What : uint8_t { kPackets, kBytes, kAverage };
  enum class Direction : uint8_t { kOriginal, kReply, kBoth };
  Interval<uint64_t> range;
  What what = What::kPackets;
  Direction direction = Direction::kOriginal;
  friend bool operator==(const ConnbytesMatch&, const ConnbytesMatch&) = default;
};
struct CommentMatch {
  std::string text;
  friend bool operator==(const CommentMatch&, const CommentMatch&) = default;
};
/// limit. `average` is the kernel's: 10,000ths of a second a packet.
struct LimitMatch {
  uint32_t average = 0;
  uint32_t burst = 5;
  friend bool operator==(const LimitMatch&, const LimitMatch&) = default;
};
struct LengthMatch {
  Interval<uint16_t> length;
  friend bool operator==(const LengthMatch&, const LengthMatch&) = default;
};
/// ttl and hl.
struct TtlMatch {
  enum class How : uint8_t { kEqual, kNotEqual, kLess, kGreater };
  How how = How::kEqual;
  uint8_t value = 0;
  bool six = false;
  friend bool operator==(const TtlMatch&, const TtlMatch&) = default;
};
struct TosMatch {
  uint8_t value = 0, mask = 0xff;
  bool invert = false;
  friend bool operator==(const TosMatch&, const TosMatch&) = default;
};
struct DscpMatch {
  uint8_t dscp = 0;
  bool invert = false;
  friend bool operator==(const DscpMatch&, const DscpMatch&) = default;
};
struct IprangeMatch {
  bool has_source = false, has_destination = false;
  bool source_invert = false, destination_invert = false;
  Address source_min, source_max, destination_min, destination_max;
  friend bool operator==(const IprangeMatch&, const IprangeMatch&) = default;
};
struct AddrtypeMatch {
  uint16_t source = 0, destination = 0;  ///< 1 << RouteType; 0: not asked
  bool source_invert = false, destination_invert = false;
  bool limit_in = false, limit_out = false;
  friend bool operator==(const AddrtypeMatch&, const AddrtypeMatch&) = default;
};
struct StatisticMatch {
  bool random = false;
  bool invert = false;
  uint32_t probability = 0;        ///< of 2^31
  uint32_t every = 0, packet = 0;  ///< as written: --every N --packet P
  friend bool operator==(const StatisticMatch&, const StatisticMatch&) = default;
};
struct MacMatch {
  std::array<uint8_t, 6> address{};
  bool invert = false;
  friend bool operator==(const MacMatch&, const MacMatch&) = default;
};
struct PkttypeMatch {
  conntrack::PacketType type = conntrack::PacketType::kHost;
  bool invert = false;
  friend bool operator==(const PkttypeMatch&, const PkttypeMatch&) = default;
};
/// recent: what ufw's `limit` and kube-proxy's session affinity write.
struct RecentMatch {
  enum class Action : uint8_t { kSet, kCheck, kUpdate, kRemove };
  Action action = Action::kSet;
  bool invert = false;
  uint32_t seconds = 0, hitcount = 0;
  bool reap = false, ttl = false;
  bool destination = false;  ///< --rdest
  std::string name = "DEFAULT";
  Address mask;  ///< unset: all ones
  friend bool operator==(const RecentMatch&, const RecentMatch&) = default;
};
/// rt: the IPv6 routing header (ufw).
struct RtMatch {
  bool has_type = false, type_invert = false;
  uint32_t type = 0;
  bool has_segments = false, segments_invert = false;
  uint32_t segments_min = 0, segments_max = 0;
  bool has_length = false, length_invert = false;
  uint32_t length = 0;
  friend bool operator==(const RtMatch&, const RtMatch&) = default;
};
/// physdev: there are no bridges here, so every question is answered no.
struct PhysdevMatch {
  std::string in, out;
  bool in_invert = false, out_invert = false;
  bool is_in = false, is_out = false, is_bridged = false;
  bool is_in_invert = false, is_out_invert = false, is_bridged_invert = false;
  friend bool operator==(const PhysdevMatch&, const PhysdevMatch&) = default;
};

using Match =
    std::variant<TcpMatch, UdpMatch, SctpMatch, IcmpMatch, MultiportMatch, ConntrackMatch,
                 MarkMatch, ConnlabelMatch, ConnbytesMatch, CommentMatch, LimitMatch, LengthMatch,
                 TtlMatch, TosMatch, DscpMatch, IprangeMatch, AddrtypeMatch, StatisticMatch,
                 MacMatch, PkttypeMatch, RecentMatch, RtMatch, PhysdevMatch>;

// ---- targets, by the name that follows -j ----

/// No -j at all: the rule counts and the next one is asked.
struct NoTarget {
  friend bool operator==(const NoTarget&, const NoTarget&) = default;
};
struct VerdictTarget {
  enum class Kind : uint8_t { kAccept, kDrop, kReturn };
  Kind kind = Kind::kAccept;
  friend bool operator==(const VerdictTarget&, const VerdictTarget&) = default;
};
/// -j CHAIN, -g CHAIN.
struct ChainTarget {
  uint32_t chain = 0;  ///< index into Table::chains
  bool go_to = false;
  friend bool operator==(const ChainTarget&, const ChainTarget&) = default;
};
/// --reject-with; the kernel's numbers of ipt_REJECT and ip6t_REJECT.
struct RejectTarget {
  enum class With : uint8_t {
    kNetUnreachable,
    kHostUnreachable,
    kProtUnreachable,
    kPortUnreachable,  ///< the default of both families
    kNetProhibited,
    kHostProhibited,
    kAdminProhibited,
    kTcpReset,
    kNoRoute6,
    kAdminProhibited6,
    kAddressUnreachable6,
    kPortUnreachable6,
    kPolicyFail6,
    kRejectRoute6,
  };
  With with = With::kPortUnreachable;
  friend bool operator==(const RejectTarget&, const RejectTarget&) = default;
};
struct LogTarget {
  enum Flag : uint8_t {  // XT_LOG_*
    kTcpSequence = 0x01,
    kTcpOptions = 0x02,
    kIpOptions = 0x04,
    kUid = 0x08,
    kMacDecode = 0x20,
  };
  uint8_t level = 4;
  uint8_t flags = 0;
  std::string prefix;
  friend bool operator==(const LogTarget&, const LogTarget&) = default;
};
struct NflogTarget {
  uint16_t group = 0;
  std::string prefix;
  uint32_t range = 0;  ///< --nflog-range or --nflog-size
  bool is_size = false, has_range = false;
  uint16_t threshold = 0;  ///< 0: not given
  friend bool operator==(const NflogTarget&, const NflogTarget&) = default;
};
struct TraceTarget {
  friend bool operator==(const TraceTarget&, const TraceTarget&) = default;
};
/// SNAT, DNAT, MASQUERADE, REDIRECT, NETMAP.
struct NatTarget {
  enum class Kind : uint8_t { kSnat, kDnat, kMasquerade, kRedirect, kNetmap };
  Kind kind = Kind::kSnat;
  nat::Range range;  ///< NETMAP: min_address is the network, max_address its last address
  friend bool operator==(const NatTarget&, const NatTarget&) = default;
};
/// MARK: mark = (mark & ~clear) ^ flip.
struct MarkTarget {
  uint32_t clear = 0, flip = 0;
  friend bool operator==(const MarkTarget&, const MarkTarget&) = default;
};
/// CONNMARK (xt_connmark_tginfo1, and the shift of revision 2 left out).
struct ConnmarkTarget {
  enum class Mode : uint8_t { kSet, kSave, kRestore };
  Mode mode = Mode::kSet;
  uint32_t ctmark = 0, ctmask = UINT32_MAX, nfmask = UINT32_MAX;
  friend bool operator==(const ConnmarkTarget&, const ConnmarkTarget&) = default;
};
/// CT, and NOTRACK as it was once written.
struct CtTarget {
  bool notrack = false;
  bool notrack_alias = false;  ///< written as -j NOTRACK
  bool has_zone = false, zone_from_mark = false, zone_orig = false, zone_reply = false;
  uint16_t zone = 0;
  std::string helper;
  uint16_t event_mask = 0;  ///< 1 << IPCT_*; 0: not given
  uint16_t expect_event_mask = 0;
  friend bool operator==(const CtTarget&, const CtTarget&) = default;
};
struct TcpmssTarget {
  bool clamp = false;
  uint16_t mss = 0;
  friend bool operator==(const TcpmssTarget&, const TcpmssTarget&) = default;
};
/// TTL and HL.
struct TtlTarget {
  enum class How : uint8_t { kSet, kIncrease, kDecrease };
  How how = How::kSet;
  uint8_t value = 0;
  bool six = false;
  friend bool operator==(const TtlTarget&, const TtlTarget&) = default;
};
/// CHECKSUM --checksum-fill (libvirt): packets here have theirs.
struct ChecksumTarget {
  friend bool operator==(const ChecksumTarget&, const ChecksumTarget&) = default;
};

using Target = std::variant<NoTarget, VerdictTarget, ChainTarget, RejectTarget, LogTarget,
                            NflogTarget, TraceTarget, NatTarget, MarkTarget, ConnmarkTarget,
                            CtTarget, TcpmssTarget, TtlTarget, ChecksumTarget>;

struct RuleCounters {
  uint64_t packets = 0, bytes = 0;
};

struct Rule {
  HeaderMatch header;
  std::vector<Match> matches;
  Target target;
  RuleCounters counters;
  Origin origin;
  /// What matches remember between packets (limit, statistic): indices into the evaluator's own
  /// store, one for each of `matches`; made when the rules are taken into use.
  std::vector<uint32_t> states;
};

struct Chain {
  std::string name;
  bool built_in = false;
  Hook hook = Hook::kPrerouting;  ///< of a built-in chain
  bool accepts = true;            ///< policy of a built-in chain
  RuleCounters counters;          ///< of the policy
  std::vector<Rule> rules;
};

/// Lets a map of strings be asked for views.
struct NameHash : std::hash<std::string_view> {
  using is_transparent = void;
};

struct Table {
  static constexpr uint32_t kNoChain = UINT32_MAX;

  TableId id = TableId::kFilter;
  std::vector<Chain> chains;  ///< the built-in ones first, in the order of their hooks
  /// Of chain_named. Whoever renames or removes chains clears it.
  std::unordered_map<std::string, uint32_t, NameHash, std::equal_to<>> chain_index;

  /// Index into `chains`, or kNoChain.
  uint32_t chain_named(std::string_view name);
};

/// Which hooks a table has chains at.
bool has_hook(TableId table, Hook hook);

/// The rules of one family.
struct Ruleset {
  uint8_t family = AF_INET;
  std::vector<Table> tables;  ///< those that were used: what nobody named is not traversed
  std::vector<std::string> files;

  Table* find(TableId id);
  const Table* find(TableId id) const;
  /// Made, with its built-in chains, when it is new.
  Table& instantiate(TableId id);
};

}  // namespace ctwin::rules
