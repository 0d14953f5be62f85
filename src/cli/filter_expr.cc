#include "cli/filter_expr.h"

#include <cstring>

#include "cli/filter_parser.h"
#include "cli/filter_words.h"
#include "cli/print_formats.h"
#include "ctnetlink/match.h"

namespace ctwin::cli {

namespace {

bool in_ranges(const FilterCondition& condition, uint64_t value) {
  for (const FilterRange& range : condition.ranges)
    if (range.contains(value)) return true;
  return false;
}

bool known_in_ranges(const FilterCondition& condition, bool known, uint64_t value) {
  return known && in_ranges(condition, value);
}

/// Word by word: this is asked of a million entries.
bool contains(const FilterNetwork& network, const Address& address) {
  if (network.address.family != address.family) return false;
  uint64_t wanted[2], mask[2], seen[2];
  std::memcpy(wanted, network.address.bytes.data(), sizeof wanted);
  std::memcpy(mask, network.mask.bytes.data(), sizeof mask);
  std::memcpy(seen, address.bytes.data(), sizeof seen);
  return (((wanted[0] ^ seen[0]) & mask[0]) | ((wanted[1] ^ seen[1]) & mask[1])) == 0;
}

bool address_holds(const FilterCondition& condition, const Flow& flow) {
  const Address* sides[] = {&flow.orig.src, &flow.orig.dst, &flow.reply.src, &flow.reply.dst};
  for (unsigned side = 0; side < 4; ++side) {
    if ((condition.sides >> side & 1) == 0) continue;
    for (const FilterNetwork& network : condition.networks)
      if (contains(network, *sides[side])) return true;
  }
  return false;
}

/// Ports, or keys, of the tuples whose protocol has them.
bool port_holds(const FilterCondition& condition, const Flow& flow, TransportKind kind) {
  const uint16_t sides[] = {flow.orig.sport, flow.orig.dport, flow.reply.sport, flow.reply.dport};
  const bool known[] = {flow.orig.has_ports && transport_kind(flow.orig.proto) == kind,
                        flow.reply.has_ports && transport_kind(flow.reply.proto) == kind};
  for (unsigned side = 0; side < 4; ++side)
    if ((condition.sides >> side & 1) && known_in_ranges(condition, known[side / 2], sides[side]))
      return true;
  return false;
}

uint16_t icmp_value(FilterSubject subject, const Tuple& tuple) {
  switch (subject) {
    case FilterSubject::kIcmpType: return tuple.icmp_type;
    case FilterSubject::kIcmpCode: return tuple.icmp_code;
    default: return tuple.icmp_id;
  }
}

bool icmp_holds(const FilterCondition& condition, const Flow& flow) {
  for (const auto& [side, tuple] :
       {std::pair(kOrigSide, &flow.orig), std::pair(kReplySide, &flow.reply)})
    if ((condition.sides & side) &&
        known_in_ranges(condition, tuple->has_ports && is_icmp(tuple->proto),
                        icmp_value(condition.subject, *tuple)))
      return true;
  return false;
}

bool state_holds(const FilterCondition& condition, const Flow& flow) {
  const auto has_bit = [](uint16_t bits, uint8_t state) {
    return state < 16 && (bits >> state & 1);
  };
  return (flow.has(FlowField::kTcpState) && has_bit(condition.states[0], flow.tcp_state)) ||
         (flow.has(FlowField::kSctpState) && has_bit(condition.states[1], flow.sctp_state)) ||
         (flow.has(FlowField::kDccpState) && has_bit(condition.states[2], flow.dccp_state));
}

/// The entry's zone, or those of its directions. One that is not there is 0.
bool zone_holds(const FilterCondition& condition, const Flow& flow) {
  if (condition.sides == 0) return in_ranges(condition, flow.has(FlowField::kZone) ? flow.zone : 0);
  for (const auto& [side, tuple] :
       {std::pair(kOrigSide, &flow.orig), std::pair(kReplySide, &flow.reply)})
    if ((condition.sides & side) && in_ranges(condition, tuple->has_zone ? tuple->zone : 0))
      return true;
  return false;
}

bool counter_holds(const FilterCondition& condition, const Flow& flow, uint64_t Counters::*value) {
  const bool orig = flow.has(FlowField::kCountersOrig), reply = flow.has(FlowField::kCountersReply);
  const uint64_t sent = orig ? flow.counters_orig.*value : 0;
  const uint64_t received = reply ? flow.counters_reply.*value : 0;
  if (condition.sides == 0) return known_in_ranges(condition, orig || reply, sent + received);
  return ((condition.sides & kOrigSide) && known_in_ranges(condition, orig, sent)) ||
         ((condition.sides & kReplySide) && known_in_ranges(condition, reply, received));
}

bool age_holds(const FilterCondition& condition, const Flow& flow, uint64_t now) {
  if (!flow.has(FlowField::kTimestampStart)) return false;
  const uint64_t end = flow.has(FlowField::kTimestampStop) ? flow.timestamp_stop : now;
  const uint64_t age = end > flow.timestamp_start ? end - flow.timestamp_start : 0;
  return in_ranges(condition, age / kNanosecondsPerSecond);
}

bool label_holds(const FilterCondition& condition, const Flow& flow) {
  return flow.has(FlowField::kLabels) &&
         flow.labels.test(static_cast<unsigned>(condition.ranges.front().low));
}

bool holds(const FilterCondition& condition, const Flow& flow, uint64_t now) {
  using Subject = FilterSubject;
  switch (condition.subject) {
    case Subject::kFamily: return in_ranges(condition, flow.orig.family());
    case Subject::kProtocol:
      return known_in_ranges(condition, flow.orig.has_proto, flow.orig.proto);
    case Subject::kAddress: return address_holds(condition, flow);
    case Subject::kPort: return port_holds(condition, flow, TransportKind::kPorts);
    case Subject::kKey: return port_holds(condition, flow, TransportKind::kKeys);
    case Subject::kIcmpType:
    case Subject::kIcmpCode:
    case Subject::kIcmpId: return icmp_holds(condition, flow);
    case Subject::kState: return state_holds(condition, flow);
    case Subject::kStatus:
      return flow.has(FlowField::kStatus) && (flow.status & condition.mask) != 0;
    case Subject::kMark:
      return in_ranges(condition, (flow.has(FlowField::kMark) ? flow.mark : 0) & condition.mask);
    case Subject::kZone: return zone_holds(condition, flow);
    case Subject::kLabel: return label_holds(condition, flow);
    case Subject::kHelper:
      return flow.has(FlowField::kHelper) && same_word(flow.helper.view(), condition.helper);
    case Subject::kSourceNat: return ctnetlink::is_source_nat(flow);
    case Subject::kDestinationNat: return ctnetlink::is_destination_nat(flow);
    case Subject::kTimeout:
      return known_in_ranges(condition, flow.has(FlowField::kTimeout), flow.timeout);
    case Subject::kBytes: return counter_holds(condition, flow, &Counters::bytes);
    case Subject::kPackets: return counter_holds(condition, flow, &Counters::packets);
    case Subject::kAge: return age_holds(condition, flow, now);
    case Subject::kId: return known_in_ranges(condition, flow.has(FlowField::kId), flow.id);
    case Subject::kUse: return known_in_ranges(condition, flow.has(FlowField::kUse), flow.use);
    case Subject::kSecmark:
      return known_in_ranges(condition, flow.has(FlowField::kSecmark), flow.secmark);
  }
  return false;
}

/// Does the entry tell what the condition is about? Every entry has these values, but not every
/// message says them; what else is not there is not the case.
bool is_told(const FilterCondition& condition, const Flow& flow) {
  switch (condition.subject) {
    case FilterSubject::kTimeout: return flow.has(FlowField::kTimeout);
    case FilterSubject::kAge: return flow.has(FlowField::kTimestampStart);
    case FilterSubject::kId: return flow.has(FlowField::kId);
    case FilterSubject::kUse: return flow.has(FlowField::kUse);
    case FilterSubject::kBytes:
    case FilterSubject::kPackets: {
      const bool orig = flow.has(FlowField::kCountersOrig);
      const bool reply = flow.has(FlowField::kCountersReply);
      if (condition.sides == 0) return orig || reply;
      return (orig || !(condition.sides & kOrigSide)) && (reply || !(condition.sides & kReplySide));
    }
    default: return true;
  }
}

template <typename T>
void set_if_free(std::optional<T>& field, uint64_t value) {
  if (!field) field = static_cast<T>(value);
}

void narrow_address(const FilterCondition& condition, Filter& filter) {
  if (condition.networks.size() != 1) return;
  const FilterNetwork& network = condition.networks.front();
  const auto set = [&network](Address& address, Address& mask) {
    if (address.is_set()) return;
    address = network.address;
    mask = network.mask;
  };
  switch (condition.sides) {
    case kOrigSrcSide: return set(filter.orig.src, filter.orig.src_mask);
    case kOrigDstSide: return set(filter.orig.dst, filter.orig.dst_mask);
    case kReplySrcSide: return set(filter.reply.src, filter.reply.src_mask);
    case kReplyDstSide: return set(filter.reply.dst, filter.reply.dst_mask);
    default: return;
  }
}

void narrow_port(uint8_t sides, uint64_t value, Filter& filter) {
  switch (sides) {
    case kOrigSrcSide: return set_if_free(filter.orig.sport, value);
    case kOrigDstSide: return set_if_free(filter.orig.dport, value);
    case kReplySrcSide: return set_if_free(filter.reply.sport, value);
    case kReplyDstSide: return set_if_free(filter.reply.dport, value);
    default: return;
  }
}

void narrow_zone(uint8_t sides, uint64_t value, Filter& filter) {
  switch (sides) {
    case 0: return set_if_free(filter.zone, value);
    case kOrigSide: return set_if_free(filter.orig.zone, value);
    case kReplySide: return set_if_free(filter.reply.zone, value);
    default: return;
  }
}

/// A condition that names one value.
void narrow_exact(const FilterCondition& condition, uint64_t value, Filter& filter) {
  const bool orig = condition.sides == kOrigSide;
  switch (condition.subject) {
    case FilterSubject::kFamily:
      if (filter.family == AF_UNSPEC) filter.family = static_cast<uint8_t>(value);
      return;
    case FilterSubject::kProtocol: return set_if_free(filter.orig.proto, value);
    case FilterSubject::kPort:
    case FilterSubject::kKey: return narrow_port(condition.sides, value, filter);
    case FilterSubject::kIcmpType: return orig ? set_if_free(filter.orig.icmp_type, value) : void();
    case FilterSubject::kIcmpCode: return orig ? set_if_free(filter.orig.icmp_code, value) : void();
    case FilterSubject::kIcmpId: return orig ? set_if_free(filter.orig.icmp_id, value) : void();
    case FilterSubject::kMark:
      if (!filter.mark) filter.mark = MarkFilter{static_cast<uint32_t>(value), condition.mask};
      return;
    case FilterSubject::kZone: return narrow_zone(condition.sides, value, filter);
    case FilterSubject::kId: return set_if_free(filter.id, value);
    default: return;
  }
}

bool is_one_bit(uint32_t mask) { return mask != 0 && (mask & (mask - 1)) == 0; }

}  // namespace

std::string point_at(const FilterMistake& mistake, std::string_view expression) {
  constexpr size_t kBefore = 40, kBehind = 30;      // columns around the place, for 80 in all
  const auto continues = [expression](size_t at) {  // a byte of UTF-8 that takes no column
    return (static_cast<unsigned char>(expression[at]) & 0xc0) == 0x80;
  };
  size_t begin = mistake.at, end = mistake.at, column = 0;
  while (begin > 0 && column < kBefore) column += !continues(--begin);
  for (size_t shown = 0; end < expression.size() && (shown < kBehind || continues(end)); ++end)
    shown += !continues(end);
  std::string line = begin > 0 ? "..." : "";
  const std::string caret(line.size() + column, ' ');
  line.append(expression.substr(begin, end - begin));
  if (end < expression.size()) line += "...";
  std::string text = mistake.text;
  for (std::string* part : {&text, &line})
    for (char& c : *part)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text + "\n  " + line + "\n  " + caret + "^";
}

std::variant<FilterExpr, FilterMistake> FilterExpr::parse(std::string_view text,
                                                          const LabelMap* labels) {
  auto parsed = parse_filter(text, labels);
  if (auto* mistake = std::get_if<FilterMistake>(&parsed)) return std::move(*mistake);
  const FilterNode& root = std::get<FilterNode>(parsed);
  FilterExpr expression;
  expression.first_ = expression.compile(root, kAccept, kReject, false);
  expression.collect_implied(root);
  return expression;
}

uint32_t FilterExpr::compile(const FilterNode& node, uint32_t if_true, uint32_t if_false,
                             bool negated) {
  using Kind = FilterNode::Kind;
  switch (node.kind) {
    case Kind::kNot: return compile(node.children.front(), if_false, if_true, !negated);
    case Kind::kAnd:
      for (size_t i = node.children.size(); i-- > 0;)
        if_true = compile(node.children[i], if_true, if_false, negated);
      return if_true;
    case Kind::kOr:
      for (size_t i = node.children.size(); i-- > 0;)
        if_false = compile(node.children[i], if_true, if_false, negated);
      return if_false;
    case Kind::kCondition: break;
  }
  uses_time_ |= node.condition.subject == FilterSubject::kAge;
  steps_.push_back({node.condition, if_true, if_false, negated});
  return static_cast<uint32_t>(steps_.size() - 1);
}

bool FilterExpr::matches(const Flow& flow, uint64_t now) const {
  uint32_t at = first_;
  while (at < kReject) {
    const Step& step = steps_[at];
    const bool fulfilled =
        holds(step.condition, flow, now) || (step.negated && !is_told(step.condition, flow));
    at = fulfilled ? step.if_true : step.if_false;
  }
  return at == kAccept;
}

void FilterExpr::collect_implied(const FilterNode& node) {
  using Kind = FilterNode::Kind;
  const auto is_status = [](const FilterNode& of) {
    return of.kind == Kind::kCondition && of.condition.subject == FilterSubject::kStatus;
  };
  if (node.kind == Kind::kAnd)
    for (const FilterNode& child : node.children) collect_implied(child);
  if (node.kind == Kind::kCondition) implied_.push_back(node.condition);
  if (node.kind == Kind::kNot && is_status(node.children.front()))
    implied_clear_ |= node.children.front().condition.mask;
}

void FilterExpr::narrow(Filter& filter) const {
  filter.status_clear |= implied_clear_;
  for (const FilterCondition& condition : implied_) {
    if (condition.subject == FilterSubject::kStatus && is_one_bit(condition.mask))
      filter.status_set |= condition.mask;
    else if (condition.subject == FilterSubject::kAddress)
      narrow_address(condition, filter);
    else if (condition.subject == FilterSubject::kLabel)
      filter.labels.set(static_cast<unsigned>(condition.ranges.front().low));
    else if (condition.ranges.size() == 1 &&
             condition.ranges.front().low == condition.ranges.front().high)
      narrow_exact(condition, condition.ranges.front().low, filter);
  }
}

}  // namespace ctwin::cli
