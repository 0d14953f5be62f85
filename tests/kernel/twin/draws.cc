#include "draws.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "ctnetlink/flow_codec.h"
#include "netlink/message.h"
#include "packet_ends.h"

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

struct Range {
  uint32_t first, size;
  bool holds(uint32_t key) const { return key >= first && key - first < size; }
};

/// A number that leads to `drawn` in all of the ranges.
std::optional<uint16_t> draw_for(const std::vector<Range>& ranges, uint32_t drawn) {
  if (ranges.empty()) return {};
  for (uint32_t draw = 0; draw < kDraws; ++draw)
    if (std::ranges::all_of(
            ranges, [&](const Range& range) { return range.first + draw % range.size == drawn; }))
      return static_cast<uint16_t>(draw);
  return {};
}

}  // namespace

/// The port or id of a new flow before its source was translated and after, or of its destination
/// when only that was.
struct Draws::Choice {
  uint8_t family = 0, proto = 0;
  uint32_t before = 0, after = 0;

  /// Where ports are searched that no rule gives a range for.
  Range usual_range() const {
    if (is_icmp(proto)) return {0, kDraws};
    if (before < 512) return {1, 511};
    if (before < 1024) return {600, 424};
    return {1024, kDraws - 1024};
  }
};

std::optional<Draws::Choice> Draws::choice_of(const Flow& flow) {
  if (!(flow.status & (kSrcNat | kDstNat))) return {};
  Choice choice{flow.orig.family(), flow.orig.proto, flow.orig.sport, flow.reply.dport};
  if (is_icmp(flow.orig.proto))
    choice.before = flow.orig.icmp_id, choice.after = flow.reply.icmp_id;
  else if (transport_kind(flow.orig.proto) != TransportKind::kPorts)
    return {};
  else if (!(flow.status & kSrcNat))
    choice.before = flow.orig.dport, choice.after = flow.reply.sport;
  return choice;
}

std::optional<Draws::Choice> Draws::choice_told(const MessageBytes& event) {
  netlink::MessageReader reader(event);
  netlink::Message message;
  Flow flow;
  if (!reader.next(message) || !(message.header.nlmsg_flags & NLM_F_CREATE) ||
      !ctnetlink::decode_flow(message, flow))
    return {};
  return choice_of(flow);
}

/// From what went in and what came out, or is in the table at the end. A fragment may not tell how
/// it was before, but a port stays in its class.
std::optional<Draws::Choice> Draws::choice_seen(const Record& record) const {
  const auto before = read_packet_ends(record.packet);
  if (!before) return {};
  for (const Packet& output : record.outputs) {
    const auto after = read_packet_ends(output);
    if (!after || !after->has_ports || after->proto != before->proto) continue;
    Choice choice{after->src.family, after->proto, after->sport, after->sport};
    if (!before->has_ports) return choice;
    choice.before = before->sport;
    if (choice.before != choice.after) return choice;
    choice.before = before->dport, choice.after = after->dport;
    if (choice.before != choice.after) return choice;
  }
  for (const Flow& flow : flows_) {
    const Tuple& orig = flow.orig;
    if (orig.src == before->src && orig.dst == before->dst && orig.proto == before->proto &&
        orig.sport == before->sport && orig.dport == before->dport)
      return choice_of(flow);
  }
  return {};
}

void Draws::read_table(const std::vector<MessageBytes>& table) {
  if (!may_be_silent_) return;
  for (const MessageBytes& entry : table) {
    netlink::MessageReader reader(entry);
    netlink::Message message;
    Flow flow;
    if (reader.next(message) && ctnetlink::decode_flow(message, flow) && choice_of(flow))
      flows_.push_back(flow);
  }
}

Draws::Draws(const rules::Ruleset& v4, const rules::Ruleset& v6) {
  add(v4);
  add(v6);
}

void Draws::add(const rules::Ruleset& rules) {
  for (const rules::Table& table : rules.tables)
    for (const rules::Chain& chain : table.chains)
      for (const rules::Rule& rule : chain.rules) add(rules, rule);
}

void Draws::add(const rules::Ruleset& rules, const rules::Rule& rule) {
  if (const auto* target = std::get_if<rules::CtTarget>(&rule.target))
    may_be_silent_ |= (target->event_mask | target->expect_event_mask) != 0;
  const auto* target = std::get_if<rules::NatTarget>(&rule.target);
  if (!target || !target->range.has(nat::kProtoSpecified)) return;
  const auto [low, high] = std::minmax(target->range.min_port, target->range.max_port);
  const uint16_t proto = rule.header.proto_invert ? 0 : rule.header.proto;
  ranges_.push_back({rules.family, proto, low, high - low + 1u});
}

/// Which rule it was is not known. So it is best a number that leads there by all of them that may
/// be meant; else by those that give a range; else by the one range that holds without.
bool Draws::steer(const Record& kernel, Random& random) const {
  // What is drawn without being seen must not be what was seen to be drawn for an earlier packet:
  // that port is taken.
  random = Random(kernel.time);
  std::vector<std::optional<Choice>> choices;
  for (const MessageBytes& event : kernel.events) choices.push_back(choice_told(event));
  if (may_be_silent_ && choices.empty()) choices.push_back(choice_seen(kernel));
  bool drew = false;
  for (const std::optional<Choice>& choice : choices) {
    if (!choice) continue;
    std::vector<Range> ranges;
    for (const RuleRange& rule : ranges_) {
      const Range range{rule.first, rule.size};
      if (rule.family == choice->family && (rule.proto == 0 || rule.proto == choice->proto) &&
          range.holds(choice->after))
        ranges.push_back(range);
    }
    const Range otherwise = choice->usual_range();
    std::vector<Range> all = ranges;
    if (otherwise.holds(choice->after)) all.push_back(otherwise);
    std::optional<uint16_t> draw = draw_for(all, choice->after);
    if (!draw) draw = draw_for(ranges, choice->after);
    if (!draw) draw = draw_for({otherwise}, choice->after);
    if (draw) random = Random(seeds()[*draw]);
    drew |= choice->before != choice->after;
  }
  return drew;
}

}  // namespace ctwin::test
