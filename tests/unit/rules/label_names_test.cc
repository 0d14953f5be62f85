// What iptables 1.8.9 made of the same lines.
#include "rules/label_names.h"

#include <doctest/doctest.h>

using ctwin::rules::LabelNames;

TEST_CASE("a bit has a name, and a name a bit, of letters, digits, '-' and blanks") {
  const LabelNames labels = LabelNames::read(
      "# comment\n0 zero\n1\tone two\n 2 \t lead\n44 cr\r\n45 trail  \n46name\n0x10 hex\n010 oct\n"
      "48 42\n49 -d\n4x bad\n+55 plus");
  CHECK(labels.bit("zero") == 0);
  CHECK(labels.bit("one two") == 1);
  CHECK(labels.bit("lead") == 2);
  CHECK(labels.bit("x bad") == 4);
  CHECK(labels.bit("oct") == 8);
  CHECK(labels.bit("hex") == 16);
  CHECK(labels.bit("cr") == 44);
  CHECK(labels.bit("trail") == 45);
  CHECK(labels.bit("name") == 46);
  CHECK(labels.bit("42") == 48);
  CHECK(labels.bit("-d") == 49);
  CHECK(labels.bit("plus") == 55);
  CHECK_FALSE(labels.bit("Zero"));
  CHECK(labels.name(16) == "hex");
  CHECK(labels.name(3) == "");
}

TEST_CASE("the first name of a bit and the first bit of a name hold; other lines are passed over") {
  const LabelNames labels = LabelNames::read(
      "0 zero\n0 again\n4 dup\n5 dup\n5 five\n6 n_x\n7 n/x\n8 tab\tx\n9 n.x\n10\nname\n-1 "
      "neg\n1024 big\n11 \xc3\xa9\n12 x # y\n");
  CHECK(labels.name(0) == "zero");
  CHECK(labels.bit("dup") == 4);
  CHECK(labels.name(5) == "five");
  for (uint16_t bit = 6; bit < 1100; ++bit) CHECK(labels.name(bit) == "");
  for (const char* name : {"again", "name", "neg", "big"}) CHECK_FALSE(labels.bit(name));
}
