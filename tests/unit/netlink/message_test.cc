#include "netlink/message.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cerrno>
#include <random>

#include "support/exact.h"

using namespace ctwin::netlink;
using ctwin::test::Exact;

namespace {

using Bytes = std::vector<std::byte>;

/// A header of any claimed length, and `body` behind it.
Bytes message(uint32_t length, uint16_t type, const Bytes& body = {}) {
  const nlmsghdr header{length, type, NLM_F_MULTI, 7, 99};
  Bytes bytes(sizeof header + body.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::copy(body.begin(), body.end(), bytes.begin() + sizeof header);
  return bytes;
}

Bytes error(int32_t code) {
  const auto raw = std::as_bytes(std::span(&code, 1));
  return message(20, NLMSG_ERROR, {raw.begin(), raw.end()});
}

Message first(const Exact& exact) {
  Message found;
  MessageReader reader(exact.view());
  REQUIRE(reader.next(found));
  return found;
}

}  // namespace

TEST_CASE("messages come in order with their headers and bodies") {
  Bytes bytes = message(20, 0x0102, Bytes(4));
  const Bytes second = message(18, 0x0203, Bytes(2));
  bytes.insert(bytes.end(), second.begin(), second.end());
  const Exact exact(bytes);
  MessageReader reader(exact.view());
  Message found;
  REQUIRE(reader.next(found));
  CHECK_EQ(found.subsystem(), 1);
  CHECK_EQ(found.type(), 2);
  CHECK_EQ(found.body.size(), 4);
  CHECK_EQ(found.header.nlmsg_seq, 7);
  REQUIRE(reader.next(found));
  CHECK_EQ(found.subsystem(), 2);
  CHECK_EQ(found.type(), 3);
  CHECK_EQ(found.body.size(), 2);
  CHECK_FALSE(reader.next(found));
  CHECK_FALSE(reader.malformed());
}

TEST_CASE("every truncation of a datagram is noticed or cuts between messages") {
  Bytes bytes = message(24, 1, Bytes(8));
  const Bytes second = message(16, 2);
  bytes.insert(bytes.end(), second.begin(), second.end());
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const Exact exact(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    MessageReader reader(exact.view());
    size_t seen = 0;
    for (Message found; reader.next(found);) ++seen;
    CHECK_EQ(seen, size < 24 ? 0 : size < 40 ? 1 : 2);
    CHECK_EQ(reader.malformed(), size != 0 && size != 24 && size != 40);
  }
}

TEST_CASE("a length shorter than the header or past the end ends the walk") {
  for (const uint32_t length : {0u, 1u, 15u, 17u, 0x7fffffffu, 0xffffffffu}) {
    const Exact exact(message(length, 1));
    MessageReader reader(exact.view());
    Message found;
    CHECK_FALSE(reader.next(found));
    CHECK(reader.malformed());
  }
}

TEST_CASE("error messages carry an errno, and 0 acknowledges") {
  CHECK_EQ(first(Exact(error(0))).error_code(), 0);
  CHECK_EQ(first(Exact(error(-EPERM))).error_code(), EPERM);
  CHECK_EQ(first(Exact(error(EPERM))).error_code(), EPERM);
  CHECK_EQ(first(Exact(error(INT32_MIN))).error_code(), EBADMSG);
  CHECK(first(Exact(error(0))).is_error());
}

TEST_CASE("an error message that is cut short is damage, not success") {
  CHECK_EQ(first(Exact(message(16, NLMSG_ERROR))).error_code(), EBADMSG);
  CHECK_EQ(first(Exact(message(19, NLMSG_ERROR, Bytes(3)))).error_code(), EBADMSG);
}

TEST_CASE("a body too short for nfgenmsg has neither family nor attributes") {
  const Exact exact(message(19, 0x0101, Bytes(3, std::byte{0xff})));
  CHECK_EQ(first(exact).nfgen().nfgen_family, 0);
  CHECK(first(exact).attributes().empty());
}

TEST_CASE("a built datagram reads back message by message") {
  MessageWriter writer(256);
  AttrWriter attrs = writer.begin(1, 2, NLM_F_CREATE, 10, AF_INET);
  attrs.put(1, uint32_t{5});
  REQUIRE(writer.end(attrs));
  attrs = writer.begin(1, 3, 0, 11, AF_INET6, 1, 0x1234);
  REQUIRE(writer.end(attrs));
  writer.acknowledge_last();
  MessageReader reader(writer.bytes());
  Message found;
  REQUIRE(reader.next(found));
  CHECK_EQ(found.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
  CHECK_EQ(found.header.nlmsg_seq, 10);
  CHECK_EQ(found.nfgen().nfgen_family, AF_INET);
  AttrReader reading(found.attributes());
  Attr attr;
  REQUIRE(reading.next(attr));
  CHECK_EQ(attr.be<uint32_t>(), 5);
  REQUIRE(reader.next(found));
  CHECK_EQ(found.type(), 3);
  CHECK_EQ(found.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
  CHECK_EQ(found.nfgen().version, 1);
  CHECK_EQ(big_endian(found.nfgen().res_id), 0x1234);
  CHECK_FALSE(reader.next(found));
  CHECK_FALSE(reader.malformed());
}

TEST_CASE("a message that does not fit leaves the datagram as it was") {
  for (size_t capacity = 0; capacity < 60; ++capacity) {
    MessageWriter writer(capacity);
    AttrWriter attrs = writer.begin(1, 1, 0, 1, AF_INET);  // 20 bytes
    const bool fits = writer.end(attrs);
    CHECK_EQ(fits, capacity >= 20);
    const size_t before = writer.bytes().size();
    attrs = writer.begin(1, 2, 0, 2, AF_INET);
    attrs.put_bytes(1, Bytes(16));  // 40 bytes in all
    CHECK_FALSE(writer.end(attrs));
    CHECK_EQ(writer.bytes().size(), before);
    CHECK_EQ(writer.empty(), before == 0);
  }
}

TEST_CASE("a cleared writer begins anew") {
  MessageWriter writer(64);
  REQUIRE(writer.end(writer.begin(1, 1, 0, 1, AF_INET)));
  writer.clear();
  CHECK(writer.empty());
  REQUIRE(writer.end(writer.begin(1, 9, 0, 2, AF_INET)));
  MessageReader reader(writer.bytes());
  Message found;
  REQUIRE(reader.next(found));
  CHECK_EQ(found.type(), 9);
}

TEST_CASE("random datagrams never lead a reader out of them") {
  constexpr unsigned kSeed = 815;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  size_t messages = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes(random() % 128);
    for (std::byte& byte : bytes)
      byte = static_cast<std::byte>(random() % 3 == 0 ? random() % 40 : 0);
    const Exact exact(bytes);
    MessageReader reader(exact.view());
    for (Message found; reader.next(found);) {
      ++messages;
      REQUIRE(found.body.data() + found.body.size() <= exact.view().data() + exact.view().size());
      messages += found.error_code() < 0;
      messages += found.attributes().size() > found.body.size();
    }
  }
  CHECK(messages > 1000);
}
