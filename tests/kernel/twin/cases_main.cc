// What is to be seen of the kernel and of the engine beside each other, and not packet by packet.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "kernel_box.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  if (const auto box = ctwin::test::KernelBox::create({}); !box) {
    std::printf("skipped: %s\n", box.error().text.c_str());
    return kSkipped;
  }
  doctest::Context context(argc, argv);
  return context.run();
}
