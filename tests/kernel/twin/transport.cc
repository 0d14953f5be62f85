#include "transport.h"

#include <netinet/in.h>

#include <algorithm>

#include "step.h"

namespace ctwin::test {

namespace {

constexpr std::string_view kTcpFlags = "FSRPAUEC";  // from the lowest bit on
constexpr uint8_t kUdpLite = 136;

/// Deterministic bytes that differ from place to place.
void put_payload(Packet& out, size_t length) {
  for (size_t i = 0; i < length; ++i) put8(out, static_cast<uint32_t>(i * 7 + 3));
}

/// Fills in the checksum at `at`: the right one, or what the row says.
void put_checksum(Packet& bytes, size_t at, uint16_t right, Words& words) {
  uint32_t value = right;
  if (const auto text = words.take_text("sum"))
    value = *text == "bad" ? right ^ 0x5a5au : words.number(*text);
  if (at + 2 <= bytes.size()) set16(bytes, at, value);
}

uint16_t transport_checksum(const TransportEnds& ends, uint8_t proto, PacketView bytes) {
  return internet_checksum(bytes, pseudo_header_sum(ends.src, ends.dst, proto, bytes.size()));
}

uint32_t take_tcp_flags(Words& words) {
  Word* word = words.next();
  if (!word) {
    words.fail("missing", "TCP flags");
    return 0;
  }
  word->taken = true;
  uint32_t flags = 0;
  for (const char c : word->key) {
    const size_t bit = kTcpFlags.find(c);
    if (bit != kTcpFlags.npos)
      flags |= 1u << bit;
    else if (c != '-')
      words.fail("no TCP flags", word->key);
  }
  return flags;
}

void put_sack(Packet& out, std::string_view text, Words& words) {
  const auto blocks = split(text, ',');
  put8(out, 5);
  put8(out, static_cast<uint32_t>(2 + 8 * blocks.size()));
  for (const std::string_view block : blocks) {
    const auto edges = words.numbers(block, '-');
    if (edges.size() != 2) words.fail("no SACK block", block);
    for (const uint32_t edge : edges) put32(out, edge);
  }
}

bool put_tcp_option(Packet& out, const Word& word, Words& words) {
  if (word.key == "mss") {
    put8(out, 2), put8(out, 4), put16(out, words.number(word.value));
  } else if (word.key == "wscale") {
    put8(out, 3), put8(out, 3), put8(out, words.number(word.value));
  } else if (word.key == "sackok") {
    put8(out, 4), put8(out, 2);
  } else if (word.key == "ts") {
    put8(out, 8), put8(out, 10);
    for (const uint32_t stamp : words.numbers(word.value)) put32(out, stamp);
  } else if (word.key == "sack") {
    put_sack(out, word.value, words);
  } else if (word.key == "nop") {
    put8(out, 1);
  } else if (word.key == "eol") {
    put8(out, 0);
  } else if (word.key == "opt") {
    put_bytes(out, words.hex(word.value));
  } else {
    return false;
  }
  return true;
}

Packet build_tcp(const TransportEnds& ends, Words& words) {
  const uint32_t flags = take_tcp_flags(words);
  Packet options;
  for (Word& word : words.all())
    if (!word.taken && put_tcp_option(options, word, words)) word.taken = true;
  options.resize((options.size() + 3) / 4 * 4);
  Packet out;
  put16(out, ends.sport);
  put16(out, ends.dport);
  put32(out, words.take_number("seq", 0));
  put32(out, words.take_number("ack", 0));
  put8(out, words.take_number("doff", static_cast<uint32_t>(5 + options.size() / 4)) << 4);
  put8(out, flags);
  put16(out, words.take_number("win", 1000));
  put16(out, 0);
  put16(out, words.take_number("urg", 0));
  put_bytes(out, options);
  put_payload(out, words.take_number("len", 0));
  put_checksum(out, 16, transport_checksum(ends, IPPROTO_TCP, out), words);
  return out;
}

Packet build_udp(const TransportEnds& ends, Words& words) {
  const uint32_t length = words.take_number("len", 8);
  Packet out;
  put16(out, ends.sport);
  put16(out, ends.dport);
  put16(out, words.take_number("ulen", 8 + length));
  put16(out, 0);
  put_payload(out, length);
  if (words.take_flag("nosum")) return out;
  const uint16_t sum = transport_checksum(ends, IPPROTO_UDP, out);
  put_checksum(out, 6, sum ? sum : 0xffff, words);
  return out;
}

Packet build_udplite(const TransportEnds& ends, Words& words) {
  const uint32_t length = words.take_number("len", 8);
  Packet out;
  const uint32_t coverage = words.take_number("cov", 0);
  put16(out, ends.sport);
  put16(out, ends.dport);
  put16(out, coverage);
  put16(out, 0);
  put_payload(out, length);
  if (words.take_flag("nosum")) return out;
  const size_t covered = coverage == 0 || coverage > out.size() ? out.size() : coverage;
  uint8_t proto = kUdpLite;
  size_t length_field = out.size();
  if (const auto kernel = words.take_text("sum17")) {
    proto = IPPROTO_UDP;
    if (ends.src.family == AF_INET && *kernel != "long") length_field &= 0xff;
  }
  const uint32_t pseudo = pseudo_header_sum(ends.src, ends.dst, proto, length_field);
  const uint16_t sum = internet_checksum(PacketView(out).first(covered), pseudo);
  put_checksum(out, 6, sum ? sum : 0xffff, words);
  return out;
}

/// What follows the first eight bytes of an ICMP message.
void put_icmp_body(Packet& out, Words& words) {
  if (const auto redirect = words.take_text("redirect")) {
    const auto option = words.numbers(*redirect);
    for (int i = 0; i < 8; ++i) put32(out, 0xfd010000);
    put8(out, option[0]);
    put8(out, option.size() > 1 ? option[1] : 7);
    put16(out, 0);
    put32(out, 0);
  }
  if (const auto inner = words.take_text("of")) {
    const Result<Packet> packet = parse_packet_text(*inner);
    if (!packet) return words.fail(packet.error().text, *inner);
    const uint32_t quoted = words.take_number("quote", static_cast<uint32_t>(packet->size()));
    put_bytes(out, PacketView(*packet).first(std::min<size_t>(quoted, packet->size())));
  } else if (const auto body = words.take_text("body")) {
    put_bytes(out, words.hex(*body));
  } else {
    put_payload(out, words.take_number("len", 8));
  }
}

Packet build_icmp(bool six, const TransportEnds& ends, Words& words) {
  Packet out;
  put8(out, words.take_number("type", six ? 128 : 8));
  put8(out, words.take_number("code", 0));
  put16(out, 0);
  const uint32_t id = words.take_number("id", 0), sequence = words.take_number("seq", 1);
  put32(out, words.take_number("rest", id << 16 | sequence));
  put_icmp_body(out, words);
  const uint16_t sum = six ? transport_checksum(ends, IPPROTO_ICMPV6, out) : internet_checksum(out);
  put_checksum(out, 2, sum, words);
  return out;
}

struct ChunkName {
  std::string_view name;
  uint8_t type;
};
constexpr ChunkName kChunks[] = {
    {"data", 0},
    {"init", 1},
    {"init_ack", 2},
    {"sack", 3},
    {"heartbeat", 4},
    {"heartbeat_ack", 5},
    {"abort", 6},
    {"shutdown", 7},
    {"shutdown_ack", 8},
    {"error", 9},
    {"cookie_echo", 10},
    {"cookie_ack", 11},
    {"shutdown_complete", 14},
};

void put_chunk(Packet& out, uint32_t type, uint32_t flags, uint32_t length, size_t body) {
  put8(out, type);
  put8(out, flags);
  put16(out, length);
  put_payload(out, body);
  while (out.size() % 4 != 0) put8(out, 0);
}

bool put_named_chunk(Packet& out, const Word& word, Words& words) {
  const auto chunk = std::find_if(std::begin(kChunks), std::end(kChunks),
                                  [&](const ChunkName& known) { return known.name == word.key; });
  if (chunk == std::end(kChunks)) return false;
  const uint32_t value = word.value.empty() ? 0 : words.number(word.value);
  const bool is_init = chunk->type == 1 || chunk->type == 2;
  if (is_init) {
    put_chunk(out, chunk->type, 0, 20, 0);
    put32(out, value);  // initiate tag
    put32(out, 65536);  // window
    put32(out, 0x00010001);
    put32(out, 1);
  } else {
    const size_t body = chunk->type == 0 || chunk->type == 3 ? 12 : 4;
    put_chunk(out, chunk->type, value, static_cast<uint32_t>(4 + body), body);
  }
  return true;
}

bool put_sctp_word(Packet& out, const Word& word, Words& words) {
  if (word.key != "chunk") return put_named_chunk(out, word, words);
  const auto parts = words.numbers(word.value);
  if (parts.size() == 4)
    put_chunk(out, parts[0], parts[1], parts[2], parts[3]);
  else
    words.fail("no chunk", word.value);
  return true;
}

Packet build_sctp(const TransportEnds& ends, Words& words) {
  Packet out;
  put16(out, ends.sport);
  put16(out, ends.dport);
  put32(out, words.take_number("vtag", 0));
  put32(out, 0);
  for (Word& word : words.all())
    if (!word.taken && put_sctp_word(out, word, words)) word.taken = true;
  uint32_t crc = sctp_crc(out);
  if (const auto text = words.take_text("sum"))
    crc = *text == "bad" ? crc ^ 0x5a5a : words.number(*text);
  set16(out, 8, crc >> 16);
  set16(out, 10, crc);
  return out;
}

Packet build_gre(Words& words) {
  const uint32_t version = words.take_number("ver", 0);
  const uint32_t length = words.take_number("len", 8);
  Packet out;
  put16(out, version == 1 ? 0x2000 | version : version);
  put16(out, words.take_number("type", version == 1 ? 0x880b : 0x0800));
  if (version == 1) {
    put16(out, length);
    put16(out, words.take_number("call", 0));
  }
  put_payload(out, length);
  return out;
}

Packet build_other(Words& words) {
  Packet out;
  put_payload(out, words.take_number("len", 8));
  return out;
}

}  // namespace

TransportPart build_transport(std::string_view kind, const TransportEnds& ends, Words& words) {
  TransportPart part{ends.src, ends.dst, 0, {}};
  if (kind == "tcp") {
    part.proto = IPPROTO_TCP, part.bytes = build_tcp(ends, words);
  } else if (kind == "udp") {
    part.proto = IPPROTO_UDP, part.bytes = build_udp(ends, words);
  } else if (kind == "udplite") {
    part.proto = kUdpLite, part.bytes = build_udplite(ends, words);
  } else if (kind == "icmp") {
    part.proto = IPPROTO_ICMP, part.bytes = build_icmp(false, ends, words);
  } else if (kind == "icmp6") {
    part.proto = IPPROTO_ICMPV6, part.bytes = build_icmp(true, ends, words);
  } else if (kind == "sctp") {
    part.proto = IPPROTO_SCTP, part.bytes = build_sctp(ends, words);
  } else if (kind == "gre") {
    part.proto = IPPROTO_GRE, part.bytes = build_gre(words);
  } else if (kind == "ip") {
    part.proto = static_cast<uint8_t>(words.take_number("proto", 253));
    part.bytes = build_other(words);
  } else {
    words.fail("no kind of packet", kind);
  }
  return part;
}

}  // namespace ctwin::test
