#include "engine/entry_change.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::ConnTable;
using conntrack::Extension;
using conntrack::Tick;
using netlink::Attr;

namespace {

constexpr size_t kProtoinfoAttrs = CTA_PROTOINFO_SCTP + 1;
constexpr size_t kTcpAttrs = CTA_PROTOINFO_TCP_FLAGS_REPLY + 1;
constexpr size_t kSctpAttrs = CTA_PROTOINFO_SCTP_VTAG_REPLY + 1;
constexpr size_t kSeqAdjAttrs = CTA_SEQADJ_OFFSET_AFTER + 1;
constexpr size_t kSynproxyAttrs = CTA_SYNPROXY_TSOFF + 1;
constexpr size_t kHelpAttrs = CTA_HELP_INFO + 1;

constexpr std::array<AttrRule, kProtoinfoAttrs> kProtoinfoRules = [] {
  std::array<AttrRule, kProtoinfoAttrs> rules{};
  rules[CTA_PROTOINFO_TCP] = rules[CTA_PROTOINFO_DCCP] = rules[CTA_PROTOINFO_SCTP] = kNestedRule;
  return rules;
}();

constexpr std::array<AttrRule, kTcpAttrs> kTcpRules = [] {
  constexpr uint32_t kLastState = 9, kLargestScale = 14;
  std::array<AttrRule, kTcpAttrs> rules{};
  rules[CTA_PROTOINFO_TCP_STATE] = byte_up_to(kLastState);
  rules[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL] = byte_up_to(kLargestScale);
  rules[CTA_PROTOINFO_TCP_WSCALE_REPLY] = byte_up_to(kLargestScale);
  rules[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL] = at_least(sizeof(FlagsWithMask));
  rules[CTA_PROTOINFO_TCP_FLAGS_REPLY] = at_least(sizeof(FlagsWithMask));
  return rules;
}();

constexpr std::array<AttrRule, kSctpAttrs> kSctpRules = [] {
  constexpr uint32_t kLastState = 8;
  std::array<AttrRule, kSctpAttrs> rules{};
  rules[CTA_PROTOINFO_SCTP_STATE] = byte_up_to(kLastState);
  rules[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL] = rules[CTA_PROTOINFO_SCTP_VTAG_REPLY] = kU32Rule;
  return rules;
}();

constexpr std::array<AttrRule, kSeqAdjAttrs> kSeqAdjRules = [] {
  std::array<AttrRule, kSeqAdjAttrs> rules{};
  rules[CTA_SEQADJ_CORRECTION_POS] = kU32Rule;
  rules[CTA_SEQADJ_OFFSET_BEFORE] = rules[CTA_SEQADJ_OFFSET_AFTER] = kU32Rule;
  return rules;
}();

constexpr std::array<AttrRule, kSynproxyAttrs> kSynproxyRules = [] {
  std::array<AttrRule, kSynproxyAttrs> rules{};
  rules[CTA_SYNPROXY_ISN] = rules[CTA_SYNPROXY_ITS] = rules[CTA_SYNPROXY_TSOFF] = kU32Rule;
  return rules;
}();

constexpr std::array<AttrRule, kHelpAttrs> kHelpRules = [] {
  constexpr uint32_t kNameBytes = 15;
  std::array<AttrRule, kHelpAttrs> rules{};
  rules[CTA_HELP_NAME] = text(kNameBytes);
  return rules;
}();

int change_tcp(conntrack::TcpTrack& tcp, const Attr& attr) {
  Attrs<kTcpAttrs> attrs;
  if (const int code = read_attrs(attr.payload, kTcpRules, attrs)) return code;
  if (attrs.has(CTA_PROTOINFO_TCP_STATE))
    tcp.state = front<uint8_t>(attrs[CTA_PROTOINFO_TCP_STATE]);
  for (const size_t dir : {0, 1}) {
    const auto type = static_cast<uint16_t>(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL + dir);
    if (!attrs.has(type)) continue;
    const auto [flags, mask] = raw_front<FlagsWithMask>(attrs[type]);
    uint8_t& mine = tcp.seen[dir].flags;
    mine = static_cast<uint8_t>((mine & ~mask) | (flags & mask));
  }
  // Scales mean something only where both sides offered them.
  if (attrs.has(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL) && attrs.has(CTA_PROTOINFO_TCP_WSCALE_REPLY) &&
      (tcp.seen[0].flags & tcp.seen[1].flags & conntrack::kTcpWindowScale)) {
    tcp.seen[0].td_scale = front<uint8_t>(attrs[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL]);
    tcp.seen[1].td_scale = front<uint8_t>(attrs[CTA_PROTOINFO_TCP_WSCALE_REPLY]);
  }
  return 0;
}

int change_sctp(conntrack::SctpTrack& sctp, const Attr& attr) {
  Attrs<kSctpAttrs> attrs;
  if (const int code = read_attrs(attr.payload, kSctpRules, attrs)) return code;
  if (!attrs.has(CTA_PROTOINFO_SCTP_STATE) || !attrs.has(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL) ||
      !attrs.has(CTA_PROTOINFO_SCTP_VTAG_REPLY))
    return EINVAL;
  sctp.state = front<uint8_t>(attrs[CTA_PROTOINFO_SCTP_STATE]);
  sctp.vtag[0] = raw_front<uint32_t>(attrs[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL]);
  sctp.vtag[1] = raw_front<uint32_t>(attrs[CTA_PROTOINFO_SCTP_VTAG_REPLY]);
  return 0;
}

int change_seq_adj(SeqAdj& adjust, const Attr& attr) {
  Attrs<kSeqAdjAttrs> attrs;
  if (const int code = read_attrs(attr.payload, kSeqAdjRules, attrs)) return code;
  if (!attrs.has(CTA_SEQADJ_CORRECTION_POS)) return EINVAL;
  adjust.correction_pos = front<uint32_t>(attrs[CTA_SEQADJ_CORRECTION_POS]);
  if (!attrs.has(CTA_SEQADJ_OFFSET_BEFORE)) return EINVAL;
  adjust.offset_before = static_cast<int32_t>(front<uint32_t>(attrs[CTA_SEQADJ_OFFSET_BEFORE]));
  if (!attrs.has(CTA_SEQADJ_OFFSET_AFTER)) return EINVAL;
  adjust.offset_after = static_cast<int32_t>(front<uint32_t>(attrs[CTA_SEQADJ_OFFSET_AFTER]));
  return 0;
}

}  // namespace

Tick requested_ticks(const Attr& attr) {
  return std::min<Tick>(Tick{front<uint32_t>(attr)} * conntrack::kTicksPerSecond, INT32_MAX);
}

/// A request says how all bits shall be. Some may not differ from what they are, some may only be
/// set, most others are the kernel's own and left as they are.
int change_status(Conn& ct, const Attr& attr) {
  constexpr uint32_t kFixed = kExpected | kConfirmed | kDying;
  constexpr uint32_t kOnlySet = kSeenReply | kAssured;
  constexpr uint32_t kSettable = kSeenReply | kAssured | kFixedTimeout | kHelperBit;
  const uint32_t wanted = front<uint32_t>(attr);
  const uint32_t changed = ct.status ^ wanted;
  if ((changed & kFixed) != 0 || (changed & kOnlySet & ~wanted) != 0) return EBUSY;
  ct.status |= wanted & kSettable;
  return 0;
}

void change_mark(Conn& ct, const FlowAttrs& attrs) {
  const uint32_t mask =
      attrs.has(CTA_MARK_MASK) ? front<uint32_t>(attrs[CTA_MARK_MASK]) : UINT32_MAX;
  ct.mark = (ct.mark & ~mask) ^ front<uint32_t>(attrs[CTA_MARK]);
}

int change_protoinfo(Conn& ct, const Attr& attr) {
  Attrs<kProtoinfoAttrs> attrs;
  if (const int code = read_attrs(attr.payload, kProtoinfoRules, attrs)) return code;
  const uint8_t proto = ct.tuple[0].proto;
  if (proto == IPPROTO_TCP && attrs.has(CTA_PROTOINFO_TCP))
    return change_tcp(ct.track.tcp, attrs[CTA_PROTOINFO_TCP]);
  if (proto == IPPROTO_SCTP && attrs.has(CTA_PROTOINFO_SCTP))
    return change_sctp(ct.track.sctp, attrs[CTA_PROTOINFO_SCTP]);
  return 0;
}

int change_sequence_adjustment(ConnTable& table, Conn& ct, const FlowAttrs& attrs) {
  if (!(ct.features & conntrack::kFromNetlink)) return 0;
  for (const uint16_t type : {CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY}) {
    if (!attrs.has(type)) continue;
    SeqAdj& adjust = table.extend(ct).seq_adj[type - CTA_SEQ_ADJ_ORIG];
    if (const int code = change_seq_adj(adjust, attrs[type])) return code;
    ct.status |= kSeqAdjust;
  }
  return 0;
}

int change_synproxy(ConnTable& table, Conn& ct, const Attr& attr) {
  if (!(ct.features & conntrack::kFromNetlink)) return 0;
  Attrs<kSynproxyAttrs> attrs;
  if (const int code = read_attrs(attr.payload, kSynproxyRules, attrs)) return code;
  if (!attrs.has(CTA_SYNPROXY_ISN) || !attrs.has(CTA_SYNPROXY_ITS) ||
      !attrs.has(CTA_SYNPROXY_TSOFF))
    return EINVAL;
  table.extend(ct).synproxy = {front<uint32_t>(attrs[CTA_SYNPROXY_ISN]),
                               front<uint32_t>(attrs[CTA_SYNPROXY_ITS]),
                               front<uint32_t>(attrs[CTA_SYNPROXY_TSOFF])};
  return 0;
}

int change_labels(ConnTable& table, Conn& ct, const FlowAttrs& attrs) {
  const std::span<const std::byte> wanted = attrs[CTA_LABELS].payload;
  const std::span<const std::byte> mask = attrs[CTA_LABELS_MASK].payload;
  if (wanted.size() % sizeof(uint32_t) != 0) return EINVAL;
  if (attrs.has(CTA_LABELS_MASK) && (mask.empty() || mask.size() != wanted.size())) return EINVAL;
  if (!(ct.features & conntrack::kHasLabels)) return ENOSPC;
  Labels& labels = table.extend(ct).labels;
  for (size_t i = 0; i * sizeof(uint32_t) < wanted.size(); ++i) {
    uint32_t word, kept = 0;
    std::memcpy(&word, wanted.data() + i * sizeof word, sizeof word);
    if (!mask.empty()) std::memcpy(&kept, mask.data() + i * sizeof kept, sizeof kept);
    labels.words[i] = (labels.words[i] & (mask.empty() ? 0 : ~kept)) ^ word;
  }
  return 0;
}

int read_helper_name(const Attr& attr, std::string_view& name) {
  Attrs<kHelpAttrs> attrs;
  if (const int code = read_attrs(attr.payload, kHelpRules, attrs)) return code;
  if (!attrs.has(CTA_HELP_NAME)) return EINVAL;
  name = attrs[CTA_HELP_NAME].text();
  return 0;
}

int change_helper(const ConnTable& table, const Conn& ct, const Attr& attr) {
  std::string_view name;
  if (const int code = read_helper_name(attr, name)) return code;
  const Extension* extension = table.extension(ct);
  if (extension && extension->master != 0) return EBUSY;
  return name.empty() ? 0 : EOPNOTSUPP;
}

}  // namespace ctwin::engine
