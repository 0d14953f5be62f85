#include "cli/who_had.h"

#include <nlohmann/json.hpp>

#include "base/address.h"
#include "cli/names.h"
#include "cli/print.h"
#include "cli/times.h"
#include "ctnetlink/match.h"

namespace ctwin::cli {

using nlohmann::json;

namespace {

/// The number that stands where ports do.
uint16_t receiving_number(const Tuple& tuple) {
  return is_icmp(tuple.proto) ? tuple.icmp_id : tuple.dport;
}

/// A member of an object; null where it is not there.
const json& member(const json& object, const char* name) {
  static const json kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

template <typename T>
bool read_integer(const json& value, T& target) {
  if (!value.is_number_unsigned()) return false;
  const uint64_t number = value.get<uint64_t>();
  target = static_cast<T>(number);
  return number == target;
}

std::string_view text_of(const json& value) {
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>())
                           : std::string_view();
}

/// A direction: addresses, and what the protocol has behind them.
bool read_direction(const json& object, Tuple& tuple) {
  if (!object.is_object()) return false;
  tuple.src = parse_address(text_of(member(object, "src")));
  tuple.dst = parse_address(text_of(member(object, "dst")));
  tuple.has_ports = true;
  switch (transport_kind(tuple.proto)) {
    case TransportKind::kPorts:
      return read_integer(member(object, "sport"), tuple.sport) &&
             read_integer(member(object, "dport"), tuple.dport);
    case TransportKind::kKeys:
      return read_integer(member(object, "srckey"), tuple.sport) &&
             read_integer(member(object, "dstkey"), tuple.dport);
    case TransportKind::kIcmp:
      return read_integer(member(object, "type"), tuple.icmp_type) &&
             read_integer(member(object, "code"), tuple.icmp_code) &&
             read_integer(member(object, "id"), tuple.icmp_id);
    case TransportKind::kNone: tuple.has_ports = false; break;
  }
  return true;
}

void read_counters(const json& object, FlowField field, Counters& counters, Flow& flow) {
  if (read_integer(member(object, "packets"), counters.packets) &&
      read_integer(member(object, "bytes"), counters.bytes))
    flow.fields.add(field);
}

void read_status(const json& words, Flow& flow) {
  if (!words.is_array()) return;
  uint32_t status = 0;
  for (const json& word : words)
    for (unsigned bit = 0; bit < kStatusBits; ++bit)
      if (text_of(word) == status_name(bit)) status |= 1u << bit;
  flow.set_status(status);
}

/// What names the flow for as long as it lives.
std::string identity_of(const Flow& flow) {
  const Tuple& tuple = flow.orig;
  return fmt::format("{} {} {} {} {} {} {} {} {}", flow.id, flow.zone, tuple.proto, tuple.sport,
                     tuple.dport, tuple.icmp_id, fmt::join(tuple.src.bytes, "."),
                     fmt::join(tuple.dst.bytes, "."), tuple.icmp_type);
}

std::optional<uint64_t> time_in(const json& object, const char* name) {
  const std::string_view text = text_of(member(object, name));
  return text.empty() ? std::nullopt : parse_time(text);
}

}  // namespace

/// An event of a flow, as far as the question needs it.
struct EventLog::Event {
  std::string_view kind;  ///< empty: an entry of a listing that the log begins with
  bool repeated = false;  ///< told again behind lost events: its time is not that of what happened
  Flow flow;
  std::optional<uint64_t> time, start, stop;

  /// False when the object is no event of a flow.
  bool read(const json& object);
};

bool EventLog::Event::read(const json& object) {
  kind = text_of(member(object, "event"));
  if (!read_integer(member(object, "protonum"), flow.orig.proto)) return false;
  flow.reply.proto = flow.orig.proto;
  flow.orig.has_proto = flow.reply.has_proto = true;
  const json& orig = member(object, "orig");
  const json& reply = member(object, "reply");
  if (!read_direction(orig, flow.orig) || !read_direction(reply, flow.reply)) return false;
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  read_counters(orig, FlowField::kCountersOrig, flow.counters_orig, flow);
  read_counters(reply, FlowField::kCountersReply, flow.counters_reply, flow);
  read_status(member(object, "status"), flow);
  if (read_integer(member(object, "id"), flow.id)) flow.fields.add(FlowField::kId);
  if (read_integer(member(object, "zone"), flow.zone)) flow.fields.add(FlowField::kZone);
  const json& resync = member(object, "resync");
  repeated = resync.is_boolean() && resync.get<bool>();
  time = time_in(object, "time");
  start = time_in(object, "start");
  stop = time_in(object, "stop");
  return kind.empty() || time.has_value();
}

bool WhoHad::matches(const Flow& flow) const {
  const auto is = [this](const Address& seen, uint16_t number) {
    return seen == address && (!port || *port == number);
  };
  return (is(flow.reply.dst, receiving_number(flow.reply)) && ctnetlink::is_source_nat(flow)) ||
         (is(flow.orig.dst, receiving_number(flow.orig)) && ctnetlink::is_destination_nat(flow));
}

std::variant<WhoHad, Problem> parse_who_had(std::string_view text) {
  const auto split = parse_nat_argument(text);
  if (const auto* problem = std::get_if<Problem>(&split)) return *problem;
  const auto& [address, port] = std::get<NatArgument>(split);
  const WhoHad who{parse_address(address), port};
  if (who.address.is_set()) return who;
  return Problem{kUsageProblem,
                 std::string("--who-had: `")
                     .append(address)
                     .append("' is no address; expected ADDR, ADDR:PORT or [ADDR]:PORT")};
}

EventLog::EventLog(const WhoHad& who, std::optional<uint8_t> proto, bool json_objects)
    : who_(who), proto_(proto), json_(json_objects) {
  char text[kAddressText];
  quoted_address_.append("\"").append(text, format_address(who.address, text)).append("\"");
}

std::optional<std::string> EventLog::read(std::string_view line) {
  constexpr const char* kNoObject = "this is not a JSON object as -E -o json writes it";
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return {};
  if (!line.starts_with('{') || !line.ends_with('}')) return kNoObject;
  const bool tells_loss = line.starts_with("{\"event\":\"lost\"");
  losses_ += tells_loss;
  if (tells_loss || line.find(quoted_address_) == std::string_view::npos) return {};
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return kNoObject;
  if (object.contains("expectation")) return {};
  Event event;
  if (!event.read(object)) return "this lacks the time, the protocol or a direction of an event";
  const bool wanted = !proto_ || *proto_ == event.flow.orig.proto;
  if (wanted && who_.matches(event.flow)) add(event, line);
  return {};
}

void EventLog::add(const Event& event, std::string_view line) {
  const std::string identity = identity_of(event.flow);
  auto open = open_.find(identity);
  if (open != open_.end() && event.kind == "new" && !event.repeated) {
    holders_[open->second].to = event.time;  // its end was not told
    open_.erase(open);
    open = open_.end();
  }
  if (open == open_.end()) {
    const bool begins = event.kind == "new" && !event.repeated;
    holders_.push_back({event.start ? event.start : begins ? event.time : std::nullopt, {}, {}});
    open = open_.emplace(identity, holders_.size() - 1).first;
  }
  Holder& holder = holders_[open->second];
  holder.shown = show(event, line);
  if (event.kind != "destroy") return;
  holder.to = event.stop ? event.stop : event.time;
  open_.erase(open);
}

std::string EventLog::show(const Event& event, std::string_view line) const {
  if (json_) return std::string(line);
  fmt::memory_buffer out;
  print_flow({.flow = event.flow}, {}, out);
  return std::string(out.data(), out.size() - 1);
}

}  // namespace ctwin::cli
