#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "generator.h"

namespace ctwin::test {

namespace {

constexpr uint32_t kAckWindow = 66000;  ///< MAXACKWINDOW: acknowledgements may be older by this

/// What one side has sent and offered, as an honest TCP would keep it.
struct Half {
  uint32_t first = 0;  ///< the SYN's number
  uint32_t next = 0;   ///< of the next byte
  uint32_t acked = 0;  ///< what the other side has acknowledged
  uint32_t window = 1000;
  uint32_t scale = 0;
  bool sack = false;
};

enum class Phase : uint8_t { kSyn, kSynAck, kAck, kData, kFin, kFinAnswer, kLastAck, kOver };

class TcpTalker final : public Talker {
 public:
  TcpTalker(Dice& dice, const FlowEnds& ends)
      : ends_(ends), wildness_(dice.pick(kWildness)), client_(random_side(dice)) {
    begin(dice);
    if (dice.chance(1, 8)) phase_ = Phase::kData;
  }

  std::string next(Dice& dice) override {
    std::string row;
    if (!rows_.empty() && dice.chance(1, 12))
      row = rows_[dice.below(rows_.size())];
    else
      row = dice.chance(wildness_, 100) ? wild(dice) : planned(dice);
    rows_.push_back(row);
    if (rows_.size() > kMemory) rows_.erase(rows_.begin());
    return row;
  }

 private:
  static constexpr uint32_t kWildness[] = {0, 5, 5, 20, 20, 50, 100};
  static constexpr uint32_t kWindows[] = {0, 1, 10, 100, 1000, 1000, 1000, 30000, 65535};
  static constexpr uint32_t kLengths[] = {0, 0, 1, 1, 10, 100, 500, 999, 1000, 1001, 1400};
  static constexpr size_t kMemory = 6;

  static Side random_side(Dice& dice) { return dice.chance(1, 2) ? Side::kLeft : Side::kRight; }
  Half& half(Side side) { return halves_[side == Side::kLeft ? 0 : 1]; }

  void begin(Dice& dice) {
    for (Half& each : halves_) {
      const uint32_t first = dice.chance(1, 4) ? dice.any() : each.next + dice.number(100000);
      each = {first, first, first, dice.pick(kWindows), 0, false};
    }
    phase_ = Phase::kSyn;
    data_left_ = dice.number(8);
  }

  std::string row(Side from, std::string_view flags, uint32_t seq, uint32_t ack,
                  std::string_view more = {}) {
    return fmt::format("{} {} seq={} ack={} win={}{}", row_with_ports(from, "tcp", ends_), flags,
                       seq, ack, half(from).window, more);
  }

  std::string syn_options(Dice& dice, Side from) {
    std::string text;
    Half& me = half(from);
    if (dice.chance(1, 3)) text += " mss=1460";
    me.sack = dice.chance(1, 2);
    if (me.sack) text += " sackok";
    if (dice.chance(1, 4)) text += fmt::format(" ts={},0", dice.number(1000));
    if (dice.chance(1, 2)) {
      const uint32_t scale = dice.number(dice.chance(1, 10) ? 255 : 9);
      me.scale = std::min(scale, 14u);
      text += fmt::format(" wscale={}", scale);
    }
    if (dice.chance(1, 30)) {
      const uint32_t kind = dice.number(9), length = dice.number(8);
      text += fmt::format(" opt={:02x}{:02x}", kind, length);
    }
    return text;
  }

  std::string planned(Dice& dice) {
    const Side client = client_, server = across(client_);
    switch (phase_) {
      case Phase::kSyn: return send_syn(dice, client);
      case Phase::kSynAck:
        if (dice.chance(1, 20)) return send_syn(dice, dice.chance(1, 2) ? client : server);
        if (dice.chance(1, 12)) return reset(dice, server);
        return send_syn_ack(dice, server);
      case Phase::kAck:
        phase_ = Phase::kData;
        half(server).acked = half(server).next;
        return row(client, "A", half(client).next, half(server).next);
      case Phase::kData: return exchange(dice);
      case Phase::kFin: closer_ = random_side(dice); return send_fin(closer_, Phase::kFinAnswer);
      case Phase::kFinAnswer:
        if (dice.chance(1, 2))
          return row(across(closer_), "A", half(across(closer_)).next, half(closer_).next);
        return send_fin(across(closer_), Phase::kLastAck);
      case Phase::kLastAck:
        phase_ = Phase::kOver;
        return row(closer_, "A", half(closer_).next, half(across(closer_)).next);
      case Phase::kOver: break;
    }
    return after_the_end(dice);
  }

  std::string send_syn(Dice& dice, Side from) {
    Half& me = half(from);
    phase_ = Phase::kSynAck;
    const uint32_t length = dice.chance(1, 20) ? 20 : 0;
    me.next = me.first + 1 + length;
    me.scale = 0;
    const std::string options = syn_options(dice, from);
    return row(from, dice.chance(1, 20) ? "SEC" : "S", me.first, 0,
               options + (length ? " len=20" : ""));
  }

  std::string send_syn_ack(Dice& dice, Side from) {
    Half& me = half(from);
    phase_ = Phase::kAck;
    me.next = me.first + 1;
    half(across(from)).acked = half(across(from)).next;
    return row(from, "SA", me.first, half(across(from)).next, syn_options(dice, from));
  }

  std::string exchange(Dice& dice) {
    const Side from = random_side(dice);
    Half& me = half(from);
    Half& peer = half(across(from));
    if (data_left_ == 0) phase_ = dice.chance(1, 6) ? Phase::kOver : Phase::kFin;
    if (data_left_ == 0 && phase_ == Phase::kOver) return reset(dice, from);
    if (data_left_ != 0) --data_left_;
    if (dice.chance(1, 6)) me.window = dice.pick(kWindows);
    const uint32_t seq = me.next, length = dice.pick(kLengths);
    me.next += length;
    const uint32_t waiting = std::min(peer.next - peer.acked, kAckWindow);
    peer.acked = dice.chance(5, 6) ? peer.next : peer.acked + dice.number(waiting + 1);
    return row(from, length && dice.chance(1, 2) ? "PA" : "A", seq, peer.acked,
               length ? fmt::format(" len={}", length) : "");
  }

  std::string send_fin(Side from, Phase then) {
    Half& me = half(from);
    phase_ = then;
    return row(from, "FA", me.next++, half(across(from)).next);
  }

  std::string after_the_end(Dice& dice) {
    if (dice.chance(1, 2)) return wild(dice);
    if (dice.chance(1, 3)) client_ = random_side(dice);
    begin(dice);
    return send_syn(dice, client_);
  }

  /// A reset with a number from where it would be right to where it never is.
  std::string reset(Dice& dice, Side from) {
    const Half& me = half(from);
    const Half& peer = half(across(from));
    const uint32_t seqs[] = {me.next, me.next,     me.next,  me.acked,          me.acked - 1,
                             0,       me.next + 5, me.first, me.next + 100'000, dice.any()};
    const uint32_t acks[] = {peer.next, peer.next, 0, peer.first + 1, dice.any()};
    const uint32_t seq = dice.pick(seqs), ack = dice.pick(acks);
    return row(from, dice.chance(1, 2) ? "R" : "RA", seq, ack);
  }

  /// A number in and around what conntrack takes: the window's edges, each one off, and nonsense.
  uint32_t odd_seq(Dice& dice, Side from) {
    const Half& me = half(from);
    const Half& peer = half(across(from));
    const uint32_t upper = me.acked + (peer.window << peer.scale);
    const uint32_t lower = me.next - (peer.window << peer.scale) - 1;
    const uint32_t bases[] = {me.next,  me.acked, upper,      lower,
                              me.first, 0,        dice.any(), me.next + 0x80000000u};
    const uint32_t base = dice.pick(bases);
    return base + dice.number(4) - 1;
  }

  uint32_t odd_ack(Dice& dice, Side from) {
    const Half& peer = half(across(from));
    const uint32_t bases[] = {peer.next,
                              peer.acked,
                              peer.next - kAckWindow - 1,
                              peer.next - (half(from).window << half(from).scale) - 1,
                              peer.first + 1,
                              0,
                              dice.any(),
                              peer.next + 0x80000000u};
    const uint32_t base = dice.pick(bases);
    return base + dice.number(4) - 1;
  }

  std::string sack_blocks(Dice& dice, Side from) {
    const Half& peer = half(across(from));
    std::string text = dice.chance(1, 2) ? " nop nop sack=" : " sack=";
    const uint32_t count = 1 + dice.number(3);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t left = peer.next + dice.number(300) - 200;
      text += fmt::format("{}{}-{}", i ? "," : "", left, left + dice.number(150));
    }
    if (dice.chance(1, 4)) text += " ts=1,2";
    return text;
  }

  std::string wild(Dice& dice) {
    static constexpr const char* kFlags[] = {"S",  "SA", "A",  "A",  "PA",  "FA",  "R",
                                             "RA", "U",  "AU", "FU", "SFR", "FAP", "-"};
    const Side from = random_side(dice);
    Half& me = half(from);
    const Half& peer = half(across(from));
    if (dice.chance(1, 4)) me.window = dice.pick(kWindows);
    switch (dice.number(8)) {
      case 0: return reset(dice, from);
      case 1: return send_wild_syn(dice, from);
      case 2: {
        const uint32_t ack = odd_ack(dice, from);
        return row(from, "SA", me.first, ack, syn_options(dice, from));
      }
      case 3: return row(from, "A", me.next, peer.next, sack_blocks(dice, from));
      case 4: return row(from, "A", me.next - 1, peer.next, dice.chance(1, 2) ? " len=1" : "");
      case 5: {
        const uint32_t length = dice.pick(kLengths);
        const uint32_t seq = odd_seq(dice, from);
        if (dice.chance(1, 3)) me.next = seq + length;
        return row(from, "PA", seq, peer.next, fmt::format(" len={}", length));
      }
      case 6: return row(from, "A", me.next, odd_ack(dice, from));
      default: {
        const char* flags = dice.pick(kFlags);
        const uint32_t seq = odd_seq(dice, from), ack = odd_ack(dice, from);
        const uint32_t length = dice.chance(1, 3) ? dice.pick(kLengths) : 0;
        return row(from, flags, seq, ack, fmt::format(" len={}", length));
      }
    }
  }

  std::string send_wild_syn(Dice& dice, Side from) {
    Half& me = half(from);
    const uint32_t firsts[] = {me.first, me.next, me.next + 1000, dice.any()};
    me.first = dice.pick(firsts);
    if (dice.chance(1, 2)) return row(from, "S", me.first, 0, syn_options(dice, from));
    client_ = from;
    return send_syn(dice, from);
  }

  FlowEnds ends_;
  uint32_t wildness_;  ///< percent of packets that are not what an honest TCP would send
  Side client_;
  Side closer_ = Side::kLeft;
  Phase phase_ = Phase::kSyn;
  uint32_t data_left_ = 0;
  Half halves_[2];
  std::vector<std::string> rows_;
};

}  // namespace

std::unique_ptr<Talker> make_tcp_talker(Dice& dice, const FlowEnds& ends) {
  return std::make_unique<TcpTalker>(dice, ends);
}

}  // namespace ctwin::test
