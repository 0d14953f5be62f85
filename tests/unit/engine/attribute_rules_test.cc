#include "engine/attribute_rules.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

using namespace ctwin;
using namespace ctwin::engine;

namespace {

/// One attribute of type 1 under `rule`.
int read_one(const AttrRule& rule, std::string_view payload, uint16_t flags = 0) {
  std::vector<std::byte> buffer(256);
  netlink::AttrWriter writer(buffer, 0);
  writer.put_bytes(1 | flags, std::as_bytes(std::span(payload)));
  Attrs<2> attrs;
  const std::array<AttrRule, 2> rules{AttrRule{}, rule};
  return read_attrs(std::span(buffer).first(writer.size()), rules, attrs);
}

}  // namespace

TEST_CASE("a number may be longer than it need be, not shorter") {
  CHECK(read_one(kU16Rule, "") == ERANGE);
  CHECK(read_one(kU16Rule, "a") == ERANGE);
  CHECK(read_one(kU16Rule, "ab") == 0);
  CHECK(read_one(kU16Rule, "abc") == 0);
  CHECK(read_one(at_least(16), "abcdefghijklmno") == ERANGE);
}

TEST_CASE("a bounded byte is judged by its first byte") {
  const std::string nine(1, '\x09'), ten(1, '\x0a'), nine_and_more = nine + "zz";
  CHECK(read_one(byte_up_to(9), nine) == 0);
  CHECK(read_one(byte_up_to(9), nine_and_more) == 0);
  CHECK(read_one(byte_up_to(9), ten) == ERANGE);
  CHECK(read_one(byte_up_to(9), "") == ERANGE);
}

TEST_CASE("a nest is empty or has room for an attribute, marked or not") {
  for (const uint16_t flags : {0, NLA_F_NESTED}) {
    CHECK(read_one(kNestedRule, "", flags) == 0);
    CHECK(read_one(kNestedRule, "abc", flags) == ERANGE);
    CHECK(read_one(kNestedRule, "abcd", flags) == 0);
  }
}

TEST_CASE("text ends with a NUL within its bound") {
  using namespace std::string_view_literals;
  CHECK(read_one(text(4), "") == EINVAL);
  CHECK(read_one(text(4), "abcd"sv) == EINVAL);
  CHECK(read_one(text(4), "abcd\0"sv) == 0);
  CHECK(read_one(text(4), "abcde\0"sv) == EINVAL);
  CHECK(read_one(text(4), "\0"sv) == 0);
  CHECK(read_one(text(4), "ab\0cd"sv) == ERANGE);
  CHECK(read_one(text(0), "any length at all\0"sv) == 0);
}

TEST_CASE("bytes are at most their bound, and a rejected attribute is wrong in any form") {
  CHECK(read_one(binary(4), "abcd") == 0);
  CHECK(read_one(binary(4), "abcde") == ERANGE);
  CHECK(read_one(kRejectedRule, "") == EINVAL);
  CHECK(read_one(AttrRule{}, "anything") == 0);
}

TEST_CASE("of two attributes the later counts, and both are checked") {
  std::vector<std::byte> buffer(64);
  netlink::AttrWriter writer(buffer, 0);
  writer.put(1, uint16_t{3});
  writer.put(1, uint16_t{4});
  const std::array<AttrRule, 2> rules{AttrRule{}, kU16Rule};
  Attrs<2> attrs;
  REQUIRE(read_attrs(std::span(buffer).first(writer.size()), rules, attrs) == 0);
  CHECK(front<uint16_t>(attrs[1]) == 4);
  writer.put(1, uint8_t{1});
  writer.put(1, uint16_t{4});
  CHECK(read_attrs(std::span(buffer).first(writer.size()), rules, attrs) == ERANGE);
}

TEST_CASE("unknown types, type 0 and bytes behind the last attribute are passed over") {
  std::vector<std::byte> buffer(64);
  netlink::AttrWriter writer(buffer, 0);
  writer.put(0, uint32_t{3});
  writer.put(9, uint8_t{4});
  writer.put(1, uint16_t{5});
  const std::array<AttrRule, 2> rules{AttrRule{}, kU16Rule};
  Attrs<2> attrs;
  REQUIRE(read_attrs(std::span(buffer).first(writer.size() + 2), rules, attrs) == 0);
  CHECK(attrs.has(1));
  CHECK_FALSE(attrs.has(0));
}
