#include "cli/resync.h"

namespace ctwin::cli {

using ctnetlink::DumpKind;

namespace {

Filter lasting_part(const Filter& filter) {
  Filter lasting;
  lasting.family = filter.family;
  lasting.orig = filter.orig;
  lasting.reply = filter.reply;
  lasting.zone = filter.zone;
  return lasting;
}

}  // namespace

Resync::Resync(Session& session, const Selection& selection, const EventList& wanted, bool for_good)
    : session_(session),
      selection_(selection),
      wanted_(wanted),
      for_good_(for_good),
      lasting_(lasting_part(selection.pushed_down())) {}

void Resync::caught_up() {
  merging_ = false;
  if (!for_good_) picture_ = Picture();
}

EventKind Resync::judge(EventKind kind, const Flow& flow) {
  if (!for_good_ && !merging_) return kind;
  if (kind == EventKind::kDestroy) {
    const bool known = picture_.forget(flow);
    // Only a reader of all that begins knows all that can end.
    return known || !merging_ || !wanted_.created ? kind : EventKind::kNone;
  }
  const Picture::News news = picture_.learn(flow);
  if (!merging_ || news == Picture::News::kNew) return kind;
  return news == Picture::News::kChanged ? EventKind::kUpdate : EventKind::kNone;
}

void Resync::pass_over(EventKind kind, const Flow& flow) {
  if (kind == EventKind::kDestroy) picture_.forget(flow);
}

Status Resync::begin(const Print& print) { return list(print, EventKind::kNone, EventKind::kNone); }

Status Resync::repeat(const Print& print) {
  Status status = list(print, EventKind::kNew, EventKind::kUpdate);
  if (!status) return status;
  picture_.end_listing([&](const Flow& flow) {
    if (wanted_.destroyed) print(flow, EventKind::kDestroy);
  });
  return {};
}

Status Resync::list(const Print& print, EventKind unknown, EventKind changed) {
  auto client = session_.modifier();
  if (!client) return client.error();
  const bool first = unknown == EventKind::kNone;
  picture_.begin_listing();
  Status status = (*client)->dump(DumpKind::kTable, &lasting_, [&](const Flow& flow) {
    if (flow.has(FlowField::kStatus) && (flow.status & kDying)) return true;
    if (!selection_.matches(flow)) return picture_.note(flow), true;
    const Picture::News news = picture_.learn(flow);
    if (news == Picture::News::kNew && (first || wanted_.created)) print(flow, unknown);
    if (news == Picture::News::kChanged && (first || wanted_.updated)) print(flow, changed);
    return !session_.output.closed();
  });
  merging_ = true;
  return status;
}

}  // namespace ctwin::cli
