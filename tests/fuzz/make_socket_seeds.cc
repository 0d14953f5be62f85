// Makes the seeds of the fuzz target `socket_client`, one file for each kind of conversation:
//   make_socket_seeds tests/fuzz/seeds
#include "fuzz/seeds.h"
#include "unit/live/peer.h"

namespace ctwin::test {
namespace {

namespace dialect = ctwin::netlink::dialect;

/// Steps as socket_client.cc reads them.
class Steps {
 public:
  Steps& send(unsigned who, const Bytes& datagram) {
    header(who << 3, datagram.size());
    bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
    return *this;
  }
  Steps& read(unsigned who) { return header(who << 3 | 2, 0); }
  Steps& replace(unsigned who) { return header(who << 3 | 3, 0); }
  Steps& turn(uint16_t seconds = 0) { return header(4, seconds); }
  const Bytes& bytes() const { return bytes_; }

 private:
  Steps& header(unsigned what, size_t size) {
    for (const size_t byte : {size_t{what}, size & 0xff, size >> 8})
      bytes_.push_back(static_cast<std::byte>(byte));
    return *this;
  }
  Bytes bytes_;
};

Bytes hello(uint32_t largest, uint32_t flags, uint32_t version = dialect::kVersion) {
  dialect::Hello hello;
  hello.largest_answer = largest;
  hello.flags = flags;
  hello.version = version;
  return control_message(dialect::kHello, hello);
}
Bytes join() {
  return control_message(dialect::kJoin, dialect::Groups{ctnetlink::kConntrackGroups});
}
Bytes room(uint64_t bytes) { return control_message(dialect::kRoom, dialect::Room{bytes}); }
Bytes dump() { return request_for(IPCTNL_MSG_CT_GET, NLM_F_DUMP, {}); }
Bytes remove(uint16_t port) { return request_for(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, port); }
Bytes both(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

void make_seeds(const Seeds& seeds) {
  const Bytes create = create_request(1, NLM_F_ACK);
  seeds.write("requests", Steps{}
                              .send(0, hello(0, 0))
                              .send(0, create)
                              .turn()
                              .read(0)
                              .send(0, remove(1))
                              .turn()
                              .read(0));
  seeds.write("events-gathered", Steps{}
                                     .send(1, hello(65536, dialect::kGather))
                                     .send(1, join())
                                     .turn()
                                     .send(0, both(create, create_request(2)))
                                     .turn(2000)
                                     .read(1));
  Steps slow;
  slow.send(1, join()).send(1, room(300)).turn();
  for (uint16_t port = 1; port < 10; ++port) slow.send(0, create_request(port)).turn();
  seeds.write("listener-overrun", slow.read(1).turn().read(1).send(0, remove(1)).turn());
  seeds.write(
      "no-room-at-all",
      Steps{}.send(1, room(0)).send(1, join()).send(1, dump()).send(0, create).turn().read(1));
  seeds.write(
      "hang-up-in-a-dump",
      Steps{}.send(0, create).turn().send(0, dump()).turn().replace(0).send(0, dump()).turn());
  seeds.write("hang-up-unread", Steps{}.send(0, create).send(0, remove(1)).replace(0).turn());
  seeds.write("goodbye", Steps{}.send(0, create).send(0, {}).send(0, create).turn().replace(0));
  seeds.write("groups-left", Steps{}
                                 .send(0, join())
                                 .send(0, control_message(dialect::kLeave, dialect::Groups{~0u}))
                                 .send(1, create)
                                 .turn()
                                 .read(0));
  seeds.write("control-wrong", Steps{}
                                   .send(0, hello(1, ~0u, 9))
                                   .send(0, control_message(dialect::kJoin, uint8_t{1}))
                                   .send(0, control_message(dialect::kWelcome, uint64_t{1}))
                                   .send(0, both(room(5), create))
                                   .turn()
                                   .read(0));
  Bytes liar = create;
  liar[0] = std::byte{0xff};
  seeds.write("length-lies", Steps{}.send(0, liar).send(0, both(create, liar)).turn().read(0));
  Bytes large = create;
  large.resize(0xffff);
  seeds.write("large", Steps{}.send(0, large).turn().read(0));
}

}  // namespace
}  // namespace ctwin::test

int main(int argc, char** argv) {
  using namespace ctwin::test;
  return make_seeds_below(argc, argv, [](const std::filesystem::path& root) {
    make_seeds(Seeds(root / "socket_client"));
  });
}
