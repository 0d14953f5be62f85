#include "answers.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <optional>
#include <vector>

#include "packet_ends.h"

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

std::string address_text(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.family, address.bytes.data(), text, sizeof text);
  return address.family == AF_INET6 ? fmt::format("[{}]", text) : std::string(text);
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
  const std::optional<PacketEnds> read = read_packet_ends(packet);
  const uint8_t proto = number_of(kind);
  if (!read || read->error || (proto != 0 && read->proto != proto)) return false;
  ends = {address_text(read->src), address_text(read->dst), {}};
  if (proto == 0 || proto == IPPROTO_GRE) return true;
  if (!read->has_ports) return false;
  if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
    ends.id = std::to_string(read->sport);
    return true;
  }
  ends.src += fmt::format(":{}", read->sport);
  ends.dst += fmt::format(":{}", read->dport);
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
