#include <fmt/format.h>

#include "generator.h"

namespace ctwin::test {

namespace {

constexpr uint32_t kLengths[] = {0, 1, 4, 8, 8, 20, 100, 1000, 1400};

std::string udp_row(Dice& dice, Side from, const FlowEnds& ends) {
  const uint32_t length = dice.pick(kLengths);
  std::string row = fmt::format("{} len={}", row_with_ports(from, "udp", ends), length);
  if (dice.chance(1, 30)) row += " nosum";
  if (dice.chance(1, 30)) row += fmt::format(" ulen={}", dice.number(length + 16));
  return row;
}

std::string udplite_row(Dice& dice, Side from, const FlowEnds& ends) {
  const uint32_t length = dice.pick(kLengths);
  std::string row = fmt::format("{} len={}", row_with_ports(from, "udplite", ends), length);
  if (dice.chance(3, 4)) row += dice.chance(1, 8) ? " sum17=long" : " sum17";
  if (dice.chance(1, 3)) row += fmt::format(" cov={}", dice.number(length + 12));
  if (dice.chance(1, 30)) row += " nosum";
  return row;
}

std::string icmp_row(Dice& dice, Side from, const FlowEnds& ends, Side asker) {
  static constexpr uint32_t kQuestions[] = {8, 8, 8, 13, 15, 17};
  static constexpr uint32_t kQuestions6[] = {128, 128, 128, 139};
  const bool six = ends.six != dice.chance(1, 100);
  const uint32_t id = ends.left_port % 8;
  uint32_t type = six ? kQuestions6[id % 4] : kQuestions[id % 6];
  if (from != asker) type = six ? type + 1 : type == 8 ? 0 : type + 1;
  if (dice.chance(1, 20)) type = dice.number(dice.chance(1, 2) ? 20 : 256);
  const uint32_t code = dice.chance(1, 20) ? dice.number(3) : 0;
  const uint32_t sequence = dice.number(100), length = dice.pick(kLengths);
  return fmt::format("{} type={} code={} id={} seq={} len={}",
                     row_without_ports(from, six ? "icmp6" : "icmp", ends), type, code, id,
                     sequence, length);
}

std::string gre_row(Dice& dice, Side from, const FlowEnds& ends) {
  std::string row =
      fmt::format("{} len={}", row_without_ports(from, "gre", ends), dice.pick(kLengths));
  if (ends.left_port % 2) row += fmt::format(" ver=1 call={}", dice.number(3));
  if (dice.chance(1, 20)) row += fmt::format(" type={}", dice.number(0x10000));
  if (dice.chance(1, 30) && ends.left_port % 2 == 0) row += fmt::format(" ver={}", dice.number(8));
  return row;
}

std::string other_row(Dice& dice, Side from, const FlowEnds& ends) {
  static constexpr uint32_t kProtocols[] = {0, 2, 4, 33, 41, 50, 51, 89, 108, 115, 253, 255};
  static constexpr uint32_t kProtocols6[] = {2, 4, 33, 41, 50, 59, 89, 115, 135, 139, 253, 255};
  const size_t index = ends.left_port % std::size(kProtocols);
  return fmt::format("{} proto={} len={}", row_without_ports(from, "ip", ends),
                     ends.six ? kProtocols6[index] : kProtocols[index], dice.pick(kLengths));
}

/// Protocols whose packets have little to remember: who asks, and how often.
class PlainTalker final : public Talker {
 public:
  PlainTalker(Dice& dice, const FlowEnds& ends)
      : ends_(ends),
        kind_(dice.number(10)),
        asker_(dice.chance(1, 2) ? Side::kLeft : Side::kRight),
        answers_(dice.number(3)) {}

  std::string next(Dice& dice) override {
    const Side from = answers_ != 0 && dice.chance(answers_, 4) ? across(asker_) : asker_;
    if (kind_ < 3) return udp_row(dice, from, ends_);
    if (kind_ < 5) return udplite_row(dice, from, ends_);
    if (kind_ < 8) return icmp_row(dice, from, ends_, asker_);
    if (kind_ < 9) return gre_row(dice, from, ends_);
    return other_row(dice, from, ends_);
  }

 private:
  FlowEnds ends_;
  uint32_t kind_;
  Side asker_;
  uint32_t answers_;  ///< of four packets
};

}  // namespace

std::unique_ptr<Talker> make_plain_talker(Dice& dice, const FlowEnds& ends) {
  return std::make_unique<PlainTalker>(dice, ends);
}

}  // namespace ctwin::test
