// GRE, and protocols that nothing is known of.
#include <doctest/doctest.h>

#include "unit/conntrack/tracked_flow.h"

using namespace ctwin;
using namespace ctwin::test;

TEST_CASE("GRE: an answer assures the tunnel at once") {
  TrackedFlow flow;
  CHECK_EQ(flow.send('>', gre_packet({}, {})), "30");
  CHECK_EQ(flow.rule, "gre_timeout");
  CHECK_EQ(flow.send('<', gre_packet({}, {})), "30");
  CHECK_EQ(flow.send('>', gre_packet({}, {})), "180 ASSURED");
  CHECK_EQ(flow.events, kEventAssured);
  CHECK_EQ(flow.rule, "gre_timeout_stream");
  CHECK_EQ(flow.send('<', gre_packet({}, {})), "180");
  CHECK_EQ(flow.events, 0);
}

TEST_CASE("GRE: the timeouts are those of the moment when the entry was made") {
  TrackedFlow flow;
  flow.send('>', gre_packet({}, {}));
  flow.settings.gre_timeout = 1;
  flow.settings.gre_timeout_stream = 2;
  CHECK_EQ(flow.send('>', gre_packet({}, {})), "30");
  flow.send('<', gre_packet({}, {}));
  CHECK_EQ(flow.send('<', gre_packet({}, {})), "180 ASSURED");
}

TEST_CASE("other protocols live ten minutes from each packet, and are never assured") {
  for (const uint8_t proto : {4, 33, 50, 51, 89, 255}) {
    TrackedFlow flow;
    for (const char arrow : {'>', '<', '>', '<'}) {
      CHECK_EQ(flow.send(arrow, ip_packet({}, proto, {})), "600");
      flow.wait(20);
    }
    CHECK_EQ(flow.rule, "generic_timeout");
  }
}
