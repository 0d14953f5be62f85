#include "conntrack/table.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <map>

#include "base/random.h"

using namespace ctwin;
using namespace ctwin::conntrack;

namespace {

/// As random as the keys that a tracker makes for itself.
constexpr KeyedHash::Key kKey{0x9d8f3c5b1e6a7247, 0x2b7e151628aed2a7, 0xf1bbcdcbfa53e0af,
                              0x6c62272e07bb0143};

TupleKey key_of(uint32_t client, uint16_t port) {
  TupleKey key{};
  std::memcpy(key.src.data(), &client, sizeof client);
  key.dst[0] = 10;
  key.src_key = port;
  key.dst_key = 80;
  key.family = AF_INET;
  key.proto = IPPROTO_TCP;
  return key;
}

TupleKey reverse(const TupleKey& key) {
  TupleKey reply = key;
  std::swap(reply.src, reply.dst);
  std::swap(reply.src_key, reply.dst_key);
  return reply;
}

ConnIndex add(ConnTable& table, const TupleKey& key) {
  const ConnIndex index = table.allocate();
  REQUIRE(index != 0);
  table[index].tuple = {key, reverse(key)};
  table.insert(index);
  return index;
}

}  // namespace

TEST_CASE("an entry is found by either tuple and by no other") {
  ConnTable table(10, kKey);
  const TupleKey key = key_of(1, 1000);
  const ConnIndex index = add(table, key);
  CHECK(table.find(key).index == index);
  CHECK(table.find(key).dir == Direction::kOriginal);
  CHECK(table.find(reverse(key)).index == index);
  CHECK(table.find(reverse(key)).dir == Direction::kReply);
  CHECK(table.find(key_of(1, 1001)).index == 0);
  TupleKey zoned = key;
  zoned.zone = 7;
  CHECK(table.find(zoned).index == 0);
}

TEST_CASE("a table has room for what it was made for and no more") {
  ConnTable table(3, kKey);
  for (uint16_t port = 1; port <= 3; ++port) add(table, key_of(1, port));
  CHECK(table.allocate() == 0);
  CHECK(table.size() == 3);
  const ConnIndex gone = table.find(key_of(1, 2)).index;
  table.erase(gone);
  table.release(gone);
  CHECK(table.allocate() == gone);
}

TEST_CASE("what an entry seemed to be ahead does not hold once others came or went") {
  ConnTable table(3, kKey);
  const TupleKey key = key_of(1, 1000);
  const uint64_t hash = table.hash(key);
  CHECK(table.prefetch_entry(hash).ref == 0);
  const ConnIndex index = add(table, key);
  const ConnTable::Guess guess = table.prefetch_entry(hash);
  CHECK(guess.ref == index * 2);
  CHECK(table.find(key, hash, guess).index == index);
  CHECK(table.find(key_of(2, 1000), table.hash(key_of(2, 1000)), guess).index == 0);
  table.erase(index);
  CHECK(table.find(key, hash, guess).index == 0);
  table.insert(index);
  table.erase(index);
  table.release(index);
  const ConnIndex younger = add(table, key);
  CHECK(table.find(key, hash, guess).index == younger);
}

TEST_CASE("an extension starts empty, also in a slot that had one") {
  ConnTable table(2, kKey);
  const ConnIndex index = add(table, key_of(1, 1));
  table.extend(table[index]).counters[0].packets = 5;
  CHECK(table.extension(table[index])->counters[0].packets == 5);
  table.erase(index);
  table.release(index);
  const ConnIndex again = add(table, key_of(1, 2));
  CHECK(table.extension(table[again]) == nullptr);
  CHECK(table.extend(table[again]).counters[0].packets == 0);
}

TEST_CASE("a table under random inserting and erasing agrees with a map") {
  constexpr uint64_t kSeed = 424242;
  CAPTURE(kSeed);
  Random random(kSeed);
  ConnTable table(20'000, kKey);
  std::map<uint32_t, ConnIndex> model;
  for (int round = 0; round < 60'000; ++round) {
    const auto client = static_cast<uint32_t>(random.below(20'000));
    const TupleKey key = key_of(client, static_cast<uint16_t>(client * 7));
    const auto known = model.find(client);
    REQUIRE(table.find(key).index == (known == model.end() ? 0 : known->second));
    if (known == model.end()) {
      model[client] = add(table, key);
    } else if (random.below(2) == 0) {
      table.erase(known->second);
      table.release(known->second);
      model.erase(known);
    }
  }
  for (const auto& [client, index] : model)
    REQUIRE(table.find(reverse(key_of(client, static_cast<uint16_t>(client * 7)))).index == index);
}

TEST_CASE("addresses in sequence are spread as evenly as scattered ones") {
  ConnTable table(100'000, kKey);
  std::vector<unsigned> counts(1024);
  for (uint32_t i = 0; i < 100'000; ++i)
    ++counts[table.hash(key_of(htonl(0x0a000000 + i / 8), static_cast<uint16_t>(i % 8))) >> 32 &
             1023];
  // 98 a bucket on average; more than 160 would be six standard deviations.
  for (const unsigned count : counts) CHECK(count < 160);
}
