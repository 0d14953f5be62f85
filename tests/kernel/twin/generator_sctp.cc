#include <fmt/format.h>

#include "generator.h"

namespace ctwin::test {

namespace {

class SctpTalker final : public Talker {
 public:
  SctpTalker(Dice& dice, const FlowEnds& ends)
      : ends_(ends),
        wildness_(dice.pick(kWildness)),
        client_(dice.chance(1, 2) ? Side::kLeft : Side::kRight) {
    begin(dice);
  }

  std::string next(Dice& dice) override {
    return dice.chance(wildness_, 100) ? wild(dice) : planned(dice);
  }

 private:
  static constexpr uint32_t kWildness[] = {0, 5, 20, 50, 100};
  static constexpr const char* kChunks[] = {
      "data",         "sack",  "heartbeat",   "heartbeat_ack",      "abort",
      "shutdown",     "error", "cookie_echo", "cookie_ack",         "shutdown_complete",
      "shutdown_ack", "data",  "abort=1",     "shutdown_complete=1"};

  void begin(Dice& dice) {
    for (uint32_t& tag : tags_) tag = 1 + dice.number(200);
    stage_ = 0;
    data_left_ = dice.number(6);
  }

  /// The tag that the receiver of `from`'s packets chose, which they carry.
  uint32_t tag_to(Side receiver) const { return tags_[receiver == Side::kLeft ? 0 : 1]; }

  std::string row(Side from, uint32_t tag, const std::string& chunks) {
    return fmt::format("{} vtag={} {}", row_with_ports(from, "sctp", ends_), tag, chunks);
  }
  std::string honest(Side from, const std::string& chunks) {
    return row(from, tag_to(across(from)), chunks);
  }
  std::string init(Side from) { return row(from, 0, fmt::format("init={}", tag_to(from))); }

  std::string planned(Dice& dice) {
    const Side client = client_, server = across(client_);
    switch (stage_++) {
      case 0:
        if (dice.chance(1, 6)) return honest(client, "heartbeat");
        return init(client);
      case 1:
        if (dice.chance(1, 6)) return --stage_, init(dice.chance(1, 2) ? server : client);
        return honest(server, fmt::format("init_ack={}", tag_to(server)));
      case 2: return honest(client, dice.chance(1, 3) ? "cookie_echo data" : "cookie_echo");
      case 3: return honest(server, dice.chance(1, 3) ? "cookie_ack sack" : "cookie_ack");
      case 4: {
        if (data_left_ != 0) --data_left_, --stage_;
        static constexpr const char* kTalk[] = {"data",      "sack",          "sack data",
                                                "heartbeat", "heartbeat_ack", "error"};
        const char* chunks = dice.pick(kTalk);
        return honest(dice.chance(1, 2) ? client : server, chunks);
      }
      case 5:
        closer_ = dice.chance(1, 2) ? client : server;
        return honest(closer_, dice.chance(1, 5) ? "abort" : "shutdown");
      case 6: return honest(across(closer_), "shutdown_ack");
      case 7: return honest(closer_, "shutdown_complete");
      default: begin(dice); return init(client);
    }
  }

  std::string wild(Dice& dice) {
    const Side from = dice.chance(1, 2) ? Side::kLeft : Side::kRight;
    const uint32_t tags[] = {
        tag_to(across(from)), tag_to(across(from)), tag_to(across(from)), tag_to(from), 0,
        dice.number(200)};
    const uint32_t tag = dice.pick(tags);
    if (dice.chance(1, 8)) return init(from);
    if (dice.chance(1, 8)) return row(from, tag, fmt::format("init_ack={}", dice.pick(tags)));
    if (dice.chance(1, 12)) {
      tags_[from == Side::kLeft ? 0 : 1] = 1 + dice.number(200);
      return init(from);
    }
    std::string chunks = dice.pick(kChunks);
    for (uint32_t more = dice.number(3); more > 1; --more)
      chunks += fmt::format(" {}", dice.pick(kChunks));
    if (dice.chance(1, 30)) {
      const uint32_t type = dice.number(256), length = dice.number(12);
      chunks += fmt::format(" chunk={},0,{},4", type, length);
    }
    if (dice.chance(1, 60)) chunks += " init=5";
    return row(from, tag, chunks);
  }

  FlowEnds ends_;
  uint32_t wildness_;
  Side client_;
  Side closer_ = Side::kLeft;
  uint32_t tags_[2] = {};
  uint32_t stage_ = 0;
  uint32_t data_left_ = 0;
};

}  // namespace

std::unique_ptr<Talker> make_sctp_talker(Dice& dice, const FlowEnds& ends) {
  return std::make_unique<SctpTalker>(dice, ends);
}

}  // namespace ctwin::test
