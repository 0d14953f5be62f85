#include "engine/trace.h"

#include <netinet/in.h>

#include "conntrack/tuple.h"
#include "engine/trace_text.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::CtInfo;
using conntrack::Direction;
using conntrack::index_of;
using conntrack::Tracked;
using packet::Packet;
using packet::ParseResult;

Tracer::Tracer(Engine& engine, const Options& options, Sink sink)
    : engine_(engine), options_(options), sink_(std::move(sink)) {}

void Tracer::before(const Packet& packet) {
  notes_.clear();
  timeout_ = -1;
  const conntrack::Tracker& tracker = engine_.tracker();
  invalid_before_ = engine_.tracker().stats().invalid;
  error_before_ = engine_.tracker().stats().error;
  conntrack::TupleKey key;
  had_entry_ = false;
  if (conntrack::extract_tuple(packet, 0, key) != conntrack::ExtractResult::kOk) return;
  const auto found = tracker.table().find(key);
  if (found.index == 0) return;
  had_entry_ = true;
  entry_before_ = tracker.table()[found.index];
  dir_ = found.dir;
}

void Tracer::after(const Packet& packet, const Tracked& tracked) {
  const Story story = tell(packet, tracked);
  if (tracked.index != 0) remember(packet, engine_.tracker().table()[tracked.index]);
  show(packet, story);
}

void Tracer::passed_over(const Packet& packet, ParseResult why) {
  Story story;
  story.refused = why == ParseResult::kInvalid;
  story.entry = "none";
  story.ctinfo = story.refused ? "INVALID" : "none";
  switch (why) {
    case ParseResult::kFragment: story.why = {"a fragment: waits for the others"}; break;
    case ParseResult::kDropped:
      story.why = {"the IP header is damaged: dropped before conntrack"};
      break;
    default: story.why = {"no transport header can be found"}; break;
  }
  show(packet, story);
}

Tracer::Story Tracer::tell(const Packet&, const Tracked& tracked) {
  Story story;
  const Conn* now = tracked.index != 0 ? &engine_.tracker().table()[tracked.index] : nullptr;
  const bool same = now && had_entry_ && now->id == entry_before_.id;
  const bool related = tracked.info == CtInfo::kRelated || tracked.info == CtInfo::kRelatedReply;
  if (!now)
    story.entry = had_entry_ ? fmt::format("id={} left alone or gone", entry_before_.id) : "none";
  else if (same || related)
    story.entry = fmt::format("found id={}", now->id);
  else
    story.entry = fmt::format("{}created id={}", had_entry_ ? "old one destroyed, " : "", now->id);
  story.ctinfo = tracked.not_tracked ? "none" : info_text(tracked.info);
  if (!related) story.state = state_change(now);
  if (timeout_ >= 0)
    story.timeout = fmt::format("{} s ({})", timeout_ / conntrack::kTicksPerSecond, rule_);
  for (const auto& note : notes_) story.why.push_back(explain(note));
  if (tracked.not_tracked) story.why.push_back("the capture holds too little of the packet");
  if (tracked.drop) story.why.push_back("dropped");
  const auto& stats = engine_.tracker().stats();
  story.refused = stats.invalid != invalid_before_ || stats.error != error_before_;
  if (story.refused && notes_.empty())
    story.why.push_back(stats.error != error_before_ ? "an ICMP error that quotes no known flow"
                                                     : "no flow can begin with such a packet");
  for (const auto& note : notes_) story.refused |= note.kernel_logs;
  return story;
}

std::string Tracer::state_change(const Conn* now) const {
  const std::string before = had_entry_ ? state_text(entry_before_) : "none";
  if (!now) return {};
  const bool same = had_entry_ && now->id == entry_before_.id;
  const std::string after = state_text(*now);
  return fmt::format("{} -> {}", same ? before : "none", after);
}

/// Notes which packet moved which bound of the flow.
void Tracer::remember(const Packet& packet, const Conn& now) {
  if (now.tuple[0].proto != IPPROTO_TCP) return;
  const bool same = had_entry_ && now.id == entry_before_.id;
  History& history = histories_[now.id];
  if (!same) history = {{}, packet.number};
  for (size_t i = 0; i < 2; ++i) {
    const conntrack::TcpPeer& peer = now.track.tcp.seen[i];
    const conntrack::TcpPeer old = same ? entry_before_.track.tcp.seen[i] : conntrack::TcpPeer{};
    Bounds& bounds = history.peer[i];
    if (peer.td_end != old.td_end) bounds.end = packet.number;
    if (peer.td_maxend != old.td_maxend) bounds.maxend = packet.number;
    if (peer.td_maxwin != old.td_maxwin) bounds.maxwin = packet.number;
    if (peer.td_maxack != old.td_maxack) bounds.maxack = packet.number;
  }
}

/// The kernel's words, then the state that they come from and the packets that made it so; or ours,
/// where the kernel says nothing.
std::string Tracer::explain(const conntrack::TrackNote& note) const {
  if (!note.kernel_logs) return note.text;
  std::string text = fmt::format("nf_ct_proto_{}: {}", note.proto, note.text);
  if (note.proto != IPPROTO_TCP || !had_entry_) return text;
  const auto known = histories_.find(entry_before_.id);
  if (known == histories_.end()) return text;
  const size_t sender = index_of(dir_), receiver = 1 - sender;
  const auto& tcp = entry_before_.track.tcp;
  const auto& bounds = known->second.peer;
  const auto starts = [&](std::string_view words) { return note.text.starts_with(words); };
  const auto contains = [&](std::string_view words) {
    return note.text.find(words) != std::string::npos;
  };
  if (starts("SEQ is over") || contains("bytes more than expected"))
    return text + fmt::format(" [td_maxend={} set by #{}]", tcp.seen[sender].td_maxend,
                              bounds[sender].maxend);
  if (starts("ACK is over"))
    return text + fmt::format(" [td_end of the other side={} set by #{}]",
                              tcp.seen[receiver].td_end, bounds[receiver].end);
  if (starts("SEQ is under"))
    return text + fmt::format(" [td_end={} set by #{}, td_maxwin of the other side={} set by #{}]",
                              tcp.seen[sender].td_end, bounds[sender].end,
                              tcp.seen[receiver].td_maxwin, bounds[receiver].maxwin);
  if (starts("ignored ACK under"))
    return text + fmt::format(" [td_end of the other side={} set by #{}]",
                              tcp.seen[receiver].td_end, bounds[receiver].end);
  if (starts("invalid rst"))
    return text + fmt::format(" [td_maxack of the other side={} set by #{}]",
                              tcp.seen[receiver].td_maxack, bounds[receiver].maxack);
  return text;
}

std::string Tracer::device_name(uint32_t device) const {
  return device != 0 && device < engine_.devices_end() ? engine_.device_name(device) : "-";
}

// ---- through a box ----

void Tracer::begins(const conntrack::Skb& skb, bool made_here) {
  Block block = block_of(skb.packet);
  block.device = made_here ? "made here" : device_name(skb.in);
  blocks_.push_back(std::move(block));
  family_ = skb.packet.family;
}

void Tracer::says(const char* about, const std::string& sentence) {
  Block& block = blocks_.back();
  (block.tracked ? block.behind : block.before).push_back({about, sentence});
}

void Tracer::reaches(const conntrack::Skb& skb, conntrack::Hook hook) {
  says("hook",
       fmt::format("{} in={} out={}", name_of(hook), device_name(skb.in), device_name(skb.out)));
}

void Tracer::after_tracking(const conntrack::Skb& skb) {
  Block& block = blocks_.back();
  block.story = tell(skb.packet, skb.ct);
  block.tuple = tuple_text(skb.packet);
  block.tracked = true;
  if (skb.ct.index != 0) remember(skb.packet, engine_.tracker().table()[skb.ct.index]);
}

void Tracer::passed(rules::TableId table, const rules::Chain& chain, uint32_t number,
                    const rules::Rule* rule) {
  std::string text = fmt::format("{} {}", name_of(table), chain.name);
  const rules::Ruleset& ruleset = engine_.box()->rules(family_);
  if (rule) {
    text += fmt::format(" {} {}", number, target_text(ruleset, table, *rule));
    if (rule->origin.line != 0)
      text += fmt::format(" ({}:{})", ruleset.files[rule->origin.file], rule->origin.line);
  } else if (chain.built_in) {
    text += chain.accepts ? " policy ACCEPT" : " policy DROP";
  } else {
    text += " end of chain";
  }
  says("rule", text);
}

void Tracer::ends(const conntrack::Skb& skb, const char* fate) {
  const bool sent = skb.out != 0 && std::string_view(fate).starts_with("sent");
  says("fate", sent ? fmt::format("{} by {}", fate, device_name(skb.out)) : fate);
  Block block = std::move(blocks_.back());
  blocks_.pop_back();
  out_.clear();
  if (!options_.only_invalid || block.story.refused) render(block);
  out_.append(block.after);
  if (blocks_.empty()) return sink_({out_.data(), out_.size()});
  blocks_.back().after.append(out_.data(), out_.size());
  family_ = blocks_.back().packet.family;
}

// ---- spelling ----

Tracer::Block Tracer::block_of(const Packet& packet) const {
  Block block;
  block.packet = packet;
  const bool readable = packet.family != AF_UNSPEC;
  block.summary = readable ? packet_text(packet) : "no IP packet";
  block.tuple = readable ? tuple_text(packet) : "none";
  block.device = device_name(packet.device);
  return block;
}

void Tracer::show(const Packet& packet, Story story) {
  if (options_.only_invalid && !story.refused) return;
  Block block = block_of(packet);
  block.story = std::move(story);
  block.tracked = packet.family != AF_UNSPEC;
  out_.clear();
  render(block);
  sink_({out_.data(), out_.size()});
}

void Tracer::render(const Block& block) { options_.json ? render_json(block) : render_text(block); }

void Tracer::render_text(const Block& block) {
  auto at = fmt::appender(out_);
  fmt::format_to(at, "#{} {} {} {}\n", block.packet.number, time_text(block.packet.time),
                 block.device, block.summary);
  const auto line = [&](const char* name, const std::string& text) {
    if (!text.empty()) fmt::format_to(at, "  {:<8} {}\n", name, text);
  };
  for (const Line& before : block.before) line(before.name, before.text);
  const Story& story = block.story;
  if (block.tracked) line("tuple", block.tuple);
  line("entry", story.entry);
  line("ctinfo", story.ctinfo);
  line("state", story.state);
  line("timeout", story.timeout);
  for (const std::string& why : story.why) line("why", why);
  for (const Line& behind : block.behind) line(behind.name, behind.text);
}

void Tracer::render_json(const Block& block) {
  auto at = fmt::appender(out_);
  fmt::format_to(at, "{{\"packet\":{},\"time\":\"{}\",\"interface\":{},\"summary\":{},\"tuple\":{}",
                 block.packet.number, time_text(block.packet.time), json_string(block.device),
                 json_string(block.summary), json_string(block.tuple));
  const auto field = [&](const char* name, const std::string& text) {
    fmt::format_to(at, ",\"{}\":{}", name, text.empty() ? "null" : json_string(text));
  };
  const Story& story = block.story;
  field("entry", story.entry);
  field("ctinfo", story.ctinfo);
  field("state", story.state);
  field("timeout", story.timeout);
  fmt::format_to(at, ",\"why\":[");
  for (size_t i = 0; i < story.why.size(); ++i)
    fmt::format_to(at, "{}{}", i == 0 ? "" : ",", json_string(story.why[i]));
  fmt::format_to(at, "]");
  if (engine_.box()) {
    const char* separator = "";
    fmt::format_to(at, ",\"path\":[");
    for (const std::vector<Line>* lines : {&block.before, &block.behind})
      for (const Line& line : *lines)
        fmt::format_to(at, "{}[\"{}\",{}]", std::exchange(separator, ","), line.name,
                       json_string(line.text));
    fmt::format_to(at, "]");
  }
  fmt::format_to(at, "}}\n");
}

}  // namespace ctwin::engine
