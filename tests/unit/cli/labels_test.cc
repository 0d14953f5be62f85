#include "cli/labels.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

using namespace ctwin;
using cli::LabelMap;

namespace {

/// A file that goes away with its test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    char name[] = "/tmp/ctwin-labels-XXXXXX";
    const int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    REQUIRE_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(fd);
    path_ = name;
  }
  ~TemporaryFile() { unlink(path_.c_str()); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("names and bits of a label file find each other") {
  const auto map = LabelMap::load(std::string(CTWIN_TEST_DATA) + "/labels.conf");
  REQUIRE(map.ok());
  CHECK_EQ(map->bit("zero").value(), 0);
  CHECK_EQ(map->bit("eth0-in").value(), 1);
  CHECK_EQ(map->bit("two words").value(), 5);
  CHECK_EQ(map->bit("last").value(), 127);
  CHECK_EQ(map->name(127), "last");
  CHECK(map->name(64).empty());
}

TEST_CASE("unknown names, empty names and numbers are no labels") {
  const auto map = LabelMap::load(std::string(CTWIN_TEST_DATA) + "/labels.conf");
  REQUIRE(map.ok());
  CHECK_FALSE(map->bit("nine").has_value());
  CHECK_FALSE(map->bit("").has_value());
  CHECK_FALSE(map->bit("1").has_value());
  CHECK_FALSE(map->bit("zer").has_value());
}

TEST_CASE("bits past the kernel's 128 do not count") {
  const TemporaryFile file("127 in\n128 out\n1023 far\n");
  const auto map = LabelMap::load(file.path());
  REQUIRE(map.ok());
  CHECK_EQ(map->bit("in").value(), 127);
  CHECK_FALSE(map->bit("out").has_value());
  CHECK_FALSE(map->bit("far").has_value());
}

TEST_CASE("a file that is not there fails with its errno and its name") {
  const auto map = LabelMap::load("/nonexistent/labels");
  REQUIRE_FALSE(map.ok());
  CHECK_EQ(map.error().code, ENOENT);
  CHECK(map.error().text.find("/nonexistent/labels") != std::string::npos);
}

TEST_CASE("a file without a valid line fails with EINVAL") {
  const TemporaryFile file("# nothing\nname without bit\n");
  const auto map = LabelMap::load(file.path());
  REQUIRE_FALSE(map.ok());
  CHECK_EQ(map.error().code, EINVAL);
}
