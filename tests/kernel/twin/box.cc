#include "box.h"

#include <cerrno>

#include "ctnetlink/stats_codec.h"
#include "ctnetlink/uapi.h"
#include "netlink/message.h"

namespace ctwin::test {

namespace {

constexpr size_t kBuffer = 1 << 16;

std::span<std::byte> buffer() {
  static thread_local std::vector<std::byte> bytes(kBuffer);
  return bytes;
}

/// Sends a dump request and hands every message of the answer to `sink`.
template <typename Sink>
Status dump(Backend& backend, uint8_t type, const Sink& sink) {
  netlink::MessageWriter request(256);
  request.end(request.begin(NFNL_SUBSYS_CTNETLINK, type, NLM_F_REQUEST | NLM_F_DUMP, 1, AF_UNSPEC));
  if (Status sent = backend.send(request.bytes()); !sent.ok()) return sent;
  while (true) {
    const auto datagram = backend.receive(buffer());
    if (!datagram) return datagram.error();
    netlink::MessageReader reader(*datagram);
    netlink::Message message;
    while (reader.next(message)) {
      if (message.is_error()) return Error{message.error_code(), "a dump fails"};
      if (message.header.nlmsg_flags & NLM_F_DUMP_INTR) return Error{EINTR, "a dump is torn"};
      if (message.is_done()) return {};
      sink(message);
    }
  }
}

MessageBytes bytes_of(const netlink::Message& message) {
  const std::byte* begin = message.body.data() - sizeof(nlmsghdr);
  return {begin, begin + message.header.nlmsg_len};
}

}  // namespace

Status read_table(Backend& backend, std::vector<MessageBytes>& table) {
  return dump(backend, IPCTNL_MSG_CT_GET,
              [&](const netlink::Message& message) { table.push_back(bytes_of(message)); });
}

Status read_counters(Backend& backend, CounterSums& counters) {
  return dump(backend, IPCTNL_MSG_CT_GET_STATS_CPU, [&](const netlink::Message& message) {
    for (const auto& [type, value] : ctnetlink::decode_cpu_stats(message).counters)
      counters[type] += value;
  });
}

Status read_events(Backend& backend, std::vector<MessageBytes>& events) {
  while (true) {
    const auto datagram = backend.receive(buffer());
    if (!datagram) {
      if (datagram.error().code == EAGAIN) return {};
      return datagram.error();
    }
    netlink::MessageReader reader(*datagram);
    netlink::Message message;
    while (reader.next(message)) events.push_back(bytes_of(message));
  }
}

}  // namespace ctwin::test
