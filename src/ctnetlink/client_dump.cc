// Dumps: which request, who receives, and what to do when the table changed too much meanwhile.
#include <algorithm>
#include <cerrno>

#include "ctnetlink/client.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"

namespace ctwin::ctnetlink {

using netlink::AttrWriter;
using netlink::Message;

namespace {

uint8_t wire_dump(DumpKind kind) {
  switch (kind) {
    case DumpKind::kTable: return IPCTNL_MSG_CT_GET;
    case DumpKind::kTableAndZero: return IPCTNL_MSG_CT_GET_CTRZERO;
    case DumpKind::kDying: return IPCTNL_MSG_CT_GET_DYING;
    case DumpKind::kUnconfirmed: return IPCTNL_MSG_CT_GET_UNCONFIRMED;
  }
  return IPCTNL_MSG_CT_GET;
}

/// An interrupted dump is asked for again, this many times in all.
constexpr int kAttempts = 5;

/// The entries that a dump has handed out, eight bytes each, so that none is handed out twice: not
/// when the dump has to be asked for again, and not when the kernel begins a hash chain again since
/// the entry at which it had paused is gone.
class Delivered {
 public:
  /// False when the entry was there already.
  bool add(const Flow& flow) {
    const uint64_t key = key_of(flow);
    if (known_ != 0 && std::binary_search(keys_.begin(), keys_.begin() + known_, key)) return false;
    if (is_recent(key)) return false;
    keys_.push_back(key);
    return true;
  }
  /// From here on, all that was handed out so far is looked up.
  void begin_again() {
    std::sort(keys_.begin(), keys_.end());
    known_ = static_cast<std::ptrdiff_t>(keys_.size());
  }

 private:
  /// Ids are nearly unique, tuples are used again.
  static uint64_t key_of(const Flow& flow) {
    const Tuple& tuple = flow.orig;
    uint64_t words[4];
    std::memcpy(words, tuple.src.bytes.data(), 16);
    std::memcpy(words + 2, tuple.dst.bytes.data(), 16);
    uint64_t key = uint64_t{flow.has(FlowField::kId) ? flow.id : 0} << 32 |
                   uint64_t{tuple.sport} << 16 | tuple.dport;
    for (const uint64_t word : words) key = (key ^ (key >> 29) ^ word) * 0x9e3779b97f4a7c15u;
    return key ^ (uint64_t{tuple.proto} << 16 | tuple.icmp_id);
  }

  /// Is it one of the last? No chain is so long that it matters.
  bool is_recent(uint64_t key) const {
    constexpr size_t kChain = 64;
    bool found = false;
    for (size_t i = keys_.size() - std::min(keys_.size(), kChain); i < keys_.size(); ++i)
      found |= keys_[i] == key;
    return found;
  }

  std::vector<uint64_t> keys_;
  std::ptrdiff_t known_ = 0;
};

/// What an answerer says that does not know these conditions.
bool is_refusal(const Status& status) {
  return !status.ok() && (status.error().code == EOPNOTSUPP || status.error().code == EINVAL);
}

}  // namespace

void Client::begin_dump(DumpKind kind, uint8_t family, const Filter* filter, bool with_tuples) {
  AttrWriter attrs = begin_request(NFNL_SUBSYS_CTNETLINK, wire_dump(kind), NLM_F_DUMP, family);
  if (filter) encode_filter(*filter, with_tuples, attrs);
  request_.end(attrs);
}

Status Client::dump(DumpKind kind, const Filter* filter, const FlowSink& sink) {
  Delivered delivered;
  bool wanted = true;
  Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    status = dump_once(kind, filter, [&](const Flow& flow) {
      if (!delivered.add(flow)) return wanted;
      return wanted = sink(flow);
    });
    if (status.ok() || status.error().code != EINTR || !wanted) return status;
    delivered.begin_again();
  }
  return status;
}

Status Client::dump_once(DumpKind kind, const Filter* filter, const FlowSink& sink) {
  const uint8_t family = filter ? filter->family : uint8_t{AF_UNSPEC};
  if (kind != DumpKind::kTable && kind != DumpKind::kTableAndZero) filter = nullptr;
  const DumpFamilies families = filter ? ctnetlink::dump_families(*filter) : DumpFamilies{};
  if (families.with_tuples) {
    bool any = false;
    const Status status = dump_each_family(kind, *filter, families, [&](const Flow& flow) {
      any = true;
      return sink(flow);
    });
    if (any || !is_refusal(status)) return status;
  }
  begin_dump(kind, family, filter, false);
  if (Status sent = send_request(); !sent) return sent;
  return collect_flows(sink);
}

/// Answers of a dump that has been asked for.
Status Client::collect_flows(const FlowSink& sink) {
  bool wanted = true;
  bool intact = true;
  Status status = collect([&](const Message& message) {
    if (!wanted) return;
    intact &= decode_flow(message, scratch_);
    wanted = sink(scratch_);
  });
  if (status.ok() && !intact) return torn_answer();
  return status;
}

/// A dump with tuples, of one family or of two. The second runs in a conversation of its own from
/// the start where that is possible, and then waits for its turn to be looked at.
Status Client::dump_each_family(DumpKind kind, const Filter& filter, const DumpFamilies& families,
                                const FlowSink& sink) {
  Client* const beside = families.second != AF_UNSPEC ? second() : nullptr;
  if (beside) {
    beside->begin_dump(kind, families.second, &filter, true);
    beside->read_ahead_ =
        std::make_unique<ReadAhead>(*beside->backend_, beside->request_.bytes(), beside->sequence_);
  }
  bool wanted = true;
  const FlowSink watched = [&](const Flow& flow) { return wanted = wanted && sink(flow); };
  begin_dump(kind, families.first, &filter, true);
  Status status = send_request();
  if (status.ok()) status = collect_flows(watched);
  if (families.second == AF_UNSPEC) return status;
  Status other;
  if (beside) {
    other = beside->collect_flows(watched);
  } else if (status.ok() && wanted) {
    begin_dump(kind, families.second, &filter, true);
    other = send_request();
    if (other.ok()) other = collect_flows(watched);
  }
  return status.ok() ? other : status;
}

/// One more conversation, for a thread; null where there can be none.
Client* Client::second() {
  if (!second_ && source_ && can_read_ahead(*backend_))
    if (auto backend = source_->open()) second_ = std::make_unique<Client>(std::move(*backend));
  return second_.get();
}

}  // namespace ctwin::ctnetlink
