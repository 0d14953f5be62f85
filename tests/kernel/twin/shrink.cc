#include "shrink.h"

#include <algorithm>

namespace ctwin::test {

namespace {

class Shrinker {
 public:
  Shrinker(Sequence sequence, const StillFails& still_fails, size_t trials)
      : best_(std::move(sequence)), still_fails_(still_fails), trials_(trials) {}

  Sequence run() {
    remove_runs(&Sequence::steps);
    remove_runs(&Sequence::sysctls);
    remove_runs(&Sequence::setup);
    remove_words();
    remove_runs(&Sequence::steps);
    remove_runs(&Sequence::setup);
    return std::move(best_);
  }

 private:
  /// Keeps `candidate` when it fails too.
  bool improves(Sequence candidate) {
    // Without any setup nothing is routed: another test altogether.
    if (trials_ == 0 || candidate.setup.empty() != best_.setup.empty()) return false;
    --trials_;
    if (!still_fails_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  /// Takes out runs of elements, first long ones, then shorter ones, down to single ones.
  template <typename Element>
  void remove_runs(std::vector<Element> Sequence::*list) {
    for (size_t length = std::max<size_t>((best_.*list).size() / 2, 1);;) {
      bool removed = false;
      // From the end: what comes after the failure goes first.
      for (size_t end = (best_.*list).size(); end > 0;) {
        const size_t begin = end > length ? end - length : 0;
        Sequence candidate = best_;
        auto& elements = candidate.*list;
        elements.erase(elements.begin() + static_cast<ptrdiff_t>(begin),
                       elements.begin() + static_cast<ptrdiff_t>(end));
        removed |= improves(std::move(candidate));
        end = begin;
      }
      if (length == 1 && !removed) return;
      if (length > 1) length /= 2;
      if (trials_ == 0) return;
    }
  }

  /// Takes single words out of steps; what no longer reads as a step does not fail.
  void remove_words() {
    for (size_t step = 0; step < best_.steps.size(); ++step) {
      for (size_t end = best_.steps[step].size(); end != std::string::npos && end > 2;) {
        const size_t space = best_.steps[step].rfind(' ', end - 1);
        if (space == std::string::npos) break;
        Sequence candidate = best_;
        candidate.steps[step].erase(space, end - space);
        improves(std::move(candidate));
        end = space;
      }
    }
  }

  Sequence best_;
  const StillFails& still_fails_;
  size_t trials_;
};

}  // namespace

Sequence shrink(Sequence sequence, const StillFails& still_fails, size_t trials) {
  return Shrinker(std::move(sequence), still_fails, trials).run();
}

}  // namespace ctwin::test
