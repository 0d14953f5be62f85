// An engine as a Box.
#pragma once

#include <span>

#include "box.h"

namespace ctwin::test {

class EngineBox final : public Box {
 public:
  static Result<std::unique_ptr<EngineBox>> create(const Sysctls& sysctls,
                                                   const SetupLines& setup = {});
  ~EngineBox() override;

  Status inject(Record& record) override;
  /// Makes it draw for the next packet what the kernel drew (draws.h). True when that drew.
  bool draw_as(const Record& kernel);
  /// Several at once. What comes of them is all put down to the last.
  Status inject_together(std::span<Record> records);
  Status finish(Recording& recording) override;

 private:
  struct Parts;
  explicit EngineBox(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace ctwin::test
