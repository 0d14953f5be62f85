// The objects of the `ip` command; only ip_command.cc needs this.
#pragma once

#include "setup/box_settings.h"
#include "setup/word_reader.h"

namespace ctwin::setup {

struct IpContext {
  router::Router& router;
  BoxSettings& box;
  uint8_t family = AF_UNSPEC;  ///< of -4 and -6
};

/// Each takes what stands behind the object's name.
void run_address(const IpContext& ip, WordReader& words);
void run_route(const IpContext& ip, WordReader& words);
void run_link(const IpContext& ip, WordReader& words);
void run_tuntap(const IpContext& ip, WordReader& words);

/// Scopes by name or number; the mistake is noted in `words`.
router::Scope read_scope(WordReader& words);
/// A device that must exist.
uint32_t read_device(const IpContext& ip, WordReader& words);

}  // namespace ctwin::setup
