// What the programs that make seeds share: folders of seeds, a file for each.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace ctwin::test {

class Seeds {
 public:
  explicit Seeds(std::filesystem::path directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
  }

  template <typename Byte>
  void write(const char* name, const std::vector<Byte>& bytes) const {
    std::ofstream file(directory_ / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!file) throw std::runtime_error("cannot write a seed");
  }
  /// What has been put together.
  template <typename Input>
  void write(const char* name, const Input& input) const {
    write(name, input.bytes());
  }

 private:
  std::filesystem::path directory_;
};

/// The main of a program that is called with the folder of all seeds: `make` gets it.
template <typename Make>
int make_seeds_below(int argc, char** argv, const Make& make) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s SEEDS\n", argv[0]);
    return 2;
  }
  make(std::filesystem::path(argv[1]));
  return 0;
}

}  // namespace ctwin::test
