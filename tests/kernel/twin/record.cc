#include "record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "ctnetlink/uapi.h"
#include "message_text.h"
#include "netlink/message.h"
#include "nflog.h"
#include "outputs.h"
#include "words.h"

namespace ctwin::test {

namespace {

/// A message made comparable.
struct Masked {
  MessageBytes bytes;
  std::optional<uint32_t> timeout;
  bool by_time = false;  ///< a DESTROY without time left
};

constexpr size_t kAttributesAt = sizeof(nlmsghdr) + sizeof(nfgenmsg);

void put_be32(std::byte* at, uint32_t value) {
  value = netlink::big_endian(value);
  std::memcpy(at, &value, sizeof value);
}

/// Makes messages of one side comparable, in the order in which they came.
class Masker {
 public:
  Masked mask(const MessageBytes& message) {
    Masked result{message, {}, false};
    if (message.size() < kAttributesAt) return result;
    nlmsghdr header;
    std::memcpy(&header, message.data(), sizeof header);
    const bool is_new = header.nlmsg_type == (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) &&
                        header.nlmsg_flags & NLM_F_CREATE;
    header.nlmsg_seq = header.nlmsg_pid = 0;
    std::memcpy(result.bytes.data(), &header, sizeof header);
    netlink::AttrReader reader(std::span(result.bytes).subspan(kAttributesAt));
    netlink::Attr attr;
    while (reader.next(attr)) mask_attribute(attr, is_new, result);
    result.by_time = (header.nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE && !result.timeout;
    return result;
  }

 private:
  void mask_attribute(const netlink::Attr& attr, bool is_new, Masked& result) {
    std::byte* payload = result.bytes.data() + (attr.payload.data() - result.bytes.data());
    if (attr.type == CTA_ID && attr.payload.size() == 4) {
      put_be32(payload, ordinal(attr.be<uint32_t>(), is_new));
    } else if (attr.type == CTA_TIMEOUT && attr.payload.size() == 4) {
      result.timeout = attr.be<uint32_t>();
      put_be32(payload, 0);
    } else if (attr.type == ctnetlink::kCtaTimestampEvent) {
      std::memset(payload, 0, attr.payload.size());
    } else if (attr.type == CTA_TIMESTAMP) {
      netlink::AttrReader inner(attr);
      netlink::Attr stamp;
      while (inner.next(stamp))
        std::memset(result.bytes.data() + (stamp.payload.data() - result.bytes.data()), 0,
                    stamp.payload.size());
    }
  }

  /// An id may come back when a new entry takes the place of an old one, so each NEW counts one
  /// on. Entries that no NEW announced are all 0: a dump has no order to count them by.
  uint32_t ordinal(uint32_t id, bool is_new) {
    if (is_new) return ordinals_[id] = ++last_;
    const auto known = ordinals_.find(id);
    return known == ordinals_.end() ? 0 : known->second;
  }

  std::unordered_map<uint32_t, uint32_t> ordinals_;
  uint32_t last_ = 0;
};

/// The message with its seconds put back, for people.
std::string text_of(const Masked& masked) {
  std::string text = message_text(masked.bytes);
  if (masked.timeout) {
    const size_t at = text.find("TIMEOUT=0");
    if (at != text.npos) text.replace(at + 8, 1, std::to_string(*masked.timeout));
  }
  return text;
}

std::string text_of(const std::vector<Masked>& events) {
  if (events.empty()) return "      nothing\n";
  std::string text;
  for (const Masked& event : events) text += "      " + text_of(event) + "\n";
  return text;
}

std::string text_of(const std::vector<Packet>& packets) {
  if (packets.empty()) return "      nothing\n";
  std::string text;
  for (const Packet& packet : packets) text += fmt::format("      {:02x}\n", fmt::join(packet, ""));
  return text;
}

class Comparison {
 public:
  Comparison(const Recording& kernel, const Recording& engine, size_t limit)
      : kernel_(kernel), engine_(engine), limit_(limit), slack_(kernel.exact_ticks ? 0 : 1) {}

  std::vector<Difference> run() {
    const size_t count = std::min(kernel_.records.size(), engine_.records.size());
    for (size_t i = 0; i < count && !full(); ++i) compare_packet(i);
    if (kernel_.records.size() != engine_.records.size())
      add(0, fmt::format("  {} packets and {}\n", kernel_.records.size(), engine_.records.size()));
    collect(kernel_.late_events, kernel_masker_, kernel_by_time_, nullptr);
    collect(engine_.late_events, engine_masker_, engine_by_time_, nullptr);
    if (!full()) compare_by_time();
    if (!full()) compare_tables();
    if (!full()) compare_counters();
    if (!full()) compare_rules();
    return std::move(differences_);
  }

 private:
  using ByTime = std::map<MessageBytes, int>;

  bool full() const { return differences_.size() >= limit_; }
  void add(size_t number, std::string text) { differences_.push_back({number, std::move(text)}); }

  /// Those caused by packets; the others are set aside.
  static void collect(const std::vector<MessageBytes>& events, Masker& masker, ByTime& by_time,
                      std::vector<Masked>* caused) {
    for (const MessageBytes& event : events) {
      Masked masked = masker.mask(event);
      if (masked.by_time)
        ++by_time[masked.bytes];
      else if (caused)
        caused->push_back(std::move(masked));
    }
  }

  void compare_packet(size_t index) {
    const Record& kernel = kernel_.records[index];
    const Record& engine = engine_.records[index];
    if (kernel.tick_crossed) slack_ = 1;
    std::vector<Masked> kernel_events, engine_events;
    collect(kernel.events, kernel_masker_, kernel_by_time_, &kernel_events);
    collect(engine.events, engine_masker_, engine_by_time_, &engine_events);
    if (!same_events(kernel_events, engine_events))
      add(index + 1, "  events\n    kernel\n" + text_of(kernel_events) + "    engine\n" +
                         text_of(engine_events));
    if (!full() && !std::ranges::equal(kernel.logs, engine.logs, same_log))
      add(index + 1,
          fmt::format("  log\n    kernel\n      {}\n    engine\n      {}\n",
                      fmt::join(kernel.logs, "\n      "), fmt::join(engine.logs, "\n      ")));
    if (kernel_.outputs_differ) return;
    compare_outputs(index, "left", kernel.outputs, engine.outputs);
    compare_outputs(index, "went back", kernel.returned, engine.returned);
  }

  void compare_outputs(size_t index, const char* where, const std::vector<Packet>& kernel,
                       const std::vector<Packet>& engine) {
    if (full() || kernel == engine) return;
    const Exactness exactness = kernel_.routes ? Exactness::kBytes : Exactness::kPassedOn;
    const Packet& input = kernel_.records[index].packet;
    const auto kernel_out = comparable_outputs(input, kernel, exactness);
    const auto engine_out = comparable_outputs(input, engine, exactness);
    if (kernel_out != engine_out)
      add(index + 1, fmt::format("  packets that {}\n    kernel\n{}    engine\n{}", where,
                                 text_of(kernel_out), text_of(engine_out)));
  }

  bool same_time(const std::optional<uint32_t>& a, const std::optional<uint32_t>& b,
                 uint32_t slack) const {
    if (!a || !b) return a.has_value() == b.has_value();
    return (*a > *b ? *a - *b : *b - *a) <= slack;
  }

  bool same_events(const std::vector<Masked>& a, const std::vector<Masked>& b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](const Masked& x, const Masked& y) {
                        return x.bytes == y.bytes && same_time(x.timeout, y.timeout, slack_);
                      });
  }

  void compare_by_time() {
    for (const auto& [event, count] : kernel_by_time_) engine_by_time_[event] -= count;
    std::string text;
    for (const auto& [event, count] : engine_by_time_)
      if (count != 0)
        text += fmt::format("    {} {} {} more of {}\n", count > 0 ? "engine" : "kernel",
                            "announced", count > 0 ? count : -count, message_text(event));
    if (!text.empty()) add(0, "  entries that ran out\n" + text);
  }

  std::map<MessageBytes, Masked> entries(const Recording& recording, Masker& masker) const {
    std::map<MessageBytes, Masked> result;
    for (const MessageBytes& message : recording.table) {
      Masked masked = masker.mask(message);
      result.emplace(key_of(masked.bytes), std::move(masked));
    }
    return result;
  }

  /// The attributes that tell entries apart.
  static MessageBytes key_of(const MessageBytes& message) {
    MessageBytes key;
    const std::span<const std::byte> bytes = message;
    netlink::AttrReader reader(bytes.subspan(kAttributesAt));
    netlink::Attr attr;
    while (reader.next(attr)) {
      if (attr.type != CTA_TUPLE_ORIG && attr.type != CTA_TUPLE_REPLY && attr.type != CTA_ZONE)
        continue;
      key.push_back(static_cast<std::byte>(attr.type));
      key.insert(key.end(), attr.payload.begin(), attr.payload.end());
    }
    return key;
  }

  void compare_tables() {
    const auto kernel = entries(kernel_, kernel_masker_);
    const auto engine = entries(engine_, engine_masker_);
    std::string text;
    for (const auto& [key, entry] : kernel) {
      const auto twin = engine.find(key);
      if (twin == engine.end())
        text += "    only the kernel has  " + text_of(entry) + "\n";
      else if (twin->second.bytes != entry.bytes ||
               !same_time(entry.timeout, twin->second.timeout, 1))
        text += "    kernel  " + text_of(entry) + "\n    engine  " + text_of(twin->second) + "\n";
    }
    for (const auto& [key, entry] : engine)
      if (!kernel.contains(key)) text += "    only the engine has  " + text_of(entry) + "\n";
    if (!text.empty()) add(0, "  table\n" + text);
  }

  void compare_counters() {
    CounterSums kernel = kernel_.counters, engine = engine_.counters;
    kernel.erase(CTA_STATS_SEARCH_RESTART);
    engine.erase(CTA_STATS_SEARCH_RESTART);
    if (engine_.draws) {
      kernel.erase(CTA_STATS_FOUND);
      engine.erase(CTA_STATS_FOUND);
    }
    std::string numbers, text;
    for (const auto& [type, value] : kernel)
      if (!engine.contains(type) || engine[type] != value) {
        numbers += fmt::format(" #{}", type);
        text += fmt::format("    #{} kernel {} engine {}\n", type, value,
                            engine.contains(type) ? std::to_string(engine[type]) : "none");
      }
    for (const auto& [type, value] : engine)
      if (!kernel.contains(type)) text += fmt::format("    #{} engine {} only\n", type, value);
    // Which they are: shrinking must not go from one to another.
    if (!text.empty()) add(0, fmt::format("  counters{}\n{}", numbers, text));
  }

  /// Line by line: counters, above all.
  void compare_rules() {
    if (kernel_.rules == engine_.rules) return;
    const auto kernel = split(kernel_.rules, '\n'), engine = split(engine_.rules, '\n');
    std::string text;
    for (size_t i = 0; i < std::max(kernel.size(), engine.size()); ++i) {
      const auto theirs = i < kernel.size() ? kernel[i] : "nothing";
      const auto ours = i < engine.size() ? engine[i] : "nothing";
      if (theirs != ours) text += fmt::format("    kernel {}\n    engine {}\n", theirs, ours);
    }
    add(0, "  rules\n" + text);
  }

  const Recording& kernel_;
  const Recording& engine_;
  size_t limit_;
  uint32_t slack_;  ///< seconds by which a TIMEOUT may differ
  Masker kernel_masker_, engine_masker_;
  ByTime kernel_by_time_, engine_by_time_;
  std::vector<Difference> differences_;
};

}  // namespace

std::vector<Difference> compare(const Recording& kernel, const Recording& engine, size_t limit) {
  return Comparison(kernel, engine, limit).run();
}

}  // namespace ctwin::test
