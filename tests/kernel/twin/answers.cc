#include "answers.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <vector>

namespace ctwin::test {

namespace {

constexpr std::string_view kQuote = "of(", kId = "id=";

char across(char side) { return side == '>' ? '<' : '>'; }

/// Splits at spaces outside of parentheses.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  int depth = 0;
  for (const char c : text) {
    depth += (c == '(') - (c == ')');
    if (c != ' ' || depth != 0)
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  }
  return words;
}

std::string host_of(const std::string& end) {
  const size_t bracket = end.find(']');
  return end.substr(0, end.find(':', bracket == end.npos ? 0 : bracket));
}

uint8_t number_of(std::string_view kind) {
  if (kind == "tcp") return IPPROTO_TCP;
  if (kind == "udp") return IPPROTO_UDP;
  if (kind == "udplite") return IPPROTO_UDPLITE;
  if (kind == "sctp") return IPPROTO_SCTP;
  if (kind == "icmp") return IPPROTO_ICMP;
  if (kind == "icmp6") return IPPROTO_ICMPV6;
  if (kind == "gre") return IPPROTO_GRE;
  return 0;
}

std::string address_text(PacketView bytes, bool six) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(six ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return six ? fmt::format("[{}]", text) : std::string(text);
}

struct Transport {
  uint8_t proto = 0;
  size_t at = 0;
};

/// Where the transport header begins; behind the packet where there is none.
Transport find_transport(PacketView packet) {
  if (packet.size() < 20) return {};
  if (packet[0] >> 4 == 4) {
    const bool first = (get16(packet, 6) & 0x1fff) == 0;
    return {packet[9], first ? (packet[0] & 15u) * 4 : packet.size()};
  }
  if (packet.size() < 40) return {};
  Transport found{packet[6], 40};
  while (found.at + 8 <= packet.size()) {
    const size_t at = found.at;
    switch (found.proto) {
      case IPPROTO_HOPOPTS:
      case IPPROTO_ROUTING:
      case IPPROTO_DSTOPTS: found.at += 8 + packet[at + 1] * 8u; break;
      case IPPROTO_AH: found.at += 8 + packet[at + 1] * 4u; break;
      case IPPROTO_FRAGMENT:
        found.at = (get16(packet, at + 2) & ~7u) == 0 ? at + 8 : packet.size();
        break;
      default: return found;
    }
    found.proto = packet[at];
  }
  return found;
}

bool is_query(uint8_t proto, uint8_t type) {
  if (proto == IPPROTO_ICMPV6) return type >= 128;
  return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

}  // namespace

struct Answers::Row {
  std::string kind;
  Ends ends;
  std::vector<std::string> words;  ///< the others
  size_t id_at = SIZE_MAX;         ///< which of them is the ICMP id,
  size_t quote_at = SIZE_MAX;      ///< and which what an error quotes
};

Answers::Row Answers::read_row(std::string_view text) {
  Row row;
  std::vector<std::string> words = words_of(text);
  if (words.size() < 3) return row;
  row.kind = words[0];
  row.ends = {words[1], words[2], {}};
  row.words.assign(words.begin() + 3, words.end());
  for (size_t i = 0; i < row.words.size(); ++i) {
    if (row.words[i].starts_with(kQuote)) row.quote_at = i;
    if (row.kind.starts_with("icmp") && row.id_at == SIZE_MAX && row.words[i].starts_with(kId)) {
      row.id_at = i;
      row.ends.id = row.words[i].substr(kId.size());
    }
  }
  return row;
}

std::string Answers::text_of(const Row& row) {
  std::string text = fmt::format("{} {} {}", row.kind, row.ends.src, row.ends.dst);
  for (size_t i = 0; i < row.words.size(); ++i)
    text += i == row.id_at ? fmt::format(" {}{}", kId, row.ends.id) : " " + row.words[i];
  return text;
}

std::string Answers::key_of(char side, std::string_view kind, const Ends& ends) {
  return fmt::format("{} {} {} {} {}", side, kind, ends.src, ends.dst, ends.id);
}

/// False when the packet is not of this kind, or an error.
bool Answers::read_ends(PacketView packet, std::string_view kind, Ends& ends) {
  const Transport transport = find_transport(packet);
  const uint8_t proto = number_of(kind);
  if (transport.proto == 0 || (proto != 0 && transport.proto != proto)) return false;
  const bool six = packet[0] >> 4 == 6;
  ends = {address_text(packet.subspan(six ? 8 : 12), six),
          address_text(packet.subspan(six ? 24 : 16), six),
          {}};
  const size_t at = transport.at;
  if (proto == 0 || proto == IPPROTO_GRE) return true;
  if (at + 8 > packet.size()) return false;
  if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
    ends.id = std::to_string(get16(packet, at + 4));
    return is_query(proto, packet[at]);
  }
  ends.src += fmt::format(":{}", get16(packet, at));
  ends.dst += fmt::format(":{}", get16(packet, at + 2));
  return true;
}

const Answers::Ends* Answers::find(char side, std::string_view kind, const Ends& ends) const {
  const auto found = left_as_.find(key_of(side, kind, ends));
  return found == left_as_.end() ? nullptr : &found->second;
}

void Answers::answer(char side, Row& row) const {
  const Ends asked{row.ends.dst, row.ends.src, row.ends.id};
  if (const Ends* seen = find(across(side), row.kind, asked))
    row.ends = {seen->dst, seen->src, row.id_at == SIZE_MAX ? std::string() : seen->id};
}

/// An error about a packet that came out where the error goes in.
void Answers::complain(char side, Row& row) const {
  std::string& quote = row.words[row.quote_at];
  Row inner = read_row(std::string_view(quote).substr(kQuote.size(), quote.size() - 4));
  const Ends* seen = find(across(side), inner.kind, inner.ends);
  if (!seen) return;
  if (row.ends.dst == host_of(inner.ends.src)) row.ends.dst = host_of(seen->src);
  if (row.ends.src == host_of(inner.ends.dst)) row.ends.src = host_of(seen->dst);
  inner.ends = *seen;
  quote = fmt::format("{}{})", kQuote, text_of(inner));
}

std::string Answers::as_seen(const std::string& step) const {
  if (step.size() < 4 || step[1] != '~') return step;
  const char side = step[0];
  Row row = read_row(std::string_view(step).substr(3));
  row.quote_at == SIZE_MAX ? answer(side, row) : complain(side, row);
  return fmt::format("{} {}", side, text_of(row));
}

void Answers::learn(const std::string& step, const Record& record) {
  const size_t space = step.find(' ');
  if (space == step.npos) return;
  const Row row = read_row(std::string_view(step).substr(space + 1));
  if (row.kind == "raw" || row.quote_at != SIZE_MAX) return;
  for (const Packet& output : record.outputs) {
    Ends ends;
    if (!read_ends(output, row.kind, ends)) continue;
    left_as_.insert_or_assign(key_of(step[0], row.kind, row.ends), ends);
    return;
  }
}

}  // namespace ctwin::test
