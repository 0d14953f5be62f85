#include "generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "rules_generator.h"
#include "words.h"

namespace ctwin::test {

namespace {

constexpr size_t kMtu = 1500;

/// Spoils, cuts and quotes the rows of talkers; what comes of a row comes out a little later.
class Weaver {
 public:
  Weaver(Dice& dice, std::vector<std::string>& steps, bool routed = false)
      : dice_(dice), steps_(steps), routed_(routed) {}

  void add(const std::string& row) {
    std::string made = decorated(row);
    if (dice_.chance(1, 16)) made = damaged(made);
    if (dice_.chance(1, 20) && fragment(made)) return;
    emit(made);
    if (dice_.chance(1, 14)) later_.push_back(error_about(dice_.chance(3, 4) ? row : recent()));
    remember(row);
    if (!later_.empty() && dice_.chance(1, 3)) emit_later();
  }

  void finish() {
    while (!later_.empty()) emit_later();
  }

 private:
  static constexpr size_t kMemory = 50;

  static bool is_six(const std::string& row) {
    const size_t host = row.find(' ', 2) + 1;
    return row[host] == 'L' || row[host] == 'R' || row[host] == '[';
  }

  size_t size_of(const std::string& row) {
    const Result<Step> step = parse_step(row);
    return step ? step->packet.size() : 0;
  }

  void emit(const std::string& row) {
    const size_t size = size_of(row);
    if (size == 0 || size > kMtu) return;
    if (!routed_) return steps_.push_back(row);
    std::string sent = row;
    if (dice_.chance(1, 60) && row.find("ttl=") == row.npos) sent += " ttl=1";
    // Somebody who answers where he never was asked meets no flow of NAT.
    if (!dice_.chance(1, 12)) sent.insert(1, "~");
    steps_.push_back(std::move(sent));
  }

  void emit_later() {
    const size_t index = dice_.below(later_.size());
    const std::string row = later_[index];
    later_.erase(later_.begin() + static_cast<ptrdiff_t>(index));
    emit(row);
  }

  void remember(const std::string& row) {
    recent_.push_back(row);
    if (recent_.size() > kMemory) recent_.pop_front();
  }
  std::string recent() {
    return recent_.empty() ? "> udp l1:1 r1:1" : recent_[dice_.below(recent_.size())];
  }

  /// What is unusual but right.
  std::string decorated(std::string row) {
    static constexpr const char* kExtensions[] = {
        "dst", "route", "ah", "frag", "hop", "hop,dst", "dst,route,ah", "hop,frag,dst", "dst,frag"};
    if (dice_.chance(1, 20)) row += fmt::format(" ttl={}", 2 + dice_.number(254));
    if (dice_.chance(1, 30)) row += fmt::format(" tos={}", dice_.number(256));
    if (dice_.chance(1, 40)) row += fmt::format(" pad={}", 1 + dice_.number(20));
    if (is_six(row)) {
      if (dice_.chance(1, 15)) row += fmt::format(" ext={}", dice_.pick(kExtensions));
    } else {
      if (dice_.chance(1, 30))
        row += dice_.chance(1, 2) ? " opts=01010101" : " opts=0101010101010100";
      if (dice_.chance(1, 10)) row += " df";
    }
    return row;
  }

  std::string damaged(std::string row) {
    const size_t header = is_six(row) ? 40 : 20;
    const size_t size = std::max(size_of(row), header + 1);
    const auto body = static_cast<uint32_t>(size - header);
    switch (dice_.number(5)) {
      case 0: return row + " sum=bad";
      case 1: return row + fmt::format(" cut={}", dice_.number(std::min(body + 1, 40u)));
      case 2:
        return row + fmt::format(" iplen={}", 1 + dice_.number(static_cast<uint32_t>(size) + 10));
      default: break;
    }
    // A router acts upon hop-by-hop options and on IPv4 options.
    if (row.find("=hop") != row.npos || row.find("opts=") != row.npos || body < 2) return row;
    const size_t at = header + dice_.number(std::min(body - 1, 40u));
    return row + fmt::format(" poke={}:{}", at, dice_.number(256));
  }

  /// Puts the row's packet in as fragments, some time from now; false when it is too small, or a
  /// router could not cut it again, with extension headers of which it does not know whether they
  /// belong into every fragment.
  bool fragment(const std::string& row) {
    const size_t header = is_six(row) ? 40 : 20;
    const size_t size = size_of(row);
    if (size < header + 16 || row.find("cut=") != row.npos || row.find("iplen=") != row.npos ||
        row.find("poke=") != row.npos ||
        (row.find("ext=") != row.npos && row.find("frag") == row.npos))
      return false;
    const size_t body = size - header;
    std::vector<std::string> pieces;
    // Fragments of different packets may share an identity, and then make nonsense together. Not
    // where extension headers are cut: a router would stumble over the nonsense, not conntrack.
    const bool extended = row.find("ext=") != row.npos;
    const bool share = !extended && dice_.chance(1, 2);
    const uint32_t id = share ? 7 : ++last_id_;
    for (size_t at = 0; at < body;) {
      const size_t length =
          std::min<size_t>(body - at, 8 * (1 + dice_.number(static_cast<uint32_t>(body / 8))));
      pieces.push_back(fmt::format("{} frag={},{} id={}", row, at, length, id));
      if (dice_.chance(1, 25)) pieces.push_back(odd_fragment(row, at, length, id));
      at += length;
    }
    if (dice_.chance(1, 2)) std::reverse(pieces.begin(), pieces.end());
    for (const std::string& piece : pieces)
      if (!dice_.chance(1, 40)) dice_.chance(1, 2) ? emit(piece) : later_.push_back(piece);
    return true;
  }

  std::string odd_fragment(const std::string& row, size_t at, size_t length, uint32_t id) {
    static constexpr const char* kEnds[] = {"", "", ",more", ",last"};
    const size_t after = 8 * dice_.number(3), before = at >= 8 ? 8 * dice_.number(2) : 0;
    const size_t from = at / 8 * 8 + after - before;
    const size_t size = dice_.chance(1, 2) ? length : dice_.number(100);
    return fmt::format("{} frag={},{}{} id={}", row, from, size, dice_.pick(kEnds), id);
  }

  std::string error_about(const std::string& row) {
    const bool six = is_six(row);
    const size_t kind = 2, src = row.find(' ', kind) + 1, dst = row.find(' ', src) + 1;
    const auto host = [&](size_t at) { return row.substr(at, row.find_first_of(": ", at) - at); };
    static constexpr uint32_t kTypes[] = {3, 3, 3, 4, 5, 11, 11, 12};
    static constexpr uint32_t kTypes6[] = {1, 1, 2, 3, 3, 4, 100, 127};
    std::string target = host(src), source = host(dst);
    if (dice_.chance(1, 12)) target = six ? "L9" : "l9";
    if (dice_.chance(1, 8)) source = six ? "R9" : "r9";
    const bool back = !dice_.chance(1, 16);
    const char side = (row[0] == '>') == back ? '<' : '>';
    std::string inner = row.substr(2);
    if (dice_.chance(1, 10)) inner = damaged(row).substr(2);
    if (dice_.chance(1, 30)) inner += " frag=0,8,more";
    if (dice_.chance(1, 40)) inner += " frag=8,8";
    const uint32_t type = six ? dice_.pick(kTypes6) : dice_.pick(kTypes);
    const uint32_t code = dice_.number(6), rest = dice_.chance(1, 2) ? 0 : dice_.any();
    std::string error =
        fmt::format("{} {} {} {} type={} code={} rest={} of({})", side, six ? "icmp6" : "icmp",
                    source, target, type, code, rest, inner);
    error += fmt::format(" quote={}", dice_.chance(1, 3) ? dice_.number(70)
                                      : six              ? 500
                                                         : 28 + dice_.number(100));
    if (dice_.chance(1, 20)) error += " sum=bad";
    if (dice_.chance(1, 20)) remember(error);
    return error;
  }

  Dice& dice_;
  std::vector<std::string>& steps_;
  const bool routed_;
  std::deque<std::string> recent_;
  std::vector<std::string> later_;
  uint32_t last_id_ = 100;
};

FlowEnds random_ends(Dice& dice) {
  static constexpr uint32_t kPorts[] = {1, 2, 53, 80, 1000, 65535};
  FlowEnds ends;
  ends.six = dice.chance(2, 5);
  ends.left = fmt::format("{}{}", ends.six ? 'L' : 'l', 1 + dice.number(4));
  ends.right = fmt::format("{}{}", ends.six ? 'R' : 'r', 1 + dice.number(4));
  ends.left_port = dice.chance(1, 2) ? dice.number(1 << 16) : dice.pick(kPorts);
  ends.right_port = dice.pick(kPorts);
  return ends;
}

/// Also the router's own addresses, seen from either side, and others that only a route leads to.
FlowEnds routed_ends(Dice& dice) {
  FlowEnds ends = random_ends(dice);
  const auto host = [&](char letter) {
    return fmt::format("{}{}", ends.six ? static_cast<char>(letter - 32) : letter,
                       2 + dice.number(4));
  };
  ends.left = host('l');
  ends.right = host('r');
  switch (dice.number(16)) {
    case 0: ends.left = ends.six ? "R1" : "r1"; break;
    case 1: ends.right = ends.six ? "L1" : "l1"; break;
    case 2: ends.right = ends.six ? "R1" : "r1"; break;
    case 3: ends.right = ends.six ? "[2001:db8::7]" : "192.0.2.7"; break;
    case 4: ends.left = ends.six ? "R5" : "r5"; break;
    default: break;
  }
  return ends;
}

std::unique_ptr<Talker> random_talker(Dice& dice, bool routed = false) {
  const FlowEnds ends = routed ? routed_ends(dice) : random_ends(dice);
  const uint32_t kind = dice.number(10);
  if (kind < 5) return make_tcp_talker(dice, ends);
  if (kind < 7) return make_sctp_talker(dice, ends);
  return make_plain_talker(dice, ends);
}

/// Each setting holds in some sequences; times are such that nothing runs out by chance.
Sysctls random_sysctls(Dice& dice) {
  static constexpr std::pair<const char*, const char*> kChoices[] = {
      {"nf_conntrack_acct", "1"},
      {"nf_conntrack_timestamp", "1"},
      {"nf_conntrack_checksum", "0"},
      {"nf_conntrack_tcp_be_liberal", "1"},
      {"nf_conntrack_tcp_loose", "0"},
      {"nf_conntrack_tcp_ignore_invalid_rst", "1"},
      {"nf_conntrack_tcp_max_retrans", "1"},
      {"nf_conntrack_tcp_max_retrans", "0"},
      {"nf_conntrack_tcp_timeout_unacknowledged", "50"},
      {"nf_conntrack_tcp_timeout_max_retrans", "70"},
      {"nf_conntrack_tcp_timeout_established", "250"},
      {"nf_conntrack_udp_timeout", "77"},
      {"nf_conntrack_events", "1"},
      {"nf_conntrack_log_invalid", "255"},
      {"nf_conntrack_log_invalid", "255"},
  };
  Sysctls sysctls;
  for (const auto& [name, value] : kChoices)
    if (dice.chance(1, std::string_view(name).ends_with("acct") ? 2 : 8))
      sysctls.emplace_back(name, value);
  return sysctls;
}

/// Timeouts that pass while a sequence pauses, and pauses long enough that no entry is near its
/// end, nor a UDP flow near its second second, when packets come again.
constexpr const char* kShortTimeouts[] = {
    "udp_timeout",          "icmp_timeout",        "icmpv6_timeout",
    "generic_timeout",      "gre_timeout",         "tcp_timeout_syn_sent",
    "tcp_timeout_syn_recv", "tcp_timeout_close",   "tcp_timeout_time_wait",
    "tcp_timeout_last_ack", "sctp_timeout_closed", "sctp_timeout_cookie_wait"};
constexpr const char* kPause = "wait 2200";

}  // namespace

std::string row_with_ports(Side from, const char* kind, const FlowEnds& ends) {
  const bool left = from == Side::kLeft;
  return fmt::format("{} {} {}:{} {}:{}", left ? '>' : '<', kind, ends.host(from),
                     left ? ends.left_port : ends.right_port, ends.host(across(from)),
                     left ? ends.right_port : ends.left_port);
}

std::string row_without_ports(Side from, const char* kind, const FlowEnds& ends) {
  return fmt::format("{} {} {} {}", from == Side::kLeft ? '>' : '<', kind, ends.host(from),
                     ends.host(across(from)));
}

/// The lines that give a router one family's rules.
void add_rules(SetupLines& setup, const char* program, const std::string& rules) {
  setup.push_back(fmt::format("{} <<'END'", program));
  for (const std::string_view line : split(rules, '\n'))
    if (!line.empty()) setup.emplace_back(line);
  setup.emplace_back("END");
}

Sequence generate(uint64_t seed, uint64_t index, size_t packets) {
  Dice dice(seed * 1'000'003 + index);
  dice.next();
  Sequence sequence{
      fmt::format("seed {} sequence {}", seed, index), random_sysctls(dice), {}, false};
  const bool pauses = dice.chance(1, 25);
  if (pauses)
    for (const char* name : kShortTimeouts)
      if (dice.chance(1, 2))
        sequence.sysctls.emplace_back(fmt::format("nf_conntrack_{}", name), "1");
  Weaver weaver(dice, sequence.steps);
  std::vector<std::unique_ptr<Talker>> talkers;
  const size_t at_once = 1 + dice.number(40);
  while (talkers.size() < at_once) talkers.push_back(random_talker(dice));
  size_t next_pause = packets / 3;
  while (sequence.steps.size() < packets) {
    std::unique_ptr<Talker>& talker = talkers[dice.below(at_once)];
    weaver.add(talker->next(dice));
    if (dice.chance(1, 40)) talker = random_talker(dice);
    if (pauses && sequence.steps.size() >= next_pause) {
      sequence.steps.emplace_back(kPause);
      next_pause += packets / 3 + 1;
    }
  }
  weaver.finish();
  return sequence;
}

Sequence generate_routed(uint64_t seed, uint64_t index, size_t packets) {
  Dice dice(seed * 1'000'003 + index);
  dice.next();
  Sequence sequence{
      fmt::format("seed {} rule set {}", seed, index), random_sysctls(dice), {}, false};
  // Lots are drawn by each side for itself.
  Flavour flavour;
  flavour.draws_lots = false;
  add_rules(sequence.setup, "iptables-restore", generate_rules(dice, false, flavour));
  add_rules(sequence.setup, "ip6tables-restore", generate_rules(dice, true, flavour));
  Weaver weaver(dice, sequence.steps, true);
  std::vector<std::unique_ptr<Talker>> talkers;
  const size_t at_once = 1 + dice.number(20);
  while (talkers.size() < at_once) talkers.push_back(random_talker(dice, true));
  while (sequence.steps.size() < packets) {
    std::unique_ptr<Talker>& talker = talkers[dice.below(at_once)];
    weaver.add(talker->next(dice));
    if (dice.chance(1, 20)) talker = random_talker(dice, true);
  }
  weaver.finish();
  return sequence;
}

}  // namespace ctwin::test
