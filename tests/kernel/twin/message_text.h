// A ctnetlink message as text, every attribute by name, unknown ones by number, in order.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace ctwin::test {

/// "NEW ipv4 ORIG{IP{SRC=10.1.0.2 ..} ..} ID=1 STATUS=0x8 ..."
std::string message_text(std::span<const std::byte> message);

}  // namespace ctwin::test
