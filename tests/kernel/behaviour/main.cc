// Tests of what ctwin does to the kernel's table over time: loading, watching, deleting while
// things change. They need root, since each works in a network namespace of its own.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "space.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  if (const ctwin::Status ready = ctwin::test::prepare_folder(); !ready.ok()) {
    std::printf("skipped: needs root and namespaces of its own: %s\n", ready.error().text.c_str());
    return kSkipped;
  }
  doctest::Context context(argc, argv);
  const int code = context.run();
  ctwin::test::remove_folder();
  return code;
}
