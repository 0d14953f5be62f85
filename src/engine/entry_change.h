// The parts of an entry that a request may set, each with the kernel's rules for it
// (nf_conntrack_netlink.c: ctnetlink_change_*). Functions that return int return 0 or an errno; a
// failure may leave a part of what it was about changed, as in the kernel.
#pragma once

#include <string_view>

#include "conntrack/table.h"
#include "engine/flow_request.h"

namespace ctwin::engine {

/// CTA_TIMEOUT in ticks; the kernel bounds it by what fits its timer.
conntrack::Tick requested_ticks(const netlink::Attr& attr);

int change_status(conntrack::Conn& ct, const netlink::Attr& attr);
void change_mark(conntrack::Conn& ct, const FlowAttrs& attrs);
int change_protoinfo(conntrack::Conn& ct, const netlink::Attr& attr);

/// Ignored by entries that were made without room for it.
int change_sequence_adjustment(conntrack::ConnTable& table, conntrack::Conn& ct,
                               const FlowAttrs& attrs);
int change_synproxy(conntrack::ConnTable& table, conntrack::Conn& ct, const netlink::Attr& attr);
/// ENOSPC for entries that were made without room for labels.
int change_labels(conntrack::ConnTable& table, conntrack::Conn& ct, const FlowAttrs& attrs);

int read_helper_name(const netlink::Attr& attr, std::string_view& name);
/// No helper is known: none can be set, and taking off what is not there succeeds.
int change_helper(const conntrack::ConnTable& table, const conntrack::Conn& ct,
                  const netlink::Attr& attr);

}  // namespace ctwin::engine
