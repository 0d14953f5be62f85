// Runs a fuzz target without a fuzzer: every seed as it is, then seeded mutations of them.
//
//   fuzz_TARGET SEEDS MUTATIONS [SEED]
//
// The same arguments give the same inputs. An input that brings the target down is left in the file
// fuzz-failure for a closer look: fuzz_TARGET fuzz-failure 0.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz/fuzz.h"

namespace {

using Input = std::vector<uint8_t>;

const Input* current = nullptr;

void keep_input(int signal) {
  const int fd = open("fuzz-failure", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0 && current) (void)!write(fd, current->data(), current->size());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

Input read_input(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Input> read_inputs(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {read_input(path)};
  std::vector<std::filesystem::path> names;
  for (const auto& entry : std::filesystem::directory_iterator(path)) names.push_back(entry.path());
  std::sort(names.begin(), names.end());
  std::vector<Input> inputs;
  for (const auto& name : names) inputs.push_back(read_input(name));
  return inputs;
}

void run(const Input& input) {
  current = &input;
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

class Mutator {
 public:
  Mutator(std::vector<Input> seeds, unsigned seed) : seeds_(std::move(seeds)), random_(seed) {}

  Input next() {
    Input input = any_seed();
    for (size_t changes = below(2) ? 1 : 2 + below(5); changes > 0; --changes) change(input);
    return input;
  }

 private:
  size_t below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  const Input& any_seed() { return seeds_[below(seeds_.size())]; }
  Input::difference_type place(const Input& input) {
    return static_cast<Input::difference_type>(below(input.size()));
  }

  /// Numbers as lengths, types and values like to be: small, or near a limit.
  uint8_t telling_byte() {
    static constexpr uint8_t kTelling[] = {0, 1, 3, 4, 5, 8, 16, 20, 0x7f, 0x80, 0xfe, 0xff};
    return below(2) ? kTelling[below(std::size(kTelling))] : static_cast<uint8_t>(random_());
  }

  void change(Input& input) {
    if (input.empty()) return input.push_back(telling_byte());
    switch (below(8)) {
      case 0: input[below(input.size())] ^= static_cast<uint8_t>(1u << below(8)); break;
      case 1: input.resize(below(input.size()) + 1); break;
      case 2: input.insert(input.begin() + place(input), 1 + below(8), telling_byte()); break;
      case 3: input.erase(input.begin() + place(input), input.end()); break;
      case 4: splice(input); break;
      default: input[below(input.size())] = telling_byte(); break;
    }
  }

  /// The rest of another seed behind a piece of this input.
  void splice(Input& input) {
    const Input& other = any_seed();
    input.erase(input.begin() + place(input), input.end());
    for (size_t i = below(other.size()); i < other.size(); ++i) input.push_back(other[i]);
  }

  std::vector<Input> seeds_;
  std::mt19937 random_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s SEEDS MUTATIONS [SEED]\n", argv[0]);
    return 2;
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, keep_input);
  const std::vector<Input> seeds = read_inputs(argv[1]);
  const unsigned long mutations = std::strtoul(argv[2], nullptr, 10);
  const auto seed = static_cast<unsigned>(argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1);
  if (seeds.empty()) {
    std::fprintf(stderr, "no seeds in %s\n", argv[1]);
    return 1;
  }
  for (const Input& input : seeds) run(input);
  Mutator mutator(seeds, seed);
  for (unsigned long i = 0; i < mutations; ++i) run(mutator.next());
  std::printf("%zu seeds, %lu mutations with seed %u\n", seeds.size(), mutations, seed);
}
