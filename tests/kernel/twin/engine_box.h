// An engine as a Box.
#pragma once

#include "box.h"

namespace ctwin::test {

class EngineBox final : public Box {
 public:
  static Result<std::unique_ptr<EngineBox>> create(const Sysctls& sysctls);
  ~EngineBox() override;

  Status inject(Record& record) override;
  Status finish(Recording& recording) override;

 private:
  struct Parts;
  explicit EngineBox(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace ctwin::test
