// Registering, updating and deleting identifiers, one or many: batches of the one registration
// path.
#include <algorithm>
#include <utility>

#include "node/frontend/http/snms/call.h"
#include "node/model/identifier.h"

namespace idnode::frontend::http::snms {
namespace {

// What clients know a repeat after a lost answer by, and what a single delete says.
constexpr std::string_view kNotThere = "标识不存在";
constexpr std::string_view kDeleteNotFound = "没有找到标识";
// An item of a batch's answer takes about so many bytes.
constexpr std::size_t kItemBytes = 80;

bool IsCreate(Endpoint endpoint) {
  return endpoint == Endpoint::kCreate || endpoint == Endpoint::kBatchCreate;
}

bool IsDelete(Endpoint endpoint) {
  return endpoint == Endpoint::kDelete || endpoint == Endpoint::kBatchDelete;
}

bool IsBatch(Endpoint endpoint) {
  return endpoint == Endpoint::kBatchCreate || endpoint == Endpoint::kBatchUpdate ||
         endpoint == Endpoint::kBatchDelete;
}

// The items of a body: one, or those of an array. Batches are bare arrays; documents also show a
// delete's in an object.
Result<json::array> ReadItems(const Call& call) {
  const bool batch = IsBatch(call.endpoint);
  json::array items;
  if (call.endpoint == Endpoint::kDelete && call.request->body.empty()) {
    // Libraries that send no body with DELETE put it into the query.
    if (const std::string handle = call.Parameter("handle"); !handle.empty()) {
      items.emplace_back(handle);
      return items;
    }
  }
  auto body = ParseJsonText(call.request->body, batch ? kBatchBodyBytesMax : kBodyBytesMax);
  if (!body.ok()) return body.error();
  if (!batch) {
    if (!body->is_object()) return Refusal("请求体应为JSON对象");
    items.push_back(*std::move(body));
    return items;
  }
  if (body->is_object()) {
    if (json::value* handles = body->as_object().if_contains("handles");
        IsDelete(call.endpoint) && handles != nullptr && handles->is_array()) {
      return std::move(handles->as_array());
    }
  }
  if (!body->is_array()) return Refusal("请求体应为JSON数组");
  return std::move(body->as_array());
}

Result<Item> ReadChangeItem(const Context& context, const Call& call, const json::value& given) {
  if (IsDelete(call.endpoint)) {
    Item item;
    item.handle = HandleOf(given);
    if (item.handle.empty()) return Missing("handle");
    return item;
  }
  ItemRules rules;
  rules.strict_value_length = context.options.value_bytes_strict;
  // An update that names none leaves the record's template as it is.
  rules.template_required = IsCreate(call.endpoint);
  return ReadItem(given, rules);
}

void AddItem(const Call& call, const Item& item, service::Batch& batch) {
  if (IsDelete(call.endpoint)) return batch.AddDelete(item.handle, 0);
  const std::vector<ValueView> values = ViewsOf(item);
  if (IsCreate(call.endpoint)) {
    service::RegisterInput input;
    input.identifier = item.handle;
    input.content.template_ref = item.template_ref;
    input.content.values = values;
    return batch.AddRegister(input);
  }
  service::UpdateInput input;
  input.identifier = item.handle;
  input.values = values;
  input.set_template = !item.template_ref.empty();
  input.template_ref = item.template_ref;
  batch.AddUpdate(input);
}

// Whether a repeat of what is stored could have been refused because its template has another
// version by now: what is refused under the first version was never accepted.
bool MayBeOlderRepeat(const Call& call, const Change& change, const service::ItemResult& result,
                      std::size_t i) {
  if (!IsCreate(call.endpoint) || change.items[i].handle.empty()) return false;
  const std::string& reference = change.items[i].template_ref;
  constexpr std::string_view kFirst = "@1";
  if (reference.size() > kFirst.size() &&
      std::string_view(reference).substr(reference.size() - kFirst.size()) == kFirst) {
    return false;
  }
  if (change.refused[i]) return change.refused[i]->code == Errc::kTemplateNotFound;
  if (result.outcome == service::Outcome::kConflict) return true;
  return result.outcome == service::Outcome::kRejected &&
         (result.reason == Errc::kInvalidValue || result.reason == Errc::kTemplateNotFound);
}

// Errors where it cannot be learned.
Result<bool> IsStoredAlready(const Context& context, const Call& call, const Item& item) {
  const std::string folded = FoldIdentifier(item.handle);
  const std::string_view prefix = std::string_view(folded).substr(0, folded.find('/'));
  if (!context.services.prefixes.MayWrite(*call.caller, prefix)) return false;
  service::ResolvedRecord stored;
  const auto read =
      context.services.resolution.Read(item.handle, *call.caller, call.deadline, stored);
  if (read.ok()) return SameContent(stored.record, item);
  switch (read.code()) {
    case Errc::kUnavailable:
    case Errc::kDeadlineExceeded:
    case Errc::kOverloaded:
    case Errc::kCorruption:
    case Errc::kInternal:
      return read.error();
    default:
      return false;
  }
}

struct ItemReply {
  Status code = Status::kSuccess;
  std::string message{kSuccessMessage};
};

ItemReply Refused(const Error& error) { return {StatusOf(error.code), MessageOf(error)}; }

ItemReply OutcomeReply(const Call& call, const service::ItemResult& result) {
  switch (result.outcome) {
    case service::Outcome::kRegistered:
    case service::Outcome::kReRegistered:
    case service::Outcome::kUnchanged:
    case service::Outcome::kUpdated:
    case service::Outcome::kDeleted:
    case service::Outcome::kStateChanged:
      return {};
    case service::Outcome::kConflict:
      return Refused(Error(Errc::kIdentifierExists, {}));
    case service::Outcome::kNotFound:
      return {Status::kFailed,
              std::string(call.endpoint == Endpoint::kDelete ? kDeleteNotFound : kNotThere)};
    case service::Outcome::kRejected:
      return Refused(Error(result.reason, result.detail, result.field));
    case service::Outcome::kUndetermined:
      return Refused(Error(Errc::kUndetermined, result.detail, result.field));
    case service::Outcome::kUnspecified:
      break;
  }
  return Refused(Error(Errc::kInternal, "an item without an outcome"));
}

ItemReply ReplyOf(const Context& context, const Call& call, const Change& change,
                  const service::ItemResult& result, std::size_t i, bool may_read) {
  if (MayBeOlderRepeat(call, change, result, i)) {
    const auto same = may_read ? IsStoredAlready(context, call, change.items[i])
                               : Result<bool>(Error(Errc::kUndetermined, {}));
    if (!same.ok()) return Refused(Error(Errc::kUndetermined, same.error().detail));
    if (*same) return {};
  }
  return change.refused[i] ? Refused(*change.refused[i]) : OutcomeReply(call, result);
}

}  // namespace

Result<Change> ReadChange(const Context& context, const Call& call) {
  const auto given = ReadItems(call);
  if (!given.ok()) return given.error();
  const service::RegistrationService& registration = context.services.registration;
  const std::size_t most = registration.limits().batch_items_max;
  if (given->empty()) return Refusal("批量操作至少1条");
  if (given->size() > most) {
    return Refusal("批量操作最大支持" + std::to_string(most) + "条", Errc::kBatchTooLarge);
  }
  Change change;
  change.handles.reserve(given->size());
  change.items.reserve(given->size());
  change.refused.reserve(given->size());
  std::size_t bytes = 0;
  for (const json::value& one : *given) {
    change.handles.push_back(HandleOf(one));
    std::optional<Error> refused;
    auto item = ReadChangeItem(context, call, one);
    if (item.ok()) {
      if (const auto named = NameTemplate(context.services.admin.templates, *item); !named.ok()) {
        refused = named.error();
      }
      bytes += item->Bytes();
      change.items.push_back(*std::move(item));
    } else {
      refused = item.error();
      change.items.emplace_back();
    }
    change.refused.push_back(std::move(refused));
  }
  auto batch = registration.NewBatch(call.caller, {}, given->size(), bytes);
  if (!batch.ok()) return batch.error();
  change.batch = *std::move(batch);
  change.batch->SetSourceAddress(call.request->source);
  for (std::size_t i = 0; i < change.items.size(); ++i) {
    if (change.refused[i]) {
      change.batch->AddRejected(*change.refused[i], change.handles[i]);
    } else {
      AddItem(call, change.items[i], *change.batch);
    }
  }
  return change;
}

bool NeedsReading(const Call& call, const Change& change,
                  const Result<service::BatchResult>& result) {
  if (!result.ok()) return false;
  for (std::size_t i = 0; i < result->results.size(); ++i) {
    if (MayBeOlderRepeat(call, change, result->results[i], i)) return true;
  }
  return false;
}

Reply ChangeReply(const Context& context, const Call& call, const Change& change,
                  const Result<service::BatchResult>& result, bool may_read) {
  Reply reply;
  if (!result.ok()) {
    reply = Reply::Refused(result.error());
  } else if (!IsBatch(call.endpoint)) {
    ItemReply only = ReplyOf(context, call, change, result->results.at(0), 0, may_read);
    reply.status = only.code;
    reply.message = std::move(only.message);
    reply.data = "true";
  } else {
    std::string& data = reply.data;
    data.clear();
    data.reserve(result->results.size() * kItemBytes);
    data.push_back('[');
    for (std::size_t i = 0; i < result->results.size(); ++i) {
      const ItemReply item = ReplyOf(context, call, change, result->results[i], i, may_read);
      if (i > 0) data.push_back(',');
      ObjectJson object(data);
      object.Text("handle", change.handles[i])
          .Number("code", static_cast<int>(item.code))
          .Text("msg", item.message);
      object.End();
    }
    data.push_back(']');
  }
  reply.with_code = call.endpoint == Endpoint::kDelete;
  return reply;
}

}  // namespace idnode::frontend::http::snms
