// An engine that is written down and read again behind every packet does what it would have done.
#include <doctest/doctest.h>

#include "answers.h"
#include "engine_box.h"
#include "generator.h"
#include "scenarios.h"

namespace ctwin::test {
namespace {

enum class Life : uint8_t { kOne, kManyShort };

constexpr uint64_t kBegin = 1'700'000'000'000'000'000;
constexpr uint64_t kStep = 4'000'000;

/// Time goes on by a tick with each step, and as far as it says where it waits.
Recording run_alone(const Sequence& sequence, Life life) {
  auto box = EngineBox::create(sequence.sysctls, whole_setup(sequence));
  REQUIRE_MESSAGE(box.ok(), box.error().text);
  Recording recording;
  recording.routes = !sequence.setup.empty();
  Answers answers;
  uint64_t now = kBegin;
  for (const std::string& text : sequence.steps) {
    Result<Step> step = parse_step(recording.routes ? answers.as_seen(text) : text);
    REQUIRE_MESSAGE(step.ok(), step.error().text);
    now += step->wait_ms != 0 ? uint64_t{step->wait_ms} * 1'000'000 : kStep;
    if (step->wait_ms != 0) continue;
    Record& record = recording.records.emplace_back();
    record.side = step->side;
    record.packet = std::move(step->packet);
    record.time = now;
    REQUIRE((*box)->inject(record).ok());
    if (recording.routes) answers.learn(text, record);
    if (life == Life::kOne) continue;
    const Status restarted = (*box)->restart();
    REQUIRE_MESSAGE(restarted.ok(), restarted.error().text);
  }
  recording.end_time = now + kStep;
  REQUIRE((*box)->finish(recording).ok());
  return recording;
}

void check_lives(const Sequence& sequence) {
  const auto differences =
      compare(run_alone(sequence, Life::kOne), run_alone(sequence, Life::kManyShort));
  for (const Difference& difference : differences)
    FAIL_CHECK(sequence.name << ", packet " << difference.number << ", one life (kernel) and many "
                             << "(engine):\n"
                             << difference.text);
}

TEST_CASE("every scenario comes out the same when the engine is kept between its packets") {
  for (const Sequence& sequence : all_scenarios()) check_lives(sequence);
}

TEST_CASE("drawn traffic comes out the same when the engine is kept between its packets") {
  for (uint64_t index = 0; index < 6; ++index) check_lives(generate(4711, index, 300));
}

TEST_CASE("drawn rules come out the same when the engine is kept between its packets") {
  for (uint64_t index = 0; index < 60; ++index) check_lives(generate_routed(4711, index, 60));
}

}  // namespace
}  // namespace ctwin::test
