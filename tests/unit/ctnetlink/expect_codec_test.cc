#include "ctnetlink/expect_codec.h"

#include <doctest/doctest.h>

#include <random>

#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"
#include "support/exact.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;
using ctnetlink::decode_expectation;

namespace {

Expectation ftp_expectation() {
  Expectation expectation;
  expectation.master = port_tuple(IPPROTO_TCP, "10.0.1.2", 41500, "10.0.2.2", 21);
  expectation.expected = port_tuple(IPPROTO_TCP, "10.0.2.2", 0, "10.0.1.2", 50000);
  expectation.mask = port_tuple(IPPROTO_TCP, "255.255.255.255", 0, "255.255.255.255", 65535);
  expectation.has_master = true;
  expectation.timeout = 300, expectation.has_timeout = true;
  expectation.flags = kExpectUserspace, expectation.has_flags = true;
  expectation.class_ = 2, expectation.has_class = true;
  expectation.zone = 7, expectation.has_zone = true;
  expectation.helper.assign("ftp");
  return expectation;
}

Bytes expectation_message(const std::function<void(netlink::AttrWriter&)>& fill) {
  return build_message(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_NEW, 0, AF_INET, fill);
}

}  // namespace

TEST_CASE("what a request says of an expectation survives encoding and decoding") {
  const Expectation sent = ftp_expectation();
  Expectation got;
  REQUIRE(decode_expectation(message_of(expectation_message([&](netlink::AttrWriter& attrs) {
                               ctnetlink::encode_expectation(sent, attrs);
                             })),
                             got));
  CHECK(got.expected == sent.expected);
  CHECK(got.mask == sent.mask);
  CHECK(got.master == sent.master);
  CHECK(got.has_master);
  CHECK_EQ(got.timeout, 300);
  CHECK_EQ(got.flags, kExpectUserspace);
  CHECK_EQ(got.class_, 2);
  CHECK_EQ(got.zone, 7);
  CHECK_EQ(got.helper.view(), "ftp");
  CHECK_FALSE(got.has_id);
  CHECK_FALSE(got.has_nat);
}

TEST_CASE("the id, the function and the NAT of an expectation are read") {
  const Tuple nat = port_tuple(IPPROTO_TCP, "10.0.1.2", 0, "0.0.0.0", 6000);
  const Bytes bytes = expectation_message([&](netlink::AttrWriter& attrs) {
    attrs.put(CTA_EXPECT_ID, uint32_t{0xdeadbeef});
    attrs.put_text(CTA_EXPECT_FN, "nat-follow-master");
    const size_t nest = attrs.begin_nest(CTA_EXPECT_NAT);
    attrs.put(CTA_EXPECT_NAT_DIR, uint32_t{1});
    ctnetlink::encode_tuple(CTA_EXPECT_NAT_TUPLE, nat, attrs);
    attrs.end_nest(nest);
  });
  Expectation got;
  REQUIRE(decode_expectation(message_of(bytes), got));
  CHECK_EQ(got.id, 0xdeadbeef);
  CHECK_EQ(got.function.view(), "nat-follow-master");
  CHECK(got.has_nat);
  CHECK_EQ(got.nat_dir, 1);
  CHECK(got.nat == nat);
}

TEST_CASE("a delete request may leave out everything but the tuple") {
  Expectation sent;
  sent.expected = ftp_expectation().expected;
  const Bytes bytes = expectation_message(
      [&](netlink::AttrWriter& attrs) { ctnetlink::encode_expectation(sent, attrs); });
  netlink::AttrReader reader(message_of(bytes).attributes());
  netlink::Attr attr;
  REQUIRE(reader.next(attr));
  CHECK_EQ(attr.type, CTA_EXPECT_TUPLE);
  CHECK_FALSE(reader.next(attr));
}

TEST_CASE("decoding forgets the expectation before") {
  Expectation expectation = ftp_expectation();
  REQUIRE(decode_expectation(message_of(expectation_message([](netlink::AttrWriter&) {})),
                             expectation));
  CHECK_FALSE(expectation.has_master);
  CHECK_FALSE(expectation.has_timeout);
  CHECK_FALSE(expectation.expected.has_proto);
  CHECK(expectation.helper.empty());
}

TEST_CASE("every truncation of a recorded expectation is read without harm") {
  size_t malformed = 0;
  for (const Bytes& bytes : recorded_expectations()) {
    for (size_t size = sizeof(nlmsghdr) + sizeof(nfgenmsg); size < bytes.size(); ++size) {
      Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      const auto length = static_cast<uint32_t>(size);
      std::memcpy(cut.data(), &length, sizeof length);
      const Exact exact(cut);
      Expectation expectation;
      malformed += !decode_expectation(message_of(exact.view()), expectation);
    }
  }
  CHECK(malformed > 100);
}
