#include "netlink/attr.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "support/exact.h"

using namespace ctwin::netlink;
using ctwin::test::Exact;

namespace {

using Bytes = std::vector<std::byte>;

/// An attribute header with any length and type, in host order as on the wire.
void append_header(Bytes& bytes, uint16_t length, uint16_t type) {
  const nlattr header{length, type};
  const auto raw = std::as_bytes(std::span(&header, 1));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

Bytes attribute(uint16_t type, const Bytes& payload) {
  Bytes bytes;
  append_header(bytes, static_cast<uint16_t>(sizeof(nlattr) + payload.size()), type);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.resize(align(bytes.size()));
  return bytes;
}

Bytes raw(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

size_t count(AttrReader& reader) {
  size_t attributes = 0;
  for (Attr attr; reader.next(attr);) ++attributes;
  return attributes;
}

}  // namespace

TEST_CASE("attributes come in order with their types and payloads") {
  Bytes bytes = attribute(1, raw({0xaa}));
  const Bytes second = attribute(2, raw({1, 2, 3, 4}));
  bytes.insert(bytes.end(), second.begin(), second.end());
  const Exact exact(bytes);
  AttrReader reader(exact.view());
  Attr attr;
  REQUIRE(reader.next(attr));
  CHECK_EQ(attr.type, 1);
  CHECK_EQ(attr.be<uint8_t>(), 0xaa);
  REQUIRE(reader.next(attr));
  CHECK_EQ(attr.type, 2);
  CHECK_EQ(attr.be<uint32_t>(), 0x01020304);
  CHECK_FALSE(reader.next(attr));
  CHECK_FALSE(reader.malformed());
}

TEST_CASE("the flags of a type are not part of it") {
  const Exact exact(attribute(NLA_F_NESTED | NLA_F_NET_BYTEORDER | 5, {}));
  AttrReader reader(exact.view());
  Attr attr;
  REQUIRE(reader.next(attr));
  CHECK_EQ(attr.type, 5);
  CHECK(attr.payload.empty());
}

TEST_CASE("no bytes are no attributes and no damage") {
  AttrReader reader(std::span<const std::byte>{});
  CHECK_EQ(count(reader), 0);
  CHECK_FALSE(reader.malformed());
}

TEST_CASE("the last attribute may lack its padding") {
  Bytes bytes = attribute(1, raw({7}));
  bytes.resize(5);
  const Exact exact(bytes);
  AttrReader reader(exact.view());
  CHECK_EQ(count(reader), 1);
  CHECK_FALSE(reader.malformed());
}

TEST_CASE("every truncation of an attribute run is noticed or cuts between attributes") {
  Bytes bytes = attribute(1, raw({1, 2, 3, 4, 5, 6, 7, 8}));
  const Bytes second = attribute(2, raw({1, 2}));
  bytes.insert(bytes.end(), second.begin(), second.end());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Exact exact(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    AttrReader reader(exact.view());
    const size_t seen = count(reader);
    const bool whole = size == 0 || size == 12 || size == 18 || size == 19;
    CHECK_EQ(reader.malformed(), !whole);
    CHECK_EQ(seen, size < 12 ? 0 : size < 18 ? 1 : 2);
  }
}

TEST_CASE("a length shorter than its own header ends the walk") {
  for (uint16_t length = 0; length < sizeof(nlattr); ++length) {
    Bytes bytes;
    append_header(bytes, length, 1);
    append_header(bytes, sizeof(nlattr), 2);
    const Exact exact(bytes);
    AttrReader reader(exact.view());
    CHECK_EQ(count(reader), 0);
    CHECK(reader.malformed());
  }
}

TEST_CASE("a length past the end ends the walk") {
  for (const uint16_t length : {uint16_t{9}, uint16_t{0x7fff}, uint16_t{0xffff}}) {
    Bytes bytes;
    append_header(bytes, length, 1);
    append_header(bytes, sizeof(nlattr), 2);
    const Exact exact(bytes);
    AttrReader reader(exact.view());
    CHECK_EQ(count(reader), 0);
    CHECK(reader.malformed());
  }
}

TEST_CASE("a nest that claims more than its parent holds is cut at the parent") {
  Bytes inner;
  append_header(inner, 200, 3);
  Bytes bytes = attribute(NLA_F_NESTED | 1, inner);
  const Bytes after = attribute(2, raw({9}));
  bytes.insert(bytes.end(), after.begin(), after.end());
  const Exact exact(bytes);
  AttrReader reader(exact.view());
  Attr nest;
  REQUIRE(reader.next(nest));
  AttrReader nested(nest);
  CHECK_EQ(count(nested), 0);
  CHECK(nested.malformed());
  Attr attr;
  REQUIRE(reader.next(attr));
  CHECK_EQ(attr.type, 2);
}

TEST_CASE("integers of another size read as 0") {
  const Exact exact(attribute(1, raw({1, 2, 3})));
  AttrReader reader(exact.view());
  Attr attr;
  REQUIRE(reader.next(attr));
  CHECK_EQ(attr.be<uint16_t>(), 0);
  CHECK_EQ(attr.be<uint32_t>(), 0);
  CHECK_EQ(attr.be<uint64_t>(), 0);
  CHECK_EQ(attr.native<uint8_t>(), 0);
}

TEST_CASE("text ends at its first NUL or at its payload's end") {
  const auto text_of = [](const Bytes& payload) {
    const Exact exact(attribute(1, payload));
    AttrReader reader(exact.view());
    Attr attr;
    REQUIRE(reader.next(attr));
    return std::string(attr.text());
  };
  CHECK_EQ(text_of({}), "");
  CHECK_EQ(text_of(raw({'f', 't', 'p', 0})), "ftp");
  CHECK_EQ(text_of(raw({'f', 0, 'p', 0})), "f");
  CHECK_EQ(text_of(raw({'f', 't', 'p', 'x'})), "ftpx");
}

TEST_CASE("what the writer writes the reader reads") {
  Bytes buffer(256);
  AttrWriter writer(buffer, 0);
  writer.put(1, uint8_t{0xab});
  writer.put(2, uint16_t{0xabcd});
  writer.put(3, uint32_t{0xabcdef01});
  writer.put(4, uint64_t{0x1122334455667788});
  writer.put_native(5, uint32_t{77});
  writer.put_text(6, "ftp");
  const size_t nest = writer.begin_nest(7);
  writer.put(1, uint8_t{9});
  writer.end_nest(nest);
  REQUIRE_FALSE(writer.overflowed());
  const Exact exact(Bytes(buffer.begin(), buffer.begin() + static_cast<long>(writer.size())));
  AttrReader reader(exact.view());
  std::vector<Attr> attrs;
  for (Attr attr; reader.next(attr);) attrs.push_back(attr);
  REQUIRE_FALSE(reader.malformed());
  REQUIRE_EQ(attrs.size(), 7);
  CHECK_EQ(attrs[0].be<uint8_t>(), 0xab);
  CHECK_EQ(attrs[1].be<uint16_t>(), 0xabcd);
  CHECK_EQ(attrs[2].be<uint32_t>(), 0xabcdef01);
  CHECK_EQ(attrs[3].be<uint64_t>(), 0x1122334455667788);
  CHECK_EQ(attrs[4].native<uint32_t>(), 77);
  CHECK_EQ(attrs[5].text(), "ftp");
  CHECK_EQ(attrs[5].payload.size(), 4);  // with its NUL
  AttrReader nested(attrs[6]);
  Attr inner;
  REQUIRE(nested.next(inner));
  CHECK_EQ(inner.be<uint8_t>(), 9);
}

TEST_CASE("padding that the writer leaves is zero") {
  Bytes buffer(16, std::byte{0xff});
  AttrWriter writer(buffer, 0);
  writer.put(1, uint8_t{1});
  REQUIRE_EQ(writer.size(), 8);
  for (size_t i = 5; i < 8; ++i) CHECK_EQ(buffer[i], std::byte{0});
  CHECK_EQ(buffer[8], std::byte{0xff});
}

TEST_CASE("a writer that is full says so and writes nothing more") {
  for (size_t room = 0; room < 20; ++room) {
    Bytes buffer(room, std::byte{0xee});
    AttrWriter writer(buffer, 0);
    writer.put(1, uint32_t{1});   // 8 bytes
    writer.put_text(2, "abcde");  // 4 + 6, padded to 12
    CHECK_EQ(writer.overflowed(), room < 20);
    const size_t used = room < 8 ? 0 : 8;
    CHECK_EQ(writer.size(), used);
    for (size_t i = used; i < room; ++i) CHECK_EQ(buffer[i], std::byte{0xee});
    writer.put(3, uint8_t{1});  // would fit where the text did not; order is kept instead
    CHECK_EQ(writer.size(), used);
  }
}

TEST_CASE("a writer behind the end of its buffer has overflowed from the start") {
  Bytes buffer(4);
  AttrWriter writer(buffer, 8);
  CHECK(writer.overflowed());
  const size_t nest = writer.begin_nest(1);
  writer.end_nest(nest);
  CHECK(writer.overflowed());
}

TEST_CASE("a payload longer than an attribute can say is refused") {
  Bytes buffer(1 << 17);
  AttrWriter writer(buffer, 0);
  writer.put_bytes(1, Bytes(65532));
  CHECK(writer.overflowed());
  CHECK_EQ(writer.size(), 0);
}

TEST_CASE("random bytes never lead a reader out of them") {
  constexpr unsigned kSeed = 4711;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  size_t attributes = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes(random() % 64);
    for (size_t i = 0; i < bytes.size(); i += 2) bytes[i] = static_cast<std::byte>(random() % 20);
    if (!bytes.empty()) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    const Exact exact(bytes);
    AttrReader reader(exact.view());
    for (Attr attr; reader.next(attr);) {
      ++attributes;
      REQUIRE(attr.payload.data() >= exact.view().data());
      REQUIRE(attr.payload.data() + attr.payload.size() <=
              exact.view().data() + exact.view().size());
      AttrReader nested(attr);
      attributes += count(nested);
      attributes += attr.text().size() > attr.payload.size();
    }
  }
  CHECK(attributes > 1000);
}
