// What the fuzz targets share: saying what went wrong, repairing what a mutation breaks, and
// knowing a message that a kernel could send.
//
// libnetfilter_conntrack trusts the kernel: it aborts on an attribute of a wrong size, lets the
// last of two equal attributes win in its own way, and prints a tuple by the family of the
// message's header. So its line is compared with ours only where `kernel_could_send` holds; on
// every other message our code must do no more than survive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "netlink/message.h"

namespace ctwin::fuzz {

/// Says what differs and aborts.
[[noreturn]] void fail(const char* what, const std::string& ours, const std::string& theirs);

/// Sets the checksum of an IPv4 header right, where there is a whole one.
void repair_checksum(std::vector<uint8_t>& packet);

/// Every attribute has its right size and stands once, text ends with a NUL, and fits, tuples are
/// whole and of the header's family, at most one protocol tells its state, and no time stamp is 0.
bool kernel_could_send_flow(const netlink::Message& message);
bool kernel_could_send_expectation(const netlink::Message& message);

}  // namespace ctwin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
