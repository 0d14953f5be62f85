#include "step.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>

#include "transport.h"
#include "words.h"

namespace ctwin::test {

namespace {

constexpr std::string_view kThen = "then ";

constexpr size_t kIpv4Header = 20;

/// What precedes the transport in IPv6, in front of the fragment header and behind it.
struct ExtensionHeaders {
  std::vector<std::string_view> fixed;
  std::vector<std::string_view> fragmented;
};

struct Endpoint {
  Address address;
  uint16_t port = 0;
};

/// The address of "l2", "R17", "10.1.0.2" or "[fd01::2]".
Address host_address(std::string_view text, Words& words) {
  std::string name(text);
  static constexpr std::string_view kLetters = "lrLR";
  const size_t letter = name.empty() ? kLetters.npos : kLetters.find(name.front());
  if (letter != kLetters.npos) {
    const uint32_t host = words.number(text.substr(1));
    name = letter < 2 ? fmt::format("10.{}.{}.{}", letter + 1, host >> 8, host & 0xff)
                      : fmt::format("[fd0{}::{:x}]", letter - 1, host);
  }
  Address address;
  const bool six = name.starts_with('[') && name.ends_with(']');
  address.family = six ? AF_INET6 : AF_INET;
  if (six) name = name.substr(1, name.size() - 2);
  if (inet_pton(address.family, name.c_str(), address.bytes.data()) != 1)
    words.fail("no address", text);
  return address;
}

Endpoint take_endpoint(Words& words) {
  Word* word = words.next();
  if (!word) {
    words.fail("missing", "endpoint");
    return {};
  }
  word->taken = true;
  const std::string_view text = word->key;
  const size_t colon = text.find(':', text.find(']') == text.npos ? 0 : text.find(']'));
  Endpoint end{host_address(text.substr(0, colon), words), 0};
  if (colon != text.npos) end.port = static_cast<uint16_t>(words.number(text.substr(colon + 1)));
  return end;
}

uint8_t number_of_extension(std::string_view name, Words& words) {
  if (name == "hop") return IPPROTO_HOPOPTS;
  if (name == "dst") return IPPROTO_DSTOPTS;
  if (name == "route") return IPPROTO_ROUTING;
  if (name == "ah") return IPPROTO_AH;
  if (name == "frag") return IPPROTO_FRAGMENT;
  words.fail("no extension header", name);
  return 0;
}

void put_extension(Packet& out, std::string_view name, uint8_t next, uint32_t id) {
  put8(out, next);
  if (name == "frag") {
    put8(out, 0);
    put16(out, 0);
    put32(out, id);
  } else if (name == "ah") {
    put8(out, 4);  // in words of four bytes, less two
    put16(out, 0);
    for (int i = 0; i < 5; ++i) put32(out, 0x01010101);
  } else if (name == "route") {
    put8(out, 0);
    put8(out, 253);  // an experimental type without segments left
    put8(out, 0);
    put32(out, 0);
  } else {
    put8(out, 0);
    put8(out, 1);  // PadN of six bytes
    put8(out, 4);
    put32(out, 0);
  }
}

/// `headers` in front of what has the number `proto`; appends to `out` and returns the number of
/// the first.
uint8_t put_extensions(Packet& out, const std::vector<std::string_view>& headers, uint8_t proto,
                       uint32_t id, Words& words) {
  for (size_t i = 0; i < headers.size(); ++i) {
    const bool last = i + 1 == headers.size();
    put_extension(out, headers[i], last ? proto : number_of_extension(headers[i + 1], words), id);
  }
  return headers.empty() ? proto : number_of_extension(headers.front(), words);
}

struct Fragment {
  bool given = false;
  uint32_t offset = 0;
  bool more = false;
};

/// Reduces `payload` to the fragment that the row asks for.
Fragment take_fragment(Words& words, Packet& payload) {
  const auto text = words.take_text("frag");
  if (!text) return {};
  const auto parts = split(*text, ',');
  if (parts.size() < 2) words.fail("no fragment", *text);
  Fragment result{true, words.number(parts[0]), false};
  const size_t length = parts.size() > 1 ? words.number(parts[1]) : 0;
  result.more = result.offset + length < payload.size();
  if (parts.size() > 2) result.more = parts[2] == "more";
  payload.resize(std::max(payload.size(), result.offset + length), 0xee);
  payload.erase(payload.begin(), payload.begin() + result.offset);
  payload.resize(length);
  return result;
}

Packet build_ipv4(Words& words, const TransportPart& part) {
  Packet payload = part.bytes;
  const Fragment fragment = take_fragment(words, payload);
  if (const auto cut = words.take_text("cut"))
    payload.resize(std::min<size_t>(payload.size(), words.number(*cut)));
  const Packet options = words.hex(words.take_text("opts").value_or(""));
  const size_t header = kIpv4Header + (options.size() + 3) / 4 * 4;
  Packet out;
  put8(out, static_cast<uint32_t>(0x40 | header / 4));
  put8(out, words.take_number("tos", 0));
  put16(out, words.take_number("iplen", static_cast<uint32_t>(header + payload.size())));
  put16(out, words.take_number("id", 1));
  const uint32_t flags = (words.take_flag("df") ? 0x4000u : 0) | (fragment.more ? 0x2000u : 0);
  put16(out, flags | fragment.offset / 8);
  put8(out, words.take_number("ttl", 64));
  put8(out, part.proto);
  put16(out, 0);
  put_bytes(out, {part.src.bytes.data(), 4});
  put_bytes(out, {part.dst.bytes.data(), 4});
  put_bytes(out, options);
  out.resize(header);
  set16(out, 10, internet_checksum(out));
  put_bytes(out, payload);
  return out;
}

ExtensionHeaders take_extensions(Words& words, bool is_fragment) {
  ExtensionHeaders result;
  const auto text = words.take_text("ext");
  if (!text) return result;
  const auto names = split(*text, ',');
  const auto frag = std::find(names.begin(), names.end(), "frag");
  if (!is_fragment || frag == names.end()) {
    result.fragmented = names;
  } else {
    result.fixed.assign(names.begin(), frag);
    result.fragmented.assign(frag + 1, names.end());
  }
  return result;
}

Packet build_ipv6(Words& words, const TransportPart& part) {
  const bool is_fragment = words.has("frag");
  const ExtensionHeaders headers = take_extensions(words, is_fragment);
  const uint32_t id = words.take_number("id", 1);
  Packet payload;
  uint8_t first = put_extensions(payload, headers.fragmented, part.proto, id, words);
  put_bytes(payload, part.bytes);
  const Fragment fragment = take_fragment(words, payload);
  Packet behind;
  if (fragment.given) {
    Packet header;
    put_extension(header, "frag", first, id);
    set16(header, 2, (fragment.offset & ~7u) | (fragment.more ? 1 : 0));
    first = put_extensions(behind, headers.fixed, IPPROTO_FRAGMENT, id, words);
    put_bytes(behind, header);
  }
  put_bytes(behind, payload);
  if (const auto cut = words.take_text("cut"))
    behind.resize(std::min<size_t>(behind.size(), words.number(*cut)));
  Packet out;
  put32(out, 0x60000000u | words.take_number("tos", 0) << 20);
  put16(out, words.take_number("iplen", static_cast<uint32_t>(behind.size())));
  put8(out, first);
  put8(out, words.take_number("ttl", 64));
  put_bytes(out, {part.src.bytes.data(), 16});
  put_bytes(out, {part.dst.bytes.data(), 16});
  put_bytes(out, behind);
  return out;
}

void poke(Words& words, Packet& packet) {
  const auto text = words.take_text("poke");
  if (!text) return;
  for (const std::string_view pair : split(*text, ',')) {
    const auto parts = words.numbers(pair, ':');
    if (parts.size() != 2 || parts[0] >= packet.size())
      words.fail("outside of the packet", pair);
    else
      packet[parts[0]] = static_cast<uint8_t>(parts[1]);
  }
}

Packet build_packet(std::string_view kind, Words& words) {
  const Endpoint src = take_endpoint(words);
  const Endpoint dst = take_endpoint(words);
  if (!words.mistake().empty()) return {};
  const TransportPart part =
      build_transport(kind, {src.address, dst.address, src.port, dst.port}, words);
  Packet packet = src.address.family == AF_INET ? build_ipv4(words, part) : build_ipv6(words, part);
  packet.resize(packet.size() + words.take_number("pad", 0), 0xaa);
  poke(words, packet);
  if (const Word* rest = words.next()) words.fail("not understood", rest->key);
  return packet;
}

}  // namespace

Result<Packet> parse_packet_text(std::string_view text) {
  Words words(text);
  Word* kind = words.next();
  if (!kind) return Error{EINVAL, "empty packet"};
  kind->taken = true;
  Packet packet;
  if (kind->key == "raw") {
    const Word* bytes = words.next();
    packet = words.hex(bytes ? bytes->key : "");
  } else {
    packet = build_packet(kind->key, words);
  }
  if (!words.mistake().empty())
    return Error{EINVAL, words.mistake() + " in '" + std::string(text) + "'"};
  return packet;
}

bool has_packet(std::string_view step) {
  return !step.starts_with("wait ") && !step.starts_with(kThen);
}

Result<Step> parse_step(std::string_view text) {
  if (text.starts_with("wait ")) {
    Words words(text);
    const uint32_t wait = words.number(words.all().back().key);
    if (!words.mistake().empty()) return Error{EINVAL, words.mistake()};
    return Step{.wait_ms = wait};
  }
  if (text.starts_with(kThen)) return Step{.setup = std::string(text.substr(kThen.size()))};
  const size_t space = text.find(' ');
  const std::string_view direction = text.substr(0, space);
  if (space == text.npos || (direction != ">" && direction != "<" && direction != ">~" &&
                             direction != "<~" && direction != "^"))
    return Error{EINVAL, "no direction in '" + std::string(text) + "'"};
  Result<Packet> packet = parse_packet_text(text.substr(space + 1));
  if (!packet) return packet.error();
  const bool outbound = direction == "^";
  return Step{.side = text[0] == '<' ? Side::kRight : Side::kLeft,
              .outbound = outbound,
              .packet = std::move(*packet)};
}

std::vector<std::string> step_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (std::string_view line : split(text, '\n')) {
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') lines.emplace_back(line);
  }
  return lines;
}

std::string raw_step(Side side, PacketView packet) {
  return fmt::format("{} raw {:02x}", side == Side::kLeft ? '>' : '<', fmt::join(packet, ""));
}

}  // namespace ctwin::test
