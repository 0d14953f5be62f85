// A client whose answerer is hostile: whatever datagrams and errors come, every call ends, and a
// batch tells its outcomes in order, each once, and all of them when it succeeds.
//
//   input  := mode:u8 reply*
//   reply  := length:u16le datagram         65535 and 65534 instead of a length: ENOBUFS, EINTR
//
// Sequence numbers in the datagrams count from 0 for the first request.
#include <cerrno>

#include "ctnetlink/client.h"
#include "fuzz/fuzz.h"
#include "support/fake_backend.h"

using namespace ctwin;
using ctnetlink::Client;
using test::Bytes;
using test::Reply;

namespace {

std::vector<Reply> parse_replies(const uint8_t* data, size_t size) {
  std::vector<Reply> replies;
  while (size >= 2) {
    size_t length = data[0] | data[1] << 8;
    data += 2, size -= 2;
    if (length >= 0xfffe) {
      replies.emplace_back(length == 0xffff ? ENOBUFS : EINTR);
      continue;
    }
    length = std::min(length, size);
    const auto* begin = reinterpret_cast<const std::byte*>(data);
    replies.emplace_back(Bytes(begin, begin + length));
    data += length, size -= length;
  }
  return replies;
}

void run_batch(Client& client, ctnetlink::Operation operation) {
  constexpr size_t kRequests = 4;
  const Flow flow = test::tcp_flow();
  for (size_t i = 0; i < kRequests; ++i)
    if (!client.add(operation, flow)) fuzz::fail("a small batch is refused", {}, {});
  size_t next = 0;
  const Status status = client.run_batch([&](size_t index, int, const Flow*) {
    if (index != next) fuzz::fail("outcomes are out of order", std::to_string(index), {});
    ++next;
  });
  if (status.ok() && next != kRequests)
    fuzz::fail("a batch succeeded without all its outcomes", std::to_string(next), {});
  if (!client.batch_empty()) fuzz::fail("a batch that has run is not empty", {}, {});
}

void dump(Client& client, const test::Script& script) {
  const Status status =
      client.dump(ctnetlink::DumpKind::kTable, nullptr, [](const Flow&) { return true; });
  if (!status.ok() && status.error().code == 0)
    fuzz::fail("a failure without an errno", {}, std::to_string(script.pending.size()));
}

void listen(Client& client, const test::Script& script) {
  const ctnetlink::EventSinks sinks{
      .flow = [](const ctnetlink::FlowEvent& event) { return event.kind != EventKind::kDestroy; },
      .expectation = [](const ctnetlink::ExpectationEvent&) { return true; }};
  while (!script.pending.empty()) (void)client.receive_events(sinks);
}

void run(uint8_t mode, Client& client, test::Script& script) {
  const auto any = [](const Expectation&) { return true; };
  switch (mode % 8) {
    case 0: return dump(client, script);
    case 1: return run_batch(client, ctnetlink::Operation::kDelete);
    case 2: return run_batch(client, ctnetlink::Operation::kGet);
    case 3:
      for (Reply& reply : script.exchanges.front().replies)
        script.pending.push_back(std::move(reply));
      return listen(client, script);
    case 4: return (void)client.dump_expectations(AF_UNSPEC, any);
    case 5: return (void)client.cpu_stats();
    case 6: return (void)client.global_stats();
    case 7: return (void)client.get_expectation({}, any);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 1 << 16) return 0;
  auto script = std::make_shared<test::Script>();
  script->then(parse_replies(data + 1, size - 1));
  Client client(std::make_unique<test::FakeBackend>(script));
  run(data[0], client, *script);
  return 0;
}
