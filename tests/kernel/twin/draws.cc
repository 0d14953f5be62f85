#include "draws.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "ctnetlink/flow_codec.h"
#include "netlink/message.h"

namespace ctwin::test {

namespace {

constexpr uint32_t kDraws = 1 << 16;

/// A seed for each first draw.
const std::vector<uint64_t>& seeds() {
  static const std::vector<uint64_t> table = [] {
    std::vector<uint64_t> result(kDraws, 0);
    size_t found = 0;
    for (uint64_t seed = 1; found < kDraws; ++seed) {
      uint64_t& place = result[Random(seed).below(kDraws)];
      found += place == 0;
      if (place == 0) place = seed;
    }
    return result;
  }();
  return table;
}

/// The port or id of a new flow before its source was translated and after, or of its destination
/// when only that was.
struct Choice {
  uint32_t before = 0, after = 0;
  bool icmp = false;
};

std::optional<Choice> choice_of(const MessageBytes& event) {
  netlink::MessageReader reader(event);
  netlink::Message message;
  Flow flow;
  if (!reader.next(message) || !(message.header.nlmsg_flags & NLM_F_CREATE) ||
      !ctnetlink::decode_flow(message, flow) || !(flow.status & (kSrcNat | kDstNat)))
    return {};
  if (is_icmp(flow.orig.proto)) return Choice{flow.orig.icmp_id, flow.reply.icmp_id, true};
  if (transport_kind(flow.orig.proto) != TransportKind::kPorts) return {};
  if (flow.status & kSrcNat) return Choice{flow.orig.sport, flow.reply.dport, false};
  return Choice{flow.orig.dport, flow.reply.sport, false};
}

}  // namespace

Draws::Draws(const rules::Ruleset& v4, const rules::Ruleset& v6) {
  add(v4);
  add(v6);
}

void Draws::add(const rules::Ruleset& rules) {
  const rules::Table* table = rules.find(rules::TableId::kNat);
  if (!table) return;
  for (const rules::Chain& chain : table->chains)
    for (const rules::Rule& rule : chain.rules) {
      const auto* target = std::get_if<rules::NatTarget>(&rule.target);
      if (!target || !target->range.has(nat::kProtoSpecified)) continue;
      const auto [low, high] = std::minmax(target->range.min_port, target->range.max_port);
      ranges_.push_back({low, high - low + 1u});
    }
}

/// What leads to `drawn` in the range of its class and in each of the rules' that has it; nothing
/// when there is no such number.
std::optional<uint16_t> Draws::draw_for(uint32_t before, uint32_t drawn, bool icmp) const {
  std::vector<Range> ranges;
  if (icmp)
    ranges.push_back({0, kDraws});
  else
    ranges.push_back(before < 512    ? Range{1, 511}
                     : before < 1024 ? Range{600, 424}
                                     : Range{1024, kDraws - 1024});
  for (const Range& range : ranges_)
    if (range.holds(drawn)) ranges.push_back(range);
  for (uint32_t draw = 0; draw < kDraws; ++draw)
    if (std::ranges::all_of(ranges, [&](const Range& range) {
          return !range.holds(drawn) || range.first + draw % range.size == drawn;
        }))
      return static_cast<uint16_t>(draw);
  return {};
}

bool Draws::steer(const Record& kernel, Random& random) const {
  bool drew = false;
  for (const MessageBytes& event : kernel.events) {
    const auto choice = choice_of(event);
    if (!choice) continue;
    const auto draw = draw_for(choice->before, choice->after, choice->icmp);
    if (draw) random = Random(seeds()[*draw]);
    drew |= choice->before != choice->after;
  }
  return drew;
}

}  // namespace ctwin::test
