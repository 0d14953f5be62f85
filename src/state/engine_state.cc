#include "state/engine_state.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "state/bytes.h"
#include "state/entry_codec.h"

namespace ctwin::state {

using conntrack::Conn;
using conntrack::ConnIndex;
using conntrack::ConnTable;
using rules::Firewall;
using rules::MatchStates;
using rules::RecentList;

namespace {

constexpr std::string_view kMagic = "ctwinSTA";
constexpr size_t kHeadSize = 8 + 4 + 4 + 8;

Error damaged(std::string_view what) { return {EINVAL, "it is damaged: " + std::string(what)}; }

uint32_t crc32_of(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

/// The counters of -S, in the order of the file.
template <typename Stats, typename Visit>
void visit_stats(Stats& stats, const Visit& visit) {
  for (auto* counter : {&stats.found, &stats.invalid, &stats.insert, &stats.insert_failed,
                        &stats.drop, &stats.early_drop, &stats.error, &stats.search_restart,
                        &stats.clash_resolve, &stats.chaintoolong})
    visit(*counter);
}

// ---- what rules have counted, and remember ----

void put_recent(ByteWriter& out, const RecentList& list) {
  out.put(static_cast<uint32_t>(list.entries().size()));
  for (const RecentList::Entry& entry : list.entries()) {
    out.put(entry.address.family);
    out.put(entry.address.bytes);
    out.put(entry.ttl);
    out.put(entry.next);
    out.put(static_cast<uint32_t>(entry.stamps.size()));
    for (const conntrack::Tick stamp : entry.stamps) out.put(stamp);
  }
}

void put_rules(ByteWriter& out, Firewall& firewall) {
  uint32_t count = 0;
  firewall.visit_counters([&](const rules::RuleCounters&) { ++count; });
  out.put(count);
  firewall.visit_counters([&](const rules::RuleCounters& counters) {
    out.put(counters.packets);
    out.put(counters.bytes);
  });
  MatchStates& states = firewall.states();
  out.put(static_cast<uint32_t>(states.limits().size()));
  for (const MatchStates::Limit& limit : states.limits()) {
    out.put(limit.credit);
    out.put(limit.previous);
    out.put(limit.used);
  }
  out.put(static_cast<uint32_t>(states.turns().size()));
  for (const uint32_t turn : states.turns()) out.put(turn);
  out.put(static_cast<uint32_t>(states.lists().size()));
  for (const RecentList& list : states.lists()) put_recent(out, list);
}

std::vector<RecentList::Entry> get_recent(ByteReader& in) {
  constexpr size_t kSmallest = 1 + 16 + 1 + 4 + 4;
  std::vector<RecentList::Entry> entries(in.get_count(kSmallest));
  for (RecentList::Entry& entry : entries) {
    in.get(entry.address.family);
    in.get(entry.address.bytes);
    in.get(entry.ttl);
    in.get(entry.next);
    entry.stamps.resize(in.get_count(sizeof(conntrack::Tick)));
    for (conntrack::Tick& stamp : entry.stamps) in.get(stamp);
  }
  return entries;
}

/// Reads the rules of a family; without a firewall to fill they are passed over.
void get_rules(ByteReader& in, Firewall* firewall) {
  std::vector<rules::RuleCounters> counters(in.get_count(16));
  for (rules::RuleCounters& each : counters) in.get(each.packets), in.get(each.bytes);
  std::vector<MatchStates::Limit> limits(in.get_count(13));
  for (MatchStates::Limit& limit : limits)
    in.get(limit.credit), in.get(limit.previous), in.get(limit.used);
  std::vector<uint32_t> turns(in.get_count(sizeof(uint32_t)));
  for (uint32_t& turn : turns) in.get(turn);
  std::vector<std::vector<RecentList::Entry>> lists(in.get_count(sizeof(uint32_t)));
  for (auto& list : lists) list = get_recent(in);
  if (!firewall || !in.ok()) return;

  size_t count = 0;
  firewall->visit_counters([&](rules::RuleCounters&) { ++count; });
  MatchStates& states = firewall->states();
  if (counters.size() != count || limits.size() != states.limits().size() ||
      turns.size() != states.turns().size() || lists.size() != states.lists().size())
    return in.fail();
  auto next = counters.begin();
  firewall->visit_counters([&](rules::RuleCounters& each) { each = *next++; });
  for (size_t i = 0; i < limits.size(); ++i) {
    MatchStates::Limit& limit = states.limits()[i];
    limit.credit = std::min(limits[i].credit, limit.cap);
    limit.previous = limits[i].previous;
    limit.used = limits[i].used;
  }
  states.turns() = turns;
  for (size_t i = 0; i < lists.size(); ++i)
    if (!states.lists()[i].restore(std::move(lists[i]))) in.fail();
}

// ---- errors that were sent ----

using ErrorMemory = engine::ErrorLimiter::Memory;

void put_errors(ByteWriter& out, const ErrorMemory& memory) {
  const auto put_bucket = [&](const engine::ErrorLimiter::Bucket& bucket) {
    out.put(bucket.tokens);
    out.put(bucket.last);
  };
  out.put(memory.begun);
  put_bucket(memory.everybody);
  out.put(static_cast<uint32_t>(memory.peers.size()));
  for (const auto& [address, bucket] : memory.peers) {
    out.put(address);
    put_bucket(bucket);
  }
}

ErrorMemory get_errors(ByteReader& in) {
  const auto get_bucket = [&](engine::ErrorLimiter::Bucket& bucket) {
    in.get(bucket.tokens);
    in.get(bucket.last);
  };
  ErrorMemory memory;
  in.get(memory.begun);
  get_bucket(memory.everybody);
  for (uint32_t left = in.get_count(32); left != 0 && in.ok(); --left) {
    std::array<uint8_t, 16> address{};
    in.get(address);
    get_bucket(memory.peers[address]);
  }
  return memory;
}

// ---- entries ----

void put_entries(ByteWriter& out, engine::Engine& engine) {
  const ConnTable& table = std::as_const(engine).tracker().table();
  out.put(table.end());
  const size_t count_at = out.size();
  uint32_t count = 0;
  out.put(count);
  for (ConnIndex index = 1; index < table.end(); ++index) {
    const Conn& ct = table[index];
    if (!ct.in_use) continue;
    put_entry(out, index, ct, table.extension(ct), engine.nat().device_of(index));
    ++count;
  }
  out.put_at(count_at, count);
  const std::vector<ConnIndex> places = table.free_places();
  out.put(static_cast<uint32_t>(places.size()));
  for (const ConnIndex place : places) out.put(place);
}

bool place_entry(engine::Engine& engine, const KeptEntry& kept) {
  ConnTable& table = engine.tracker().table();
  if (kept.device >= engine.devices_end()) return false;
  Conn* ct = table.place(kept.index);
  if (!ct) return false;
  ct->tuple = kept.ct.tuple;
  ct->track = kept.ct.track;
  ct->status = kept.ct.status;
  ct->mark = kept.ct.mark;
  ct->expiry = kept.ct.expiry;
  ct->events = kept.ct.events;
  ct->id = kept.ct.id;
  ct->features = kept.ct.features;
  if (kept.extended) table.extend(*ct) = kept.extension;
  engine.tracker().restore(kept.index);
  return kept.extension.master < table.end();
}

/// The by-source list holds the youngest in front, so the oldest comes first.
void restore_sources(engine::Engine& engine, std::vector<std::pair<ConnIndex, uint32_t>>& mapped) {
  const ConnTable& table = engine.tracker().table();
  std::ranges::sort(mapped, [&](const auto& a, const auto& b) {
    return static_cast<int32_t>(table[a.first].id - table[b.first].id) < 0;
  });
  for (const auto& [index, device] : mapped) engine.nat().restore(index, device);
}

bool get_entries(ByteReader& in, engine::Engine& engine) {
  ConnTable& table = engine.tracker().table();
  if (!table.begin_restore(in.get<ConnIndex>())) return false;
  std::vector<std::pair<ConnIndex, uint32_t>> mapped;
  for (uint32_t left = in.get_count(kSmallestEntry); left != 0 && in.ok(); --left) {
    const KeptEntry kept = get_entry(in);
    if (!in.ok() || !place_entry(engine, kept)) return false;
    if (kept.ct.has(kSrcNatDone) || kept.device != 0) mapped.emplace_back(kept.index, kept.device);
  }
  restore_sources(engine, mapped);
  std::vector<ConnIndex> places(in.get_count(sizeof(ConnIndex)));
  for (ConnIndex& place : places) in.get(place);
  return in.ok() && table.set_free_places(places);
}

// ---- what comes before the rules ----

void put_position(ByteWriter& out, const engine::Engine& engine, uint64_t wall_ns) {
  const conntrack::Tracker::Position position = engine.tracker().position();
  out.put(position.now_ns);
  out.put(wall_ns);
  out.put(position.next_id);
  out.put(position.random);
  out.put(position.relief);
  out.put(engine.seed());
  visit_stats(position.stats, [&](const uint32_t& counter) { out.put(counter); });
}

void put_settings(ByteWriter& out, const conntrack::Settings& settings) {
  const auto values = conntrack::list_sysctls(settings);
  out.put(static_cast<uint32_t>(values.size()));
  for (const conntrack::SysctlValue& setting : values) {
    out.put_text(setting.name);
    out.put(setting.value);
  }
}

void put_setup(ByteWriter& out, const engine::Engine& engine, const engine::Box* box) {
  out.put(box != nullptr);
  out.put(box ? static_cast<uint32_t>(box->setup_texts().size()) : 0);
  if (box)
    for (const setup::SetupText& file : box->setup_texts())
      out.put_text(file.name), out.put_text(file.text);
  out.put(engine.devices_end() - 1);
  for (uint32_t device = 1; device < engine.devices_end(); ++device)
    out.put_text(engine.device_name(device));
}

void put_no_rules(ByteWriter& out) {
  for (int list = 0; list < 4; ++list) out.put(uint32_t{0});
}

}  // namespace

std::vector<uint8_t> write_state(engine::Engine& engine, uint64_t wall_ns) {
  ByteWriter out;
  out.put_bytes({reinterpret_cast<const uint8_t*>(kMagic.data()), kMagic.size()});
  out.put(kStateVersion);
  const size_t crc_at = out.size();
  out.put(uint32_t{0});
  const size_t length_at = out.size();
  out.put(uint64_t{0});

  engine::Box* box = engine.box();
  put_position(out, engine, wall_ns);
  put_settings(out, engine.settings());
  put_setup(out, engine, box);
  for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}})
    box ? put_rules(out, box->firewall(family)) : put_no_rules(out);
  put_errors(out, box ? box->error_limiter().memory() : ErrorMemory());
  put_entries(out, engine);

  const std::span<const uint8_t> body = out.bytes().subspan(kHeadSize);
  out.put_at(crc_at, crc32_of(body));
  out.put_at(length_at, uint64_t{body.size()});
  return out.take();
}

Result<KeptState> KeptState::read(std::span<const uint8_t> bytes) {
  if (bytes.size() < kMagic.size() || !std::ranges::equal(bytes.first(kMagic.size()), kMagic))
    return Error{EINVAL, "it is no state file of ctwin"};
  ByteReader head(bytes.subspan(kMagic.size()));
  const auto version = head.get<uint32_t>();
  const auto crc = head.get<uint32_t>();
  const auto length = head.get<uint64_t>();
  if (!head.ok()) return damaged("it ends within its head");
  if (version != kStateVersion)
    return Error{EINVAL, "its format is version " + std::to_string(version) +
                             ", of which this ctwin knows nothing; it reads version " +
                             std::to_string(kStateVersion)};
  const std::span<const uint8_t> body = bytes.subspan(kHeadSize);
  if (body.size() != length)
    return damaged("it holds " + std::to_string(body.size()) + " bytes where its head says " +
                   std::to_string(length));
  if (crc32_of(body) != crc) return damaged("its checksum is wrong");

  KeptState kept;
  ByteReader in(body);
  in.get(kept.position_.now_ns);
  in.get(kept.wall_ns_);
  in.get(kept.position_.next_id);
  in.get(kept.position_.random);
  in.get(kept.position_.relief);
  if (kept.position_.relief < 0) in.fail();
  in.get(kept.seed_);
  visit_stats(kept.position_.stats, [&](uint32_t& counter) { in.get(counter); });
  for (uint32_t left = in.get_count(8); left != 0 && in.ok(); --left) {
    const std::string name = in.get_text();
    if (!conntrack::restore_sysctl(kept.settings_, name, in.get<uint32_t>())) in.fail();
  }
  in.get(kept.is_router_);
  kept.setups_.resize(in.get_count(8));
  for (setup::SetupText& setup : kept.setups_)
    setup.name = in.get_text(), setup.text = in.get_text();
  kept.devices_.resize(in.get_count(4));
  for (std::string& device : kept.devices_) device = in.get_text();
  if (!in.ok()) return damaged("its beginning makes no sense");
  kept.rest_ = in.rest();
  return kept;
}

Result<setup::Setup> KeptState::setup() const {
  setup::Setup setup;
  for (const std::string& device : devices_) setup.router.interfaces().find_or_add(device);
  for (const setup::SetupText& file : setups_)
    if (Status read = setup::read_setup_text(file.name, file.text, setup); !read)
      return read.error();
  setup.settings = settings_;
  return setup;
}

Status KeptState::restore(engine::Engine& engine, bool same_rules) const {
  ByteReader in(rest_);
  engine.tracker().resume(position_);
  engine::Box* box = same_rules ? engine.box() : nullptr;
  for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}})
    get_rules(in, box ? &box->firewall(family) : nullptr);
  if (!in.ok()) return damaged("its rules are not those of its setup");
  ErrorMemory errors = get_errors(in);
  if (box) box->error_limiter().restore(std::move(errors));
  if (!get_entries(in, engine) || !in.at_end()) return damaged("its entries make no sense");
  return {};
}

}  // namespace ctwin::state
