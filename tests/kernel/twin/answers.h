// Steps as the peers of a translating router would send them.
//
// A step "<~ udp r2:53 l2:1000" is what r2 answers to whomever it saw: if the packet of l2:1000 to
// r2:53 left the router as one of 10.2.0.1:4711 to 10.2.0.9:5353, then it is those two who talk.
// Errors (of(..)) quote packets as they were seen, likewise. Without anything to answer to, or
// without the '~', a step means what it says.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "record.h"

namespace ctwin::test {

class Answers {
 public:
  /// The step with the ends that its packet has where it comes from, and without '~'.
  std::string as_seen(const std::string& step) const;

  /// Remembers as what the packet of a step left the router.
  void learn(const std::string& step, const Record& record);

 private:
  /// Both ends of a packet as words of a row, and its ICMP id where it is a query.
  struct Ends {
    std::string src, dst, id;
  };
  struct Row;

  static Row read_row(std::string_view text);
  static std::string text_of(const Row& row);
  static std::string key_of(char side, std::string_view kind, const Ends& ends);
  static bool read_ends(PacketView packet, std::string_view kind, Ends& ends);
  const Ends* find(char side, std::string_view kind, const Ends& ends) const;
  void answer(char side, Row& row) const;
  void complain(char side, Row& row) const;

  std::map<std::string, Ends> left_as_;  ///< by key_of, the side being that of entry
};

}  // namespace ctwin::test
