// The `ip` command: addresses, routes and devices of the box, as iproute2 takes them.
#pragma once

#include <optional>
#include <span>

#include "setup/box_settings.h"
#include "setup/shell_words.h"

namespace ctwin::setup {

/// Runs one: `words` are those behind `ip`. A mistake may leave half of it done.
std::optional<Mistake> run_ip(router::Router& router, BoxSettings& box,
                              std::span<const Word> words);

}  // namespace ctwin::setup
