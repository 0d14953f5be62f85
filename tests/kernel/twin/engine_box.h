// An engine as a Box.
#pragma once

#include <span>

#include "box.h"
#include "setup/setup_file.h"
#include "state/engine_state.h"

namespace ctwin::test {

class EngineBox final : public Box {
 public:
  static Result<std::unique_ptr<EngineBox>> create(const Sysctls& sysctls,
                                                   const SetupLines& setup = {});
  ~EngineBox() override;

  Status inject(Record& record) override;
  /// Makes it draw for the next packet what the kernel drew (draws.h). True when that drew.
  bool draw_as(const Record& kernel);
  /// The kernel's table at the end, which tells what nothing else does.
  void expect_table(const std::vector<MessageBytes>& table);
  /// Puts down what leaves in its order, by whatever device, to compare several packets at once.
  void mix_devices() { mixes_devices_ = true; }
  /// Several at once. What comes of them is all put down to the last.
  Status inject_together(std::span<Record> records);
  /// Writes its state and goes on from that as another engine, unless fragments wait, which are
  /// not kept.
  Status restart();
  /// The engine's state goes on in another one with this setup.
  Status change(const std::string& line) override;
  Result<std::unique_ptr<Backend>> connect() override;
  Status finish(Recording& recording) override;

 private:
  struct Parts;
  EngineBox(std::unique_ptr<Parts> parts, std::string setup);
  static Result<std::unique_ptr<Parts>> make_parts(const setup::Setup& setup, bool routes);

  Status go_on_with(const setup::Setup& setup, const state::KeptState& kept);

  std::unique_ptr<Parts> parts_;
  std::string setup_;
  bool mixes_devices_ = false;
};

}  // namespace ctwin::test
