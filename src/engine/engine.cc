#include "engine/engine.h"

#include <netinet/in.h>

#include "engine/trace.h"

namespace ctwin::engine {

using conntrack::Tracked;
using packet::Packet;
using packet::ParseResult;

namespace {

constexpr size_t kBatch = 32;

void begin_packet(const RawPacket& raw, uint64_t number, Packet& packet) {
  packet.device = raw.device;
  packet.time = raw.time;
  packet.number = number;
  packet.checksum = raw.checksum;
  packet.segment_size = raw.segment_size;
}

packet::DefragLimits defrag_limits(const conntrack::Settings& settings) {
  packet::DefragLimits limits;
  limits.ipv6_timeout = uint64_t{settings.frag6_timeout} * 1'000'000'000;
  limits.ipv6_memory = settings.frag6_high_thresh;
  return limits;
}

/// Without an IP header nobody knows where a packet goes.
bool has_header(const Packet& packet) {
  constexpr uint32_t kIpv4Header = 20, kIpv6Header = 40;
  return packet.captured >= (packet.family == AF_INET ? kIpv4Header : kIpv6Header);
}

/// Parses one that came in, by what is known of it from outside.
ParseResult parse(const RawPacket& raw, Packet& packet) {
  const ParseResult parsed = packet::parse_packet(raw.bytes, packet);
  if (packet.captured < packet.length) packet.checksum = packet::ChecksumState::kUncheckable;
  // Only a TCP segment with its header can be cut, whatever was said of it.
  constexpr uint32_t kTcpHeader = 20;
  if (parsed != ParseResult::kOk || packet.proto != IPPROTO_TCP ||
      packet.l4_captured() < kTcpHeader)
    packet.segment_size = 0;
  // More than was on the wire is a packet that was cut before it got here.
  if (raw.wire_length != 0 && packet.length > raw.wire_length) return ParseResult::kDropped;
  return parsed;
}

}  // namespace

Engine::Engine(Options options)
    : settings_(options.settings),
      seed_(options.seed),
      tracker_(settings_, options.capacity, options.seed),
      defragmenter_(defrag_limits(settings_)) {
  batch_.reserve(kBatch);
  if (!options.setup) return;
  box_ = std::make_unique<Box>(std::move(*options.setup), settings_, tracker_, nat_);
  settings_.acct |= box_->needs_counters();
}

void Engine::replace_setup(setup::Setup setup) {
  settings_ = setup.settings;
  box_->replace(std::move(setup));
  settings_.acct |= box_->needs_counters();
}

uint32_t Engine::device(const std::string& name) { return interfaces().find_or_add(name); }

void Engine::on_output(Output output) {
  if (box_)
    box_->on_output(std::move(output));
  else
    output_ = std::move(output);
}

void Engine::observe(Tracer& tracer) {
  if (!box_) {
    observer_ = &tracer;
    tracker_.take_notes(&tracer);
    return;
  }
  box_->observe(&tracer);
  box_->take_notes(&tracer);
  tracker_.take_notes(box_.get());
}

void Engine::process(std::span<const RawPacket> packets) {
  if (box_) return process_routed(packets);
  for (const RawPacket& raw : packets) {
    // Where it will stay: a packet that was written field by field is slow to copy.
    Packet& packet = batch_.emplace_back();
    begin_packet(raw, ++counts_.packets, packet);
    const ParseResult parsed = parse(raw, packet);
    if (parsed == ParseResult::kOk) {
      if (batch_.size() == kBatch) run_batch();
      continue;
    }
    const Packet odd = packet;
    batch_.pop_back();
    run_batch();
    process_odd(odd, parsed);
  }
  run_batch();
}

void Engine::run_batch() {
  if (batch_.empty()) return;
  if (observer_) {
    for (const Packet& packet : batch_) process_observed(packet);
  } else {
    tracker_.process(batch_,
                     [this](size_t i, const Tracked& tracked) { settle(batch_[i], tracked); });
  }
  batch_.clear();
}

/// One at a time, so that the observer sees the table as the packet finds and leaves it.
void Engine::process_observed(const Packet& packet) {
  tracker_.advance(packet.time);
  observer_->before(packet);
  Tracked tracked = tracker_.in(packet);
  if (!tracked.drop && !tracker_.confirm(tracked, packet)) tracked.drop = true;
  observer_->after(packet, tracked);
  settle(packet, tracked);
}

/// What is no plain packet for conntrack: fragments, and what has no transport header.
void Engine::process_odd(const Packet& packet, ParseResult why) {
  tracker_.advance(packet.time);
  if (why == ParseResult::kFragment) {
    ++counts_.fragments;
    const packet::DefragResult result = defragmenter_.add(packet);
    if (result.goes_on())
      process_whole(result.packet, result.parsed);
    else if (observer_)
      observer_->passed_over(packet, why);
    return;
  }
  if (why == ParseResult::kDropped) {
    ++counts_.dropped_by_ip;
    if (observer_) observer_->passed_over(packet, why);
    return;
  }
  process_whole(packet, why);
}

/// One packet by itself, which conntrack may find to be INVALID at first sight.
void Engine::process_whole(const Packet& packet, ParseResult parsed) {
  if (parsed == ParseResult::kOk) {
    batch_.push_back(packet);
    run_batch();
    return;
  }
  if (observer_) observer_->passed_over(packet, parsed);
  Tracked tracked;
  tracked.not_tracked = parsed == ParseResult::kCut;
  tracker_.stats().invalid += !tracked.not_tracked;
  settle(packet, tracked);
}

void Engine::settle(const Packet& packet, const Tracked& tracked) {
  counts_.not_tracked += tracked.not_tracked;
  if (output_ && !tracked.drop)
    output_({packet.device, packet.time, {packet.bytes, packet.captured}, packet.length});
}

// ---- with a box ----

void Engine::process_routed(std::span<const RawPacket> packets) {
  for (const RawPacket& raw : packets) {
    Arrival arrival;
    begin_packet(raw, ++counts_.packets, arrival.packet);
    arrival.parsed = parse(raw, arrival.packet);
    arrival.link_header = raw.link_header;
    arrival.outbound = raw.outbound;
    arrive(arrival);
  }
  run_arrivals();
}

void Engine::arrive(const Arrival& arrival) {
  switch (arrival.parsed) {
    case ParseResult::kDropped: ++counts_.dropped_by_ip; return;
    case ParseResult::kFragment: return arrive_fragment(arrival);
    case ParseResult::kCut:
      ++counts_.not_tracked;
      if (!has_header(arrival.packet)) return;
      break;
    default: break;
  }
  arrivals_.push_back(arrival);
  if (arrivals_.size() == kBatch) run_arrivals();
}

/// What is put together lies in the defragmenter, until the next fragment: it goes on at once.
void Engine::arrive_fragment(const Arrival& fragment) {
  constexpr uint32_t kOutputUser = 1;
  run_arrivals();
  ++counts_.fragments;
  const packet::DefragResult result =
      defragmenter_.add(fragment.packet, fragment.outbound ? kOutputUser : 0);
  if (!result.goes_on()) return;
  Arrival whole = fragment;
  whole.packet = result.packet;
  whole.parsed = result.parsed;
  whole.largest_fragment = result.largest_fragment;
  arrivals_.push_back(whole);
  run_arrivals();
}

void Engine::run_arrivals() {
  if (!arrivals_.empty()) box_->process(arrivals_);
  arrivals_.clear();
}

}  // namespace ctwin::engine
